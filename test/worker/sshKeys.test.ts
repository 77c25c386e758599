/** What a login may be made with besides a key file, with a real sshd and real agents: certificates, and an agent that is named. */
import assert from 'node:assert/strict';
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { createConnection, createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, afterEach, before, describe, it } from 'node:test';
import type { HostResult, PushTask } from '../../src/push/job.ts';
import { askAgent } from '../../src/sshAgent.ts';
import { KeptConnections } from '../../src/worker/keptConnections.ts';
import { connectionKey } from '../../src/worker/keptMaster.ts';
import { until as untilAsync } from '../support/until.ts';
import { inside, makeKey, run, sshChildren, startHostLab, until, wish, type HostLab } from './hostLab.ts';

const tells = (result: HostResult, expected: string): void => {
  assert.equal(`${result.outcome} ${result.reason}`, expected, result.detail);
};
const passes = (result: HostResult): void => assert.match(result.outcome, /^(un)?changed$/, result.detail);

describe('a login with a certificate', () => {
  let lab: HostLab;
  let ca: string;
  let port: number;
  before(async () => {
    lab = await startHostLab(1);
    ca = makeKey(lab.homeDir, 'ca');
    port = await sshdThatTrusts(lab, readFileSync(`${ca}.pub`, 'utf8'));
  });
  after(() => lab.end());
  afterEach(() => assert.deepEqual(sshChildren(), []));

  /** At an sshd that takes nothing but certificates of that authority. */
  const task = (identityFile: string, options?: Record<string, string>): PushTask => {
    const made = lab.task(lab.hosts[0]!, { account: wish({ name: 'kim', keys: [lab.userKey] }) });
    const logFile = join(lab.homeDir, `${made.jobId}.log`);
    return {
      ...made,
      logFile,
      host: { ...made.host, port, ...(options === undefined ? {} : { way: { options } }) },
      ssh: { ...made.ssh, identityFile },
    };
  };
  const sign = (identity: string, ...args: readonly string[]): string => {
    execFileSync('ssh-keygen', ['-q', '-s', ca, '-I', 'test', ...args, `${identity}.pub`]);
    return `${identity}-cert.pub`;
  };

  it('takes the one beside its key, and none without one', async () => {
    const identity = makeKey(lab.homeDir, 'beside 100%');
    tells(await run(task(identity)), 'failed LoginRefused');
    sign(identity, '-n', 'root', '-V', '-5m:+1h');
    passes(await run(task(identity)));
  });

  it('takes the one that the inventory names of its host', async () => {
    const identity = makeKey(lab.homeDir, 'elsewhere');
    const named = join('/tmp', `garrison-test-${String(process.pid)}-cert.pub`);
    const missing = await run(task(identity, { CertificateFile: named }));
    tells(missing, 'failed CertificateUnusable');
    assert.ok(missing.detail.includes(`${named} cannot be read`), missing.detail);
    execFileSync('cp', [sign(identity, '-n', 'root'), named]);
    rmSync(`${identity}-cert.pub`);
    try {
      passes(await run(task(identity, { CertificateFile: named })));
    } finally {
      rmSync(named);
    }
  });

  it('says that it has ended or not begun, and what to do', async () => {
    const identity = makeKey(lab.homeDir, 'old');
    sign(identity, '-n', 'root', '-V', '20200101000000Z:20200201000000Z');
    const ended = await run(task(identity));
    tells(ended, 'failed CertificateUnusable');
    assert.match(
      ended.detail,
      /refused the login as root: the certificate .*old-cert\.pub ended at 2020-02-0\dT.*Z\. Have the key signed anew for root/,
    );
    sign(identity, '-n', 'root', '-V', '20900101000000Z:20900201000000Z');
    const early = await run(task(identity));
    tells(early, 'failed CertificateUnusable');
    assert.match(early.detail, /begins only at 20/);
    sign(identity, '-h', '-n', 'root');
    assert.match((await run(task(identity))).detail, /is one for hosts/);
  });

  it('says for whom a good one is, where it is not believed', async () => {
    const identity = makeKey(lab.homeDir, 'other');
    sign(identity, '-n', 'alice,bob');
    const other = await run(task(identity));
    tells(other, 'failed CertificateRefused');
    assert.match(other.detail, /is in time \(it is for alice, bob\)\. .*TrustedUserCAKeys/);
    const stranger = makeKey(lab.homeDir, 'ca of others');
    execFileSync('ssh-keygen', ['-q', '-s', stranger, '-I', 'x', '-n', 'root', `${identity}.pub`]);
    tells(await run(task(identity)), 'failed CertificateRefused');
  });

  it('proves with the pushed key alone that the account can log in', async () => {
    const identity = makeKey(lab.homeDir, 'own');
    sign(identity, '-n', 'root,lee');
    const key = readFileSync(`${identity}.pub`, 'utf8').trim();
    // This sshd would let lee in with the certificate, but with no key.
    const pushed = await run({ ...task(identity), account: wish({ name: 'lee', keys: [key] }) });
    tells(pushed, 'failed VerifyFailed');
    assert.match(pushed.detail, /a login as lee with its key is refused/);
  });

  it('keeps no connection beyond the certificate that made it', async () => {
    const identity = makeKey(lab.homeDir, 'renewed');
    sign(identity, '-n', 'root');
    const kept = new KeptConnections(() => undefined);
    const keeping = (): PushTask => {
      const made = task(identity);
      return { ...made, ssh: { ...made.ssh, keepMs: 60_000 } };
    };
    let shared = keeping();
    const isOver = ({ logFile }: PushTask): boolean =>
      existsSync(logFile) && /over the connection that is kept/.test(readFileSync(logFile, 'utf8'));
    for (let tries = 0; tries < 20 && !isOver(shared); tries += 1) {
      shared = keeping();
      passes(await run(shared, { kept }));
    }
    assert.ok(isOver(shared));
    const key = connectionKey(shared);
    rmSync(`${identity}-cert.pub`);
    assert.notEqual(connectionKey(shared), key);
    tells(await run(keeping(), { kept }), 'failed LoginRefused');
    await until('the connection of the former is gone', () => sshChildren().length === 0);
    await kept.close();
  });
});

