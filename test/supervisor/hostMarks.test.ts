/** Which hosts are marked as unknown, and what alone lifts the mark. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { HostOutcome, JobRecord } from '../../src/push/job.ts';
import { HostMarks } from '../../src/supervisor/hostMarks.ts';

function ended(outcome: HostOutcome, kind: JobRecord['kind'] = 'push'): JobRecord {
  const state =
    outcome === 'unknown' ? 'unknown' : outcome === 'changed' || outcome === 'unchanged' ? 'done' : 'failed';
  return { id: `j-${outcome}`, host: 'web-1', kind, state, result: { outcome } } as unknown as JobRecord;
}

it('keeps the mark until the host itself has answered a writing job', () => {
  const marks = new HostMarks();
  assert.equal(marks.note(ended('unknown')), true);
  assert.equal(marks.note(ended('failed')), false);
  assert.equal(marks.note(ended('unchanged', 'check')), false);
  assert.equal(marks.note(ended('unchanged')), true);
  assert.equal(marks.note(ended('unchanged')), false);
});

it('takes from earlier lives the newest job that tells of the host', () => {
  const marks = new HostMarks();
  marks.noteEarlier([ended('failed'), ended('unknown'), ended('changed')]);
  const host = { name: 'web-1', state: 'trusted' } as never;
  assert.equal(marks.apply([host])[0]?.state, 'unknown');
});
