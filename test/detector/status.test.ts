/** What the detector says of one worker, as a story of observations and times. It never starts a process. */
import { WELL } from '../../src/detector/awareness.ts';
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  NOTHING_SEEN,
  record,
  type WorkerEvidence,
  type WorkerObservation,
} from '../../src/detector/evidence.ts';
import { decideStatus } from '../../src/detector/status.ts';
import { DEFAULT_LIMITS, type StatusQuestion } from '../../src/detector/verdict.ts';
import type { Beat, Incarnation, JobInHand } from '../../src/heartbeat.ts';

const LIFE: Incarnation = { pid: 100, startTicks: 5, nonce: 'aa' };
const NEXT_LIFE: Incarnation = { pid: 101, startTicks: 9, nonce: 'bb' };
const BEAT: Beat = {
  seq: 1,
  loopDelayP99Ms: 1,
  unansweredMs: 0,
  jobs: [],
  slots: 10,
  jobsDone: 0,
  rssBytes: 1,
};

function beatWith(more: Partial<Beat>): WorkerObservation {
  return { kind: 'beat', incarnation: LIFE, beat: { ...BEAT, seq: 2, ...more } };
}

function holding(jobId: string, silentMs = 0): JobInHand {
  return { jobId, attempt: 1, takenAt: '', heardAt: '', silentMs, isReporting: false };
}

function at(monoMs: number): { monoMs: number; wall: string } {
  return { monoMs, wall: new Date(monoMs).toISOString() };
}

function after(...story: [number, WorkerObservation][]): WorkerEvidence {
  return story.reduce((seen, [ms, observation]) => record(seen, observation, at(ms)), NOTHING_SEEN);
}

function canarySince(sinceMs: number): StatusQuestion['canary'] {
  return { since: at(sinceMs), taken: false };
}

function ask(
  evidence: WorkerEvidence,
  nowMs: number,
  more: Partial<StatusQuestion> = {},
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
    nowMs,
    ...more,
  });
}

const started: [number, WorkerObservation][] = [
  [0, { kind: 'spawned', incarnation: LIFE }],
  [300, { kind: 'ready', incarnation: LIFE }],
  [300, { kind: 'resumed', incarnation: LIFE }],
  [301, { kind: 'beat', incarnation: LIFE, beat: BEAT }],
];

