/**
 * Makes up streams: anything that may be seen of two workers, wished of them and found around them, in any order, while time goes on.
 * They need not make sense; what holds for the board of workers holds for these too.
 */
import fc from 'fast-check';
import type { Moment } from '../../src/clock.ts';
import type { DrainReason, WorkerObservation } from '../../src/detector/evidence.ts';
import { DEFAULT_LIMITS } from '../../src/detector/verdict.ts';
import { SPARE_NAME, type Incarnation } from '../../src/heartbeat.ts';
import { RESTART_POLICY } from '../../src/reconciler/restart.ts';
import type { Wish } from '../../src/reconciler/worker.ts';
import type { AroundWorkers } from '../../src/supervisor/stream.ts';

export const NAMES = ['push-1', 'push-2'];
export const SETTINGS = {
  names: NAMES,
  slots: 2,
  memoryLimitBytes: 1_000,
  host: 'here',
  limits: DEFAULT_LIMITS,
  recycleLimits: { maxJobs: 8, maxAgeMs: 50_000 },
  policy: RESTART_POLICY,
  spare: true,
};
/** Nothing kept before, and nothing kept. */
export const APART = { earlier: [], keep: () => undefined };
export const LIVES: readonly Incarnation[] = [1, 2, 3].map((pid) => {
  return { pid, startTicks: pid * 10, nonce: `n${String(pid)}` };
});

export function moment(monoMs: number): Moment {
  return { monoMs, wall: new Date(1_700_000_000_000 + monoMs).toISOString() };
}

const life = fc.constantFrom(...LIVES);
const beat = fc.record({
  seq: fc.nat(40),
  loopDelayP99Ms: fc.nat(5_000),
  unansweredMs: fc.option(fc.nat(40_000)),
  jobs: fc.array(
    fc.record({
      jobId: fc.constantFrom('j-1', 'j-2', 'j-3'),
      attempt: fc.nat(3),
      takenAt: fc.constant('2026-01-01T00:00:00.000Z'),
      heardAt: fc.constant('2026-01-01T00:00:01.000Z'),
      silentMs: fc.oneof(fc.nat(1_000), fc.nat(70_000)),
      isReporting: fc.boolean(),
    }),
    { maxLength: 3 },
  ),
  slots: fc.constant(2),
  jobsDone: fc.nat(9),
  rssBytes: fc.nat(1_050),
});
const observation: fc.Arbitrary<WorkerObservation> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('spawned' as const), incarnation: life }) },
  fc.record({ kind: fc.constant('tookPlace' as const), incarnation: life }),
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('ready' as const), incarnation: life }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('beat' as const), incarnation: life, beat }) },
  fc.record({
    kind: fc.constant('threadBeat' as const),
    incarnation: life,
    mainStaleMs: fc.nat(12_000),
  }),
  fc.record({
    kind: fc.constant('procState' as const),
    incarnation: life,
    letter: fc.constantFrom('S', 'T', 'D'),
  }),
  fc.record({ kind: fc.constant('continued' as const), incarnation: life }),
  fc.record({
    kind: fc.constant('drainAsked' as const),
    incarnation: life,
    why: fc.constantFrom<DrainReason>('DrainAsked', 'MemoryLimit', 'FetchParked', 'CanaryLate'),
  }),
  fc.record({
    kind: fc.constantFrom('resumed' as const, 'quieted' as const, 'took' as const),
    incarnation: life,
  }),
  fc.record({ kind: fc.constant('zombiesHeld' as const), incarnation: life, count: fc.nat(2) }),
  fc.record({ kind: fc.constantFrom('autopsyAsked' as const, 'gone' as const), incarnation: life }),
  fc.record({
    kind: fc.constant('exited' as const),
    incarnation: life,
    exitCode: fc.constantFrom(0, 1, null),
    signal: fc.constantFrom(null, 'SIGKILL'),
    lastLines: fc.constant([]),
  }),
  fc.record({ kind: fc.constant('spawnFailed' as const), detail: fc.string() }),
);
export const around: fc.Arbitrary<AroundWorkers> = fc.record({
  brokerAwaySince: fc.option(fc.nat(60_000).map(moment)),
  brokerBackAt: fc.option(fc.nat(60_000).map(moment)),
  awareness: fc.record({
    score: fc.constantFrom(0, 0, 0, 1, 7),
    impairedUntilMs: fc.oneof(fc.constant(-Infinity), fc.nat(60_000)),
    assessedAtMs: fc.oneof(fc.constant(-Infinity), fc.nat(60_000)),
    starved: fc.boolean(),
  }),
  oldestWaitingMs: fc.nat(30_000),
  queueStillMs: fc.nat(30_000),
  canary: fc.option(
    fc.record({
      number: fc.nat(9),
      sentAt: fc.nat(60_000).map(moment),
      nextSince: fc.option(fc.nat(60_000).map(moment)),
      takenBy: fc.option(fc.record({ incarnation: life, since: fc.nat(60_000).map(moment) })),
    }),
  ),
  drain: fc.constant({ drainWithinMs: 30_000, termGraceMs: 2_000 }),
  stopping: fc.boolean(),
  queueOpen: fc.boolean(),
});
const wish: fc.Arbitrary<Wish> = fc.record({
  worker: fc.constantFrom('run', 'quiet', 'stop'),
  recycle: fc.option(life),
  recycleFor: fc.constantFrom('Person', 'MemoryLimit'),
});
const worker = fc.constantFrom(...NAMES);
const seenAs = fc.constantFrom(...NAMES, SPARE_NAME);
export interface MadeUpTurn {
  /** Since the turn before, so that time only goes on. */
  readonly gapMs: number;
  readonly wishes: readonly { readonly worker: string; readonly wish: Wish }[];
  readonly seen: readonly { readonly worker: string; readonly observation: WorkerObservation }[];
  /** Null where the world is as it was at the turn before. */
  readonly around: AroundWorkers | null;
}

export function anyStream(longestGapMs: number): fc.Arbitrary<MadeUpTurn[]> {
  const turn = fc.record({
    // With a fraction, since monotonic time has one.
    gapMs: fc.double({ min: 0, max: longestGapMs, noNaN: true }),
    wishes: fc.array(fc.record({ worker, wish }), { maxLength: 1 }),
    seen: fc.array(fc.record({ worker: seenAs, observation }), { maxLength: 4 }),
    around: fc.option(around, { freq: 3 }),
  });
  return fc.array(turn, { maxLength: 60, size: 'max' });
}
