/**
 * Chaos under twenty seeds, a minute each: every promise is kept.
 * What breaks is told with the whole schedule and the command that repeats it.
 */
import assert from 'node:assert/strict';
import { it, type TestContext } from 'node:test';
import { brokenInWords } from '../../bench/chaos.ts';
import { runChaos } from '../../bench/chaosRun.ts';

const SEEDS = 20;
const FOR_MS = 60_000;

for (let seed = 1; seed <= SEEDS; seed += 1) {
  it(`keeps every promise under seed ${String(seed)}`, { timeout: 300_000 }, async (context: TestContext) => {
    const outcome = await runChaos(context, { seed, forMs: FOR_MS });
    console.log(JSON.stringify(outcome.figures));
    assert.equal(outcome.violations.length, 0, brokenInWords(outcome));
  });
}
