/** Attempts that are cut off, repeated, overtaken or side by side, on real practice hosts: the effect is one, whatever happens on the way. */
import assert from 'node:assert/strict';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import type { PracticeHost } from '../../src/driver/practice.ts';
import type { HostResult, PushTask } from '../../src/push/job.ts';
import { requestLines } from '../../src/push/wire.ts';
import { standardInput } from '../../src/worker/remoteScript.ts';
import { feed, fingerprint, inside, read, run, sshChildren, startHostLab, until, wish } from './hostLab.ts';
import type { HostLab } from './hostLab.ts';

const SHELLS = [
  ['dash', '-s'],
  ['busybox', 'sh', '-s'],
  ['bash', '--posix', '-s'],
];

describe('an attempt', () => {
  let lab: HostLab;
  let host: PracticeHost;
  before(async () => {
    lab = await startHostLab(1);
    host = lab.hosts[0]!;
    hold(host);
  });
  after(() => lab.end());
  let names = 0;
  let name = '';
  beforeEach(() => {
    names += 1;
    name = `eve${String(names)}`;
  });
  const gate = (): string => `${host.filesAt}/run/gate`;
  const task = (more: Partial<PushTask> = {}): PushTask =>
    lab.task(host, { account: wish({ name, keys: [lab.userKey], sudo: { kind: 'all' } }), ...more });
  const tells = (result: HostResult, expected: string): void => {
    assert.equal(`${result.outcome} ${result.reason}`, expected, result.detail);
  };
  const journalOf = (jobId: string): number =>
    (read(host, '/var/lib/garrison/journal') ?? '').split(` ${jobId} `).length - 1;

  it('whose ssh is killed goes on on the host, and the retry is answered from its record', async () => {
    writeFileSync(gate(), '');
    const first = task();
    const control = new AbortController();
    const running = run(first, { signal: control.signal });
    await until('useradd runs', () => read(host, '/run/held') !== null);
    assert.equal(sshChildren().length, 1);
    control.abort();
    tells(await running, 'unknown Cancelled');
    assert.deepEqual(sshChildren(), []);
    const retry = run(lab.again(first));
    rmSync(gate());
    const result = await retry;
    tells(result, 'changed AccountPushed');
    assert.equal(result.replayed, true);
    assert.deepEqual(result.changes, ['created account', 'added key', 'wrote sudo rule']);
    assert.equal(journalOf(first.jobId), 1);
    tells(await run(first), 'failed FenceStale');
    tells(await run(task()), 'unchanged AlreadyAsWished');
  });

  it('that is killed on the host after its intent is resumed, and counts as one effect', async () => {
    for (const victim of ['during', 'after']) {
      const account = wish({ name: `${name}${victim}`, keys: [lab.userKey], sudo: { kind: 'all' } });
      const first = task({ account });
      writeFileSync(gate(), '');
      if (victim === 'after') writeFileSync(`${host.filesAt}/run/late`, '');
      const running = run(first);
      await until('useradd runs', () => read(host, '/run/held') !== null);
      if (victim === 'after') rmSync(gate());
      if (victim === 'after')
        await until('useradd is nearly done', () => read(host, '/run/held.late') !== null);
      killScript(host);
      rmSync(gate(), { force: true });
      rmSync(`${host.filesAt}/run/late`, { force: true });
      const cut = await running;
      assert.equal(cut.outcome, 'unknown', cut.detail);
      assert.match(read(host, `/var/lib/garrison/accounts/${account.name}`) ?? '', /state creating/);
      const result = await run(lab.again(first));
      tells(result, 'changed AccountPushed');
      assert.equal(journalOf(first.jobId), 1);
      assert.equal(
        inside(host, `su ${account.name} -c 'sudo -n id -u'; stat -c %U /home/${account.name}`),
        `0\n${account.name}\n`,
      );
    }
    tells(
      await run(
        task({ account: wish({ name: `${name}after`, keys: [lab.userKey], sudo: { kind: 'all' } }) }),
      ),
      'unchanged AlreadyAsWished',
    );
  });

  it('waits for the one before it: two on one host, one effect', async () => {
    const results = await Promise.all([run(task()), run(task()), run(task())]);
    const outcomes = results.map((result) => `${result.outcome} ${result.reason}`).sort();
    assert.equal(
      outcomes.filter((outcome) => outcome === 'changed AccountPushed').length,
      1,
      outcomes.join(),
    );
    for (const outcome of outcomes)
      assert.match(outcome, /^(changed AccountPushed|unchanged AlreadyAsWished|failed FenceStale)$/);
  });

  it('does not wait for ever, and tells another cluster from its own', async () => {
    writeFileSync(gate(), '');
    const running = run(task());
    await until('useradd runs', () => read(host, '/run/held') !== null);
    const short = { ...task().ssh, totalTimeoutMs: 3000 };
    const [same, other] = await Promise.all([
      run(task({ ssh: short })),
      run(task({ ssh: short, fence: { clusterId: 'c2', epoch: 1, counter: 1 } })),
    ]);
    rmSync(gate());
    tells(same, 'failed HostBusy');
    tells(other, 'conflict HostLockedByOtherCluster');
    assert.match(other.detail, /cluster c1/);
    tells(await running, 'changed AccountPushed');
  });

  it('ends itself at its deadline on the host, and frees the lock', async () => {
    writeFileSync(gate(), '');
    const slow = task({ ssh: { ...task().ssh, totalTimeoutMs: 2500 } });
    tells(await run(slow), 'unknown TotalTimedOut');
    assert.deepEqual(sshChildren(), []);
    await until('the script is gone', () => !inside(host, 'ps ax').includes('/bin/sh -s'), 20_000);
    rmSync(gate());
    tells(await run({ ...lab.again(slow), ssh: task().ssh }), 'changed AccountPushed');
    assert.deepEqual(inside(host, 'ps ax').match(/sleep \d+/g), null);
  });

  for (const shell of SHELLS) {
    it(`does the whole work in ${shell[0] ?? ''}, and nothing when it arrives torn`, () => {
      const account = wish({ name, keys: [lab.userKey], groups: ['games'], sudo: { kind: 'all' } });
      const before = fingerprint(host);
      const records = read(host, '/var/lib/garrison/fence.c1');
      const whole = inputOf({ ...task(), account });
      for (let cut = 1; cut < whole.length; cut += Math.ceil(whole.length / 25))
        feed(host, shell, whole.slice(0, cut));
      // Also behind every whole line of data: there a reader that does not count would see a shorter, valid order.
      const last = whole.lastIndexOf('\nend ');
      for (let cut = whole.indexOf('main <<') + 1; cut < last; cut += 37)
        feed(host, shell, whole.slice(0, cut));
      for (
        let cut = whole.indexOf('main <<');
        cut > 0 && cut <= last + 1;
        cut = whole.indexOf('\n', cut) + 1
      ) {
        feed(host, shell, whole.slice(0, cut));
      }
      assert.equal(fingerprint(host), before);
      assert.equal(read(host, '/var/lib/garrison/fence.c1'), records);
      assert.match(feed(host, shell, whole), /result changed verify AccountPushed\n@garrison1 nonce end\n$/);
      assert.match(
        feed(host, shell, inputOf({ ...task(), account })),
        /result unchanged verify AlreadyAsWished\n@garrison1 nonce end\n$/,
      );
      assert.match(
        feed(host, shell, inputOf({ ...task({ kind: 'revoke' }), account })),
        /result changed verify AccountRevoked\n@garrison1 nonce end\n$/,
      );
      assert.match(
        feed(host, shell, inputOf({ ...task({ kind: 'check' }), account: null })),
        /result unchanged plan CheckPassed\n@garrison1 nonce end\n$/,
      );
    });
  }
});

