/** The schedule on which a dead child comes back: exactly without jitter, by bounds with it. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  decideRestart,
  delayWithoutJitterMs,
  NO_FAILURES,
  RESTART_POLICY,
} from '../../src/reconciler/restart.ts';

const policy = RESTART_POLICY;

describe('restarting', () => {
  it('comes back at once, then after 0.5 s doubling to 30 s', () => {
    const delays = [1, 2, 3, 4, 5, 6, 7, 8, 9, 50].map((consecutive) =>
      delayWithoutJitterMs(consecutive, policy),
    );
    assert.deepEqual(delays, [0, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
  });

  it('starts the row anew after ten clean minutes', () => {
    let history = NO_FAILURES;
    for (let death = 0; death < 4; death += 1) {
      history = decideRestart(
        history,
        { atMs: death * 1_000, readyForMs: 500, asked: false },
        { jitter: 0, policy },
      ).history;
    }
    const afterClean = decideRestart(
      history,
      { atMs: 700_000, readyForMs: 600_000, asked: false },
      { jitter: 0, policy },
    );
    assert.equal(afterClean.startAtMs, 700_000);
  });

  it('is over its budget in a crash loop, tries slowly for ever, and recovers when the failures have decayed', () => {
    let history = NO_FAILURES;
    let nowMs = 0;
    let last = decideRestart(history, { atMs: nowMs, readyForMs: 0, asked: false }, { jitter: 0, policy });
    for (let death = 0; death < 12; death += 1) {
      last = decideRestart(history, { atMs: nowMs, readyForMs: 0, asked: false }, { jitter: 0, policy });
      history = last.history;
      nowMs = last.startAtMs;
    }
    assert.equal(last.overBudget, true);
    assert.equal(nowMs - last.history.scoreAtMs, policy.slowRetryMs);
    const later = decideRestart(
      history,
      { atMs: nowMs + 10 * policy.halfLifeMs, readyForMs: 0, asked: false },
      { jitter: 0, policy },
    );
    assert.equal(later.overBudget, false);
  });

  it('counts an end that was asked for as no failure', () => {
    const decision = decideRestart(
      NO_FAILURES,
      { atMs: 5, readyForMs: 1, asked: true },
      { jitter: 0.9, policy },
    );
    assert.deepEqual(decision, { startAtMs: 5, overBudget: false, history: NO_FAILURES });
  });

  it('never starts before the death, never later than the slow retry and its jitter', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(100_000), fc.double({ min: 0, max: 0.999, noNaN: true })), {
          maxLength: 40,
        }),
        (deaths) => {
          let history = NO_FAILURES;
          let nowMs = 0;
          for (const [gapMs, jitter] of deaths) {
            nowMs += gapMs;
            const decision = decideRestart(
              history,
              { atMs: nowMs, readyForMs: gapMs, asked: false },
              { jitter, policy },
            );
            assert.ok(decision.startAtMs >= nowMs);
            assert.ok(decision.startAtMs <= nowMs + policy.slowRetryMs * (1 + policy.jitterShare));
            history = decision.history;
          }
        },
      ),
    );
  });
});
