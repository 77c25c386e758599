/** What an import takes over from answers of v2, v3 and v4, what it leaves out and why, and what must hold whatever a server says. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { addedAlone } from '../../src/addedYaml.ts';
import { grantsOfText } from '../../src/grantsFile.ts';
import { checkInventoryText } from '../../src/inventory.ts';
import { wantedBy, type Grants } from '../../src/push/grants.ts';
import type { JumpserverAnswers } from '../../src/push/jumpserverAnswer.ts';
import type { ExistingHost } from '../../src/push/jumpserverHosts.ts';
import { planImport, type ImportAsked, type ImportPlan } from '../../src/push/jumpserverImport.ts';
import { readMoment } from '../../src/push/jumpserverMoment.ts';
import type { RemarkKind } from '../../src/push/jumpserverRemark.ts';
import { ids, listsOfV2, listsOfV3, type Lists } from '../support/jumpserverDocuments.ts';

const NOW = Date.parse('2026-11-29T18:00:00Z');
const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA15+p/V3P692RQWmqdjBxtEkFENTndOg/CxGic/8Q3p';
const OTHER_KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEj3LjFoqvgvLPBoVSYiip6MIxC2Mmc4uTpkVSP/QCtf';
const NO_GRANTS: Grants = { accounts: {}, grants: [] };

function answersOf(version: JumpserverAnswers['version'], lists: Lists): JumpserverAnswers {
  const list = (name: string): readonly unknown[] => lists[name] ?? [];
  return {
    version,
    nodes: list('assets/nodes'),
    assets: list(version === 'v2' ? 'assets/assets' : 'assets/hosts'),
    permissions: list('perms/asset-permissions'),
    systemUsers: list('assets/system-users'),
    adminUsers: list('assets/admin-users'),
    accounts: list('accounts/accounts'),
    automations: list('accounts/push-account-automations'),
  };
}

function plan(lists: Lists, change: Partial<ImportAsked> = {}): ImportPlan {
  const version = lists['assets/hosts'] === undefined ? 'v2' : 'v3';
  return planImport({
    ...{ answers: answersOf(version, lists), hosts: [], grants: NO_GRANTS, nameBy: 'name', from: 'jump' },
    ...{
      keys: new Map([
        ['deploy', [KEY]],
        ['audit', [KEY]],
      ]),
      nowWallMs: NOW,
    },
    ...change,
  });
}

/** `what name: why` of that kind. */
function said({ remarks }: ImportPlan, kind: RemarkKind): readonly string[] {
  return remarks.filter((each) => each.kind === kind).map(({ what, name, why }) => `${what} ${name}: ${why}`);
}

/** As the files would be after it. */
function after(
  done: ImportPlan,
  hosts: readonly ExistingHost[],
  grants: Grants,
): Pick<ImportAsked, 'hosts' | 'grants'> {
  const accounts = done.accounts.map(({ name, keys, shell }) => [name, { keys, shell: shell ?? undefined }]);
  return {
    hosts: [...hosts, ...done.hosts.map((host) => ({ ...host, isBehind: false }))],
    grants: {
      accounts: { ...grants.accounts, ...(Object.fromEntries(accounts) as Grants['accounts']) },
      grants: [
        ...grants.grants,
        ...done.grants.map(({ account, until, ...rest }) => ({
          ...{ ...rest, accounts: [account], until: until ?? undefined },
          endsAtMs: until === null ? null : Date.parse(until),
        })),
      ],
    },
  };
}

