/** When another supervisor is called silent, and when its lease is over: by the reader's clock alone, and later where the reader itself is late. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { WELL } from '../../src/detector/awareness.ts';
import { hearingOf, LEASE_MS, SILENT_AFTER_MS } from '../../src/detector/memberPresence.ts';

describe('another supervisor', () => {
  it('is heard, then silent, then without its lease, each to the millisecond', () => {
    const of = (nowMs: number): readonly unknown[] => {
      const { presence, isLeaseOver, recheckAtMs } = hearingOf(1_000, 1_000 + nowMs, WELL);
      return [presence, isLeaseOver, recheckAtMs];
    };
    assert.deepEqual(of(0), ['heard', false, 1_000 + SILENT_AFTER_MS]);
    assert.deepEqual(of(SILENT_AFTER_MS - 1), ['heard', false, 1_000 + SILENT_AFTER_MS]);
    assert.deepEqual(of(SILENT_AFTER_MS), ['silent', false, 1_000 + LEASE_MS]);
    assert.deepEqual(of(LEASE_MS), ['silent', true, null]);
  });

  it('is never judged earlier by one that looks late, and always worth another look until its lease is over', () => {
    fc.assert(
      fc.property(fc.nat(200_000), fc.nat(7), (silentMs, score) => {
        const late = hearingOf(0, silentMs, { ...WELL, score });
        const well = hearingOf(0, silentMs, WELL);
        if (late.presence === 'silent') assert.equal(well.presence, 'silent');
        if (late.isLeaseOver) assert.equal(well.isLeaseOver, true);
        assert.equal(late.recheckAtMs === null, late.isLeaseOver);
        assert.ok(late.recheckAtMs === null || late.recheckAtMs > silentMs);
      }),
    );
  });
});
