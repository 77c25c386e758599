/** When scheduled work is due: by both clocks, once however many times were missed, and never while something stands in the way. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  decideSchedule,
  remembered,
  retryAt,
  RETRY_AFTER_MS,
  SCHEDULED,
  type Clocks,
  type Known,
  type Plan,
  type Scheduled,
  type Situation,
} from '../../src/reconciler/schedule.ts';
import { decideSync, type PlannedPair } from '../../src/reconciler/scheduledSync.ts';
import { DAY_MS, parseTimetable, timetableText, type Timetable } from '../../src/timetable.ts';

const HOUR_MS = 3_600_000;
const MIDNIGHT_MS = Date.parse('2026-03-01T00:00:00Z');
const FREE: Situation = { isRunning: false, unserved: null, maintenanceUntil: null };
const OFF: Timetable = { kind: 'off' };

/** So long after midnight, on both clocks. */
function at(sinceMidnightMs: number, wallJumpMs = 0): Clocks {
  return { wallMs: MIDNIGHT_MS + sinceMidnightMs + wallJumpMs, monoMs: 5_000_000 + sinceMidnightMs };
}

function timetable(text: string): Timetable {
  const read = parseTimetable(text);
  assert.ok(read !== null, text);
  return read;
}

function plan(tasks: Partial<Record<Scheduled, string>>, known: Partial<Known> = {}): Plan {
  const of = (task: Scheduled): Plan[Scheduled] => ({
    timetable: tasks[task] === undefined ? OFF : timetable(tasks[task]),
    known: { seen: at(0), begun: null, retryAtMonoMs: null, ...known },
  });
  return { sync: of('sync'), check: of('check'), leftovers: of('leftovers') };
}

function begins(which: Plan, when: Clocks, situation: Partial<Situation> = {}): string {
  const decision = decideSchedule(which, { ...FREE, ...situation }, when);
  return decision.do === 'begin' ? decision.task : decision.do;
}

describe('a timetable', () => {
  it('is off, an interval or a time of day, and is written as it was read', () => {
    for (const text of ['off', 'every 6h', 'every 1d', 'every 1m', '03:30', '00:00', '23:59'])
      assert.equal(timetableText(timetable(text)), text);
    for (const text of [
      '',
      'on',
      '6h',
      'every',
      'every 6',
      'every 59s',
      'every 0s',
      '24:00',
      '3:30',
      '03:60',
      'daily',
    ])
      assert.equal(parseTimetable(text), null, text);
  });
});

