/**
 * Measures ten accounts on one practice host against one account there, present and absent, in turns.
 * All are asked for at once, each as a push of its own; what is compared is from the first ask to the last answer.
 */
import { isFinal, type HostOutcome } from '../src/push/job.ts';
import type { JobView } from '../src/supervisor/door.ts';
import { Garrison } from '../test/support/garrison.ts';
import { until } from '../test/support/until.ts';
import {
  medianOf,
  rounded,
  summaryOf,
  type BenchContext,
  type Benchmark,
  type Figures,
} from './benchmark.ts';
import { followEvents } from './events.ts';

const TEN = 10;
const ROUNDS = 5;

export const accounts: Benchmark = {
  name: 'accounts',
  about: 'ten accounts on one host, against one',
  run,
};

type Push = (names: readonly string[], outcome: HostOutcome) => Promise<number>;

async function run(context: BenchContext): Promise<Figures> {
  // A new connection each time: a kept one would spare the one account what the ten share.
  const config = 'workers: { count: 2 }\nssh: { keep: 0s }';
  const garrison = await Garrison.start(context, { practice: 1, config });
  await until('all workers are up', async () =>
    (await garrison.workers()).every(({ state }) => state === 'up'),
  );
  const push = await pusherOf(context, garrison);
  await push(['warm0'], 'changed');
  const measured = { absentOne: [], absentTen: [], presentOne: [], presentTen: [] } as Record<
    'absentOne' | 'absentTen' | 'presentOne' | 'presentTen',
    number[]
  >;
  for (let round = 0; round < ROUNDS; round += 1) {
    const ten = Array.from({ length: TEN }, (_, index) => `ten${String(round)}x${String(index)}`);
    const one = [`one${String(round)}`];
    measured.absentOne.push(await push(one, 'changed'));
    measured.absentTen.push(await push(ten, 'changed'));
    measured.presentOne.push(await push(one, 'unchanged'));
    measured.presentTen.push(await push(ten, 'unchanged'));
    const last = Object.values(measured).map((values) => `${(values.at(-1) ?? NaN).toFixed(0)} ms`);
    context.note(
      `absent ${last[0] ?? ''} and ${last[1] ?? ''}, present ${last[2] ?? ''} and ${last[3] ?? ''}`,
    );
  }
  const ratio = (ten: readonly number[], one: readonly number[]): number =>
    rounded(medianOf(ten.map((wallMs, round) => wallMs / (one[round] ?? NaN))), 2);
  return {
    measures: `wall time of ${String(TEN)} accounts on one practice host, and of one; medians of ${String(ROUNDS)} rounds, in turns`,
    /** Ten ÷ one, median of the rounds. */
    tenToOne: {
      present: ratio(measured.presentTen, measured.presentOne),
      absent: ratio(measured.absentTen, measured.absentOne),
    },
    wallMs: Object.fromEntries(Object.entries(measured).map(([name, values]) => [name, summaryOf(values)])),
  };
}

async function pusherOf(context: BenchContext, garrison: Garrison): Promise<Push> {
  const [host] = (await garrison.snapshot()).hosts;
  if (host === undefined) throw new Error('no practice host started');
  let arrived: (job: JobView) => void = () => undefined;
  await followEvents(context, garrison.home, { job: (job) => arrived(job) });
  // An end is told once more when it is kept.
  const ended = new Set<string>();
  return async (names, outcome) => {
    const done = new Map<string, JobView>();
    const startedMs = performance.now();
    const all = new Promise<void>((resolve) => {
      arrived = (job) => {
        if (isFinal(job.state) && !ended.has(job.id)) done.set(job.id, job);
        if (done.size === names.length) resolve();
      };
    });
    await Promise.all(names.map((name) => garrison.push(name, [host.name])));
    await all;
    const wallMs = performance.now() - startedMs;
    for (const id of done.keys()) ended.add(id);
    const stray = [...done.values()].find((job) => job.result?.outcome !== outcome);
    if (stray !== undefined) throw new Error(`not ${outcome}: ${JSON.stringify(stray.result)}`);
    return wallMs;
  };
}
