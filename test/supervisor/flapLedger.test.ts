/** Every change of verdict is kept, shown or held back, newest first and bounded. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { WorkerStatus } from '../../src/detector/verdict.ts';
import { FlapLedger } from '../../src/supervisor/flapLedger.ts';

const UP: WorkerStatus = { state: 'up', reason: 'Beating', since: null, recheckAtMs: null };
const LATE: WorkerStatus = { state: 'late', reason: 'BeatLate', since: null, recheckAtMs: null };
const NOTHING_KEPT = { autopsyFile: null, lastLines: [] };

it('lists changes newest first, says which nobody was shown, and forgets the oldest', () => {
  const kept: string[] = [];
  const ledger = new FlapLedger([], (incident) => kept.push(incident.id));
  ledger.note({ worker: 'push-1', at: 'a', from: null, to: UP, shown: true, detail: '', ...NOTHING_KEPT });
  ledger.note({ worker: 'push-1', at: 'b', from: UP, to: LATE, shown: false, detail: '', ...NOTHING_KEPT });
  const seen = ledger.list().map(({ id, from, state, shown }) => [id, from?.state ?? null, state, shown]);
  assert.deepEqual(seen, [
    ['i-2', 'up', 'late', false],
    ['i-1', null, 'up', true],
  ]);
  for (let count = 0; count < 2_000; count += 1) {
    ledger.note({ worker: 'push-2', at: 'c', from: UP, to: LATE, shown: true, detail: '', ...NOTHING_KEPT });
  }
  assert.deepEqual([ledger.list().length, ledger.list()[0]?.id], [1_000, 'i-2002']);
  assert.equal(kept.length, 2_002);
  assert.deepEqual(ledger.counts(), [
    { worker: 'push-1', shown: { up: 1 }, heldBack: 1 },
    { worker: 'push-2', shown: { late: 2_000 }, heldBack: 0 },
  ]);
});

it('goes on where an earlier supervisor ended', () => {
  const first = new FlapLedger([], () => undefined);
  first.note({ worker: 'push-1', at: 'a', from: null, to: UP, shown: true, detail: '', ...NOTHING_KEPT });
  const second = new FlapLedger(first.list().reverse(), () => undefined);
  second.note({ worker: 'push-1', at: 'b', from: UP, to: LATE, shown: true, detail: '', ...NOTHING_KEPT });
  assert.deepEqual(
    second.list().map(({ id, state }) => `${id} ${state}`),
    ['i-2 late', 'i-1 up'],
  );
  assert.deepEqual(second.counts(), [{ worker: 'push-1', shown: { late: 1 }, heldBack: 0 }]);
});