describe('the status of a worker', () => {
  it('goes starting, up, late, hung as it falls silent, and says when to look again', () => {
    assert.equal(ask(after(started[0]!), 100).state, 'starting');
    const evidence = after(...started);
    assert.deepEqual(
      [ask(evidence, 1_000).state, ask(evidence, 1_000).recheckAtMs],
      ['up', 301 + DEFAULT_LIMITS.lateAfterMs],
    );
    assert.equal(ask(evidence, 301 + DEFAULT_LIMITS.lateAfterMs).state, 'late');
    assert.equal(ask(evidence, 301 + DEFAULT_LIMITS.hungAfterMs).state, 'hung');
    assert.equal(ask(evidence, 301 + DEFAULT_LIMITS.hungAfterMs).since?.monoMs, 301);
  });

  it('calls a silent worker unknown while the observer itself is impaired, and judges again afterwards', () => {
    const impaired = { ...WELL, impairedUntilMs: 61_000 };
    const verdict = ask(after(...started), 60_000, { awareness: impaired });
    assert.deepEqual(
      [verdict.state, verdict.reason, verdict.recheckAtMs],
      ['unknown', 'ObserverImpaired', 61_000],
    );
    assert.equal(ask(after(...started), 61_000, { awareness: impaired }).state, 'hung');
    assert.equal(
      ask(after(...started), 1_000, { awareness: { ...WELL, impairedUntilMs: 9_000 } }).state,
      'up',
    );
  });

  it('stretches every limit by the observer’s health', () => {
    const evidence = after(...started);
    const lateAtMs = 301 + DEFAULT_LIMITS.lateAfterMs;
    assert.equal(ask(evidence, lateAtMs, { awareness: { ...WELL, score: 1 } }).state, 'up');
    assert.equal(
      ask(evidence, lateAtMs + DEFAULT_LIMITS.lateAfterMs, { awareness: { ...WELL, score: 1 } }).state,
      'late',
    );
  });

  it('tells the layers apart, the first that matches', () => {
    const beating = after(...started);
    const full = beatWith({ jobs: [holding('a')], slots: 1 });
    const silentAtMs = 301 + DEFAULT_LIMITS.hungAfterMs;
    const see = (...more: [number, WorkerObservation][]): WorkerEvidence => after(...started, ...more);
    const cases: [string, WorkerEvidence, number, Partial<StatusQuestion>][] = [
      ['hung ProcessStopped', see([2_000, { kind: 'procState', incarnation: LIFE, letter: 'T' }]), 3_000, {}],
      ['up Beating', see([2_000, { kind: 'procState', incarnation: LIFE, letter: 'T' }]), 2_900, {}],
      [
        'hung Uninterruptible',
        see([2_000, { kind: 'procState', incarnation: LIFE, letter: 'D' }]),
        silentAtMs,
        {},
      ],
      ['late Starved', beating, silentAtMs, { awareness: { ...WELL, starved: true } }],
      ['late BrokerAway', beating, 3_000, { brokerAwaySince: at(900) }],
      ['up Beating', beating, 2_000, { brokerAwaySince: at(900) }],
      [
        'late LoopBlocked',
        see([4_000, { kind: 'threadBeat', incarnation: LIFE, mainStaleMs: 3_600 }]),
        4_000,
        {},
      ],
      [
        'hung LoopBlocked',
        see([4_500, { kind: 'threadBeat', incarnation: LIFE, mainStaleMs: 4_100 }]),
        4_500,
        {},
      ],
      ['up SlotsFull', see([1_000, beatWith({ jobs: [holding('a'), holding('b')], slots: 2 })]), 1_500, {}],
      [
        'hung FetchParked',
        see([20_000, beatWith({ unansweredMs: 16_000 })]),
        20_100,
        { oldestWaitingMs: 16_000 },
      ],
      ['up Beating', see([20_000, beatWith({ unansweredMs: 16_000 })]), 20_100, { oldestWaitingMs: 1_000 }],
      ['up Beating', see([20_000, beatWith({ unansweredMs: null })]), 20_100, { oldestWaitingMs: 16_000 }],
      [
        'up Beating',
        see([20_000, beatWith({ unansweredMs: 16_000 })]),
        20_100,
        { oldestWaitingMs: 16_000, brokerBackAt: at(10_000) },
      ],
      ['up JobStuck', see([1_000, beatWith({ jobs: [holding('a'), holding('b', 29_900)] })]), 1_100, {}],
      ['up Beating', see([1_000, beatWith({ jobs: [holding('a'), holding('b', 29_900)] })]), 1_099, {}],
      ['hung CanaryLate', see([20_000, beatWith({})]), 20_100, { canary: canarySince(10_100) }],
      // Told to take jobs only a moment ago.
      [
        'up Beating',
        see([19_000, { kind: 'resumed', incarnation: LIFE }], [20_000, beatWith({})]),
        20_100,
        { canary: canarySince(10_100) },
      ],
      // Found guilty once, it is cleared by what it takes itself, not by what another takes.
      ['hung CanaryLate', see([20_000, beatWith({})]), 20_100, { convictedAt: at(15_000) }],
      [
        'up Beating',
        see([16_000, { kind: 'took', incarnation: LIFE }], [20_000, beatWith({})]),
        20_100,
        { convictedAt: at(15_000) },
      ],
      // The queue answers, and yet nobody takes what is on it.
      ['hung FetchParked', see([20_000, beatWith({})]), 20_100, { queueStillMs: 15_000 }],
      ['up Beating', see([20_000, beatWith({})]), 20_100, { queueStillMs: 14_999 }],
      [
        'up Beating',
        see([1_000, beatWith({ jobs: [{ ...holding('b', 90_000), isReporting: true }] })]),
        1_100,
        {},
      ],
      ['up Beating', see([20_000, beatWith({})]), 20_100, { canary: canarySince(10_101) }],
      ['up Quiet', see([20_000, beatWith({})]), 20_100, { canary: canarySince(10_100), wish: 'quiet' }],
      [
        'up Beating',
        see([19_000, full], [20_000, beatWith({ seq: 3 })]),
        20_100,
        { canary: canarySince(10_100) },
      ],
      [
        'hung CanaryLate',
        see([8_000, full], [20_000, beatWith({ seq: 3 })]),
        20_100,
        { canary: canarySince(10_100) },
      ],
      [
        'up Quiet',
        see([20_000, beatWith({ unansweredMs: 16_000 })]),
        20_100,
        { oldestWaitingMs: 16_000, wish: 'quiet' },
      ],
    ];
    for (const [expected, evidence, nowMs, more] of cases) {
      const { state, reason } = ask(evidence, nowMs, more);
      assert.equal(`${state} ${reason}`, expected);
    }
  });

  it('holds exactly until the time at which it asks to be asked again', () => {
    const kinds = fc.constantFrom<WorkerObservation>(
      { kind: 'beat', incarnation: LIFE, beat: BEAT },
      { kind: 'procState', incarnation: LIFE, letter: 'T' },
      { kind: 'procState', incarnation: LIFE, letter: 'S' },
      { kind: 'procState', incarnation: LIFE, letter: 'D' },
      { kind: 'threadBeat', incarnation: LIFE, mainStaleMs: 3_700 },
      { kind: 'threadBeat', incarnation: LIFE, mainStaleMs: 9_000 },
    );
    const awareness = fc.record({
      score: fc.nat(7),
      impairedUntilMs: fc.nat(40_000),
      assessedAtMs: fc.constant(0),
      starved: fc.boolean(),
    });
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(20_000), kinds), { maxLength: 8 }),
        awareness,
        fc.nat(40_000),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (more, observer, afterMs, share) => {
          more.sort(([a], [b]) => a - b);
          const evidence = after(...started, ...more);
          const nowMs = 20_000 + afterMs;
          const verdict = ask(evidence, nowMs, { awareness: observer });
          const untilMs = verdict.recheckAtMs ?? nowMs + 1_000_000;
          assert.ok(untilMs > nowMs);
          const between = ask(evidence, nowMs + (untilMs - nowMs) * share, { awareness: observer });
          assert.deepEqual([between.state, between.reason], [verdict.state, verdict.reason]);
        },
      ),
    );
  });

  it('takes death from the exit alone, never from silence', () => {
    const dead = after(...started, [
      900,
      { kind: 'exited', incarnation: LIFE, exitCode: null, signal: 'SIGKILL', lastLines: [] },
    ]);
    assert.deepEqual([ask(dead, 901).state, ask(dead, 901).reason], ['backoff', 'Killed']);
    assert.equal(ask(dead, 901, { overBudget: true }).state, 'failed');
    assert.equal(ask(dead, 901, { wish: 'stop' }).state, 'stopped');
  });

  it('lets a late message of an earlier life change nothing', () => {
    const evidence = after(
      ...started,
      [900, { kind: 'exited', incarnation: LIFE, exitCode: 1, signal: null, lastLines: [] }],
      [1_000, { kind: 'spawned', incarnation: NEXT_LIFE }],
    );
    for (const late of [
      { kind: 'beat', incarnation: LIFE, beat: BEAT },
      { kind: 'exited', incarnation: LIFE, exitCode: 1, signal: null, lastLines: [] },
      { kind: 'ready', incarnation: LIFE },
    ] satisfies WorkerObservation[]) {
      assert.equal(record(evidence, late, at(1_100)), evidence);
    }
  });

  it('never says up, late or hung of a worker without a living process, whatever the story', () => {
    const observation = fc.oneof(
      fc
        .constantFrom(LIFE, NEXT_LIFE)
        .map((incarnation): WorkerObservation => ({ kind: 'spawned', incarnation })),
      fc
        .constantFrom(LIFE, NEXT_LIFE)
        .map((incarnation): WorkerObservation => ({ kind: 'ready', incarnation })),
      fc
        .constantFrom(LIFE, NEXT_LIFE)
        .map((incarnation): WorkerObservation => ({ kind: 'beat', incarnation, beat: BEAT })),
      fc.constantFrom(LIFE, NEXT_LIFE).map((incarnation): WorkerObservation => ({
        kind: 'exited',
        incarnation,
        exitCode: 0,
        signal: null,
        lastLines: [],
      })),
    );
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(20_000), observation), { maxLength: 12 }),
        fc.nat(60_000),
        (story, nowMs) => {
          story.sort(([a], [b]) => a - b);
          const evidence = after(...story);
          const { state } = ask(evidence, nowMs);
          if (evidence.incarnation === null)
            assert.ok(['starting', 'backoff', 'failed', 'stopped'].includes(state), state);
          else assert.ok(['starting', 'up', 'late', 'hung'].includes(state), state);
        },
      ),
    );
  });
});
