/**
 * A worker whose loop stands for good while its job is in the middle of a host: it is looked at, killed and replaced, and its job has one effect.
 * What was seen of it can be read afterwards, also after a restart of the supervisor.
 */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, it } from 'node:test';
import type { Autopsy } from '../../src/driver/autopsy.ts';
import { readProcStat } from '../../src/proc.ts';
import type { IncidentView } from '../../src/supervisor/door.ts';
import type { Garrison } from '../support/garrison.ts';
import { watchForLeaks } from '../support/leaks.ts';
import { startOwnHosts, startOn } from '../support/ownHosts.ts';
import { withParts, type Parts } from '../support/parts.ts';
import { tempHome } from '../support/tempHome.ts';
import { assertOneEffectEach, told } from '../support/told.ts';
import { until } from '../support/until.ts';

const BLOCK_WORKER = new URL('../fixtures/blockWorker.js', import.meta.url).pathname;

const leaks = watchForLeaks();
after(() => leaks.assertNone());

it(
  'a worker that is killed for its blocked loop leaves its stack, its jobs and one effect',
  withParts(autopsy),
);

async function autopsy(parts: Parts): Promise<void> {
  const home = tempHome(parts);
  const trigger = join(home, 'block');
  const own = await startOwnHosts(parts, 1);
  const garrison = await startOn(own, parts, {
    home,
    config: 'workers: { count: 2 }',
    env: { NODE_OPTIONS: `--import=${BLOCK_WORKER}`, GARRISON_TEST_BLOCK: trigger },
  });
  const [host] = own.hosts;
  assert.ok(host);
  host.closeGate();
  const push = await garrison.push('eva', [host.name]);
  await host.atGate('eva');
  const worker = (await garrison.pushView(push.id)).jobs[0]?.worker ?? '';
  writeFileSync(trigger, worker);
  const dead = await until('it was killed', () => deathOf(garrison, worker), { deadlineMs: 60_000 });
  host.openGate();
  const settled = await garrison.settled(push.id);
  assert.match(told(settled.jobs[0]), /^done changed /);
  assertOneEffectEach(own.hosts, [settled]);
  await assertStory(garrison, dead, settled.jobs[0]?.id ?? '');
  assert.equal(await garrison.end(), 0);
  const again = await startOn(own, parts, { home, config: 'workers: { count: 2 }' });
  const { stdout } = await again.cli('why', worker);
  assert.match(stdout, /hung LoopBlocked +backoff Killed/, 'the story is told after a restart, too');
  assert.match(stdout, /stack +.*blockIfAsked .*blockWorker\.js:\d+|blockIfAsked/);
}

async function deathOf(garrison: Garrison, worker: string): Promise<IncidentView | null> {
  const { items } = await garrison.api<{ items: IncidentView[] }>('GET', '/api/v1/incidents');
  return items.find((incident) => incident.worker === worker && incident.state === 'backoff') ?? null;
}

async function assertStory(garrison: Garrison, dead: IncidentView, jobId: string): Promise<void> {
  const incident = await garrison.api<{ autopsy: Autopsy }>('GET', `/api/v1/incidents/${dead.id}`);
  const { stack, jobs, children, process: seen, reason } = incident.autopsy;
  assert.equal(reason, 'LoopBlocked');
  assert.match((stack ?? []).join('\n'), /^blockIfAsked file:.*\/blockWorker\.js:\d+$/m);
  assert.match(seen.state ?? '', /^[RS]$/);
  assert.deepEqual(
    jobs.map((job) => job.jobId),
    [jobId],
  );
  const ssh = children.find((child) => child.pid === jobs[0]?.sshPid);
  assert.match(ssh?.command ?? '', /^ssh /);
  assert.match(jobs[0]?.lastLogLines.join('\n') ?? '', /garrison: stage apply/);
  // A zombie is dead; whoever adopted it has yet to reap it.
  assert.ok(['Z', undefined].includes(readProcStat(ssh?.pid ?? 0)?.state), 'its ssh is gone');
}
