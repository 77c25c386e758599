/** What the detector says of one worker, as a story of observations and times. It never starts a process. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  NOTHING_SEEN,
  record,
  type WorkerEvidence,
  type WorkerObservation,
} from '../../src/detector/evidence.ts';
import { decideStatus, DEFAULT_LIMITS, type StatusQuestion } from '../../src/detector/status.ts';
import type { Beat, Incarnation } from '../../src/heartbeat.ts';

const LIFE: Incarnation = { pid: 100, startTicks: 5, nonce: 'aa' };
const NEXT_LIFE: Incarnation = { pid: 101, startTicks: 9, nonce: 'bb' };
const BEAT: Beat = {
  seq: 1,
  loopDelayP99Ms: 1,
  lastFetchAgoMs: 0,
  lastProgressAgoMs: null,
  activeJobs: [],
  slots: 10,
  rssBytes: 1,
};

function at(monoMs: number): { monoMs: number; wall: string } {
  return { monoMs, wall: new Date(monoMs).toISOString() };
}

function after(...story: [number, WorkerObservation][]): WorkerEvidence {
  return story.reduce((seen, [ms, observation]) => record(seen, observation, at(ms)), NOTHING_SEEN);
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
    overMemory: false,
    overBudget: false,
    observerLateMs: 0,
    limits: DEFAULT_LIMITS,
    nowMs,
    ...more,
  });
}

const started: [number, WorkerObservation][] = [
  [0, { kind: 'spawned', incarnation: LIFE }],
  [300, { kind: 'ready', incarnation: LIFE }],
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

  it('blames nobody while the observer itself is late', () => {
    const verdict = ask(after(...started), 60_000, { observerLateMs: 5_000 });
    assert.deepEqual([verdict.state, verdict.reason], ['up', 'ObserverImpaired']);
  });

  it('takes death from the exit alone, never from silence', () => {
    const dead = after(...started, [
      900,
      { kind: 'exited', incarnation: LIFE, exitCode: null, signal: 'SIGKILL' },
    ]);
    assert.deepEqual([ask(dead, 901).state, ask(dead, 901).reason], ['backoff', 'Killed']);
    assert.equal(ask(dead, 901, { overBudget: true }).state, 'failed');
    assert.equal(ask(dead, 901, { wish: 'stop' }).state, 'stopped');
  });

  it('lets a late message of an earlier life change nothing', () => {
    const evidence = after(
      ...started,
      [900, { kind: 'exited', incarnation: LIFE, exitCode: 1, signal: null }],
      [1_000, { kind: 'spawned', incarnation: NEXT_LIFE }],
    );
    for (const late of [
      { kind: 'beat', incarnation: LIFE, beat: BEAT },
      { kind: 'exited', incarnation: LIFE, exitCode: 1, signal: null },
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
