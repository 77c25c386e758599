/** A kept connection on real practice hosts: it is shared, it ends, it goes with its worker, and whatever is wrong with it, a push ends as it would without. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tmpdir } from 'node:os';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { childrenOf } from '../../src/driver/children.ts';
import type { PracticeHost } from '../../src/driver/practice.ts';
import type { HostResult, PushTask, Stage } from '../../src/push/job.ts';
import { readCommand, readProcStat } from '../../src/proc.ts';
import { KeptConnections } from '../../src/worker/keptConnections.ts';
import { Garrison } from '../support/garrison.ts';
import { until as untilAsync } from '../support/until.ts';
import { inside, run, sshChildren, startHostLab, until, wish, type HostLab } from './hostLab.ts';

const KEEP_MS = 60_000;

describe('a kept connection', () => {
  let lab: HostLab;
  let host: PracticeHost;
  let kept: KeptConnections;
  let told: (number | null)[];
  before(async () => {
    lab = await startHostLab(1);
    host = lab.hosts[0]!;
  });
  after(() => lab.end());
  beforeEach(() => {
    told = [];
    kept = new KeptConnections((_number, pid) => told.push(pid));
  });
  afterEach(async () => {
    await kept.close();
    assert.deepEqual(sshChildren(), []);
    assert.deepEqual(foldersOf(process.pid), []);
  });

  const task = (ssh: Partial<PushTask['ssh']> = {}, more: Partial<PushTask> = {}): PushTask => {
    const made = lab.task(host, { account: wish({ name: 'kim', keys: [lab.userKey] }), ...more });
    return {
      ...made,
      logFile: join(lab.homeDir, `${made.jobId}.log`),
      ssh: { ...made.ssh, keepMs: KEEP_MS, ...ssh },
    };
  };
  const isOver = (done: PushTask): boolean =>
    /over the connection that is kept/.test(readFileSync(done.logFile, 'utf8'));
  const isBegunAnew = (done: PushTask): boolean =>
    /a new connection is made/.test(readFileSync(done.logFile, 'utf8'));
  const passes = (result: HostResult): void => assert.match(result.outcome, /^(un)?changed$/, result.detail);
  /** Two pushes, and then a master that can be lent; its pid. */
  const open = async (ssh: Partial<PushTask['ssh']> = {}): Promise<number> => {
    for (const each of [task(ssh), task(ssh)]) {
      passes(await run(each, { kept }));
      assert.ok(!isOver(each));
    }
    assert.equal(told.length, 1);
    const [pid] = told;
    await until('the master is open', () => socketsOf(process.pid).length === 1);
    return Number(pid);
  };

  it('is made once a host has more work, and used without a login', async () => {
    const pid = await open();
    const keys = `${host.filesAt}/root/.ssh/authorized_keys`;
    const before = readFileSync(keys);
    writeFileSync(keys, '');
    try {
      const shared = task();
      passes(await run(shared, { kept }));
      assert.ok(isOver(shared));
      assert.equal((await run(task({ keepMs: 0 }))).reason, 'LoginRefused');
    } finally {
      writeFileSync(keys, before);
    }
    assert.equal(readProcStat(pid)?.processGroup, pid);
    assert.deepEqual(sshChildren(), [String(pid)]);
  });

  it('is not made with keep 0', async () => {
    for (const each of [task({ keepMs: 0 }), task({ keepMs: 0 }), task({ keepMs: 0 })])
      passes(await run(each, { kept }));
    assert.deepEqual(told, []);
  });

  it('ends when its host has no work for so long', async () => {
    const pid = await open({ keepMs: 3_000 });
    const sharing = task({ keepMs: 3_000 });
    passes(await run(sharing, { kept }));
    await until('it is gone', () => sshChildren().length === 0);
    assert.deepEqual(told, [pid, null]);
    assert.deepEqual(socketsOf(process.pid), []);
  });

  it('is not lent to another user, and ends then', async () => {
    const pid = await open();
    const other = task();
    const refused = await run({ ...other, host: { ...other.host, user: 'nobody' } }, { kept });
    assert.equal(refused.reason, 'LoginRefused', refused.detail);
    await until('the old one is gone', () => readProcStat(pid) === null);
  });

  it('does not survive a host key that is revoked here', async () => {
    const pid = await open();
    const [file = ''] = task().ssh.knownHostsFiles.slice(-1);
    const before = readFileSync(file, 'utf8');
    writeFileSync(file, `@revoked * ${host.hostKey}\n${before}`);
    try {
      const refused = await run(task(), { kept });
      assert.equal(refused.outcome, 'failed', refused.detail);
      assert.equal(refused.stage, 'connect', refused.detail);
      await until('the old one is gone', () => readProcStat(pid) === null);
    } finally {
      writeFileSync(file, before);
    }
  });

  it('that is stopped, or was killed, costs a push a moment', async () => {
    const pid = await open();
    process.kill(pid, 'SIGSTOP');
    const started = performance.now();
    const direct = task();
    passes(await run(direct, { kept }));
    assert.ok(!isOver(direct));
    assert.ok(performance.now() - started < 8_000);
    await until('the stopped one is ended', () => readProcStat(pid) === null);
    passes(await run(task(), { kept }));
    assert.deepEqual(told, [pid, null], 'a host whose connection hung gets new ones for a while');
  });

  it('whose host does not answer over it is given up before anything is sent', async () => {
    await open();
    inside(host, SESSIONS_STOPPED);
    const anew = task();
    passes(await run(anew, { kept }));
    assert.ok(isOver(anew) && isBegunAnew(anew));
    inside(host, SESSIONS_STOPPED.replaceAll('STOP', 'KILL'));
  });

  for (const [signal, reason] of [
    ['SIGSTOP', 'IdleTimedOut'],
    ['SIGKILL', 'ConnectionLost'],
  ] as const) {
    it(`that gets ${signal} in the middle of a push makes it unknown, in its limits, and is gone by then`, async () => {
      const limits = { idleTimeoutMs: 2_500 };
      const pid = await open(limits);
      const result = await inTheMiddle(task(limits), () => process.kill(pid, signal));
      assert.deepEqual([result.outcome, result.reason], ['unknown', reason], result.detail);
      assert.equal(readProcStat(pid), null);
      assert.deepEqual(sshChildren(), []);
    });
  }

  it('is ended with a push that is cancelled over it', async () => {
    const pid = await open();
    const control = new AbortController();
    const result = await inTheMiddle(task(), () => control.abort(), control.signal);
    assert.deepEqual([result.outcome, result.reason], ['unknown', 'Cancelled'], result.detail);
    assert.equal(readProcStat(pid), null);
  });

  it('ends in a drain: at once when idle, else with the push over it', async () => {
    await open();
    let closed: Promise<void> | undefined;
    const result = await inTheMiddle(task(), () => {
      closed = kept.close();
      inside(host, LOCK_FREED);
    });
    passes(result);
    await until('all are gone', () => sshChildren().length === 0);
    await closed;
    assert.deepEqual(sshChildren(), []);
    passes(await run(task(), { kept }));
  });

  /** Runs it while another holds the host's lock, and does `act` once the script is there. */
  async function inTheMiddle(each: PushTask, act: () => void, signal?: AbortSignal): Promise<HostResult> {
    inside(host, LOCK_HELD);
    const stages: Stage[] = [];
    try {
      const running = run(each, { kept, stages, ...(signal === undefined ? {} : { signal }) });
      await until('the script waits for the lock', () => stages.includes('plan') || waitsForLock(host));
      assert.ok(isOver(each));
      act();
      return await running;
    } finally {
      inside(host, LOCK_FREED);
    }
  }
});

