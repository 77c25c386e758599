/** What reading the configuration anew changes, and what it leaves. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { reloadPlan, reloadSteps, type ConfiguredHost } from '../../src/reconciler/reloadPlan.ts';

const WEB: ConfiguredHost = {
  name: 'web-1',
  address: '192.0.2.1',
  port: 22,
  user: 'root',
  hostKeys: [],
  groups: ['web'],
};

const read = (hosts: readonly ConfiguredHost[], settings: Readonly<Record<string, string>> = {}) => ({
  hosts,
  settings: Object.entries(settings).map(([key, value]) => ({ key, value })),
});

describe('a reload', () => {
  it('names hosts that come, go and change, and what of them', () => {
    const other = { ...WEB, name: 'web-2' };
    const moved = { ...WEB, address: '192.0.2.9', port: 2222, user: 'ops', groups: [] };
    const plan = reloadPlan(read([WEB, other]), read([moved, { ...WEB, name: 'web-3' }]));
    assert.deepEqual(reloadSteps(plan), [
      'hosts that are new: web-3',
      'host web-1 changes: address 192.0.2.1:22 → 192.0.2.9:2222, user root → ops, groups web → none',
      'hosts that are no longer known: web-2; nothing is done on them',
    ]);
  });

  it('names each setting that waits for a restart, also one that is gone', () => {
    const plan = reloadPlan(
      read([], { 'workers.count': '4', 'redis.mode': 'embedded' }),
      read([], { 'workers.count': '8' }),
    );
    assert.deepEqual(reloadSteps(plan), [
      'workers.count is 4 until a restart of Garrison, then 8',
      'redis.mode is embedded until a restart of Garrison, then not set',
    ]);
  });

  const host = fc.record({
    name: fc.constantFrom('a', 'b', 'c', 'd'),
    address: fc.constantFrom('192.0.2.1', '192.0.2.2'),
    port: fc.constantFrom(22, 2222),
    user: fc.constantFrom('root', 'ops'),
    hostKeys: fc.subarray(['one', 'two']),
    groups: fc.subarray(['web', 'db']),
  });
  const hosts = fc.uniqueArray(host, { selector: ({ name }) => name });

  it('says nothing exactly when nothing differs, and tells of every host once', () => {
    fc.assert(
      fc.property(hosts, hosts, (before, after) => {
        const { added, removed, changed } = reloadPlan(read(before), read(after));
        const told = [...added, ...removed, ...changed.map(({ name }) => name)];
        const find = (list: readonly ConfiguredHost[], name: string): string =>
          JSON.stringify(list.find((each) => each.name === name));
        const differing = ['a', 'b', 'c', 'd'].filter((name) => find(before, name) !== find(after, name));
        assert.deepEqual([...told].sort(), differing);
      }),
    );
  });
});
