/**
 * Workers that beat and reach Redis and yet take nothing: only the queue's own no-op job shows it.
 * They are replaced one at a time, and a push that came meanwhile goes through.
 */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, it } from 'node:test';
import type { IncidentView, WorkerView } from '../../src/supervisor/door.ts';
import { watchForLeaks } from '../support/leaks.ts';
import { startOwnHosts, startOn } from '../support/ownHosts.ts';
import { withParts, type Parts } from '../support/parts.ts';
import { tempHome } from '../support/tempHome.ts';
import { told } from '../support/told.ts';
import { until } from '../support/until.ts';

const DEAF_WORKER = new URL('../fixtures/deafWorker.js', import.meta.url).pathname;
const NAMES = ['push-1', 'push-2'];

const leaks = watchForLeaks();
after(() => leaks.assertNone());

it('workers that take nothing are found by the canary and replaced, one at a time', withParts(deafWorkers));

async function deafWorkers(parts: Parts): Promise<void> {
  const home = tempHome(parts);
  const deaf = join(home, 'deaf');
  const own = await startOwnHosts(parts, 1);
  const garrison = await startOn(own, parts, {
    home,
    config: 'workers: { count: 2 }',
    env: { NODE_OPTIONS: `--import=${DEAF_WORKER}`, GARRISON_TEST_DEAF: deaf },
  });
  const isUp = async (): Promise<boolean> => (await garrison.workers()).every(({ state }) => state === 'up');
  await until('both workers are up', isUp);
  const passed = async (): Promise<number | null> => (await garrison.snapshot()).queue.canary.lastTookMs;
  await until('a canary came back', passed);
  const pids = (await garrison.workers()).map((worker) => String(worker.incarnation?.pid));
  writeFileSync(deaf, pids.join('\n'));
  const replaced = async (): Promise<WorkerView | undefined> =>
    (await garrison.workers()).find(({ state, restarts }) => state === 'up' && restarts === 1);
  const cured = await until('one was replaced', replaced, { deadlineMs: 60_000 });
  const push = await garrison.push(
    'eva',
    own.hosts.map(({ name }) => name),
  );
  const { jobs } = await garrison.settled(push.id);
  assert.equal(told(jobs[0]), 'done changed AccountPushed');
  assert.equal(jobs[0]?.worker, cured.name);
  const { items } = await garrison.api<{ items: IncidentView[] }>('GET', '/api/v1/incidents?limit=500');
  const changes = items.filter(({ shown }) => shown).reverse();
  for (const name of NAMES) assertStory(changes, name);
  assertOneAtATime(changes);
}

/** From `hung` on to its next `up`; a worker that was spared because another had been cured came back by itself. */
function assertStory(changes: readonly IncidentView[], name: string): void {
  const ofWorker = changes.filter(({ worker }) => worker === name).map(verdictOf);
  const story = ofWorker.slice(ofWorker.indexOf('hung CanaryLate'));
  const drained = [
    'hung CanaryLate',
    'draining CanaryLate',
    'backoff Exited',
    'starting Spawned',
    'up Beating',
  ];
  const spared = ['hung CanaryLate', 'up Beating'];
  const expected = story.includes('draining CanaryLate') ? drained : spared;
  assert.deepEqual(story, expected.slice(0, story.length));
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
