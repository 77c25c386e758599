/**
 * When the watchdog is fed.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { mayFeed, progressOf } from '../../src/detector/progress.ts';

const WELL = { turnMs: 900, zombiesMs: 30_000 };

describe('progress', () => {
  it('is made while both loops come to their ends, and before they first did', () => {
    assert.equal(progressOf(WELL).isMade, true);
    assert.equal(progressOf({ turnMs: null, zombiesMs: null }).isMade, true);
  });

  it('is not made when either stands still, and says which', () => {
    assert.deepEqual(progressOf({ ...WELL, turnMs: 10_001 }), {
      isMade: false,
      why: "the supervisor's last turn was 10 s ago",
    });
    assert.match(progressOf({ ...WELL, zombiesMs: 300_001 }).why, /all processes was 300 s ago/);
  });
});

describe('the watchdog', () => {
  const due = { watchdogMs: 30_000, fedAtMs: 1_000, nowMs: 11_000 };

  it('is fed each third of its limit, and not sooner', () => {
    assert.equal(mayFeed(due, progressOf(WELL)), true);
    assert.equal(mayFeed({ ...due, nowMs: 10_999 }, progressOf(WELL)), false);
  });

  it('is not fed without progress, nor where there is none', () => {
    assert.equal(mayFeed(due, progressOf({ ...WELL, turnMs: 60_000 })), false);
    assert.equal(mayFeed({ ...due, watchdogMs: null }, progressOf(WELL)), false);
  });
});
