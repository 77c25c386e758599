/**
 * Measures how containers are healed, by Garrison and by a loop that polls every 5 s, in one run.
 * Its parts lie in files beside it; `bench heal PART` runs one of them alone.
 */
import type { BenchContext, Benchmark, Figures } from './benchmark.ts';
import { measureChain } from './healChain.ts';
import { measureDelay } from './healDelay.ts';
import { startScale } from './healScale.ts';
import { measureStorm } from './healStorm.ts';

const PARTS = ['delay', 'chain', 'storm', 'scale'] as const;
type Part = (typeof PARTS)[number];

export const heal: Benchmark = {
  name: 'heal',
  about: `healing of containers beside a loop that polls every 5 s (one part: heal ${PARTS.join(' | ')})`,
  run,
};

async function run(context: BenchContext): Promise<Figures> {
  const chosen = process.argv[3];
  const parts = PARTS.filter((part) => chosen === undefined || part === chosen);
  // Begun first and measured last: only after five minutes is every container looked at in turn.
  const scale = parts.includes('scale') ? await startScale(context) : null;
  const measured: [Part, Figures][] = [];
  for (const part of parts) {
    context.note(part);
    if (part === 'delay') measured.push([part, await measureDelay(context)]);
    if (part === 'chain') measured.push([part, await measureChain(context)]);
    if (part === 'storm') measured.push([part, await measureStorm(context)]);
    if (part === 'scale' && scale !== null) measured.push([part, await scale()]);
  }
  return Object.fromEntries(measured);
}