describe('of v2', () => {
  it('assets, nodes and what permissions push are taken over', () => {
    const done = plan(listsOfV2());
    assert.deepEqual(done.hosts, [
      { name: 'web-1', address: '192.0.2.11', port: 22, user: 'root', groups: ['web'] },
      { name: 'web-2', address: '192.0.2.12', port: 2222, user: 'root', groups: ['web', 'web.front-end'] },
      { name: 'db-1', address: 'db-1.example.org', port: 22, user: 'root', groups: [] },
    ]);
    assert.deepEqual(done.accounts, [{ name: 'deploy', keys: [KEY], shell: '/bin/bash' }]);
    assert.deepEqual(done.grants, [
      {
        ...{ account: 'deploy', hosts: ['db-1'], groups: ['web'], sudo: ['/usr/bin/systemctl'] },
        ...{ memberOf: ['adm', 'www'], until: null },
        by: `JumpServer jump: permission web ?deploy?, system user deploy (${ids.permission})`,
      },
    ]);
  });

  it('what is left out is told with its reason', () => {
    const told = said(plan(listsOfV2()), 'leftOut').join('\n');
    for (const reason of [
      /group 数据库: its name is no group name; grants to it name its hosts instead/,
      /host desk: it is a Windows/,
      /host old: it is switched off/,
      /host 数据库"1": its name is no host name/,
      /account system user root: it is privileged/,
      /account system user everybody: it is named like whoever logs in/,
      /grant permission old: it has expired/,
    ])
      assert.match(told, reason);
  });

  it('what was revoked and is still pushed by v2 is not', () => {
    const lists = listsOfV2();
    const done = plan({ ...lists, 'perms/asset-permissions': [] });
    assert.deepEqual([done.accounts, done.grants], [[], []]);
  });

  it('protocols are read in each form that v2 has had', () => {
    for (const form of [
      { protocols: ['rdp/3389', 'ssh/2222'] },
      { protocols: 'ssh/2222 rdp/3389' },
      { protocols: "['ssh/2222']" },
      { protocols: undefined, protocol: 'ssh', port: 2222 },
      { protocols: [], protocol: 'ssh', port: 2222 },
    ]) {
      const [asset] = listsOfV2()['assets/assets'] as readonly object[];
      const done = plan({ ...listsOfV2(), 'assets/assets': [{ ...asset, ...form }] });
      assert.equal(done.hosts[0]?.port, 2222, JSON.stringify(form));
    }
    for (const protocols of [
      ['rdp/3389'],
      [],
      's,s,h,/,2,2',
      ['ssh/0'],
      ['ssh/70000'],
      [{ name: 'ssh' }],
      7,
    ]) {
      const [asset] = listsOfV2()['assets/assets'] as readonly object[];
      const done = plan({ ...listsOfV2(), 'assets/assets': [{ ...asset, protocols }] });
      assert.deepEqual(done.hosts, [], JSON.stringify(protocols));
    }
  });

  it('the sudo rule of a system user is never given as more than it is', () => {
    const [user, ...others] = listsOfV2()['assets/system-users'] as readonly object[];
    const rules: readonly (readonly [string, unknown])[] = [
      ['ALL', 'all'],
      ['/bin/whoami', 'none'],
      ['', 'none'],
      ['/bin/ls, /bin/cat -n', ['/bin/ls', '/bin/cat -n']],
      ['!ALL', 'none'],
      ['NOPASSWD: ALL', 'none'],
      ['/bin/cat *', 'none'],
      ['/bin/ls\nroot ALL=(ALL) ALL', 'none'],
    ];
    for (const [sudo, expected] of rules) {
      const done = plan({ ...listsOfV2(), 'assets/system-users': [{ ...user, sudo }, ...others] });
      assert.deepEqual(done.grants[0]?.sudo, expected, sudo);
    }
  });
});