describe('the kept connections of a worker', () => {
  it('are known to its supervisor and do not outlive it, killed as it may be', async (t) => {
    const garrison = await Garrison.start(t, { practice: 1, config: 'workers: { count: 1 }' });
    const [host] = (await garrison.snapshot()).hosts;
    const worker = (await garrison.workers())[0]?.incarnation?.pid ?? 0;
    const masters = (): number[] => childrenOf(worker).filter((pid) => readCommand(pid) === 'ssh');
    await untilAsync('a connection is kept', async () => {
      const { id } = await garrison.push('kim', [host?.name ?? '']);
      await garrison.settled(id);
      return masters().length === 1 && socketsOf(worker).length === 1;
    });
    const [master = 0] = masters();
    process.kill(worker, 'SIGKILL');
    await untilAsync('its ssh is gone', () => readProcStat(master) === null);
    await untilAsync('the next life is up', async () => (await garrison.workers())[0]?.state === 'up');
    assert.equal(socketsOf(worker).length, 1);
    await untilAsync('the next one keeps, and clears up', async () => {
      const { id } = await garrison.push('kim', [host?.name ?? '']);
      assert.equal((await garrison.settled(id)).jobs[0]?.state, 'done');
      return foldersOf(worker).length === 0;
    });
  });
});

const LOCK_HELD = `mkdir -p /var/lib/garrison; setsid sh -c 'echo $$ >/run/holder; exec 9>>/var/lib/garrison/lock; flock 9; exec sleep 60' >/dev/null 2>&1 </dev/null &
  for i in 1 2 3 4 5 6 7 8 9 10; do flock -n /var/lib/garrison/lock true || break; sleep 0.1; done`;
const LOCK_FREED = 'kill $(cat /run/holder) 2>/dev/null || true';
/** sshd's process of each login, and not the one that listens. */
const SESSIONS_STOPPED = `for p in /proc/[0-9]*; do case "$(tr '\\0' ' ' <$p/cmdline)" in 'sshd: root'*) kill -STOP \${p#/proc/};; esac; done`;

function waitsForLock(host: PracticeHost): boolean {
  return inside(host, `cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' ' '`).includes('GARRISON');
}

function foldersOf(pid: number): string[] {
  return readdirSync(tmpdir()).filter((name) => name.startsWith(`garrison-ssh-${String(pid)}-`));
}

function socketsOf(pid: number): string[] {
  return foldersOf(pid).flatMap((name) => {
    const folder = join(tmpdir(), name);
    return existsSync(folder) ? readdirSync(folder).filter((file) => /^\d+$/.test(file)) : [];
  });
}
