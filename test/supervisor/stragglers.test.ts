/** Who is called by name because it does not end: each once, with what it held, and nobody else. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { NOTHING_SEEN, type WorkerEvidence } from '../../src/detector/evidence.ts';
import { stragglerOf, UNKILLABLE_AFTER_MS } from '../../src/reconciler/straggler.ts';
import type { ReportLine } from '../../src/supervisor/publisher.ts';
import { Stragglers } from '../../src/supervisor/stragglers.ts';

const DRAIN = { drainWithinMs: 30_000, termGraceMs: 2_000 };
const LIFE = { pid: 7, startTicks: 1, nonce: 'n' };
const at = (monoMs: number) => ({ monoMs, wall: '2030-01-01T00:00:00.000Z' });
const killed = (change: Partial<WorkerEvidence> = {}): WorkerEvidence => ({
  ...NOTHING_SEEN,
  incarnation: LIFE,
  killAskedAt: at(1_000),
  killReason: 'DrainDeadline',
  ...change,
});
const lookAt = (evidence: WorkerEvidence, nowMs: number) =>
  stragglerOf('push-1', evidence, { drain: DRAIN, nowMs });

describe('a worker', () => {
  it('that was not told to end by force is none', () => {
    assert.equal(lookAt(killed({ killAskedAt: null, killReason: null }), 1e9), null);
  });

  it('that has ended is none', () => {
    assert.equal(lookAt(killed({ incarnation: null }), 1e9), null);
  });

  it('past the deadline of its drain is overdue, and unkillable when KILL has not ended it', () => {
    const lastMs = 1_000 + DRAIN.termGraceMs + UNKILLABLE_AFTER_MS;
    assert.equal(lookAt(killed(), 1_000)?.stubbornness, 'overdue');
    assert.equal(lookAt(killed(), lastMs - 1)?.stubbornness, 'overdue');
    assert.equal(lookAt(killed(), lastMs)?.stubbornness, 'unkillable');
  });

  it('that hung is told of by its verdict, and here only when nothing ends it', () => {
    const hung = killed({ killReason: 'Hung' });
    assert.equal(lookAt(hung, 2_000), null);
    assert.equal(lookAt(hung, 1e6)?.stubbornness, 'unkillable');
  });
});

describe('told', () => {
  const straggler = { worker: 'push-1', pid: 7, letter: null, jobs: ['j-1', 'j-2'] };

  it('each is once, and again when it is another life', () => {
    const { lines, stragglers } = open();
    for (let turn = 0; turn < 3; turn += 1) stragglers.note([{ ...straggler, stubbornness: 'overdue' }]);
    stragglers.note([{ ...straggler, stubbornness: 'unkillable' }]);
    stragglers.note([]);
    stragglers.note([{ ...straggler, pid: 8, stubbornness: 'overdue' }]);
    assert.deepEqual(
      lines.map(({ level, event, facts }) => [level, event, facts['pid']]),
      [
        ['warn', 'drainOverdue', 7],
        ['error', 'wouldNotStop', 7],
        ['warn', 'drainOverdue', 8],
      ],
    );
    assert.match(String(lines[0]?.facts['detail']), /in hand: j-1, j-2, to be tried again$/);
    assert.equal(stragglers.leaves, false, 'the supervisor goes on');
  });

  it('is why, where that is known', () => {
    const { lines, stragglers } = open();
    stragglers.note([{ ...straggler, letter: 'D', stubbornness: 'unkillable' }]);
    assert.match(String(lines[0]?.facts['detail']), /waits for the kernel \(state D\)/);
  });

  it('is of many jobs only how many more there are', () => {
    const { lines, stragglers } = open();
    const jobs = Array.from({ length: 25 }, (_, index) => `j-${String(index)}`);
    stragglers.note([{ ...straggler, jobs, stubbornness: 'overdue' }]);
    assert.match(String(lines[0]?.facts['detail']), /j-9 and 15 more, to be tried again$/);
  });

  it('is what is left behind at the end, and the end is not a clean one', () => {
    const { lines, stragglers } = open();
    stragglers.noteLeft([]);
    assert.equal(stragglers.leaves, false);
    stragglers.noteLeft([{ pid: 9, command: 'sleep', state: 'D', worker: 'push-2' }]);
    assert.equal(stragglers.leaves, true);
    assert.match(
      String(lines[0]?.facts['detail']),
      /^pid 9 \(sleep, state D\) of push-2 did not end and is left behind: it waits for the kernel/,
    );
  });
});

function open(): { lines: ReportLine[]; stragglers: Stragglers } {
  const lines: ReportLine[] = [];
  return { lines, stragglers: new Stragglers((line) => lines.push(line)) };
}
