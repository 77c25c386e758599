/**
 * What JumpServers of v2, v3 and v4 answer: shapes taken from the project's source (its serializers and urls), not recorded from a live server.
 * Names, ids and addresses are made up; fields that nothing reads are there as they would be.
 */

export type Lists = Readonly<Record<string, readonly unknown[]>>;

export const ids = {
  root: '00000000-0000-4000-8000-000000000001',
  web: '00000000-0000-4000-8000-000000000002',
  front: '00000000-0000-4000-8000-000000000003',
  chinese: '00000000-0000-4000-8000-000000000004',
  web1: '00000000-0000-4000-8000-000000000011',
  web2: '00000000-0000-4000-8000-000000000012',
  db1: '00000000-0000-4000-8000-000000000013',
  windows: '00000000-0000-4000-8000-000000000014',
  off: '00000000-0000-4000-8000-000000000015',
  named: '00000000-0000-4000-8000-000000000016',
  deploy: '00000000-0000-4000-8000-000000000021',
  admin: '00000000-0000-4000-8000-000000000022',
  dynamic: '00000000-0000-4000-8000-000000000023',
  permission: '00000000-0000-4000-8000-000000000031',
  expired: '00000000-0000-4000-8000-000000000032',
  push: '00000000-0000-4000-8000-000000000041',
} as const;

const org = { org_id: '', org_name: 'DEFAULT' };

/** The same since v2. */
function nodes(): readonly object[] {
  const node = (id: string, key: string, full: string): object => {
    const value = full.split('/').at(-1);
    return { id, key, value, name: value, full_value: full, assets_amount: 1, ...org };
  };
  return [
    node(ids.root, '1', '/Default'),
    node(ids.web, '1:1', '/Default/web'),
    node(ids.front, '1:1:0', '/Default/web/front end'),
    node(ids.chinese, '1:2', '/Default/数据库'),
  ];
}

/** serializers/asset.py and system_user.py of v2.10 to v2.28. */
export function listsOfV2(): Lists {
  const asset = (id: string, hostname: string, ip: string, more: object = {}): object => ({
    ...{ id, hostname, ip, platform: 'Linux', protocols: ['ssh/22'], is_active: true, public_ip: null },
    ...{ domain: null, domain_display: null, admin_user: ids.admin, admin_user_display: 'root(root)' },
    ...{ nodes: [ids.web], nodes_display: ['/Default/web'], labels: [], number: null, comment: '' },
    ...{ hardware_info: '', connectivity: 'ok', created_by: 'Administrator', ...org, ...more },
  });
  const systemUser = (id: string, username: string, more: object = {}): object => ({
    ...{ id, name: username, username, protocol: 'ssh', type: 'common', login_mode: 'auto', priority: 81 },
    ...{ sudo: '/bin/whoami', shell: '/bin/bash', sftp_root: 'tmp', home: '', system_groups: '', nodes: [] },
    ...{ username_same_with_user: false, auto_push: true, ssh_key_fingerprint: '', assets_amount: 2 },
    ...{ token: '', comment: '', ...org, ...more },
  });
  const permission = (id: string, name: string, more: object = {}): object => ({
    ...{ id, name, is_active: true, is_expired: false, is_valid: true, actions: ['all', 'connect'] },
    ...{ date_start: '2020/01/01 00:00:00 +0800', date_expired: '2094/01/01 00:00:00 +0800' },
    ...{ users: [], user_groups: [], assets: [], nodes: [], system_users: [], created_by: '', ...more },
  });
  return {
    'assets/nodes': nodes(),
    'assets/assets': [
      asset(ids.web1, 'web-1', '192.0.2.11'),
      asset(ids.web2, 'web-2', '192.0.2.12', { protocols: ['ssh/2222', 'vnc/5900'], nodes: [ids.front] }),
      asset(ids.db1, 'db-1', 'db-1.example.org', {
        nodes: [ids.chinese],
        domain: 'x',
        domain_display: 'dmz',
      }),
      asset(ids.windows, 'desk', '192.0.2.14', { platform: 'Windows', protocols: ['rdp/3389'] }),
      asset(ids.off, 'old', '192.0.2.15', { is_active: false }),
      asset(ids.named, '数据库"1"', '192.0.2.16'),
    ],
    'assets/system-users': [
      systemUser(ids.deploy, 'deploy', { sudo: '/usr/bin/systemctl', system_groups: 'adm,www' }),
      systemUser(ids.admin, 'root', { type: 'admin', auto_push: false }),
      systemUser(ids.dynamic, '', { name: 'everybody', username_same_with_user: true }),
    ],
    'assets/admin-users': [],
    'perms/asset-permissions': [
      permission(ids.permission, 'web "deploy"', {
        nodes: [ids.web],
        assets: [ids.db1],
        system_users: [ids.deploy, ids.dynamic],
      }),
      permission(ids.expired, 'old', { assets: [ids.web1], system_users: [ids.deploy], is_expired: true }),
    ],
  };
}

