/**
 * Counts, on the recorded streams, how often our detector and the fixed-window rule each change their answer about a worker that lives.
 * It replays; no process is started and no time is measured.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { replay, type ReplayedVerdict } from '../src/supervisor/replay.ts';
import type { Benchmark, Figures } from './benchmark.ts';
import { fixedWindowFlips } from './fixedWindow.ts';

const STREAMS = new URL('../test/fixtures/streams/', import.meta.url);

/** A worker so blocked is late, and is said to be no worse. */
const BLOCKED = ['BeatLate', 'LoopBlocked'];

/** What was wrong in each recording, and the reasons that say just that. No worker died in any of them, so `offline` is never true. */
const FAULTS: Readonly<Record<string, { fault: string; named: readonly string[] }>> = {
  blockedLoop: { fault: 'one loop of two blocked once for 3 s', named: BLOCKED },
  shortBlocks: { fault: 'one loop of two blocked five times for 2.5 s', named: BLOCKED },
  stoppedRedis: { fault: 'Redis stopped for 10 s', named: ['BrokerAway'] },
  stoppedSupervisor: { fault: 'the observer stopped for 10 s', named: ['ObserverImpaired'] },
};

export const flapping: Benchmark = {
  name: 'flapping',
  about: 'how often ours and a fixed-window rule flip on recorded streams',
  run: async () => measureFlapping(),
};

export interface OurFlips {
  /** Changes shown between `up` and a judged not-up (late, hung, unknown) that no fault explains. */
  readonly flips: number;
  /** The same where the reason names the fault of the recording, and the way back from it: the truth, told once. */
  readonly namingTheFault: number;
  /** Changes that hysteresis kept from everybody. */
  readonly heldBack: number;
}

function measureFlapping(): Figures {
  const names = readdirSync(STREAMS).sort();
  const streams = names.map((file) => {
    const name = file.replace(/\.jsonl$/, '');
    const text = readFileSync(new URL(file, STREAMS), 'utf8');
    const { fault = 'not described', named = [] } = FAULTS[name] ?? {};
    const ours = ourFlips(replay(text), named);
    const fixedWindow = {
      flips: fixedWindowFlips(text),
      flipsWithBeatsPastTheBroker: fixedWindowFlips(text, 'directly'),
    };
    return { stream: name, fault, ours, fixedWindow };
  });
  const sum = (of: (stream: (typeof streams)[number]) => number): number =>
    streams.reduce((total, stream) => total + of(stream), 0);
  const ours = sum((stream) => stream.ours.flips);
  const naming = sum((stream) => stream.ours.namingTheFault);
  const fixedWindow = sum((stream) => stream.fixedWindow.flips);
  return {
    measures:
      'changes of the answer about workers that lived all along, on recorded streams of real runs; ours: shown changes between up and late, hung or unknown that no fault of the recording explains; fixed window: alive within 2 heartbeat intervals, as Celery and Flower judge',
    streams,
    sum: {
      ours,
      oursNamingTheFault: naming,
      fixedWindow,
      fixedWindowWithBeatsPastTheBroker: sum((stream) => stream.fixedWindow.flipsWithBeatsPastTheBroker),
    },
    /** Ours over theirs: 0 is none at all. */
    ratioTo: { fixedWindow: ours / fixedWindow },
    /** The same with every change of ours counted, also those that name the fault. */
    allChangesRatioTo: { fixedWindow: (ours + naming) / fixedWindow },
  };
}

/** What people were shown, worker by worker. A start, a death and a drain are facts, and no flips. */
export function ourFlips(verdicts: readonly ReplayedVerdict[], named: readonly string[]): OurFlips {
  const before = new Map<string, ReplayedVerdict>();
  let [flips, namingTheFault] = [0, 0];
  for (const verdict of verdicts.filter(({ shown }) => shown)) {
    const last = before.get(verdict.worker);
    before.set(verdict.worker, verdict);
    if (last === undefined || !isJudged(last) || !isJudged(verdict)) continue;
    if ((last.state === 'up') === (verdict.state === 'up')) continue;
    const notUp = verdict.state === 'up' ? last : verdict;
    if (named.includes(notUp.reason)) namingTheFault += 1;
    else flips += 1;
  }
  return { flips, namingTheFault, heldBack: verdicts.filter(({ shown }) => !shown).length };
}

function isJudged({ state }: ReplayedVerdict): boolean {
  return ['up', 'late', 'hung', 'unknown'].includes(state);
}
