/**
 * Chaos under a seed, from the command line: `npm run bench chaos -- [--seed N] [--for 60s] [--tell]`.
 * When a promise was broken it says which, with the whole schedule and the command that repeats it.
 */
import { parseArgs } from 'node:util';
import { parseDurationMs } from '../src/units.ts';
import type { BenchContext, Benchmark, Figures } from './benchmark.ts';
import { runChaos, type ChaosOutcome } from './chaosRun.ts';

const DEFAULT_MS = 60_000;

export const chaos: Benchmark = {
  name: 'chaos',
  about:
    'no figure: a minute of faults under a seed, and whether every promise was kept (--seed N --for 60s)',
  run,
};

async function run(context: BenchContext): Promise<Figures> {
  const { values } = parseArgs({
    args: [...context.args],
    options: { seed: { type: 'string' }, for: { type: 'string' }, tell: { type: 'boolean' } },
  });
  const seed = Number(values.seed ?? Date.now() % 1_000_000);
  const forMs = values.for === undefined ? DEFAULT_MS : parseDurationMs(values.for);
  if (!Number.isSafeInteger(seed) || seed < 0) throw new Error('--seed must be a whole number');
  if (forMs === null || forMs <= 0) throw new Error('--for must be a duration with its unit, such as 60s');
  context.note(`seed ${String(seed)}`);
  const outcome = await runChaos(context, { seed, forMs });
  if (values.tell === true) for (const line of outcome.lines) context.note(line);
  if (outcome.violations.length > 0) throw new Error(brokenInWords(outcome));
  return { seed, forSeconds: forMs / 1000, ...outcome.figures };
}

export function brokenInWords({ seed, forMs, violations, lines }: ChaosOutcome): string {
  const broken = violations.map(
    ({ invariant, what, afterMs }) => `  ${invariant} (after ${(afterMs / 1000).toFixed(1)} s): ${what}`,
  );
  return [
    `chaos under seed ${String(seed)} broke:`,
    ...broken,
    'what was done, each [when it was due] and how it went:',
    ...lines.map((line) => `  ${line}`),
    `repeat: npm run bench chaos -- --seed ${String(seed)} --for ${String(forMs / 1000)}s`,
  ].join('\n');
}