describe('a login with the key of an agent', () => {
  let lab: HostLab;
  let agent: Agent;
  let onlyInAgent: string;
  before(async () => {
    lab = await startHostLab(2);
    agent = await startAgent(join(lab.homeDir.replaceAll(' ', '_') + '.sock'));
    onlyInAgent = makeKey(lab.homeDir, 'held');
    const line = readFileSync(`${onlyInAgent}.pub`, 'utf8');
    for (const host of lab.hosts) inside(host, `echo '${line.trim()}' >/root/.ssh/authorized_keys`);
    agent.add(onlyInAgent);
    rmSync(onlyInAgent);
    rmSync(`${onlyInAgent}.pub`);
  });
  after(async () => {
    await agent.end();
    await lab.end();
  });
  afterEach(() => assert.deepEqual(sshChildren(), []));

  const task = (ssh: Partial<PushTask['ssh']>, more: Partial<PushTask['host']> = {}): PushTask => {
    const made = lab.task(lab.hosts[0]!, { account: wish({ name: 'kim', keys: [lab.userKey] }) });
    const identityFile = join(lab.homeDir, 'no such key');
    return { ...made, host: { ...made.host, ...more }, ssh: { ...made.ssh, identityFile, ...ssh } };
  };

  it('needs no key file, whether the agent is named for all hosts or for this one', async () => {
    passes(await run(task({ agent: agent.path })));
    passes(await run(task({}, { way: { options: { IdentityAgent: agent.path } } })));
  });

  it('goes over a host that takes the same', async () => {
    const [near, far] = lab.hosts;
    const { name, address, port, user } = near!;
    const way = { jump: { name, address, port, user } };
    const over = task({ agent: agent.path }, { name: far!.name, port: far!.port, way });
    passes(await run(over));
    const options = { IdentityAgent: agent.path };
    tells(
      await run({ ...over, host: { ...over.host, way: { ...way, options } }, ssh: task({}).ssh }),
      'failed IdentityUnusable',
    );
  });

  it('asks none that only the environment names', async () => {
    const before = process.env['SSH_AUTH_SOCK'];
    process.env['SSH_AUTH_SOCK'] = agent.path;
    try {
      tells(await run(task({})), 'failed IdentityUnusable');
      const wrong = makeKey(lab.homeDir, 'wrong');
      const refused = await run(task({ identityFile: wrong }));
      tells(refused, 'failed LoginRefused');
      assert.match(refused.detail, /public half of ssh\.identityFile into/);
    } finally {
      if (before === undefined) delete process.env['SSH_AUTH_SOCK'];
      else process.env['SSH_AUTH_SOCK'] = before;
    }
  });

  it('says that the agent is gone, is silent, has no key, or has another', async () => {
    const gone = await run(task({ agent: '/tmp/no-such-agent.sock' }));
    tells(gone, 'failed AgentUnusable');
    assert.match(
      gone.detail,
      /the ssh agent \/tmp\/no-such-agent\.sock cannot be reached: ENOENT\. Start it at that socket .*SSH_AUTH_SOCK=\/tmp\/no-such-agent\.sock ssh-add/,
    );
    const other = await startAgent(`${agent.path}.2`);
    try {
      const empty = await run(task({ agent: other.path }));
      tells(empty, 'failed AgentUnusable');
      assert.match(empty.detail, /has no key/);
      other.add(makeKey(lab.homeDir, 'not there'));
      const refused = await run(task({ agent: other.path }));
      tells(refused, 'failed LoginRefused');
      assert.ok(refused.detail.includes(`public half of a key of the agent ${other.path} into`));
      for (let count = 0; count < 7; count += 1) other.add(makeKey(lab.homeDir, `many ${String(count)}`));
      const tooMany = await run(task({ agent: other.path }));
      tells(tooMany, 'failed AgentUnusable');
      assert.match(tooMany.detail, /has 8 keys, which are more than sshd/);
    } finally {
      await other.end();
    }
  });

  it('takes for an agent only what speaks like one', async () => {
    const answers = [
      '',
      'hello, who is there?',
      '\0\0\0\x05\x0c\0\0\0\x05',
      '\0\0\0\x01\x05',
      '\xff\xff\xff\xff\x0c',
    ];
    for (const answer of answers) {
      const path = `${agent.path}.3`;
      const server = createServer((socket) => {
        socket.on('error', () => undefined).resume();
        socket.end(Buffer.from(answer, 'latin1'));
      }).listen(path);
      await once(server, 'listening');
      const told = await askAgent(path);
      assert.equal(told.kind, 'none', JSON.stringify({ answer, told }));
      await new Promise((resolve) => server.close(resolve));
    }
    const server = createServer((socket) => socket.on('error', () => undefined).resume()).listen(
      `${agent.path}.4`,
    );
    await once(server, 'listening');
    assert.deepEqual(await askAgent(`${agent.path}.4`), { kind: 'none', said: 'does not answer' });
    await new Promise((resolve) => server.close(resolve));
  });

  it('keeps no connection beyond the agent that made it', async () => {
    const shared = task({ agent: agent.path });
    const key = connectionKey(shared);
    assert.equal(connectionKey(shared), key);
    renameSync(agent.path, `${agent.path}.away`);
    assert.notEqual(connectionKey(shared), key);
    renameSync(`${agent.path}.away`, agent.path);
  });
});

