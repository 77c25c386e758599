/** The ways that the inventory may name, with a real ssh: over one practice host to another, with options, with a key that must be known on the way. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, afterEach, before, describe, it } from 'node:test';
import type { HostWay } from '../../src/hostWay.ts';
import type { PushTask } from '../../src/push/job.ts';
import { KeptConnections } from '../../src/worker/keptConnections.ts';
import { run, sshChildren, startHostLab, wish, type HostLab } from './hostLab.ts';

describe('the way to a host', () => {
  let lab: HostLab;
  before(async () => {
    lab = await startHostLab(2);
  });
  after(() => lab.end());
  afterEach(() => assert.deepEqual(sshChildren(), []));

  /** To the second host, over the first unless told otherwise. */
  const task = (way: HostWay = { jump: jump() }, ssh: Partial<PushTask['ssh']> = {}): PushTask => {
    const [, far] = lab.hosts;
    const made = lab.task(far!, { account: wish({ name: 'kim', keys: [lab.userKey] }) });
    const logFile = join(lab.homeDir, `${made.jobId}.log`);
    return { ...made, logFile, host: { ...made.host, way }, ssh: { ...made.ssh, ...ssh } };
  };
  const jump = (): NonNullable<HostWay['jump']> => {
    const { name, address, port, user } = lab.hosts[0]!;
    return { name, address, port, user };
  };

  it('goes over another one, whose key is checked under its own name', async () => {
    const result = await run(task());
    assert.equal(result.outcome, 'changed', result.detail);
    const stranger = await run(task({ jump: { ...jump(), name: 'stranger' } }));
    assert.equal(`${stranger.outcome} ${stranger.reason}`, 'failed HostKeyUnknown', stranger.detail);
    const closed = await run(task({ jump: { ...jump(), port: 1 } }));
    assert.equal(closed.outcome, 'failed', closed.detail);
  });

  it('goes there in truth: with the first host shut, the second is out of reach', async () => {
    const keys = `${lab.hosts[0]!.filesAt}/root/.ssh/authorized_keys`;
    const before = readFileSync(keys);
    writeFileSync(keys, '');
    const result = await run(task());
    writeFileSync(keys, before);
    assert.equal(`${result.outcome} ${result.reason}`, 'failed LoginRefused', result.detail);
  });

  it('is kept like any other, and leaves nothing behind', async () => {
    const kept = new KeptConnections(() => undefined);
    const over = { jump: jump() };
    let shared = task(over, { keepMs: 60_000 });
    for (let tries = 0; tries < 20 && !logOf(shared).includes('over the connection'); tries += 1) {
      shared = task(over, { keepMs: 60_000 });
      assert.match((await run(shared, { kept })).outcome, /changed$/);
    }
    assert.match(logOf(shared), /over the connection that is kept/);
    await kept.close();
  });

  it('takes the options of the inventory, and no others', async () => {
    const ciphers = await run(task({ options: { Ciphers: 'aes256-ctr', AddressFamily: 'inet' } }));
    assert.match(ciphers.outcome, /changed$/, ciphers.detail);
    const none = await run(task({ options: { Ciphers: '3des-cbc' } }));
    // OpenSSH names the cause (NoCommonAlgorithm) only from LogLevel INFO on.
    assert.equal(`${none.outcome} ${none.stage}`, 'failed connect', none.detail);
    const command = await run(task({ options: { ProxyCommand: 'touch /tmp/x' } }));
    assert.equal(`${command.outcome} ${command.reason}`, 'failed TaskInvalid', command.detail);
  });
});

function logOf({ logFile }: PushTask): string {
  try {
    return readFileSync(logFile, 'utf8');
  } catch {
    return '';
  }
}
