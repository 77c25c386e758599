/** What garrison.yaml, inventory.yaml and grants.yaml may hold, and what is said of what they may not. */
import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import fc from 'fast-check';
import { loadConfig } from '../src/config.ts';
import type { ConfigProblem } from '../src/configFile.ts';
import { openChannels } from '../src/alertSettings.ts';
import { configJsonSchema } from '../src/configSchema.ts';
import { GarrisonError } from '../src/errors.ts';
import { formatDurationMs, parseDurationMs, parseSizeBytes } from '../src/units.ts';

let home = '';
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'garrison-config-'));
});
afterEach(() => {
  rmSync(home, { recursive: true, force: true });
});

function write(name: string, text: string): string {
  const file = join(home, name);
  writeFileSync(file, text);
  return file;
}

function refusal(): GarrisonError {
  try {
    loadConfig({ home });
  } catch (error) {
    assert.ok(error instanceof GarrisonError);
    assert.equal(error.code, 'CONFIG_INVALID');
    return error;
  }
  throw new Error('the configuration was accepted');
}

function problems(): readonly ConfigProblem[] {
  return refusal().facts['problems'] as readonly ConfigProblem[];
}

test('without any file the defaults hold', () => {
  const config = loadConfig({ home });
  assert.equal(config.file, null);
  assert.equal(config.host, hostname());
  assert.deepEqual(config.workers, {
    count: 4,
    slots: 10,
    memoryLimitBytes: 512 * 2 ** 20,
    maxJobs: null,
    maxAgeMs: null,
    openFiles: 4096,
    spare: 1,
  });
  assert.deepEqual(config.redis, { mode: 'embedded' });
  assert.deepEqual(config.ssh, {
    identityFile: join(home, 'id_ed25519'),
    agent: null,
    connectTimeoutMs: 10_000,
    idleTimeoutMs: 60_000,
    totalTimeoutMs: 300_000,
    keepMs: 30_000,
    kex: null,
  });
  assert.deepEqual(config.page, {
    address: '127.0.0.1',
    port: 7080,
    basePath: '/',
    publicUrl: null,
    trustedProxies: [],
    tls: null,
  });
  assert.deepEqual(config.login, { explainTo: ['loopback'], tries: 7, lockMs: 900_000 });
  assert.deepEqual(config.retention, {
    jobsMs: 30 * 86_400_000,
    logsBytes: 2 * 2 ** 30,
    incidentsMs: 90 * 86_400_000,
  });
  assert.ok(config.settings.every(({ key, from }) => from === (key === 'host' ? 'the machine' : 'default')));
});

test('the example of the contract is accepted, and all of it is used', () => {
  mkdirSync(join(home, 'keys'));
  write('keys/push', '');
  const file = write(
    'garrison.yaml',
    `host: bastion-a
workers: { count: 2, slots: 3, memoryLimit: 256MiB }
redis: { mode: embedded }
ssh: { identityFile: keys/push, connectTimeout: 5s, idleTimeout: 1m, totalTimeout: 1h30m }
containers: { socket: /run/docker.sock, select: label, budget: { restarts: 3, per: 30m }, dependsOn: { koko: [core] } }
page: { listen: "[::1]:0", basePath: /, trustedProxies: [] }
login: { explainTo: [loopback] }
retention: { jobs: 30d, logs: 2GiB, incidents: 90d }
`,
  );
  const config = loadConfig({ home });
  assert.equal(config.host, 'bastion-a');
  assert.equal(config.workers.memoryLimitBytes, 256 * 2 ** 20);
  assert.equal(config.ssh.identityFile, join(home, 'keys/push'));
  assert.equal(config.ssh.totalTimeoutMs, 5_400_000);
  assert.deepEqual([config.page.address, config.page.port], ['::1', 0]);
  const setting = (key: string) => config.settings.find((candidate) => candidate.key === key);
  assert.deepEqual(setting('workers.count'), {
    key: 'workers.count',
    value: '2',
    from: `${file}:2`,
    used: true,
  });
  assert.deepEqual(setting('containers.dependsOn')?.used, true);
  assert.deepEqual(setting('containers.budget.per')?.used, true);
  assert.ok(config.settings.every(({ used }) => used));
  assert.deepEqual(config.containers, {
    socket: '/run/docker.sock',
    host: null,
    certPath: null,
    dependsOn: { koko: ['core'] },
    select: 'label',
    budget: { restarts: 3, perMs: 1_800_000 },
    projects: [],
    heal: [],
    observe: [],
    exclude: [],
    confirmMs: 5_000,
    zombies: null,
  });
});

