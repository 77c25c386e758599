/** Which verdict is shown: quickly worse, slowly better, never back and forth. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { HYSTERESIS, settle, type Shown } from '../../src/detector/hysteresis.ts';
import type { WorkerReason, WorkerState, WorkerStatus } from '../../src/detector/verdict.ts';

function status(state: WorkerState, reason: WorkerReason): WorkerStatus {
  return { state, reason, since: null, recheckAtMs: null };
}

const UP = status('up', 'Beating');
const LATE = status('late', 'BeatLate');
const BLOCKED = status('late', 'LoopBlocked');
const HUNG = status('hung', 'NoBeat');
const DEAD = status('backoff', 'Killed');

/** Feeds candidates at times with beat numbers; returns the states shown. */
function show(...story: [number, WorkerStatus, number][]): string[] {
  let shown: Shown | null = null;
  return story.map(([nowMs, candidate, beatSeq]) => {
    shown = settle(shown, { status: candidate, beatSeq, nowMs }, HYSTERESIS).shown;
    return shown.status.state;
  });
}

describe('the verdict that is shown', () => {
  it('gets worse at once, and better only after three beats and a stable stretch', () => {
    assert.deepEqual(
      show([0, UP, 1], [5_000, LATE, 1], [6_000, UP, 2], [7_000, UP, 3], [8_900, UP, 4], [9_000, UP, 5]),
      ['up', 'late', 'late', 'late', 'late', 'up'],
    );
  });

  it('takes no number of quick beats for a stable stretch', () => {
    assert.deepEqual(
      show([0, UP, 1], [5_000, LATE, 1], [6_000, UP, 2], [6_100, UP, 9], [8_999, UP, 12], [9_000, UP, 13]),
      ['up', 'late', 'late', 'late', 'late', 'up'],
    );
  });

  it('asks to be asked again when the stretch is over, once the beats are there', () => {
    let shown: Shown | null = null;
    const ask = (nowMs: number, candidate: WorkerStatus, beatSeq: number): number | null => {
      const settled = settle(shown, { status: candidate, beatSeq, nowMs }, HYSTERESIS);
      shown = settled.shown;
      return settled.recheckAtMs;
    };
    ask(0, UP, 1);
    ask(5_000, LATE, 1);
    assert.deepEqual([ask(6_000, UP, 2), ask(6_100, UP, 9), ask(9_000, UP, 9)], [null, 9_000, null]);
  });

  it('starts counting anew when the recovery breaks off', () => {
    assert.deepEqual(
      show(
        [0, UP, 1],
        [5_000, LATE, 1],
        [6_000, UP, 2],
        [8_000, LATE, 3],
        [9_000, UP, 4],
        [11_000, UP, 6],
        [12_000, UP, 7],
      ),
      ['up', 'late', 'late', 'late', 'late', 'late', 'up'],
    );
  });

  it('lets a state last for its dwell, and a better word for it not put off a worse one', () => {
    assert.deepEqual(
      show([0, UP, 1], [5_000, LATE, 1], [6_000, BLOCKED, 1], [6_100, HUNG, 1], [6_200, LATE, 1]),
      ['up', 'late', 'late', 'hung', 'hung'],
    );
    assert.deepEqual(show([0, UP, 1], [5_000, LATE, 1], [5_900, HUNG, 1], [6_000, HUNG, 1]), [
      'up',
      'late',
      'late',
      'hung',
    ]);
  });

  it('never holds back a fact', () => {
    assert.deepEqual(show([0, UP, 1], [1, DEAD, 1], [2, status('starting', 'Spawned'), 0], [3, UP, 1]), [
      'up',
      'backoff',
      'starting',
      'up',
    ]);
  });

  it('tells once of each change that it holds back', () => {
    let shown = settle(null, { status: UP, beatSeq: 1, nowMs: 0 }, HYSTERESIS).shown;
    const told = [LATE, LATE, HUNG].map((candidate, index) => {
      const settled = settle(shown, { status: candidate, beatSeq: 1, nowMs: 100 + index }, HYSTERESIS);
      shown = settled.shown;
      return settled.suppressed;
    });
    assert.deepEqual(told, [true, false, true]);
  });

  it('never improves without new beats, and never flips twice within the dwell', () => {
    const candidates = fc.constantFrom(UP, LATE, BLOCKED, HUNG, status('unknown', 'ObserverImpaired'));
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(900), candidates, fc.nat(1)), { maxLength: 60 }), (story) => {
        let shown: Shown | null = null;
        let nowMs = 0;
        let beatSeq = 0;
        let worstSeq = 0;
        for (const [gapMs, candidate, beats] of story) {
          nowMs += gapMs;
          beatSeq += beats;
          const before: Shown | null = shown;
          const next: Shown = settle(before, { status: candidate, beatSeq, nowMs }, HYSTERESIS).shown;
          shown = next;
          if (before === null || next.status === before.status) continue;
          const sameState = next.status.state === before.status.state;
          const sinceMs = sameState ? before.enteredAtMs : before.stateEnteredAtMs;
          assert.ok(nowMs - sinceMs >= HYSTERESIS.dwellMs, 'dwell');
          if (next.status.state === 'up') assert.ok(beatSeq - worstSeq >= HYSTERESIS.stableBeats, 'beats');
          else worstSeq = beatSeq;
        }
      }),
    );
  });
});
