/** Ten accounts over one connection to a real practice host: counted there, cut, cancelled and lied to in the middle. */
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import { wallTime } from '../../src/clock.ts';
import type { PracticeHost } from '../../src/driver/practice.ts';
import type { HostResult, JobKind, PushTask } from '../../src/push/job.ts';
import { requestLines } from '../../src/push/wire.ts';
import { KeptConnections } from '../../src/worker/keptConnections.ts';
import { ScriptInput } from '../../src/worker/remoteScript.ts';
import { Rides, type Ride } from '../../src/worker/rides.ts';
import { runRides } from '../../src/worker/runTask.ts';
import { feed, inside, read, run, sshChildren, startHostLab, until, wish, type HostLab } from './hostLab.ts';

const TEN = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];

interface Passenger extends Ride {
  readonly control: AbortController;
  result: HostResult | null;
}

describe('attempts that share a connection', () => {
  let lab: HostLab;
  let host: PracticeHost;
  let name = '';
  let names = 0;
  before(async () => {
    lab = await startHostLab(1);
    host = lab.hosts[0]!;
    // sshd runs it at each login.
    writeFileSync(`${host.filesAt}/root/.ssh/rc`, 'echo login >>/run/logins\n');
    gateUseradd(host);
  });
  after(() => lab.end());
  beforeEach(() => {
    names += 1;
    name = `ten${String(names)}x`;
    rmSync(`${host.filesAt}/run/logins`, { force: true });
  });
  const passenger = (index: number, more: Partial<PushTask> & { kind?: JobKind } = {}): Passenger => {
    const account = wish({ name: `${name}${String(index)}`, keys: [lab.userKey] });
    const made = lab.task(host, { account, ...more });
    const control = new AbortController();
    const task = { ...made, logFile: join(lab.homeDir, `${made.jobId}.log`) };
    const it: Passenger = {
      ...{ task, control, signal: control.signal, result: null },
      events: { onHeard: () => undefined, onSsh: () => undefined, onStage: () => undefined },
      settle: (result) => {
        assert.equal(it.result, null, 'settled once');
        it.result = result;
      },
    };
    return it;
  };
  const together = async (all: readonly Passenger[], kept?: KeptConnections): Promise<void> => {
    const [first, ...others] = all;
    const rides = new Rides(first!);
    for (const other of others) assert.ok(rides.add(other));
    await runRides(rides, { nowWall: wallTime, ...(kept === undefined ? {} : { kept }) });
    assert.deepEqual(kept === undefined ? sshChildren() : [], []);
    assert.ok(!rides.add(first!), 'what comes too late is not forgotten in it');
  };
  const said = (all: readonly Passenger[]): string[] =>
    all.map(({ result }) => `${result?.outcome ?? 'none'} ${result?.reason ?? ''}`);
  const logins = (): number => (read(host, '/run/logins') ?? '').split('\n').length - 1;
  const journalOf = ({ task }: Passenger): number =>
    (read(host, '/var/lib/garrison/journal') ?? '').split(` ${task.jobId} `).length - 1;

  it('are ten pushes in one login, each with its own record, log and effect', async () => {
    const all = TEN.map((index) => passenger(index));
    await together(all);
    assert.deepEqual(said(all), Array(10).fill('changed AccountPushed'));
    assert.equal(logins(), 1);
    for (const each of all) {
      assert.equal(journalOf(each), 1);
      const log = readFileSync(each.task.logFile, 'utf8');
      assert.match(log, /changed \(AccountPushed\) at verify/);
      assert.equal(log.split('garrison: stage verify').length, 2, 'nothing of another is in it');
    }
    assert.match(readFileSync(all[1]!.task.logFile, 'utf8'), /over the connection that has carried job j-/);
    const mixed = [passenger(0), passenger(1, { kind: 'revoke' }), passenger(2), passenger(1)];
    await together(mixed);
    assert.deepEqual(said(mixed), [
      'unchanged AlreadyAsWished',
      'changed AccountRevoked',
      'unchanged AlreadyAsWished',
      'changed AccountPushed',
    ]);
    assert.equal(logins(), 2);
  });

  it('about one account go over a connection each, so that a login which proves the first meets no other at work', async () => {
    const pushed = passenger(0);
    const revoked = passenger(0, { kind: 'revoke' });
    await together([pushed, revoked, passenger(1)]);
    assert.deepEqual(said([pushed, revoked]), ['changed AccountPushed', 'changed AccountRevoked']);
    assert.equal(logins(), 2);
  });

  it('run in their order, and one that cannot go along has its own connection', async () => {
    const first = passenger(0);
    const other = passenger(1);
    const apart = {
      ...other,
      task: { ...other.task, ssh: { ...other.task.ssh, idleTimeoutMs: 15_000 } },
      settle: (result: HostResult) => other.settle(result),
    };
    const refused = passenger(2, { account: wish({ name: 'root', keys: [lab.userKey] }) });
    await together([first, apart, refused, passenger(3)]);
    assert.equal(said([other])[0], 'changed AccountPushed');
    assert.equal(said([refused])[0], 'failed TaskInvalid');
    assert.equal(logins(), 3);
  });

  it('are cancelled one by one: the one at work ends there, one that waits is never sent', async () => {
    writeFileSync(`${host.filesAt}/run/gate`, `${name}3`);
    const all = TEN.map((index) => passenger(index));
    const running = together(all);
    await until('the fourth is at work', () => read(host, '/run/held') !== null);
    all[7]!.control.abort();
    all[3]!.control.abort();
    rmSync(`${host.filesAt}/run/gate`);
    await running;
    const expected = all.map((_, index) =>
      index === 3 ? 'unknown Cancelled' : index === 7 ? 'failed Cancelled' : 'changed AccountPushed',
    );
    assert.deepEqual(said(all), expected);
    assert.equal(journalOf(all[7]!), 0);
    assert.equal(inside(host, `getent passwd ${name}7; true`), '');
    assert.equal(logins(), 2);
    const again = await run(lab.again(all[3]!.task));
    assert.match(again.outcome, /^changed$/, again.detail);
    assert.equal(journalOf(all[3]!), 1);
  });

  it('settle when the connection is cut in the middle: the one at work as unknown, the others over another', async () => {
    writeFileSync(`${host.filesAt}/run/gate`, `${name}4`);
    const all = TEN.map((index) => passenger(index));
    const running = together(all);
    await until('the fifth is at work', () => read(host, '/run/held') !== null);
    const [ssh] = sshChildren();
    process.kill(Number(ssh), 'SIGKILL');
    rmSync(`${host.filesAt}/run/gate`);
    await running;
    assert.deepEqual(
      said(all),
      all.map((_, index) => (index === 4 ? 'unknown ConnectionLost' : 'changed AccountPushed')),
    );
    assert.equal(logins(), 2);
    assert.equal((await run(lab.again(all[4]!.task))).outcome, 'changed');
    for (const each of all) assert.equal(journalOf(each), 1);
  });

  it('have each its own time: what hangs takes none of the others’', async () => {
    writeFileSync(`${host.filesAt}/run/gate`, `${name}1`);
    const all = [0, 1, 2, 3].map((index) => passenger(index));
    const ssh = { ...all[0]!.task.ssh, totalTimeoutMs: 4_000 };
    const hurried = all.map((each) => ({
      ...each,
      task: { ...each.task, ssh },
      settle: (result: HostResult) => each.settle(result),
    }));
    const running = together(hurried);
    await until('the second has run out of time', () => all[1]!.result !== null, 20_000);
    rmSync(`${host.filesAt}/run/gate`);
    await running;
    assert.equal(all[0]!.result?.outcome, 'changed');
    assert.equal(all[1]!.result?.outcome, 'unknown', JSON.stringify(all[1]!.result));
    for (const each of all.slice(2)) assert.match(each.result?.outcome ?? '', /changed|failed/);
  });

  it('cannot be answered for by another: nothing that was heard before counts', async () => {
    // While it is at work, something on the host speaks on its channel: with no nonce, with that of nobody, and as a greeting.
    const path = `${host.filesAt}/etc/shadow-maint/useradd-pre.d/liar`;
    const words = [
      'begin',
      'result unchanged verify AlreadyAsWished',
      'end',
      'incomplete',
      'nosudo',
      'login 0',
    ];
    const lie = words.flatMap((word) => [`@garrison1 0000000000000000 ${word}`, `@garrison1 ${word}`]);
    const script = [
      '#!/bin/sh',
      `ps -eo pid=,args= | while read -r p a; do`,
      `  if [ "$a" = "/bin/sh -s" ]; then printf '${lie.join('\\n')}\\n' >"/proc/$p/fd/1"; fi`,
      'done',
      'exit 0',
    ];
    writeFileSync(path, `${script.join('\n')}\n`, { mode: 0o755 });
    try {
      const all = [passenger(0), passenger(1), passenger(2)];
      await together(all);
      assert.deepEqual(said(all), Array(3).fill('changed AccountPushed'));
      assert.equal(logins(), 1);
      for (const { task } of all)
        assert.match(readFileSync(task.logFile, 'utf8'), /host: @garrison1 0000000000000000 end/);
    } finally {
      rmSync(path);
    }
  });

  it('are asked for one after the other in every shell, and one that arrives torn ends it', () => {
    for (const shell of [['dash'], ['busybox', 'sh'], ['bash', '--posix']]) {
      const input = new ScriptInput();
      const asked = [passenger(0), passenger(1, { kind: 'revoke' }), passenger(0)].map(({ task }, index) => {
        const limits = { askedAt: wallTime(), deadlineSeconds: 60, lockWaitSeconds: 5 };
        return input.request(
          task.kind,
          requestLines(task, { nonce: `n${String(index)}`, token: 'tok', ...limits }),
        );
      });
      const torn = input.request('push', ['cHVzaAo=', 'end 99']);
      const answer = feed(host, [...shell, '-s'], [...asked, torn, 'echo went on\n'].join(''));
      const ends = answer.split('\n').filter((line) => / (result|end|incomplete)/.test(line));
      assert.match(
        ends.join(),
        /^@garrison1 n0 result (un)?changed .*,@garrison1 n0 end,@garrison1 n1 result/,
      );
      assert.match(
        ends.join(),
        /@garrison1 n1 end,@garrison1 n2 result unchanged .*,@garrison1 n2 end,@garrison1 incomplete$/,
      );
      assert.doesNotMatch(answer, /went on/);
      for (const cut of [40, 400]) {
        const half = feed(host, [...shell, '-s'], `${asked[0]!}${asked[1]!.slice(0, -cut)}`);
        assert.doesNotMatch(half, /n1 (begin|writing|result)/);
      }
    }
  });

  it('fail together where there is no way in, and no later than one alone', async () => {
    const { address } = host;
    const nowhere = { name: host.name, address, port: 1, user: host.user };
    const all = TEN.map((index) => passenger(index, { host: nowhere }));
    await together(all);
    assert.deepEqual(said(all), Array(10).fill('failed ConnectRefused'));
    assert.match(readFileSync(all[9]!.task.logFile, 'utf8'), /there was no connection for job j-\d+ either/);
  });

  it('go over a kept connection as well', async () => {
    const kept = new KeptConnections(() => undefined);
    const keepers = (): Passenger[] =>
      TEN.slice(0, 3).map((index) => {
        const each = passenger(index);
        Object.assign(each, { task: { ...each.task, ssh: { ...each.task.ssh, keepMs: 60_000 } } });
        return each;
      });
    try {
      await together(keepers(), kept);
      await together(keepers(), kept);
      const isOverKept = ({ task }: Passenger): boolean =>
        /over the connection that is kept/.test(readFileSync(task.logFile, 'utf8'));
      let all = keepers();
      // The master that the second run has asked for may still be logging in.
      for (let tries = 0; tries < 20 && (tries === 0 || !isOverKept(all[0]!)); tries += 1) {
        all = keepers();
        await together(all, kept);
      }
      assert.deepEqual(said(all), Array(3).fill('unchanged AlreadyAsWished'));
      assert.ok(isOverKept(all[0]!));
      assert.match(readFileSync(all[2]!.task.logFile, 'utf8'), /over the connection that has carried/);
    } finally {
      await kept.close();
    }
  });
});

/** The useradd of the account that /run/gate names waits while that is there. */
function gateUseradd(host: PracticeHost): void {
  const folder = `${host.filesAt}/etc/shadow-maint/useradd-pre.d`;
  mkdirSync(folder, { recursive: true });
  const script = `#!/bin/sh\nwhile [ "$(cat /run/gate 2>/dev/null)" = "$SUBJECT" ]; do : >/run/held; sleep 0.05; done\nrm -f /run/held\n`;
  writeFileSync(join(folder, 'hold'), script, { mode: 0o755 });
}
