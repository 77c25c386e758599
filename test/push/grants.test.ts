/** What grants want of hosts, and why: by name and by group, until their end, and never more than is written now. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { grantProblems, nextGrantEndMs, wantedBy, type Grant, type Grants } from '../../src/push/grants.ts';

const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIE5zdYBMmpFCVbX5ZKlPSYYO0vuX2zMxtWmcJHlmMN1q';
const HOSTS = [
  { name: 'web-1', groups: ['web'] },
  { name: 'web-2', groups: ['web', 'new'] },
  { name: 'db-1', groups: ['db'] },
];
const grant = (more: Partial<Grant> = {}): Grant => ({
  ...{ accounts: ['lee'], groups: ['web'], sudo: 'none', memberOf: [], endsAtMs: null },
  ...more,
});
const grantsOf = (...grants: Grant[]): Grants => ({
  accounts: { lee: { keys: [KEY] }, mia: { keys: [KEY], shell: '/bin/bash', comment: 'Mia' } },
  grants,
});

describe('grants', () => {
  it('want an account where they name the host or a group of it, and say why', () => {
    const wanted = wantedBy(
      grantsOf(grant({ by: 'wang', until: '2027-01-31', endsAtMs: 2000 })),
      HOSTS,
      1000,
    );
    assert.deepEqual(
      wanted.map(({ host, account, because }) => [host, account.name, because]),
      [
        ['web-1', 'lee', ['grant 1 names lee and this host by group web, granted by wang, until 2027-01-31']],
        ['web-2', 'lee', ['grant 1 names lee and this host by group web, granted by wang, until 2027-01-31']],
      ],
    );
  });

  it('add up: the strongest sudo, every group, every reason', () => {
    const [web1, db1] = wantedBy(
      grantsOf(
        grant({ hosts: ['web-1', 'db-1'], groups: [], sudo: ['/usr/bin/id'], memberOf: ['adm'] }),
        grant({ hosts: ['web-1'], groups: [], sudo: 'all', memberOf: ['adm', 'www'] }),
      ),
      HOSTS,
      0,
    );
    assert.deepEqual(
      [web1?.account.sudo, web1?.account.groups, web1?.because.length],
      [{ kind: 'all' }, ['adm', 'www'], 2],
    );
    assert.deepEqual(
      [db1?.host, db1?.account.sudo],
      ['db-1', { kind: 'commands', commands: ['/usr/bin/id'] }],
    );
  });

  it('end at their time, to the millisecond, and say when the answer changes', () => {
    const grants = grantsOf(grant({ endsAtMs: 5000 }), grant({ accounts: ['mia'], endsAtMs: 9000 }));
    const names = (nowMs: number): string[] => [
      ...new Set(wantedBy(grants, HOSTS, nowMs).map(({ account }) => account.name)),
    ];
    assert.deepEqual([names(4999), names(5000), names(9000)], [['lee', 'mia'], ['mia'], []]);
    assert.deepEqual(
      [nextGrantEndMs(grants, 0), nextGrantEndMs(grants, 5000), nextGrantEndMs(grants, 9000)],
      [5000, 9000, null],
    );
  });

  it('never want what no grant in force names, and always what one does', () => {
    const some = fc.record({
      accounts: fc.subarray(['lee', 'mia'], { minLength: 1 }),
      hosts: fc.subarray(HOSTS.map(({ name }) => name)),
      groups: fc.subarray(['web', 'new', 'db']),
      sudo: fc.constantFrom<Grant['sudo']>('none', 'all', ['/usr/bin/id']),
      memberOf: fc.subarray(['adm', 'www']),
      endsAtMs: fc.constantFrom(null, 10, 20),
    });
    fc.assert(
      fc.property(fc.array(some, { maxLength: 5 }), fc.nat(25), (list, nowMs) => {
        const wanted = wantedBy(grantsOf(...list), HOSTS, nowMs);
        for (const host of HOSTS)
          for (const name of ['lee', 'mia']) {
            const inForce = list.filter(
              (each) =>
                each.accounts.includes(name) &&
                (each.hosts.includes(host.name) ||
                  each.groups.some((group) => host.groups.includes(group))) &&
                (each.endsAtMs === null || each.endsAtMs > nowMs),
            );
            const found = wanted.filter((each) => each.host === host.name && each.account.name === name);
            assert.equal(found.length, inForce.length > 0 ? 1 : 0);
            assert.equal(found[0]?.because.length ?? 0, inForce.length);
            if (found[0]?.account.sudo.kind === 'all') assert.ok(inForce.some(({ sudo }) => sudo === 'all'));
          }
      }),
    );
  });

  it('do not depend on the order in which the accounts are written', () => {
    const { accounts, grants } = grantsOf(grant({ accounts: ['lee', 'mia'], sudo: 'all' }));
    const turned = { accounts: Object.fromEntries(Object.entries(accounts).reverse()), grants };
    const sorted = (all: Grants): string[] =>
      wantedBy(all, HOSTS, 0)
        .map((each) => JSON.stringify(each))
        .sort();
    assert.deepEqual(sorted(turned), sorted({ accounts, grants }));
  });

  it('are wrong where they name nobody, no host, or what no push would take', () => {
    const grants = grantsOf(
      grant({ accounts: ['lee', 'nosuch'], hosts: ['web-9'], groups: ['nogroup'] }),
      grant({ groups: [] }),
    );
    const problems = grantProblems(
      { ...grants, accounts: { ...grants.accounts, root: { keys: [KEY] }, bad: { keys: ['junk'] } } },
      HOSTS,
    );
    assert.deepEqual(
      problems.map(({ path }) => path.join('.')),
      [
        'accounts.root',
        'accounts.bad',
        'grants.0.accounts.1',
        'grants.0.hosts.0',
        'grants.0.groups.0',
        'grants.1',
      ],
    );
    assert.ok(problems.every(({ what, cure }) => what !== '' && cure !== ''));
  });
});
