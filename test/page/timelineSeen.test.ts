/** What is new in the timeline is counted and joined without a double; zombies of one parent stand together. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newOnes, withOlder, type Seen } from '../../src/page/parts/timelineSeen.ts';
import { zombieParents } from '../../src/page/parts/zombieParents.ts';
import { zombieView } from '../support/fakeDoor.ts';

type Ids = Seen<{ readonly id: string }>;
const seenOf = (ids: string, nextCursor?: string): Ids => ({
  items: ids.split('').map((id) => ({ id })),
  searchedBackTo: null,
  damaged: 0,
  ...(nextCursor === undefined ? {} : { nextCursor }),
});
const idsOf = ({ items }: Ids): string => items.map(({ id }) => id).join('');

test('new ones come before what is shown, and what was read further back stays', () => {
  const fresh = newOnes(seenOf('cba', 'older'), seenOf('edcb'), 3);
  assert.deepEqual(
    [fresh.count, fresh.areMore, idsOf(fresh.seen), fresh.seen.nextCursor],
    [2, false, 'edcba', 'older'],
  );
  assert.equal(newOnes(seenOf('cba'), seenOf('cba'), 3).count, 0);
});

test('so many that the newest page does not reach back are told as more, and shown alone', () => {
  const fresh = newOnes(seenOf('cba'), seenOf('zyx', 'further'), 3);
  assert.deepEqual(
    [fresh.count, fresh.areMore, idsOf(fresh.seen), fresh.seen.nextCursor],
    [3, true, 'zyx', 'further'],
  );
});

test('a search that stopped before its page was full has no more than it found', () => {
  const fresh = newOnes(seenOf('cba'), seenOf('z', 'further'), 3);
  assert.deepEqual([fresh.count, fresh.areMore, idsOf(fresh.seen)], [1, false, 'z']);
});

test('what lies further back comes below, with how far it was searched', () => {
  const older = { ...seenOf('ba'), searchedBackTo: '2026-01-01T00:00:00.000Z', damaged: 2 };
  const seen = withOlder({ ...seenOf('dc', 'b'), damaged: 1 }, older);
  assert.deepEqual(
    [idsOf(seen), seen.nextCursor, seen.searchedBackTo, seen.damaged],
    ['dcba', undefined, older.searchedBackTo, 3],
  );
});

test('an empty timeline takes its first, and a journal that is gone adds nothing', () => {
  assert.equal(newOnes(seenOf(''), seenOf('a'), 3).count, 1);
  assert.equal(newOnes(seenOf('a'), seenOf(''), 3).count, 0);
});

test('zombies of one parent stand in one row, the longest dead first', () => {
  const parent = { pid: 9, name: 'celery', container: 'abc', containerName: 'jms_celery' };
  const rows = zombieParents([
    zombieView(1, { parent, owner: 'container', advice: 'init' }),
    zombieView(2),
    zombieView(3, { parent, owner: 'container', advice: 'init', name: 'curl' }),
    zombieView(4, { parent, owner: 'container', advice: 'other' }),
  ]);
  assert.deepEqual(
    rows.map(({ pids, names }) => [pids, names]),
    [
      [
        [1, 3],
        ['celery', 'curl'],
      ],
      [[2], ['celery']],
      [[4], ['celery']],
    ],
  );
});