/** serializers of v3.0 on; `late` as v4 has them, where lists keep back what each item is about. */
export function listsOfV3({ isLate = false } = {}): Lists {
  const ref = (id: string, name: string): object => ({ id, name });
  const choice = (value: string): object => ({ value, label: value });
  const place = isLate ? 'zone' : 'domain';
  const host = (id: string, name: string, address: string, more: object = {}): object => ({
    ...{ id, name, address, is_active: true, comment: '', [place]: null, platform: ref('1', 'Linux') },
    ...{ nodes: [ref(ids.web, 'web')], nodes_display: ['/Default/web'], labels: [], ...org },
    ...{
      protocols: [
        { name: 'ssh', port: 22 },
        { name: 'sftp', port: 22 },
      ],
      connectivity: choice('ok'),
    },
    ...{ category: choice('host'), type: choice('linux'), created_by: '', auto_config: {}, ...more },
  });
  let count = 0;
  const account = (asset: string, username: string, more: object = {}): object => {
    count += 1;
    return {
      ...{
        id: `00000000-0000-4000-8000-0000000001${String(count).padStart(2, '0')}`,
        name: username,
        username,
      },
      ...{ secret_type: choice('ssh_key'), privileged: false, is_active: true, version: 1, su_from: null },
      ...{
        spec_info: { ssh_key_fingerprint: 'aa:bb' },
        source: choice('local'),
        source_id: null,
        params: {},
      },
      ...{ asset: { id: asset, name: 'x', address: 'x', type: choice('linux'), category: choice('host') } },
      ...more,
    };
  };
  const permission = (id: string, name: string, more: object): object => ({
    ...{ id, name, accounts: ['@SPEC'], protocols: ['all'], actions: [choice('connect')], is_active: true },
    ...{ is_expired: false, is_valid: true, from_ticket: false, comment: '', users_amount: 1, ...org },
    ...{ date_start: '2020/01/01 00:00:00 +0800', date_expired: '2033/05/18 11:33:20 +0800' },
    ...{ users: [], user_groups: [], assets: [], nodes: [], ...more },
  });
  return {
    'assets/nodes': nodes(),
    'assets/hosts': [
      host(ids.web1, 'web-1', '192.0.2.11'),
      host(ids.web2, 'web-2', '192.0.2.12', {
        protocols: [{ name: 'ssh', port: 2222 }],
        nodes: [ref(ids.front, 'front end')],
      }),
      host(ids.db1, 'db-1', 'db-1.example.org', {
        nodes: [ref(ids.chinese, '数据库')],
        [place]: ref('d', 'dmz'),
      }),
      host(ids.windows, 'desk', '192.0.2.14', {
        type: choice('windows'),
        protocols: [{ name: 'ssh', port: 22 }],
      }),
      host(ids.off, 'old', '192.0.2.15', { is_active: false }),
      host(ids.named, '数据库"1"', '192.0.2.16'),
    ],
    'accounts/accounts': [
      account(ids.web1, 'ops', { privileged: true }),
      account(ids.web1, 'deploy'),
      account(ids.web2, 'deploy'),
      account(ids.db1, 'deploy', { is_active: false }),
      account(ids.db1, 'audit', { source: choice('template') }),
    ],
    'accounts/push-account-automations': [
      {
        ...{ id: ids.push, name: 'push "deploy"', type: choice('push_account'), is_active: true },
        ...{ accounts: ['deploy', 'root'], nodes: [ref(ids.web, 'web')], assets: [ref(ids.db1, 'db-1')] },
        ...{ is_periodic: false, interval: 24, crontab: '', comment: '', secret_type: choice('ssh_key') },
        ...{ secret_strategy: choice('specific'), ssh_key_change_strategy: choice('set_jms') },
        params: { push_account_posix: { sudo: 'ALL', shell: '/bin/bash', home: '', groups: 'adm' } },
      },
    ],
    'perms/asset-permissions': [
      permission(ids.permission, 'audit', {
        accounts: ['@SPEC', 'audit', 'deploy'],
        assets: [ref(ids.db1, 'db-1')],
      }),
      permission(ids.expired, 'old', { accounts: ['deploy'], is_expired: true, is_valid: false }),
    ],
    ...(isLate ? { 'accounts/integration-applications': [] } : {}),
  };
}
