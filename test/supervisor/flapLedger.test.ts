/** Every change of verdict is kept, shown or held back, newest first and bounded. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { WorkerStatus } from '../../src/detector/verdict.ts';
import { FlapLedger } from '../../src/supervisor/flapLedger.ts';

const UP: WorkerStatus = { state: 'up', reason: 'Beating', since: null, recheckAtMs: null };
const LATE: WorkerStatus = { state: 'late', reason: 'BeatLate', since: null, recheckAtMs: null };

it('lists changes newest first, says which nobody was shown, and forgets the oldest', () => {
  const ledger = new FlapLedger();
  ledger.note({ worker: 'push-1', at: 'a', from: null, to: UP, shown: true, detail: '' });
  ledger.note({ worker: 'push-1', at: 'b', from: UP, to: LATE, shown: false, detail: '' });
  const seen = ledger.list().map(({ id, from, state, shown }) => [id, from?.state ?? null, state, shown]);
  assert.deepEqual(seen, [
    ['i-2', 'up', 'late', false],
    ['i-1', null, 'up', true],
  ]);
  for (let count = 0; count < 2_000; count += 1) {
    ledger.note({ worker: 'push-2', at: 'c', from: UP, to: LATE, shown: true, detail: '' });
  }
  assert.deepEqual([ledger.list().length, ledger.list()[0]?.id], [1_000, 'i-2002']);
});
