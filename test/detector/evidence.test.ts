/** What must hold for any story of one worker: order of beats, earlier lives, time that only passes. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Moment } from '../../src/clock.ts';
import { WELL } from '../../src/detector/awareness.ts';
import {
  NOTHING_SEEN,
  record,
  type WorkerEvidence,
  type WorkerObservation,
} from '../../src/detector/evidence.ts';
import { HYSTERESIS, settle, type Shown } from '../../src/detector/hysteresis.ts';
import { decideStatus } from '../../src/detector/status.ts';
import { DEFAULT_LIMITS, type StatusQuestion, type WorkerState } from '../../src/detector/verdict.ts';
import type { Incarnation } from '../../src/heartbeat.ts';

const LIFE: Incarnation = { pid: 100, startTicks: 5, nonce: 'aa' };

function at(monoMs: number): Moment {
  return { monoMs, wall: new Date(monoMs).toISOString() };
}

type Seen = readonly [number, WorkerObservation];

function after(before: WorkerEvidence, story: readonly Seen[]): WorkerEvidence {
  return story.reduce((seen, [ms, observation]) => record(seen, observation, at(ms)), before);
}

/** Ready, and no beat yet. */
const READY = after(NOTHING_SEEN, [
  [0, { kind: 'spawned', incarnation: LIFE }],
  [300, { kind: 'ready', incarnation: LIFE }],
]);

function beat(incarnation: Incarnation, seq: number, jobs = 0): WorkerObservation {
  const held = Array.from({ length: jobs }, (_, index) => {
    return {
      jobId: `j-${String(index)}`,
      attempt: 1,
      takenAt: '',
      heardAt: '',
      silentMs: seq * 900,
      isReporting: false,
    };
  });
  return {
    kind: 'beat',
    incarnation,
    beat: {
      seq,
      loopDelayP99Ms: seq * 3,
      unansweredMs: seq * 7,
      jobs: held,
      slots: 2,
      jobsDone: 0,
      rssBytes: 1,
    },
  };
}

/** Another life than LIFE: its pid was reused, it started in the same tick, or nothing is the same. */
const otherLife = fc.constantFrom<Incarnation>(
  { ...LIFE, nonce: 'bb' },
  { ...LIFE, startTicks: 6 },
  { ...LIFE, pid: 99 },
  { pid: 7, startTicks: 8, nonce: 'cc' },
);

/** All that can be seen of a life that goes on; `spawned` begins another. */
function seenOf(incarnation: Incarnation): fc.Arbitrary<WorkerObservation> {
  return fc.oneof(
    fc.constant<WorkerObservation>({ kind: 'ready', incarnation }),
    fc.tuple(fc.nat(50), fc.nat(2)).map(([seq, jobs]) => beat(incarnation, seq, jobs)),
    fc
      .nat(12_000)
      .map((mainStaleMs): WorkerObservation => ({ kind: 'threadBeat', incarnation, mainStaleMs })),
    fc
      .constantFrom('S', 'T', 't', 'D')
      .map((letter): WorkerObservation => ({ kind: 'procState', incarnation, letter })),
    fc.constant<WorkerObservation>({ kind: 'continued', incarnation }),
  );
}

const endOf = (incarnation: Incarnation): fc.Arbitrary<WorkerObservation> =>
  fc.constantFrom<WorkerObservation>(
    { kind: 'drainAsked', incarnation, why: 'DrainAsked' },
    { kind: 'killAsked', incarnation, why: 'Hung' },
    { kind: 'exited', incarnation, exitCode: 0, signal: null, lastLines: [] },
    { kind: 'exited', incarnation, exitCode: null, signal: 'SIGKILL', lastLines: [] },
  );

const storyOfLife = fc
  .array(fc.tuple(fc.integer({ min: 300, max: 20_000 }), seenOf(LIFE)), { maxLength: 10 })
  .map((story) => story.sort(([a], [b]) => a - b));

