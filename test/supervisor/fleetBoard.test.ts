/** What one supervisor remembers of the others: their last word, when it came by its own clock, and whose workers have ended for certain. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { WELL } from '../../src/detector/awareness.ts';
import { LEASE_MS, SILENT_AFTER_MS } from '../../src/detector/memberPresence.ts';
import type { MemberNews } from '../../src/push/fleetMessage.ts';
import { FleetBoard } from '../../src/supervisor/fleetBoard.ts';

const at = (monoMs: number): { monoMs: number; wall: string } => ({
  monoMs,
  wall: new Date(monoMs).toISOString(),
});

function news(more: Partial<MemberNews> = {}): MemberNews {
  return {
    ...{ homeId: 'b', name: 'bastion-b', life: 'one', seq: 1, version: '0', where: '/var/b on b' },
    ...{ at: '2031-01-01T00:00:00.000Z', startedAt: '2031-01-01T00:00:00.000Z', epoch: null },
    ...{
      state: 'running',
      detail: '4 of 4 workers take jobs, 40 slots',
      slots: 40,
      workers: [],
      waiting: 0,
      running: 0,
    },
    ...more,
  };
}

const board = (): FleetBoard => new FleetBoard({ name: 'bastion-a', homeId: 'a' }, at(0));

describe('the board of supervisors', () => {
  it('says of one that is not heard since when, by its own clock, and what it said last; never that it is down', () => {
    const fleet = board();
    fleet.note([news(), news({ homeId: 'a', name: 'bastion-a' })], at(5_000));
    assert.deepEqual(
      fleet.view(at(6_000), WELL).members.map(({ name, presence, detail }) => [name, presence, detail]),
      [['bastion-b', 'heard', '4 of 4 workers take jobs, 40 slots']],
    );
    // The same word again is no news, whatever the clock of the other says.
    fleet.note([news({ at: '2099-01-01T00:00:00.000Z' })], at(5_000 + SILENT_AFTER_MS));
    const [member] = fleet.view(at(5_000 + SILENT_AFTER_MS), WELL).members;
    assert.deepEqual(
      [member?.presence, member?.detail],
      ['silent', `no news since ${at(5_000).wall}; last known: 4 of 4 workers take jobs, 40 slots`],
    );
    assert.equal(fleet.slots(at(6_000), WELL), 40);
    assert.equal(fleet.slots(at(5_000 + SILENT_AFTER_MS), WELL), 0);
  });

  it('gives a lease up once, and takes one back that is heard again', () => {
    const fleet = board();
    fleet.note([news()], at(0));
    assert.deepEqual(fleet.decide(at(LEASE_MS - 1), WELL).gone, []);
    assert.deepEqual(fleet.decide(at(LEASE_MS), WELL).gone, [{ homeId: 'b', life: 'one' }]);
    assert.deepEqual(fleet.decide(at(LEASE_MS + 1), WELL).gone, []);
    assert.equal(fleet.speaker({ homeId: 'b', life: 'one' }, 'push-1'), null, 'nothing is granted to it');
    fleet.note([news({ seq: 2 })], at(LEASE_MS + 2));
    assert.equal(fleet.speaker({ homeId: 'b', life: 'one' }, 'push-1'), 'bastion-b/push-1');
    assert.deepEqual(fleet.decide(at(LEASE_MS * 2 + 2), WELL).gone, [{ homeId: 'b', life: 'one' }]);
  });

  it('takes another life, and a leave, for proof; not that nothing is said of one', () => {
    const fleet = board();
    fleet.note([news()], at(0));
    assert.deepEqual(fleet.note([], at(1)), []);
    assert.deepEqual(fleet.note([news({ life: 'two', seq: 1 })], at(2)), [{ homeId: 'b', life: 'one' }]);
    assert.equal(fleet.speaker({ homeId: 'b', life: 'one' }, 'push-1'), null);
    assert.deepEqual(fleet.note([news({ life: 'two', seq: 2, state: 'gone' })], at(3)), [
      { homeId: 'b', life: 'two' },
    ]);
    assert.deepEqual(fleet.view(at(3), WELL).members, []);
    assert.deepEqual(fleet.note([news({ life: 'two', seq: 2, state: 'gone' })], at(4)), []);
  });

  it('says who keeps the queue, by name where it is heard', () => {
    const fleet = board();
    assert.match(fleet.sentence(), /^It is not known yet who keeps the queue/);
    fleet.take({ kind: 'standsBy', leadId: 'b', where: '/var/b on b' }, at(1_000));
    assert.match(
      fleet.sentence(),
      /^\/var\/b on b keeps the queue since before .* is not heard: nothing is taken/,
    );
    assert.equal(fleet.mayTake, false);
    fleet.note([news()], at(2_000));
    fleet.take({ kind: 'standsBy', leadId: 'b', where: '/var/b on b' }, at(3_000));
    assert.equal(
      fleet.sentence(),
      `bastion-b keeps the queue; this supervisor stands by since ${at(1_000).wall}, and its workers take jobs.`,
    );
    assert.equal(fleet.mayTake, true);
    assert.equal(fleet.view(at(3_000), WELL).members[0]?.keepsQueue, true);
    fleet.note([news({ homeId: 'c', name: 'bastion-a', where: '/var/c on c' })], at(3_000));
    assert.match(fleet.view(at(3_000), WELL).detail, / \/var\/c on c has the name bastion-a, too: give each/);
    fleet.take({ kind: 'keepsQueue', epoch: 7 }, at(4_000));
    assert.deepEqual([fleet.epoch, fleet.leadId], [7, null]);
  });
});
