/** Which orphan is ended: of what is over, and of nothing else. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { mustEnd, type KnownOrphan } from '../../src/reconciler/orphan.ts';

const GOING_ON = { lives: new Set(['aa']), attempts: new Set(['j-1.2']) };

function orphan(
  life: string | null,
  attempt: string | null,
  endAskedAtMs: number | null = null,
): KnownOrphan {
  const since = { monoMs: 0, wall: '' };
  return { orphan: { pid: 9, startTicks: 1, command: 'sleep', life, attempt }, since, endAskedAtMs };
}

it('is ended with the life or the attempt it came from, once in a while, and never without a mark', () => {
  const cases: [KnownOrphan, boolean][] = [
    [orphan('aa', null), false],
    [orphan('aa', 'j-1.2'), false],
    [orphan('aa', 'j-1.1'), true],
    [orphan('bb', null), true],
    [orphan('bb', 'j-1.2'), true],
    [orphan(null, null), false],
    [orphan(null, 'j-1.1'), false],
    [orphan('bb', null, 5_001), false],
    [orphan('bb', null, 5_000), true],
  ];
  for (const [known, expected] of cases)
    assert.equal(mustEnd(known, GOING_ON, 10_000), expected, JSON.stringify(known));
});