describe('evidence', () => {
  it('is the same in whatever order the beats of a life are taken in', () => {
    const beats = fc
      .uniqueArray(fc.tuple(fc.nat(1_000), fc.integer({ min: 301, max: 60_000 }), fc.nat(2)), {
        selector: ([seq]) => seq,
        minLength: 2,
        maxLength: 12,
      })
      .map((all) => all.map(([seq, ms, jobs]): Seen => [ms, beat(LIFE, seq, jobs)]));
    const twoOrders = beats.chain((all) =>
      fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length, maxLength: all.length })),
    );
    fc.assert(
      fc.property(twoOrders, ([one, other]) => {
        assert.deepEqual(after(READY, other), after(READY, one));
      }),
    );
  });

  it('holds the newest beat, and the moment at which the worker was heard last', () => {
    const { beat: held, lastBeatAt } = after(READY, [
      [1_000, beat(LIFE, 1)],
      [3_000, beat(LIFE, 3, 1)],
      [3_500, beat(LIFE, 2)],
    ]);
    assert.deepEqual([held?.seq, held?.jobs.length, lastBeatAt?.monoMs], [3, 1, 3_500]);
  });

  it('is changed by nothing that another life says, does or suffers', () => {
    const late = otherLife.chain((other) => fc.oneof(seenOf(other), endOf(other)));
    fc.assert(
      fc.property(storyOfLife, fc.array(late, { minLength: 1, maxLength: 6 }), (story, lateOnes) => {
        const evidence = after(READY, story);
        for (const observation of lateOnes) assert.equal(record(evidence, observation, at(30_000)), evidence);
      }),
    );
  });

  it('of a worker between two lives is changed by nothing that the dead one still says', () => {
    const late = fc.oneof(seenOf(LIFE), endOf(LIFE));
    fc.assert(
      fc.property(storyOfLife, fc.array(late, { minLength: 1, maxLength: 6 }), (story, lateOnes) => {
        const exited: Seen = [
          20_001,
          { kind: 'exited', incarnation: LIFE, exitCode: 1, signal: null, lastLines: [] },
        ];
        const dead = after(READY, [...story, exited]);
        for (const observation of lateOnes) assert.equal(record(dead, observation, at(30_000)), dead);
      }),
    );
  });
});

const surroundings = fc.record({
  awareness: fc.record({
    score: fc.constantFrom(0, 0, 1, 7),
    impairedUntilMs: fc.oneof(fc.constant(-Infinity), fc.nat(60_000)),
    assessedAtMs: fc.constant(0),
    starved: fc.boolean(),
  }),
  brokerAwaySince: fc.option(fc.nat(40_000).map(at)),
  brokerBackAt: fc.option(fc.nat(40_000).map(at)),
  oldestWaitingMs: fc.constantFrom(0, 20_000),
  canary: fc.option(fc.record({ since: fc.nat(40_000).map(at), taken: fc.boolean() })),
  wish: fc.constantFrom<StatusQuestion['wish']>('run', 'quiet'),
});

function ask(
  evidence: WorkerEvidence,
  nowMs: number,
  around: Partial<StatusQuestion>,
): ReturnType<typeof decideStatus> {
  return decideStatus({
    evidence,
    wish: 'run',
    stopping: false,
    overBudget: false,
    awareness: WELL,
    brokerAwaySince: null,
    brokerBackAt: null,
    oldestWaitingMs: 0,
    queueStillMs: 0,
    convictedAt: null,
    canary: null,
    limits: DEFAULT_LIMITS,
    ...around,
    nowMs,
  });
}

/** As bad as it looks to people: unknown and late are both doubt. */
function badness(state: WorkerState): number {
  if (state === 'hung') return 2;
  return state === 'up' ? 0 : 1;
}

describe('while nothing new is seen', () => {
  it('what is shown never improves, however much time passes', () => {
    const gaps = fc.array(fc.nat(4_000), { minLength: 1, maxLength: 30, size: 'max' });
    fc.assert(
      fc.property(storyOfLife, surroundings, gaps, (story, around, waits) => {
        const evidence = after(READY, story);
        const beatSeq = evidence.beat?.seq ?? 0;
        let shown: Shown | null = null;
        let nowMs = 20_000;
        for (const waitMs of waits) {
          nowMs += waitMs;
          const before: Shown | null = shown;
          const next: Shown = settle(
            before,
            { status: ask(evidence, nowMs, around), beatSeq, nowMs },
            HYSTERESIS,
          ).shown;
          shown = next;
          if (before !== null) assert.ok(badness(next.status.state) >= badness(before.status.state));
        }
      }),
      { numRuns: 500 },
    );
  });

  it('a verdict holds until the time at which it asks to be asked again, in any surroundings', () => {
    // Close to the last observation as well: some limits are short.
    const waits = fc.oneof(fc.nat(1_500), fc.nat(40_000));
    const share = fc.double({ min: 0, max: 0.999, noNaN: true });
    fc.assert(
      fc.property(storyOfLife, surroundings, waits, share, (story, around, waitMs, part) => {
        const evidence = after(READY, story);
        const nowMs = (story.at(-1)?.[0] ?? 300) + waitMs;
        const verdict = ask(evidence, nowMs, around);
        const untilMs = verdict.recheckAtMs ?? nowMs + 1_000_000;
        assert.ok(untilMs > nowMs);
        const between = ask(evidence, nowMs + (untilMs - nowMs) * part, around);
        assert.deepEqual([between.state, between.reason], [verdict.state, verdict.reason]);
      }),
      { numRuns: 1_000 },
    );
  });
});