describe('scheduled work', () => {
  it('is never begun while its timetable is off, whatever the clocks say', () => {
    const long = fc.integer({ min: 0, max: 400 * DAY_MS });
    fc.assert(
      fc.property(long, fc.integer({ min: -400 * DAY_MS, max: 400 * DAY_MS }), (laterMs, jumpMs) => {
        assert.equal(begins(plan({}), at(laterMs, jumpMs)), 'nothing');
      }),
    );
  });

  const rows: readonly [what: string, which: Plan, when: Clocks, expected: string][] = [
    ['a check that was never made is due at once', plan({ check: 'every 6h' }), at(0), 'check'],
    ['so is a survey', plan({ leftovers: 'every 1d' }), at(0), 'leftovers'],
    ['a sync waits its first interval', plan({ sync: 'every 6h' }), at(6 * HOUR_MS - 1), 'nothing'],
    ['and is due after it', plan({ sync: 'every 6h' }), at(6 * HOUR_MS), 'sync'],
    [
      'a time of day that was before it was seen was not missed',
      plan({ check: '03:30' }, { seen: at(4 * HOUR_MS) }),
      at(5 * HOUR_MS),
      'nothing',
    ],
    ['one that is to come is not due', plan({ check: '03:30' }), at(3.5 * HOUR_MS - 1), 'nothing'],
    ['and is at its minute', plan({ check: '03:30' }), at(3.5 * HOUR_MS), 'check'],
    ['and at any time after it', plan({ check: '03:30' }), at(23 * HOUR_MS), 'check'],
    [
      'not again on the same day',
      plan({ check: '03:30' }, { begun: at(3.5 * HOUR_MS) }),
      at(23 * HOUR_MS),
      'nothing',
    ],
    [
      'again on the next',
      plan({ check: '03:30' }, { begun: at(3.5 * HOUR_MS) }),
      at(DAY_MS + 3.5 * HOUR_MS),
      'check',
    ],
    [
      'ten days that were missed are one run',
      plan({ sync: '03:30' }, { begun: at(3.5 * HOUR_MS) }),
      at(10 * DAY_MS),
      'sync',
    ],
    [
      'nor does one set forward by a day run it again an hour later',
      plan({ check: '03:30' }, { begun: at(3.5 * HOUR_MS) }),
      at(4.5 * HOUR_MS, DAY_MS),
      'nothing',
    ],
    [
      'a wall clock set back does not run a day twice',
      plan({ check: '03:30' }, { begun: at(3.5 * HOUR_MS) }),
      at(4.5 * HOUR_MS, -HOUR_MS),
      'nothing',
    ],
    [
      'a wall clock set forward makes an interval no shorter',
      plan({ check: 'every 6h' }, { begun: at(0) }),
      at(HOUR_MS, 30 * DAY_MS),
      'nothing',
    ],
    [
      'nor does one set back make it longer',
      plan({ check: 'every 6h' }, { begun: at(0) }),
      at(6 * HOUR_MS, -30 * DAY_MS),
      'check',
    ],
    [
      'what could not be done waits for its next try',
      plan({ check: 'every 6h' }, { begun: at(0), retryAtMonoMs: at(HOUR_MS).monoMs }),
      at(HOUR_MS - 1),
      'nothing',
    ],
    [
      'and not for its next time',
      plan({ check: 'every 6h' }, { begun: at(0), retryAtMonoMs: at(HOUR_MS).monoMs }),
      at(HOUR_MS),
      'check',
    ],
    [
      'a sync that is due goes first: it looks as well',
      plan({ sync: '00:30', check: '00:30', leftovers: '00:30' }),
      at(HOUR_MS),
      'sync',
    ],
  ];
  for (const [what, which, when, expected] of rows)
    it(what, () => {
      assert.equal(begins(which, when), expected);
    });

  it('that is due waits, and says for what', () => {
    const ways: readonly [Partial<Situation>, RegExp][] = [
      [{ isRunning: true }, /not over/],
      [{ unserved: 'Redis is away since 12:00: refused' }, /Redis is away/],
      [{ maintenanceUntil: '2026-03-01T01:00:00Z' }, /maintenance until 2026-03-01T01:00:00Z/],
    ];
    for (const [situation, said] of ways) {
      const decision = decideSchedule(plan({ check: 'every 6h' }), { ...FREE, ...situation }, at(0));
      assert.ok(decision.do === 'wait' && decision.due === 'check');
      assert.match(decision.why, said);
    }
  });

  it('is begun as often as its interval fits, however often it is looked and whatever the wall clock does', () => {
    const looks = fc.array(
      fc.record({
        afterMs: fc.integer({ min: 1, max: 2 * HOUR_MS }),
        jumpMs: fc.integer({ min: -DAY_MS, max: DAY_MS }),
      }),
      { maxLength: 200 },
    );
    fc.assert(
      fc.property(looks, (steps) => {
        let nowMs = 0;
        let begun: Clocks | null = null;
        let count = 0;
        for (const { afterMs, jumpMs } of steps) {
          nowMs += afterMs;
          const when = at(nowMs, jumpMs);
          if (begins(plan({ check: 'every 6h' }, { begun }), when) !== 'check') continue;
          begun = when;
          count += 1;
        }
        assert.ok(count <= Math.floor(nowMs / (6 * HOUR_MS)) + 1, `${String(count)} in ${String(nowMs)} ms`);
        assert.ok(count >= Math.floor(nowMs / (8 * HOUR_MS)), `${String(count)} in ${String(nowMs)} ms`);
      }),
    );
  });

  it('of a supervisor that was down is due once if its time was then, and a time in the future is now', () => {
    const start = at(10 * DAY_MS);
    const dayBefore = remembered(start.wallMs - DAY_MS, start);
    assert.deepEqual(dayBefore, { wallMs: start.wallMs - DAY_MS, monoMs: start.monoMs - DAY_MS });
    assert.equal(begins(plan({ sync: 'every 6h' }, { seen: dayBefore, begun: dayBefore }), start), 'sync');
    const future = remembered(start.wallMs + 400 * DAY_MS, start);
    assert.deepEqual(future, start);
    const known = { seen: future, begun: future };
    assert.equal(begins(plan({ sync: 'every 6h' }, known), start), 'nothing');
    assert.equal(begins(plan({ sync: 'every 6h' }, known), at(10 * DAY_MS + 6 * HOUR_MS)), 'sync');
    assert.equal(begins(plan({ sync: '03:30' }, known), at(11 * DAY_MS + 4 * HOUR_MS)), 'sync');
  });

  it('is tried again soon, and never more often than it is wanted', () => {
    assert.equal(retryAt(timetable('every 6h'), at(0)) - at(0).monoMs, RETRY_AFTER_MS);
    assert.equal(retryAt(timetable('every 2m'), at(0)) - at(0).monoMs, 120_000);
    assert.equal(SCHEDULED.length, 3);
  });
});