function inputOf(task: PushTask): string {
  const extras = {
    nonce: 'nonce',
    token: `t${task.jobId}`,
    askedAt: '2026-01-01T00:00:00Z',
    deadlineSeconds: 30,
    lockWaitSeconds: 5,
  };
  return standardInput(task.kind, requestLines(task, extras));
}

/** Makes every useradd of the host wait, before it changes anything, while /run/gate is there; and at its end while /run/late is. */
function hold(host: PracticeHost): void {
  for (const [folder, gate, held] of [
    ['useradd-pre.d', 'gate', 'held'],
    ['useradd-post.d', 'late', 'held.late'],
  ] as const) {
    const path = `${host.filesAt}/etc/shadow-maint/${folder}`;
    mkdirSync(path, { recursive: true });
    const script = `#!/bin/sh\nwhile [ -e /run/${gate} ]; do : >/run/${held}; sleep 0.05; done\nrm -f /run/${held}\n`;
    writeFileSync(join(path, 'hold'), script, { mode: 0o755 });
  }
}

/** Kills the script of the host and all it started, as a power cut would: by the one session that sshd made for it. */
function killScript(host: PracticeHost): void {
  const rows = inside(host, 'ps -eo pid=,sid=,args=')
    .split('\n')
    .map((row) => row.trim().split(/ +/));
  const leader = rows.find(
    ([pid, session, ...args]) => pid === session && args.join(' ') === '/bin/sh -s',
  )?.[0];
  assert.ok(leader !== undefined && Number(leader) > 1);
  const pids = rows.filter(([, session]) => session === leader).map(([pid]) => pid ?? '');
  inside(host, `kill -9 ${pids.join(' ')} 2>/dev/null; true`);
}
