/** What a sync asks for: a push for each wish, and a number before there are many. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseAccountWish } from '../../src/push/account.ts';
import type { PushRequest, SyncRequest } from '../../src/supervisor/pushAsk.ts';
import { sync, UNASKED_PAIRS } from '../../src/supervisor/syncDesk.ts';

const ASKED: SyncRequest = { actor: 'mia', hosts: null, reason: null, plan: false, confirmed: null };

/** `count` hosts that all want the same account. */
async function syncOf(count: number, more: Partial<SyncRequest>): Promise<readonly PushRequest[]> {
  const account = parseAccountWish({ name: 'lee', keys: [] });
  const wanted = Array.from({ length: count }, (_, index) => ({
    ...{ host: `web-${String(index)}`, account, because: [], grants: [] },
  }));
  const pushes: PushRequest[] = [];
  const around = { wanted: () => wanted, hosts: { address: () => null } };
  const desk = {
    submit: (request: PushRequest): Promise<never> => {
      pushes.push(request);
      return Promise.resolve(null as never);
    },
  };
  await sync({ ...ASKED, ...more }, around as unknown as Parameters<typeof sync>[1], desk);
  return pushes;
}

describe('a sync', () => {
  it('of as many pairs as go unasked is one granted push for each wish', async () => {
    const [push, ...others] = await syncOf(UNASKED_PAIRS, {});
    assert.deepEqual([others.length, push?.hosts.length, push?.granted], [0, UNASKED_PAIRS, true]);
  });

  it('of more is refused with nothing asked for, until exactly their number is said', async () => {
    for (const confirmed of [null, UNASKED_PAIRS, UNASKED_PAIRS + 2])
      await assert.rejects(syncOf(UNASKED_PAIRS + 1, { confirmed }), { code: 'REFUSED_BY_GUARD' });
    assert.equal((await syncOf(UNASKED_PAIRS + 1, { confirmed: UNASKED_PAIRS + 1 })).length, 1);
  });

  it('that only plans needs no number, and is bound to the grants as well', async () => {
    const [plan] = await syncOf(UNASKED_PAIRS + 1, { plan: true });
    assert.deepEqual([plan?.kind, plan?.granted], ['plan', true]);
  });

  it('says so where nobody is wanted', async () => {
    await assert.rejects(syncOf(0, {}), { code: 'NOT_FOUND' });
  });
});
