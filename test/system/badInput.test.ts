/**
 * Bad input and faulty hosts, through the command line as a person meets them: each a clear error that names the thing and the cure.
 * After every one of them nothing is half done: neither here nor on the host.
 */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Garrison, runCommand } from '../support/garrison.ts';
import type { Said } from '../support/onHost.ts';
import {
  fingerprintOf,
  inventoryEntry,
  startOwnHosts,
  type OwnHost,
  type OwnHosts,
} from '../support/ownHosts.ts';
import { openParts, withParts } from '../support/parts.ts';
import { tempHome } from '../support/tempHome.ts';

describe('a configuration that is wrong', () => {
  for (const wrong of WRONG_CONFIGS()) {
    it(
      `${wrong.what}: check and up name file, line and key, and nothing starts`,
      withParts(async (parts) => {
        const home = tempHome(parts);
        const file = join(home, wrong.file);
        writeFileSync(file, wrong.text);
        for (const command of [['config', 'check'], ['up']]) {
          const said = await runCommand(['--home', home, ...command]);
          assert.equal(said.exitCode, 1, said.stderr);
          assert.ok(said.stderr.includes(`${file}:${String(wrong.line)}: ${wrong.says}`), said.stderr);
          if (wrong.cure !== undefined) assert.ok(said.stderr.includes(wrong.cure), said.stderr);
          assert.equal(said.stdout, '');
        }
        assert.deepEqual(readdirSync(home), [wrong.file]);
      }),
    );
  }

  it(
    'no supervisor is told from a bad answer: 4 for a look, 7 for an action',
    withParts(async (parts) => {
      const home = tempHome(parts);
      const look = await runCommand(['--home', home, 'status']);
      const act = await runCommand(['--home', home, 'check', 'web-1']);
      assert.deepEqual([look.exitCode, act.exitCode], [4, 7]);
      for (const said of [look, act])
        assert.match(
          said.stderr,
          new RegExp(`no supervisor runs in ${home}\n +next: .*garrison --home ${home} up`),
        );
    }),
  );
});

