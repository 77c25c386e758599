/**
 * Chaos under one seed, for a short time: workers, ssh, hosts, Redis and the supervisor are hurt while people push, and every promise is kept.
 * bench/README.md says what is done and what must hold; test/long runs twenty seeds.
 */
import assert from 'node:assert/strict';
import { it, type TestContext } from 'node:test';
import { brokenInWords } from '../../bench/chaos.ts';
import { Dice } from '../../bench/chaosDice.ts';
import { runChaos } from '../../bench/chaosRun.ts';
import { schedule } from '../../bench/chaosSchedule.ts';

const SEED = 7;
const FOR_MS = 22_000;

it('the same seed gives the same schedule, and another one another', () => {
  assert.deepEqual(schedule(SEED, FOR_MS), schedule(SEED, FOR_MS));
  assert.notDeepEqual(schedule(SEED, FOR_MS), schedule(SEED + 1, FOR_MS));
  const times = schedule(SEED, FOR_MS).events.map(({ atMs }) => atMs);
  assert.deepEqual(
    times,
    times.toSorted((one, other) => one - other),
  );
});

it('a longer run begins as a shorter one does', () => {
  const { events } = schedule(SEED, FOR_MS);
  assert.deepEqual(schedule(SEED, 2 * FOR_MS).events.slice(0, events.length), events);
});

it('every kind of fault comes in a minute of each of twenty seeds', () => {
  for (let seed = 1; seed <= 20; seed += 1) {
    const kinds = new Set(schedule(seed, 60_000).events.map(({ kind }) => kind));
    assert.ok(kinds.size >= 18, `seed ${String(seed)} has ${[...kinds].join(' ')}`);
  }
});

it('dice are fair enough, and stay between their ends', () => {
  const dice = new Dice(SEED, 0);
  const counts = new Array<number>(6).fill(0);
  for (let count = 0; count < 6_000; count += 1) counts[dice.between(1, 6) - 1]! += 1;
  for (const count of counts) assert.ok(count > 850 && count < 1_150, counts.join(' '));
});

it('keeps every promise in a short run', { timeout: 240_000 }, async (context: TestContext) => {
  const outcome = await runChaos(context, { seed: SEED, forMs: FOR_MS });
  console.log(JSON.stringify(outcome.figures));
  assert.equal(outcome.violations.length, 0, brokenInWords(outcome));
  assert.ok(Number(outcome.figures['jobs']) > 20, 'jobs were run');
  assert.ok(Number(outcome.figures['kills']) > 3, 'workers were killed');
});
