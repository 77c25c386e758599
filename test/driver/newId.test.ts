/** The ids of pushes and jobs: their form, their order, and that no two are the same. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { newId } from '../../src/driver/newId.ts';
import { isJobId } from '../../src/push/job.ts';

it('gives no id twice, of a hundred thousand in one millisecond, and sorts them by their time', () => {
  const atMs = Date.parse('2026-01-01T00:00:00Z');
  const ids = Array.from({ length: 100_000 }, () => newId('j', atMs));
  assert.equal(new Set(ids).size, ids.length);
  for (const id of ids) assert.match(id, /^j-[0-9a-hjkmnp-tv-z]{9}-[0-9a-hjkmnp-tv-z]{5}$/);
  assert.ok(ids.every(isJobId));
  const later = newId('j', atMs + 1);
  assert.ok(ids.every((id) => id < later));
});