describe('of v3 and v4', () => {
  for (const isLate of [false, true])
    it(`hosts, accounts and what automations push are taken over (${isLate ? 'zones' : 'domains'})`, () => {
      const done = plan(listsOfV3({ isLate }));
      assert.deepEqual(
        done.hosts.map(({ name, user, port, groups }) => [name, user, port, ...groups]),
        [
          ['web-1', 'ops', 22, 'web'],
          ['web-2', 'root', 2222, 'web', 'web.front-end'],
          ['db-1', 'root', 22],
        ],
      );
      assert.deepEqual(
        done.grants.map(({ by: _by, ...grant }) => grant),
        [
          // On db-1 that account is switched off.
          { account: 'deploy', hosts: [], groups: ['web'], sudo: 'all', memberOf: ['adm'], until: null },
          {
            ...{ account: 'audit', hosts: ['db-1'], groups: [], sudo: 'none', memberOf: [] },
            until: '2033-05-18T11:33:20+08:00',
          },
        ],
      );
      assert.match(said(done, 'note').join('\n'), /host db-1: JumpServer goes there over a gateway/);
    });

  it('the way in to a host is no account for people', () => {
    const lists = listsOfV3();
    const [push] = lists['accounts/push-account-automations'] as readonly object[];
    const done = plan(
      { ...lists, 'accounts/push-account-automations': [{ ...push, accounts: ['ops'] }] },
      { keys: new Map([['ops', [KEY]]]) },
    );
    // It is privileged on web-1 alone, so the group, which has web-1 in it, is not named.
    assert.deepEqual([done.grants[0]?.hosts, done.grants[0]?.groups], [['db-1', 'web-2'], []]);
    assert.match(said(done, 'leftOut').join('\n'), /account ops: privileged: .* on 1 host/);
  });

  it('a permission alone pushes nothing, and an account without a key is left out with the cure', () => {
    const done = plan(listsOfV3(), { keys: new Map() });
    assert.deepEqual([done.accounts, done.grants], [[], []]);
    const told = said(done, 'leftOut').join('\n');
    assert.match(told, /account deploy: its public key is not known.*put deploy\.pub .*--keys/);
    assert.match(told, /account root: "root" is a name of the system's own/);
  });

  it('a permission counts from its first moment to its last', () => {
    const lists = listsOfV3();
    const [audit] = lists['perms/asset-permissions'] as readonly object[];
    const cases: readonly (readonly [object, RegExp])[] = [
      [{ date_expired: '2026/11/30 01:59:59 +0800' }, /expired/],
      [{ date_start: '2026/11/30 02:00:01 +0800' }, /not begun/],
      [{ is_active: false }, /switched off/],
      [{ is_valid: false }, /not valid/],
    ];
    for (const [change, why] of cases) {
      const done = plan({ ...lists, 'perms/asset-permissions': [{ ...audit, ...change }] });
      assert.deepEqual(
        done.grants.map(({ account }) => account),
        ['deploy'],
      );
      assert.match(said(done, 'leftOut').join('\n'), why);
    }
    const still = { date_start: '2026/11/30 01:59:59 +0800', date_expired: '2026/11/30 02:00:01 +0800' };
    assert.equal(plan({ ...lists, 'perms/asset-permissions': [{ ...audit, ...still }] }).grants.length, 2);
  });
});

describe('what the files have already', () => {
  const host = (name: string, address: string, more: Partial<ExistingHost> = {}): ExistingHost => ({
    ...{ name, address, port: 22, groups: [], isBehind: false, ...more },
  });

  it('is kept: another machine of the same name gets no grant', () => {
    const done = plan(listsOfV3(), { hosts: [host('db-1', '198.51.100.1')] });
    assert.match(said(done, 'differs').join('\n'), /host db-1: JumpServer has db-1\.example\.org:22/);
    assert.deepEqual(
      done.grants.map(({ account }) => account),
      ['deploy'],
    );
    assert.match(said(done, 'leftOut').join('\n'), /grant permission audit .*: no host for audit/);
  });

  it('is kept: the same machine of another name gets the grant under that', () => {
    const done = plan(listsOfV3(), { hosts: [host('database', 'DB-1.example.org')] });
    // JumpServer goes there over a gateway, so that the same address may be another machine.
    assert.match(said(done, 'leftOut').join('\n'), /host db-1: database has db-1\.example\.org:22, too/);
    const web = plan(listsOfV3(), { hosts: [host('www', '192.0.2.11', { groups: ['web'] })] });
    assert.deepEqual(
      web.hosts.map(({ name }) => name),
      ['web-2', 'db-1'],
    );
    assert.deepEqual(web.grants[0]?.groups, ['web']);
  });

  it('a group with a host that JumpServer does not mean is not named by a grant', () => {
    const done = plan(listsOfV3(), { hosts: [host('mine', '198.51.100.1', { groups: ['web'] })] });
    assert.deepEqual(done.grants[0], {
      ...done.grants[0]!,
      ...{ hosts: ['web-1', 'web-2'], groups: [] },
    });
  });

  it('a host that was given a jump since is the same host', () => {
    const first = plan(listsOfV3());
    const files = after(first, [], NO_GRANTS);
    const hosts = files.hosts.map((each) => (each.name === 'db-1' ? { ...each, isBehind: true } : each));
    assert.deepEqual(said(plan(listsOfV3(), { ...files, hosts }), 'differs'), []);
  });

  it('an account keeps its keys, a grant its content, and what is gone is told', () => {
    const files = after(plan(listsOfV3()), [], NO_GRANTS);
    const [deploy, audit] = files.grants.grants;
    const grants: Grants = {
      accounts: { ...files.grants.accounts, deploy: { keys: [OTHER_KEY] } },
      grants: [{ ...deploy!, sudo: 'none' }, audit!],
    };
    const done = plan({ ...listsOfV3(), 'perms/asset-permissions': [] }, { ...files, grants });
    assert.deepEqual([done.hosts, done.accounts, done.grants], [[], [], []]);
    assert.match(
      said(done, 'differs').join('\n'),
      /account deploy: a key of --keys .*\n?.*grant push automation/s,
    );
    assert.match(said(done, 'gone').join('\n'), /^grant permission audit .* take it out of grants\.yaml/);
    assert.deepEqual(said(plan(listsOfV3(), { ...files, from: 'other' }), 'gone'), []);
  });
});

it('moments are read as JumpServer writes them', () => {
  assert.deepEqual(readMoment('2024/05/12 14:03:43 +0800'), {
    ms: Date.parse('2024-05-12T14:03:43+08:00'),
    text: '2024-05-12T14:03:43+08:00',
  });
  for (const wrong of ['', '2024/02/30 00:00:00 +0800', '2024/01/01 24:00:00 +0800', '2024-01-01', 'x'])
    assert.equal(readMoment(wrong), null, wrong);
  fc.assert(
    fc.property(fc.date({ min: new Date(0), max: new Date('2199-12-31'), noInvalidDate: true }), (date) => {
      date.setUTCMilliseconds(0);
      assert.equal(readMoment(date.toISOString())?.ms, date.getTime());
    }),
  );
});

describe('whatever a server says', () => {
  const SECRET = 'BEGIN-OPENSSH-S3CR3T';
  const name = fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom('web-1', 'web-2', 'a', 'web', '__proto__', 'constructor') },
    { weight: 2, arbitrary: fc.constantFrom('a"b', "a'b", 'a\nhosts: {}', '数据库', 'a\u202eb', '*', '') },
    { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 80 }) },
  );
  const id = fc.constantFrom('i1', 'i2', 'i3', 'i4', 'i5');
  const ref = fc.oneof(
    id,
    id.map((one) => ({ id: one, name: one })),
  );
  const secrets = { secret: SECRET, password: SECRET, private_key: SECRET, token: SECRET };
  const junk = fc.constantFrom(null, 7, 'x', [], [[]], true);
  const object = (fields: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<unknown> =>
    fc.oneof(
      {
        weight: 20,
        arbitrary: fc.record(fields, { requiredKeys: [] }).map((one) => ({ ...secrets, ...one })),
      },
      { weight: 1, arbitrary: junk },
    );
  const list = (one: fc.Arbitrary<unknown>): fc.Arbitrary<readonly unknown[]> =>
    fc.array(one, { maxLength: 6 });
  const account = fc.oneof(
    { weight: 5, arbitrary: fc.constantFrom('deploy', 'audit') },
    { weight: 1, arbitrary: fc.constantFrom('root', '@USER', '__proto__', 'A', 'a b') },
  );
  const address = fc.constantFrom(
    '192.0.2.1',
    '192.0.2.2',
    'h.example',
    'fe80::1',
    '$(x)',
    '-oProxyCommand=x',
    '',
  );
  const asset = object({
    ...{
      id,
      name,
      hostname: name,
      address,
      ip: address,
      is_active: fc.boolean(),
      type: fc.constant('linux'),
    },
    protocols: fc.constantFrom(['ssh/22'], [{ name: 'ssh', port: 22 }], [{ name: 'ssh', port: 2222 }], []),
    ...{ nodes: fc.array(ref, { maxLength: 3 }), domain: fc.oneof(ref, fc.constant(null)), admin_user: ref },
  });
  const where = { assets: fc.array(ref, { maxLength: 3 }), nodes: fc.array(ref, { maxLength: 2 }) };
  const words = fc.constantFrom('', 'ALL', '/bin/ls', 'adm', 'x,adm', '/bin/bash', '$(x)');
  const anyAnswers = fc.record({
    version: fc.constantFrom('v2', 'v3', 'v4'),
    nodes: list(
      object({ id, key: fc.constantFrom('1', '1:1', '1:1:1', '1:2', ''), value: name, full_value: name }),
    ),
    assets: list(asset),
    permissions: list(
      object({
        id,
        name,
        ...where,
        accounts: list(account),
        system_users: list(ref),
        is_active: fc.boolean(),
      }),
    ),
    systemUsers: list(
      object({
        ...{ id, name, username: account, protocol: fc.constant('ssh'), auto_push: fc.constant(true) },
        ...{ sudo: words, shell: words, system_groups: words, type: fc.constantFrom('common', 'admin') },
      }),
    ),
    adminUsers: list(object({ id, username: account })),
    accounts: list(
      object({
        ...{ id, username: account, asset: ref, privileged: fc.boolean(), is_active: fc.boolean() },
        source: fc.constantFrom({ value: 'template' }, 'local'),
      }),
    ),
    automations: list(
      object({ id, name, ...where, accounts: list(account), params: object({ sudo: words, groups: words }) }),
    ),
  }) as fc.Arbitrary<JumpserverAnswers>;
  const existing: fc.Arbitrary<readonly ExistingHost[]> = fc.uniqueArray(
    fc.record({
      ...{
        name: fc.constantFrom('web-1', 'web', 'mine'),
        address: fc.constantFrom('192.0.2.1', '192.0.2.7'),
      },
      ...{ port: fc.constant(22), isBehind: fc.boolean() },
      groups: fc.subarray(['web', 'web-1', 'a']),
    }),
    { selector: ({ name: one }) => one, maxLength: 2 },
  );

  it('the files can be read by Garrison, a second import changes nothing, and no secret is in them', () => {
    fc.assert(
      fc.property(anyAnswers, existing, (answers, hosts) => {
        const asked = {
          ...({ answers, nameBy: 'name', from: 'jump', nowWallMs: NOW, hosts, grants: NO_GRANTS } as const),
          keys: new Map([
            ['deploy', [KEY]],
            ['audit', [KEY]],
          ]),
        };
        const done = planImport(asked);
        assert.ok(!JSON.stringify(done).includes(SECRET));
        const inventory = addedAlone('hosts', {
          named: done.hosts.map(({ name: one, ...host }) => [one, host]),
          listed: [],
        });
        assert.deepEqual(checkInventoryText('inventory.yaml', inventory), []);
        const files = after(done, hosts, NO_GRANTS);
        const written = addedAlone('accounts', {
          named: done.accounts.map(({ name: one, keys }) => [one, { keys }]),
          listed: done.grants.map(({ account: one, until, ...rest }) => ({
            ...{ ...rest, accounts: [one], ...(until === null ? {} : { until }) },
          })),
        });
        grantsOfText('grants.yaml', written, files.hosts);
        const again = planImport({ ...asked, ...files });
        assert.deepEqual([again.hosts, again.accounts, again.grants], [[], [], []]);
        assert.deepEqual(
          again.remarks.filter(({ kind, what }) => what === 'grant' && ['differs', 'gone'].includes(kind)),
          [],
        );
      }),
      { numRuns: 400 },
    );
  });

  it('no grant reaches a host that JumpServer does not push to, or an account that is its own way in', () => {
    fc.assert(
      fc.property(anyAnswers, existing, (answers, hosts) => {
        const keys = new Map([
          ['deploy', [KEY]],
          ['audit', [KEY]],
        ]);
        const asked = { answers, nameBy: 'name', from: 'jump', nowWallMs: NOW } as const;
        const done = planImport({ ...asked, keys, hosts, grants: NO_GRANTS });
        const files = after(done, hosts, NO_GRANTS);
        const addressOf = new Map(files.hosts.map((each) => [each.name, each.address.toLowerCase()]));
        for (const { host, account: wish } of wantedBy(files.grants, files.hosts, NOW))
          assert.ok(
            pushedTo(answers, wish.name).has(addressOf.get(host) ?? ''),
            `${wish.name} on ${host}: ${JSON.stringify(done.grants)}`,
          );
      }),
      { numRuns: 400 },
    );
  });
});

