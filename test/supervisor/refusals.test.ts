/** What the guard refused: counted by rule, told in a plain sentence once, and never by a label that no rule has. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { GUARD_RULES } from '../../src/reconciler/guard.ts';
import type { ReportLine } from '../../src/supervisor/publisher.ts';
import { Refusals } from '../../src/supervisor/refusals.ts';

function open(): {
  refusals: Refusals;
  told: ReportLine[];
  note: (rule: string, pid: number, monoMs: number) => void;
} {
  const told: ReportLine[] = [];
  const refusals = new Refusals((line) => told.push(line));
  const note = (rule: string, pid: number, monoMs: number): void => {
    refusals.note({ kind: 'refused', rule, pid, signal: 'SIGTERM', worker: null }, { monoMs, wall: '' });
  };
  return { refusals, told, note };
}

describe('refusals', () => {
  it('begin at 0 for every rule', () => {
    const { refusals } = open();
    assert.deepEqual(
      refusals.counts(),
      Object.keys(GUARD_RULES).map((rule) => ({ rule, count: 0 })),
    );
  });

  it('say what was refused, of which pid, by which rule, and what that means', () => {
    const { refusals, told } = open();
    refusals.note(
      { kind: 'refused', rule: 'Sshd', pid: 77, signal: 'SIGKILL', worker: 'push-1' },
      { monoMs: 0, wall: '' },
    );
    assert.deepEqual(told, [
      {
        level: 'warn',
        event: 'signalRefused',
        facts: {
          rule: 'Sshd',
          pid: 77,
          signal: 'SIGKILL',
          worker: 'push-1',
          detail:
            'SIGKILL of push-1 to pid 77 was not sent: it is an SSH server and may carry a way in (rule Sshd); the process was left alone',
        },
      },
    ]);
  });

  it('are all counted, but told again only after a minute', () => {
    const { refusals, told, note } = open();
    for (let second = 0; second <= 60; second += 1) note('PidReused', 7, second * 1_000);
    assert.equal(told.length, 2);
    assert.equal(refusals.counts().find(({ rule }) => rule === 'PidReused')?.count, 61);
    note('PidReused', 8, 60_001);
    assert.equal(told.length, 3, 'another pid is news');
  });

  it('of a rule that is none are no label', () => {
    const { refusals, told, note } = open();
    for (const rule of ['toString', 'Sshd"} 1', '']) note(rule, 7, 0);
    assert.ok(refusals.counts().every(({ count }) => count === 0));
    assert.deepEqual(told, []);
  });

  it('remember no more than they must, however many pids there are', () => {
    const { refusals, told, note } = open();
    for (let pid = 2; pid < 5_000; pid += 1) note('PidReused', pid, 0);
    assert.equal(told.length, 4_998);
    note('PidReused', 4_999, 1);
    assert.equal(told.length, 4_998, 'the latest is still known');
    assert.equal(refusals.counts().find(({ rule }) => rule === 'PidReused')?.count, 4_999);
  });
});