interface Agent {
  readonly path: string;
  add(identityFile: string): void;
  end(): Promise<void>;
}

async function startAgent(path: string): Promise<Agent> {
  const child: ChildProcess = spawn('ssh-agent', ['-D', '-a', path], { stdio: 'ignore' });
  const exited = once(child, 'exit');
  await until('the agent listens', () => existsSync(path));
  return {
    path,
    add: (file) =>
      void execFileSync('ssh-add', ['-q', file], { env: { ...process.env, SSH_AUTH_SOCK: path } }),
    async end() {
      child.kill('SIGTERM');
      await exited;
      rmSync(path, { force: true });
    },
  };
}

/** A second sshd inside the first practice host, which ends with it; no authorized_keys counts there. */
async function sshdThatTrusts(lab: HostLab, caKey: string): Promise<number> {
  const [host] = lab.hosts;
  const port = await freePort();
  inside(
    host!,
    `echo '${caKey.trim()}' >/etc/ssh/user_ca.pub
    { grep -v '^Port ' /etc/ssh/sshd_config
      echo 'Port ${String(port)}'; echo 'TrustedUserCAKeys /etc/ssh/user_ca.pub'; echo 'AuthorizedKeysFile none'; } >/etc/ssh/ca_config
    /usr/sbin/sshd -f /etc/ssh/ca_config -E /run/ca.log`,
  );
  await untilAsync('it listens', () => accepts(port));
  return port;
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ host: '127.0.0.1', port });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}