const textIn = (value: unknown): string => (typeof value === 'string' ? value : '');
const isText = (value: unknown): boolean => textIn(value) !== '';

/** Written anew and simply: the addresses of all assets that something there names for the account. */
function pushedTo(answers: JumpserverAnswers, account: string): ReadonlySet<string> {
  type Loose = Readonly<Record<string, unknown>>;
  const all = (items: readonly unknown[]): readonly Loose[] =>
    items
      .filter((one): one is Loose => typeof one === 'object' && one !== null && !Array.isArray(one))
      .filter(
        (one, at, these) => one['id'] === undefined || these.findIndex(({ id }) => id === one['id']) === at,
      );
  const idIn = (one: unknown): string =>
    typeof one === 'string' ? one : String((one as { id?: string }).id);
  const some = (value: unknown): readonly string[] => (Array.isArray(value) ? value.map(idIn) : []);
  const users = all(answers.systemUsers);
  const named = [...all(answers.automations), ...all(answers.permissions)].filter((thing) => {
    const own = answers.version === 'v2' ? [] : some(thing['accounts']);
    const byUser = some(thing['system_users']).some((id) =>
      users.some((user) => user['id'] === id && user['username'] === account),
    );
    return own.includes(account) || (answers.version === 'v2' && byUser);
  });
  const keys = all(answers.nodes).filter((node) =>
    named.some((thing) => some(thing['nodes']).includes(String(node['id']))),
  );
  const nodeIds = new Set(named.flatMap((thing) => some(thing['nodes'])));
  for (const node of all(answers.nodes))
    if (
      keys.some((above) => isText(above['key']) && String(node['key']).startsWith(`${String(above['key'])}:`))
    )
      nodeIds.add(String(node['id']));
  const meant = all(answers.assets).filter(
    (asset) =>
      named.some((thing) => some(thing['assets']).includes(String(asset['id']))) ||
      some(asset['nodes']).some((id) => nodeIds.has(id)),
  );
  const ways = all(answers.accounts).filter(
    (one) => one['username'] === account && one['privileged'] === true,
  );
  const open = meant.filter(
    (asset) =>
      answers.version === 'v2' ||
      !ways.some((way) => way['asset'] !== undefined && idIn(way['asset']) === asset['id']),
  );
  return new Set(
    open.map((asset) => textIn(asset[answers.version === 'v2' ? 'ip' : 'address']).toLowerCase()),
  );
}