test('every problem is told at once, each with file, line, key and cure', () => {
  const file = write(
    'garrison.yaml',
    `host: 12
workers:
  count: many
  slot: 3
ssh:
  connectTimeout: 10
  totalTimeout: 5 minutes
pages: {}
`,
  );
  write('inventory.yaml', 'hosts:\n  web-1: { port: 22 }\n');
  const told = problems().map(({ line, key, what, cure }) => [line, key, what, cure]);
  assert.deepEqual(told, [
    [1, 'host', 'must be text, not a number', 'write it in quotes'],
    [3, 'workers.count', 'must be a number, not text', null],
    [
      4,
      'workers.slot',
      'unknown key',
      'known here: count, spare, slots, memoryLimit, maxJobs, maxAge, openFiles',
    ],
    [6, 'ssh.connectTimeout', 'must be a duration with its unit, such as 10s, 5m or 1h30m', null],
    [7, 'ssh.totalTimeout', 'must be a duration with its unit, such as 10s, 5m or 1h30m', null],
    [
      8,
      'pages',
      'unknown key',
      'known here: host, workers, redis, ssh, containers, grants, page, metrics, control, hooks, notify, login, retention',
    ],
    [2, 'hosts.web-1.address', 'is missing', null],
  ]);
  assert.match(refusal().message, new RegExp(`^7 problems:\n  ${file}:1: host: `));
});

