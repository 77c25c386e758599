/** The ssh client's own troubles, with real ones: each refusal has its name, each limit ends the client, no client is ever left. */
import assert from 'node:assert/strict';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, afterEach, before, describe, it } from 'node:test';
import type { PracticeHost } from '../../src/driver/practice.ts';
import type { HostResult, PushTask } from '../../src/push/job.ts';
import { bootstrapCommand, standardInput } from '../../src/worker/remoteScript.ts';
import { inside, makeKey, read, run, sshChildren, startHostLab, until, wish } from './hostLab.ts';
import type { HostLab } from './hostLab.ts';

describe('ssh', () => {
  let lab: HostLab;
  let host: PracticeHost;
  before(async () => {
    lab = await startHostLab(1);
    host = lab.hosts[0]!;
  });
  after(() => lab.end());
  afterEach(() => assert.deepEqual(sshChildren(), []));

  const tells = (result: HostResult, expected: string): void => {
    assert.equal(`${result.outcome} ${result.stage} ${result.reason}`, expected, result.detail);
  };
  const account = wish({ name: 'kim' });
  const at = (more: Partial<PushTask['host']>): PushTask => {
    const task = lab.task(host, { account });
    return { ...task, host: { ...task.host, ...more } };
  };
  const within = (task: PushTask, more: Partial<PushTask['ssh']>): PushTask => ({
    ...task,
    ssh: { ...task.ssh, ...more },
  });
  /** An account of the host that ssh may log in as; `options` go in front of the key. */
  const login = (user: string, options = ''): PushTask => {
    const key = readFileSync(`${lab.task(host).ssh.identityFile}.pub`, 'utf8').trim();
    inside(
      host,
      `id ${user} >/dev/null 2>&1 || useradd -m -p '*' ${user}; mkdir -p /home/${user}/.ssh; cat >/home/${user}/.ssh/authorized_keys <<'END'\n${options}${key}\nEND\nchown -R ${user} /home/${user}/.ssh`,
    );
    return at({ user });
  };

  it('tells the ways apart in which there is no login', async () => {
    tells(await run(at({ port: await closedPort() })), 'failed connect ConnectRefused');
    tells(await run(at({ address: 'no-such-host.invalid' })), 'failed resolve AddressUnknown');
    tells(await run(at({ name: 'stranger' })), 'failed connect HostKeyUnknown');
    tells(await run(at({ user: 'nobody' })), 'failed auth LoginRefused');
    tells(await run(at({ user: 'kim' })), 'conflict resolve AccountInUse');
    tells(await run(at({ address: '-oProxyCommand=touch /tmp/x' })), 'failed resolve TaskInvalid');
    tells(
      await run(within(at({}), { identityFile: join(lab.homeDir, 'gone') })),
      'failed resolve IdentityUnusable',
    );
    const wrong = join(lab.homeDir, 'wrong hosts');
    writeFileSync(wrong, `${host.name} ${readFileSync(`${makeKey(lab.homeDir, 'wrong')}.pub`, 'utf8')}`);
    const changed = await run(within(at({}), { knownHostsFiles: [wrong] }));
    tells(changed, 'failed connect HostKeyChanged');
    assert.match(changed.detail, /garrison trust practice-1/);
    assert.equal(read(host, '/var/lib/garrison/fence.c1'), null);
  });

  it('gives up on a server that accepts and says nothing', async () => {
    const server = createServer((socket) => socket.on('error', () => undefined));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const started = performance.now();
    tells(
      await run(within(at({ port: (server.address() as AddressInfo).port }), { connectTimeoutMs: 600 })),
      'failed connect ConnectTimedOut',
    );
    assert.ok(performance.now() - started < 3000);
    server.close();
  });

  it('needs root, and says how to get it', async () => {
    tells(await run(login('op')), 'failed auth SudoWantsPassword');
    inside(host, `echo 'op ALL=(ALL:ALL) NOPASSWD: ALL' >/etc/sudoers.d/op && chmod 440 /etc/sudoers.d/op`);
    tells(await run(login('op')), 'changed verify AccountPushed');
    tells(await run({ ...login('op'), kind: 'check', account: null }), 'unchanged plan CheckPassed');
    tells(await run({ ...login('op'), account: wish({ name: 'op' }) }), 'conflict resolve AccountInUse');
    inside(
      host,
      `mkdir -p /run/nosudo && mount --bind /run/nosudo /usr/local/bin && mount --bind /dev/null /usr/bin/sudo`,
    );
    tells(await run(login('op')), 'failed auth LoginNeedsSudo');
    inside(host, `umount /usr/bin/sudo /usr/local/bin`);
    inside(host, `usermod -s /usr/sbin/nologin op`);
    tells(await run(login('op')), 'failed auth ShellUnusable');
  });

  it('works whatever the login shell prints, and only believes lines with its mark', async () => {
    const task = login('loud');
    inside(
      host,
      `echo 'loud ALL=(ALL:ALL) NOPASSWD: ALL' >/etc/sudoers.d/loud && chmod 440 /etc/sudoers.d/loud; usermod -s /bin/bash loud`,
    );
    const noise = `printf '@garrison1 x result changed verify AccountPushed\\n@garrison1 x end\\n\\033]0;gotcha\\007 hello\\n'; echo noise >&2`;
    inside(host, `cat >/home/loud/.bashrc <<'END'\n${noise}\nEND`);
    const result = await run(task);
    tells(result, 'unchanged verify AlreadyAsWished');
    const log = readFileSync(task.logFile, 'utf8');
    assert.match(log, /host: .*gotcha.*hello/);
    assert.doesNotMatch(log, /[\x00-\x09\x0b-\x1f\x7f]/);
  });

  it('ends a host that never stops talking', async () => {
    const endless = { zeros: 'cat /dev/zero', lines: 'yes @garrison1 login 0', errors: 'yes garbage >&2' };
    for (const [name, command] of Object.entries(endless)) {
      const result = await run(login(name, `command="${command}" `));
      assert.equal(result.reason, 'OutputTooLarge', result.detail);
      assert.equal(result.outcome, name === 'lines' ? 'unknown' : 'failed');
    }
    assert.ok(statSync(lab.task(host).logFile).size <= 1024 * 1024 + 100);
  });

  it('takes a lie for what it is: not an answer', async () => {
    const lie = `command="echo @garrison1 login 0; read line; exit 0" `;
    tells(await run(login('liar', lie)), 'failed auth ScriptEnded');
    const broken = `command="echo @garrison1 login 0; exec 2>/dev/null; n=$(sed -n 's/^x//p' | head -c0); exit 255" `;
    tells(await run(login('liar', broken)), 'unknown auth ConnectionLost');
  });

  it('ends a job that is silent too long, or takes too long altogether', async () => {
    const silent = login('silent', 'command="echo @garrison1 login 0; exec sleep 60" ');
    tells(await run(within(silent, { idleTimeoutMs: 500 })), 'unknown auth IdleTimedOut');
    tells(
      await run({ ...within(silent, { idleTimeoutMs: 500 }), kind: 'check', account: null }),
      'failed auth IdleTimedOut',
    );
    const busy = login('busy', 'command="echo @garrison1 login 0; while :; do echo x; sleep 0.1; done" ');
    const started = performance.now();
    tells(
      await run(within(busy, { idleTimeoutMs: 5000, totalTimeoutMs: 1200 })),
      'unknown auth TotalTimedOut',
    );
    assert.ok(performance.now() - started < 4000);
  });

  it('can be cancelled before and during the connection', async () => {
    const aborted = new AbortController();
    aborted.abort();
    tells(await run(at({}), { signal: aborted.signal }), 'failed resolve Cancelled');
    const control = new AbortController();
    const running = run(login('silent', 'command="exec sleep 60" '), { signal: control.signal });
    await until('ssh runs', () => sshChildren().length === 1);
    control.abort();
    tells(await running, 'failed connect Cancelled');
  });

  it('goes on without a log that cannot be written', async () => {
    const task = { ...at({}), logFile: join(lab.homeDir, 'no', 'such', 'folder') };
    tells(await run(task), 'unchanged verify AlreadyAsWished');
  });

  it('sends one constant command, and data only in a quoted here-document', () => {
    const command = bootstrapCommand();
    assert.equal(command.split("'").length, 3);
    assert.doesNotMatch(command, /[\n!\\]/);
    const script = standardInput('push', ['ZGF0YQ==', 'end 8']);
    assert.ok(script.endsWith("main <<'GARRISON_DATA'\nZGF0YQ==\nend 8\nGARRISON_DATA\n"));
  });
});

function closedPort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer();
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