describe('input and hosts that are wrong', () => {
  const { parts, end } = openParts();
  let own: OwnHosts;
  let garrison: Garrison;
  let web1: OwnHost;
  let web2: OwnHost;
  let wrong: OwnHost;
  let stranger: OwnHost;

  before(async () => {
    own = await startOwnHosts(parts, 4);
    [web1, web2, wrong, stranger] = own.hosts as [OwnHost, OwnHost, OwnHost, OwnHost];
    const { port, address } = web1;
    const entries = [
      inventoryEntry('web-1', web1),
      inventoryEntry('web-2', web2),
      inventoryEntry('wrong', { ...wrong, hostKey: web1.hostKey }),
      inventoryEntry('stranger', { address, port: stranger.port }),
      inventoryEntry('dead', { address, port: await closedPort(), hostKey: web1.hostKey }),
      inventoryEntry('refuses', { address, port, user: 'nobody-here', hostKey: web1.hostKey }),
      inventoryEntry('wants-password', { address, port, user: 'plain', hostKey: web1.hostKey }),
      inventoryEntry('has-sudo', { address, port, user: 'admin1', hostKey: web1.hostKey }),
      inventoryEntry('no-sudo', { address, port: web2.port, user: 'plain', hostKey: web2.hostKey }),
    ];
    garrison = await Garrison.start(parts, {
      inventory: `hosts:\n${entries.map((entry) => `  ${entry}\n`).join('')}`,
      config: `ssh: { identityFile: ${own.identityFile} }\n`,
    });
    await addUser(web1, 'plain', own.login.publicKey);
    await addUser(web1, 'admin1', own.login.publicKey);
    await web1.tell("echo 'admin1 ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/admin1");
    await addUser(web2, 'plain', own.login.publicKey);
    // Not a program any more, for this host alone.
    await web2.tell('mount --bind /dev/null "$(command -v sudo)"');
  });
  after(end);

  const push = (account: string, ...args: readonly string[]): Promise<Said> =>
    garrison.cli('push', account, '--key', `${garrison.keys.identityFile}.pub`, ...args);

  describe('account names and keys', () => {
    for (const [account, says] of [
      ['Fred Smith', /"Fred Smith" is not a POSIX user name/],
      ['fred;reboot', /"fred;reboot" is not a POSIX user name/],
      ['FRED', /"FRED" has no lower-case letter/],
      ['root', /"root" is a name of the system's own/],
      [`a${'b'.repeat(40)}`, /is not a POSIX user name/],
    ] as const) {
      it(`${account} is refused`, async () => {
        refused(await push(account, '--to', 'web-1'), 64, says);
        await assert.rejects(
          garrison.push(account, ['web-1']),
          /: 422 .*ACCOUNT_INVALID|: 400 .*ACCOUNT_INVALID/,
        );
      });
    }

    it('a private key, something that is no key, and a file that is not there are refused, and never shown', async () => {
      const prose = join(garrison.home, 'prose');
      writeFileSync(prose, 'to be or not to be\n');
      const privateKey = garrison.keys.identityFile;
      for (const [file, says] of [
        [privateKey, /private key/],
        [prose, /prose.*line 1/],
        [join(garrison.home, 'nowhere'), /nowhere cannot be used: .*no such file/],
      ] as const) {
        const said = await garrison.cli('push', 'fred', '--to', 'web-1', '--key', file);
        refused(said, 64, says);
        assert.ok(said.stderr.includes(file), said.stderr);
        assert.doesNotMatch(said.stderr, /BEGIN|AAAA|to be or not/);
      }
    });

    after(async () => {
      assert.equal(
        (await garrison.cli('jobs', '-o', 'name')).stdout.trim(),
        '',
        'nothing of all this became a job',
      );
    });
  });

  describe('hosts', () => {
    it('one that is not in the inventory refuses the whole push', async () => {
      refused(
        await push('fred', '--to', 'web-1', 'web-9'),
        1,
        /not in the inventory .*: web-9\n +next: .*inventory\.yaml/,
      );
      refused(await push('fred', '--to', 'web-1', 'web-1'), 64, /named more than once: web-1/);
      refused(await garrison.cli('trust', 'web-9'), 1, /not in the inventory .*: web-9/);
      assert.equal((await garrison.cli('jobs', '-o', 'name')).stdout.trim(), '');
    });

    for (const [host, stage, says] of [
      [
        'dead',
        'connect',
        /dead +failed +ConnectRefused .*nothing listens at 127\.0\.0\.1 port \d+ \(dead\)\. Start sshd there/,
      ],
      [
        'wrong',
        'connect',
        /wrong +failed +HostKeyChanged .*another host key than the trusted one.*garrison trust wrong/,
      ],
      [
        'stranger',
        'connect',
        /stranger +failed +HostKeyUnknown .*not trusted yet\. Run `garrison trust stranger`/,
      ],
      [
        'refuses',
        'auth',
        /refuses +failed +LoginRefused .*refused the login as nobody-here.*authorized_keys of nobody-here/,
      ],
      [
        'wants-password',
        'auth',
        /wants-password +failed +SudoWantsPassword .*password from plain\. Give plain a NOPASSWD rule/,
      ],
      [
        'no-sudo',
        'auth',
        /no-sudo +failed +LoginNeedsSudo .*plain on no-sudo is not root and there is no sudo/,
      ],
    ] as const) {
      it(`${host}: push and check say what is wrong, and nothing is done`, async () => {
        const before = own.hosts.map((each) => each.accountFiles());
        const said = await push('fred', '--to', host);
        assert.equal(said.exitCode, 1, said.stderr);
        assert.match(said.stdout, says);
        const checked = await garrison.cli('check', host, '-o', 'jsonl');
        assert.equal(checked.exitCode, 1, checked.stderr);
        assert.equal((JSON.parse(checked.stdout) as { result: { stage: string } }).result.stage, stage);
        assert.deepEqual(
          own.hosts.map((each) => each.accountFiles()),
          before,
        );
      });
    }

    it('a user who may sudo without a password is as good as root', async () => {
      const said = await push('sudoed', '--to', 'has-sudo', '--sudo', 'all');
      assert.equal(said.exitCode, 0, said.stdout);
      assert.match(said.stdout, /has-sudo +changed/);
      assert.match(web1.read('/etc/passwd'), /^sudoed:/m);
    });
  });

  describe('trust', () => {
    it('shows the fingerprint, accepts nothing unasked, and then lets a push through', async () => {
      const fingerprint = fingerprintOf(stranger.hostKey);
      const shown = await garrison.cli('trust', 'stranger');
      refused(
        shown,
        4,
        /no terminal to ask on; nothing was accepted\n +next: .*garrison --home \S+ trust stranger --fingerprint/,
      );
      assert.match(shown.stdout, new RegExp(`stranger +ssh-ed25519 +${escaped(fingerprint)} +no`));
      refused(
        await garrison.cli('trust', 'stranger', '--fingerprint', fingerprintOf(web1.hostKey)),
        4,
        /shows no new key with the fingerprint/,
      );
      assert.match((await push('fred', '--to', 'stranger')).stdout, /HostKeyUnknown/);
      const accepted = await garrison.cli('trust', 'stranger', '--fingerprint', fingerprint);
      assert.equal(accepted.exitCode, 0, accepted.stderr);
      assert.match((await push('fred', '--to', 'stranger')).stdout, /stranger +changed/);
      assert.match((await garrison.cli('trust', 'stranger')).stderr, /trusted already/);
    });

    it('never takes another key for a known host on a mere --yes', async () => {
      refused(
        await garrison.cli('trust', 'wrong', '--yes'),
        4,
        /the key of a known host has changed; nothing was accepted/,
      );
      assert.match((await push('fred', '--to', 'wrong')).stdout, /HostKeyChanged/);
      const accepted = await garrison.cli('trust', 'wrong', '--fingerprint', fingerprintOf(wrong.hostKey));
      assert.equal(accepted.exitCode, 0, accepted.stderr);
      assert.match((await push('fred', '--to', 'wrong')).stdout, /wrong +changed/);
    });
  });

  describe('a full disk on the host', () => {
    it('is seen before anything is changed', async () => {
      const before = web2.accountFiles();
      await web2.tell('cat /dev/zero >/run/fill 2>/dev/null; true');
      const said = await push('disk1', '--to', 'web-2');
      assert.equal(said.exitCode, 1, said.stderr);
      assert.match(said.stdout, /web-2 +failed +HostDiskFull .*disk of web-2 is full.*nothing is half done/);
      assert.deepEqual(web2.accountFiles(), before);
      await web2.tell('rm /run/fill');
      assert.match((await push('disk1', '--to', 'web-2')).stdout, /web-2 +changed/);
    });

    it('that fills up in the middle of the work leaves nothing half done', async () => {
      const before = web1.accountFiles();
      web1.closeGate();
      const waiting = push('disk2', '--to', 'web-1', '--sudo', 'all');
      await web1.atGate('disk2');
      await web1.tell('cat /dev/zero >/run/fill 2>/dev/null; true');
      web1.openGate();
      const said = await waiting;
      assert.equal(said.exitCode, 1, said.stdout);
      assert.match(said.stdout, /web-1 +failed +\w+/);
      assert.deepEqual(web1.accountFiles(), before);
      await web1.tell('rm /run/fill');
      assert.match((await push('disk2', '--to', 'web-1', '--sudo', 'all')).stdout, /web-1 +changed/);
    });
  });

  it('an account that is not ours is a conflict for push and revoke, and stays as it was, byte for byte', async () => {
    await addUser(web1, 'boris', own.login.publicKey);
    await web1.tell(
      "usermod -a -G games -s /bin/bash boris; echo 'boris ALL=(ALL) ALL' >/etc/sudoers.d/boris; echo hi >/home/boris/notes",
    );
    const before = web1.accountFiles();
    assert.ok(
      before.get('/home/boris/.ssh/authorized_keys')?.includes(own.login.publicKey),
      'the files are looked at',
    );
    for (const command of [
      [
        'push',
        'boris',
        '--to',
        'web-1',
        '--key',
        `${garrison.keys.identityFile}.pub`,
        '--sudo',
        'all',
        '--groups',
        'users',
        '--shell',
        '/bin/sh',
      ],
      ['revoke', 'boris', '--from', 'web-1'],
    ]) {
      const said = await garrison.cli(...command);
      assert.equal(said.exitCode, 1, said.stderr);
      assert.match(
        said.stdout,
        /web-1 +conflict +AccountForeign .*boris exists on web-1 and was not made by Garrison; nothing was touched/,
      );
      assert.deepEqual(web1.accountFiles(), before);
    }
    assert.equal(existsSync(`${web1.filesAt}/var/lib/garrison/accounts/boris`), false);
  });
});

function refused(said: Said, exitCode: number, says: RegExp): void {
  assert.equal(said.exitCode, exitCode, said.stderr);
  assert.match(said.stderr, says);
  assert.match(said.stderr, /\n {2}next: /, 'it says what to do');
}

interface WrongConfig {
  readonly what: string;
  readonly file: 'garrison.yaml' | 'inventory.yaml' | 'grants.yaml';
  readonly text: string;
  readonly line: number;
  readonly says: string;
  readonly cure?: string;
}

/** A function, because the tests above are made before this line is reached. */
function WRONG_CONFIGS(): readonly WrongConfig[] {
  return [
    {
      what: 'an unknown key',
      file: 'garrison.yaml',
      text: 'workers:\n  count: 2\n  slot: 3\n',
      line: 3,
      says: 'workers.slot: unknown key',
      cure: 'known here: count, spare, slots, memoryLimit',
    },
    {
      what: 'a wrong type',
      file: 'garrison.yaml',
      text: 'workers:\n  count: many\n',
      line: 2,
      says: 'workers.count: must be a number, not text',
    },
    {
      what: 'a duration without its unit',
      file: 'garrison.yaml',
      text: 'ssh: { totalTimeout: 30 }\n',
      line: 1,
      says: 'ssh.totalTimeout: must be a duration with its unit',
    },
    {
      what: 'a host that stands there twice',
      file: 'inventory.yaml',
      text: 'hosts:\n  web-1: { address: 192.0.2.1 }\n  web-1: { address: 192.0.2.2 }\n',
      line: 3,
      says: 'web-1: the same key stands here twice',
    },
    {
      what: 'one host under two names',
      file: 'inventory.yaml',
      text: 'hosts:\n  web-1: { address: 192.0.2.1 }\n  web-2: { address: 192.0.2.1 }\n',
      line: 3,
      says: 'hosts.web-2: the same host as web-1 on line 2',
      cure: 'keep one of the two',
    },
  ];
}

async function addUser(host: OwnHost, name: string, publicKey: string): Promise<void> {
  await host.tell(`set -e
    useradd -m -s /bin/sh ${name}
    mkdir -m 700 /home/${name}/.ssh
    echo '${publicKey}' >/home/${name}/.ssh/authorized_keys
    chown -R ${name} /home/${name}/.ssh
    usermod -p '*' ${name}`);
}

/** A port at which nothing listens: it was free a moment ago. */
async function closedPort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
}
