/**
 * Workers that beat and reach Redis and yet take nothing: only the queue's own no-op job shows it.
 * They are replaced one at a time, and a push that came meanwhile goes through.
 */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import type { IncidentView } from '../../src/supervisor/door.ts';
import type { Garrison } from '../support/garrison.ts';
import { watchForLeaks } from '../support/leaks.ts';
import { startOwnHosts, startOn, type OwnHosts } from '../support/ownHosts.ts';
import { withParts, type Parts } from '../support/parts.ts';
import { tempHome } from '../support/tempHome.ts';
import { told } from '../support/told.ts';
import { until } from '../support/until.ts';

const DEAF_WORKER = new URL('../fixtures/deafWorker.js', import.meta.url).pathname;
const NAMES = ['push-1', 'push-2'];

describe('workers that take nothing', () => {
  const leaks = watchForLeaks();
  after(() => leaks.assertNone());

  it('are found by the canary and replaced, one at a time', withParts(foundByCanary));
  it('are found by the jobs that wait for them, too', withParts(foundByJobs));
});

interface Deaf {
  readonly garrison: Garrison;
  readonly own: OwnHosts;
  /** From now on no worker that lives now takes anything. */
  readonly deafen: () => Promise<void>;
}

async function startDeaf(parts: Parts): Promise<Deaf> {
  const home = tempHome(parts);
  const file = join(home, 'deaf');
  const own = await startOwnHosts(parts, 1);
  const garrison = await startOn(own, parts, {
    home,
    config: 'workers: { count: 2 }',
    env: { NODE_OPTIONS: `--import=${DEAF_WORKER}`, GARRISON_TEST_DEAF: file },
  });
  const isUp = async (): Promise<boolean> => (await garrison.workers()).every(({ state }) => state === 'up');
  await until('both workers are up', isUp);
  const passed = async (): Promise<number | null> => (await garrison.snapshot()).queue.canary.lastTookMs;
  await until('a canary came back', passed);
  const deafen = async (): Promise<void> => {
    const pids = (await garrison.workers()).map((worker) => String(worker.incarnation?.pid));
    writeFileSync(file, pids.join('\n'));
  };
  return { garrison, own, deafen };
}

async function foundByCanary(parts: Parts): Promise<void> {
  const { garrison, deafen } = await startDeaf(parts);
  await deafen();
  await assertReplacedInTurn(garrison, 'CanaryLate');
}

/** A push that comes before the next canary would go out: none is sent behind it. */
async function foundByJobs(parts: Parts): Promise<void> {
  const { garrison, own, deafen } = await startDeaf(parts);
  await deafen();
  const push = await garrison.push(
    'eva',
    own.hosts.map(({ name }) => name),
  );
  const waitsInVain = async (): Promise<boolean> =>
    /nobody has taken anything off the queue since/.test(
      (await garrison.pushView(push.id)).jobs[0]?.waitingFor ?? '',
    );
  await until('people are told that nobody takes it', waitsInVain, { deadlineMs: 30_000 });
  const { jobs } = await garrison.settled(push.id);
  assert.equal(told(jobs[0]), 'done changed AccountPushed');
  await assertReplacedInTurn(garrison, 'FetchParked');
}

async function assertReplacedInTurn(garrison: Garrison, reason: string): Promise<void> {
  const replaced = async (): Promise<boolean> =>
    (await garrison.workers()).every(({ state, restarts }) => state === 'up' && restarts === 1);
  await until('both were replaced', replaced, { deadlineMs: 60_000 });
  const { items } = await garrison.api<{ items: IncidentView[] }>('GET', '/api/v1/incidents?limit=500');
  const changes = items.filter(({ shown }) => shown).reverse();
  for (const name of NAMES)
    assertStory(changes.filter(({ worker }) => worker === name).map(verdictOf), reason);
  assertOneAtATime(changes);
}

/** The second in turn may be found by either, since the first that is cured takes what was waiting. */
function assertStory(verdicts: readonly string[], reason: string): void {
  const hungAt = verdicts.findIndex((verdict) => verdict.startsWith('hung'));
  const story = verdicts
    .slice(hungAt)
    .map((verdict) => verdict.replace(/(CanaryLate|FetchParked)$/, 'TakesNothing'));
  const once = story.filter((verdict, index) => verdict !== story[index - 1]);
  assert.deepEqual(once, [
    'hung TakesNothing',
    'draining TakesNothing',
    'backoff Exited',
    'starting Spawned',
    'up Beating',
  ]);
  assert.equal(verdicts[hungAt], `hung ${reason}`);
}

function assertOneAtATime(changes: readonly IncidentView[]): void {
  const away = new Set<string>();
  for (const change of changes) {
    if (change.state === 'draining') away.add(change.worker);
    if (change.state === 'up') away.delete(change.worker);
    assert.ok(away.size <= 1, changes.map((each) => `${each.worker} ${verdictOf(each)}`).join(', '));
  }
  assert.ok(changes.some(({ state }) => state === 'draining'));
}

function verdictOf({ state, reason }: IncidentView): string {
  return `${state} ${reason}`;
}