const single: readonly (readonly [string, string, number, string, RegExp])[] = [
  ['a duplicate key', 'workers:\n  count: 1\n  count: 2\n', 3, 'count', /twice/],
  ['broken YAML', 'workers: { count: 1\nhost: a\n', 2, '', /not YAML/],
  ['a list at the top', '- a\n', null as never, '', /must be a group of keys, not a list/],
  ['zero workers', 'workers: { count: 0 }\n', 1, 'workers.count', /at least 1/],
  ['two spares', 'workers: { spare: 2 }\n', 1, 'workers.spare', /at most 1/],
  ['half a worker', 'workers: { count: 1.5 }\n', 1, 'workers.count', /whole number/],
  ['a size without unit', 'workers:\n  memoryLimit: "512"\n', 2, 'workers.memoryLimit', /size with its unit/],
  ['an empty section', 'workers:\n', 1, 'workers', /not empty/],
  ['a listen address without port', 'page:\n  listen: localhost\n', 2, 'page.listen', /address and a port/],
  ['a port that is none', 'page: { listen: "127.0.0.1:70800" }\n', 1, 'page.listen', /address and a port/],
  ['a password in the URL', 'redis: { url: "rediss://u:secret@r:6379" }\n', 1, 'redis.url', /passwordFile/],
  ['a URL of something else', 'redis: { url: "http://r" }\n', 1, 'redis.url', /redis:\/\//],
  ['embedded and a URL', 'redis: { mode: embedded, url: "redis://r" }\n', 1, 'redis.url', /contradicts/],
  [
    'a key that is not there',
    'ssh:\n  identityFile: keys/none\n',
    2,
    'ssh.identityFile',
    /there is no file .*keys\/none/,
  ],
  ['an agent with a blank in its path', 'ssh: { agent: "/run/a b" }\n', 1, 'ssh.agent', /absolute path of/],
  ['an agent that the environment would name', 'ssh: { agent: $X }\n', 1, 'ssh.agent', /absolute path of/],
  [
    'a verb that no alert may have',
    'hooks:\n  alertmanager:\n    actions: { Sick: stop }\n',
    3,
    'hooks.alertmanager.actions.Sick',
    /restart or heal or quiet/,
  ],
  [
    'an alert that is none',
    'hooks: { alertmanager: { actions: { "a b": heal } } }\n',
    1,
    'hooks.alertmanager.actions.a b',
    /name of an alert/,
  ],
  ['a message to nobody', 'notify:\n  - { template: slack }\n', 2, 'notify.0.url', /urlFile/],
  [
    'two addresses',
    'notify: [ { url: "http://a", urlFile: b } ]\n',
    1,
    'notify.0.urlFile',
    /contradicts url/,
  ],
  [
    'an address that is none',
    'notify: [ { url: "ftp://secret" } ]\n',
    1,
    'notify.0.url',
    /http:\/\/ or https/,
  ],
  [
    'a service that is none',
    'notify: [ { url: "http://a", template: mail } ]\n',
    1,
    'notify.0.template',
    /plain or dingtalk/,
  ],
  ['eleven to tell', `notify: [ ${'{ url: "http://a" }, '.repeat(11)} ]\n`, 1, 'notify', /at most 10/],
  [
    'two Dockers',
    'containers:\n  socket: /run/d\n  host: tcp://d\n',
    3,
    'containers.host',
    /contradicts socket/,
  ],
  ['a Docker that is none', 'containers: { host: "http://d" }\n', 1, 'containers.host', /tcp:\/\/, https/],
  ['a password for Docker', 'containers: { host: "ssh://u:secret@d" }\n', 1, 'containers.host', /password/],
  ['a path behind Docker', 'containers: { host: "tcp://d/x" }\n', 1, 'containers.host', /end after the host/],
  [
    'certificates for nobody',
    'containers: { certPath: x }\n',
    1,
    'containers.certPath',
    /together with host/,
  ],
  [
    'certificates for SSH',
    'containers:\n  host: ssh://d\n  certPath: x\n',
    3,
    'containers.certPath',
    /no use for ssh/,
  ],
  [
    'a page for everybody without TLS',
    'page:\n  listen: 0.0.0.0:7080\n',
    2,
    'page.listen',
    /page\.tls.*page\.trustedProxies.*127\.0\.0\.1/,
  ],
  ['half a certificate', 'page: { tls: { certFile: c.pem } }\n', 1, 'page.tls.keyFile', /is missing/],
  ['a path that leads out', 'page: { basePath: /a/../b }\n', 1, 'page.basePath', /begins with \//],
  ['a path without a beginning', 'page: { basePath: garrison }\n', 1, 'page.basePath', /begins with \//],
  [
    'a proxy with a name',
    'page: { trustedProxies: [nginx] }\n',
    1,
    'page.trustedProxies.0',
    /a network such as/,
  ],
  [
    'a network too long',
    'login: { explainTo: [10.0.0.0/33] }\n',
    1,
    'login.explainTo.0',
    /a network such as/,
  ],
  ['a lock at the first slip', 'login: { tries: 1 }\n', 1, 'login.tries', /at least 3/],
  ['an address with a path', 'page: { publicUrl: "https://b/x" }\n', 1, 'page.publicUrl', /page\.basePath/],
  [
    'an address with a password',
    'page: { publicUrl: "https://u:secret@b" }\n',
    1,
    'page.publicUrl',
    /password/,
  ],
  ['others who may all', 'control: { others: operate }\n', 1, 'control.others', /none or read/],
  ['a group that is none', 'control: { group: "a:b" }\n', 1, 'control.group', /name of a group/],
  ['an unknown choice', 'containers: { select: some }\n', 1, 'containers.select', /label or all/],
];
describe('one problem in garrison.yaml', () => {
  for (const [name, text, line, key, what] of single) {
    test(name, () => {
      write('garrison.yaml', text);
      const found = problems();
      assert.equal(found.length, 1, JSON.stringify(found));
      assert.deepEqual([found[0]?.line, found[0]?.key], [line, key]);
      assert.match(found[0]?.what ?? '', what);
      assert.ok(!refusal().message.includes('secret'), 'a value must not be echoed');
    });
  }
});

test('a page behind a proxy or with a certificate may listen anywhere; what it names must be there', () => {
  write(
    'garrison.yaml',
    'page: { listen: "0.0.0.0:7080", basePath: /garrison, publicUrl: "https://b.example", trustedProxies: [10.0.0.0/8, loopback] }\n',
  );
  const { page } = loadConfig({ home });
  assert.deepEqual(
    [page.basePath, page.publicUrl, page.trustedProxies],
    ['/garrison/', 'https://b.example', ['10.0.0.0/8', 'loopback']],
  );
  write('garrison.yaml', 'page:\n  listen: 0.0.0.0:7080\n  tls: { certFile: c.pem, keyFile: k.pem }\n');
  assert.deepEqual(
    problems().map(({ line, key }) => [line, key]),
    [
      [3, 'page.tls.certFile'],
      [3, 'page.tls.keyFile'],
    ],
  );
  write('c.pem', '');
  write('k.pem', '');
  const { tls } = loadConfig({ home }).page;
  assert.deepEqual(tls, { certFile: join(home, 'c.pem'), keyFile: join(home, 'k.pem') });
});

test('the inventory gives its hosts with their defaults', () => {
  write(
    'inventory.yaml',
    'hosts:\n  web-1: { address: 10.0.0.1 }\n  db.two: { address: "2001:db8::2", port: 2222, user: ops, groups: [db, all] }\n',
  );
  assert.deepEqual(loadConfig({ home }).hosts, [
    { name: 'web-1', address: '10.0.0.1', port: 22, user: 'root', hostKeys: [], groups: [] },
    { name: 'db.two', address: '2001:db8::2', port: 2222, user: 'ops', hostKeys: [], groups: ['db', 'all'] },
  ]);
});

const badHosts: readonly (readonly [string, string, number, string, RegExp])[] = [
  ['the same name twice', 'hosts:\n  a: { address: h1 }\n  a: { address: h2 }\n', 3, 'a', /twice/],
  [
    'one machine under two names',
    'hosts:\n  a: { address: H1 }\n  b: { address: h1 }\n',
    3,
    'hosts.b',
    /same host as a on line 2/,
  ],
  [
    'an address that is an option',
    'hosts:\n  a: { address: -oProxyCommand=x }\n',
    2,
    'hosts.a.address',
    /IP address or a DNS name/,
  ],
  [
    'a user that is no POSIX name',
    'hosts:\n  a: { address: h1, user: Root }\n',
    2,
    'hosts.a.user',
    /POSIX user name/,
  ],
  [
    'a host key that is none',
    'hosts:\n  a: { address: h1, hostKey: abc }\n',
    2,
    'hosts.a.hostKey',
    /public host key/,
  ],
  ['a name with a blank', 'hosts:\n  "a b": { address: h1 }\n', 2, 'hosts.a b', /host name/],
];
describe('one problem in inventory.yaml', () => {
  for (const [name, text, line, key, what] of badHosts) {
    test(name, () => {
      write('inventory.yaml', text);
      const found = problems();
      assert.equal(found.length, 1, JSON.stringify(found));
      assert.deepEqual([found[0]?.line, found[0]?.key], [line, key]);
      assert.match(found[0]?.what ?? '', what);
    });
  }
});

test('two users on one machine are two hosts', () => {
  write(
    'inventory.yaml',
    'hosts:\n  a: { address: h1 }\n  b: { address: h1, user: ops }\n  c: { address: h1, port: 23 }\n',
  );
  assert.equal(loadConfig({ home }).hosts.length, 3);
});

test('grants.yaml is checked for its shape', () => {
  write('grants.yaml', 'grants:\n  - accounts: [a]\n    sudos: all\n');
  assert.deepEqual(
    problems().map(({ line, key }) => [line, key]),
    [[3, 'grants.0.sudos']],
  );
});

test('a file named with --config must be there', () => {
  assert.throws(
    () => loadConfig({ home, configFile: join(home, 'none.yaml') }),
    /none\.yaml: there is no such file/,
  );
});

test('the JSON Schema allows no unknown key', () => {
  const schema = configJsonSchema() as { additionalProperties: unknown; properties: Record<string, unknown> };
  assert.equal(schema.additionalProperties, false);
  assert.ok(Object.keys(schema.properties).includes('workers'));
});

test('a duration that was written is read back the same', () => {
  fc.assert(
    fc.property(
      fc.nat({ max: 10 ** 12 }),
      (durationMs) => parseDurationMs(formatDurationMs(durationMs)) === durationMs,
    ),
  );
  for (const text of ['', '10', '10 s', 's', '-1s', '1.5h', '10sec', '1S'])
    assert.equal(parseDurationMs(text), null, text);
  for (const text of ['', '10', 'MiB', '1XB', '-1B', '1 mib']) assert.equal(parseSizeBytes(text), null, text);
});

test('no text in garrison.yaml makes anything but an answer or CONFIG_INVALID', () => {
  const word = fc.constantFrom(
    'host',
    'workers',
    'count',
    ':',
    ' ',
    '\n',
    '  ',
    '{',
    '}',
    '[',
    ']',
    '&a',
    '*a',
    '<<',
    '"',
    '- ',
    '1',
    'null',
    '!!js',
    '?',
    '#',
    '|',
  );
  fc.assert(
    fc.property(fc.array(word, { maxLength: 25 }), (words) => {
      write('garrison.yaml', words.join(''));
      try {
        loadConfig({ home });
      } catch (error) {
        assert.ok(error instanceof GarrisonError && error.code === 'CONFIG_INVALID', String(error));
      }
    }),
    { numRuns: 300 },
  );
});

describe('whom messages go to', () => {
  const SECRET = 'https://chat.example/hook/s3cr3t';

  test('is read from files of their owner, and shown without addresses', () => {
    write('address', `${SECRET}\n`);
    write('key', 'SEC1\n');
    for (const name of ['address', 'key']) chmodSync(join(home, name), 0o600);
    write(
      'garrison.yaml',
      `notify:\n  - { template: dingtalk, urlFile: address, secretFile: key, minSeverity: error }\n  - { url: "${SECRET}" }\n`,
    );
    const config = loadConfig({ home });
    assert.deepEqual(openChannels(config.notify), [
      { name: 'dingtalk-1', template: 'dingtalk', minSeverity: 'error', address: SECRET, signingKey: 'SEC1' },
      { name: 'plain-2', template: 'plain', minSeverity: 'warning', address: SECRET, signingKey: null },
    ]);
    const shown = config.settings.find(({ key }) => key === 'notify');
    assert.equal(shown?.value, '["dingtalk from error","plain from warning"]');
    assert.ok(!JSON.stringify(config.settings).includes('s3cr3t'));
  });

  test('has no key where nobody checks signatures', () => {
    write('garrison.yaml', 'notify: [ { url: "http://a", template: slack, secretFile: b } ]\n');
    assert.deepEqual(
      problems().map(({ key, what }) => [key, what]),
      [['notify.0.secretFile', 'has a use only for dingtalk and feishu']],
    );
  });

  const refused: readonly (readonly [string, string | null, number, RegExp])[] = [
    ['is missing', null, 0o600, /notify\.0\.urlFile: .* cannot be read \(ENOENT\)/],
    ['others can read', SECRET, 0o644, /can be read by other users/],
    ['is empty', '\n', 0o600, /is empty/],
    ['holds no address', 's3cr3t', 0o600, /holds no http/],
  ];
  for (const [name, text, mode, message] of refused)
    test(`is refused when the file ${name}, without telling what it holds`, () => {
      if (text !== null) chmodSync(write('address', text), mode);
      write('garrison.yaml', 'notify: [ { urlFile: address } ]\n');
      const { notify } = loadConfig({ home });
      assert.throws(
        () => openChannels(notify),
        (error: Error) => message.test(error.message) && !error.message.includes('s3cr3t'),
      );
    });
});
