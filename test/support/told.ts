/**
 * Puts what a test looks at most into one line: how a job ended, and what its host remembers of it.
 * It reads only.
 */
import assert from 'node:assert/strict';
import type { JobView, PushView } from '../../src/supervisor/door.ts';
import type { OwnHost } from './ownHosts.ts';

/** `done changed AccountPushed`. */
export function told(job: JobView | undefined): string {
  return [job?.state, job?.result?.outcome, job?.result?.reason].join(' ');
}

/** Every job of these pushes had exactly one effect, by its host's own journal. */
export function assertOneEffectEach(hosts: readonly OwnHost[], pushes: readonly PushView[]): void {
  for (const job of pushes.flatMap((push) => push.jobs)) {
    const host = hosts.find((each) => each.name === job.host);
    assert.ok(host);
    const effects = host.effectsOf(job.id);
    assert.equal(effects.length, 1, `${job.host} has one effect of job ${job.id}: ${effects.join(' | ')}`);
  }
}