describe('a scheduled sync', () => {
  const LIMITS = { mostPairs: 50, mostTakenPercent: 10 };
  const pair = (host: string, verdict: PlannedPair['verdict'], ...codes: string[]): PlannedPair => ({
    ...{ host, verdict },
    changes: codes.map((code) => ({ code })) as PlannedPair['changes'],
  });
  const many = (count: number, of: (index: number) => PlannedPair): readonly PlannedPair[] =>
    Array.from({ length: count }, (_, index) => of(index));
  const name = (index: number): string => `web-${String(index)}`;

  it('pushes to the hosts that differ, and to no other', () => {
    const planned = [
      pair('a', 'unchanged'),
      pair('b', 'create', 'account-created'),
      pair('b', 'change', 'keys-added'),
      pair('c', 'conflict'),
      pair('d', 'blocked'),
    ];
    assert.deepEqual(decideSync(planned, LIMITS), { do: 'push', hosts: ['b'] });
  });

  it('does nothing where all is as wanted, or only a person can settle it', () => {
    assert.deepEqual(decideSync([pair('a', 'unchanged'), pair('c', 'conflict')], LIMITS), { do: 'nothing' });
  });

  it('leaves to a person what is more than goes unasked by hand', () => {
    const differ = (count: number) => many(count, (index) => pair(name(index), 'create', 'account-created'));
    assert.equal(decideSync(differ(50), LIMITS).do, 'push');
    const held = decideSync(differ(51), LIMITS);
    assert.ok(held.do === 'hold');
    assert.match(held.why, /push 51 accounts/);
  });

  it('leaves to a person what takes away from more than the set share, and one in any case', () => {
    const taking = (count: number, of: number) =>
      many(of, (index) =>
        index < count ? pair(name(index), 'change', 'sudo-removed') : pair(name(index), 'unchanged'),
      );
    assert.equal(decideSync(taking(1, 2), LIMITS).do, 'push');
    assert.equal(decideSync(taking(4, 40), LIMITS).do, 'push');
    const held = decideSync(taking(5, 40), LIMITS);
    assert.ok(held.do === 'hold');
    assert.match(held.why, /away from 5 of 40/);
    for (const code of ['keys-removed', 'groups-removed', 'password-removed', 'account-locked', 'shell-set'])
      assert.equal(
        decideSync(
          many(3, (index) => pair(name(index), 'change', code)),
          LIMITS,
        ).do,
        'hold',
        code,
      );
  });
});
