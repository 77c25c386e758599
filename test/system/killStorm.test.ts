/**
 * The main promise under fire: while fifty pushes run, workers and Redis are killed with -9 ten times each.
 * No job may be lost, and each host's own record must show one effect per push.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import type { PushView } from '../../src/supervisor/door.ts';
import { Garrison } from '../support/garrison.ts';
import { watchForLeaks } from '../support/leaks.ts';
import { until } from '../support/until.ts';

const HOSTS = ['practice-1', 'practice-2', 'practice-3', 'practice-4', 'practice-5'];
const PUSHES = 50;
const KILLS = 10;

/** Debian's useradd runs this before it makes an account; it holds the remote script in the middle of its work. */
const GATE = `
mkdir -p /etc/shadow-maint/useradd-pre.d
cat > /etc/shadow-maint/useradd-pre.d/gate <<'EOF'
#!/bin/sh
: > "/run/at-gate.$SUBJECT"
while [ -e /run/gate ]; do sleep 0.05; done
exit 0
EOF
chmod 755 /etc/shadow-maint/useradd-pre.d/gate`;

describe('fifty pushes under kill -9', () => {
  const leaks = watchForLeaks();
  const endings: (() => Promise<void> | void)[] = [];
  let garrison: Garrison;

  before(async () => {
    garrison = await Garrison.start(
      { after: (fn) => endings.push(fn) },
      { practice: HOSTS.length, spare: 1 },
    );
    for (const host of HOSTS) await garrison.tell(host, GATE);
  });

  after(async () => {
    for (const end of endings.reverse()) await end();
    await leaks.assertNone();
  });

  it('loses no job and does none twice when a worker dies ten times while its remote script runs', async () => {
    const pushes: PushView[] = [];
    for (let kill = 0; kill < KILLS; kill += 1) {
      const host = HOSTS[kill % HOSTS.length] ?? '';
      await garrison.tell(host, ': > /run/gate; rm -f /run/at-gate.*');
      for (let count = 0; count < PUSHES / KILLS; count += 1) {
        pushes.push(await garrison.push(`storm${String(kill)}x${String(count)}`, [host]));
      }
      const first = pushes.at(-PUSHES / KILLS);
      assert.ok(first);
      const account = first.accountName ?? '';
      await until(
        `the script of ${account} is at the gate`,
        () => garrison.tell(host, `ls /run/at-gate.${account}`),
        { everyMs: 50 },
      );
      const worker = await holderOf(garrison, first);
      process.kill(worker, 'SIGKILL');
      // Whatever the next attempt does while the first script still runs, it must not do it twice.
      await garrison.tell(host, 'rm -f /run/gate');
    }
    await assertOneEffectEach(garrison, pushes);
    const restarts = (await garrison.workers()).reduce((sum, worker) => sum + worker.restarts, 0);
    assert.equal(restarts, KILLS);
  });

  it('loses no job and does none twice when Redis dies ten times', async () => {
    const pushes: PushView[] = [];
    for (let kill = 0; kill < KILLS; kill += 1) {
      for (let count = 0; count < PUSHES / KILLS; count += 1) {
        const name = `redis${String(kill)}x${String(count)}`;
        const push = await until(
          `push ${name} is accepted`,
          () => garrison.push(name, [HOSTS[count] ?? '']).catch(() => null),
          {
            deadlineMs: 30_000,
          },
        );
        pushes.push(push);
      }
      const pid = await until('redis-server runs', () => redisPid(garrison));
      process.kill(pid, 'SIGKILL');
      const isBack = async (): Promise<boolean> =>
        ![null, pid].includes(redisPid(garrison)) && (await garrison.snapshot()).redis.up;
      await until('Redis is back', isBack, { deadlineMs: 60_000 });
    }
    await assertOneEffectEach(garrison, pushes);
  });
});

/** The pid of the worker that holds the push's one job. */
async function holderOf(garrison: Garrison, push: PushView): Promise<number> {
  const id = push.jobIds[0] ?? '';
  const worker = await until(`job ${id} is held`, async () =>
    (await garrison.workers()).find((each) => each.jobs.includes(id)),
  );
  assert.ok(worker.incarnation);
  return worker.incarnation.pid;
}

/** The redis-server that is a child of this garrison; null between two lives. */
function redisPid(garrison: Garrison): number | null {
  const pid = String(garrison.pid);
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ');
  const found = children.find((child) => commandOf(child).startsWith('redis-server'));
  return found === undefined ? null : Number(found);
}

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}

async function assertOneEffectEach(garrison: Garrison, pushes: readonly PushView[]): Promise<void> {
  assert.equal(pushes.length, PUSHES);
  for (const push of pushes) {
    const [job] = (await garrison.settled(push.id, 120_000)).jobs;
    assert.ok(job);
    assert.equal(
      job.state,
      'done',
      `${push.accountName ?? ''} on ${job.host}: ${JSON.stringify(job.result)}`,
    );
  }
  for (const host of HOSTS) {
    const journal = (await garrison.tell(host, 'cat /var/lib/garrison/journal')).split('\n');
    const accounts = (await garrison.tell(host, 'cut -d: -f1 /etc/passwd')).split('\n');
    for (const push of pushes) {
      const [job] = (await garrison.pushView(push.id)).jobs;
      assert.ok(job);
      if (job.host !== host) continue;
      const effects = journal.filter((line) => line.includes(job.id));
      assert.equal(effects.length, 1, `${job.id} on ${host}: ${effects.join(' | ')}`);
      assert.equal(accounts.filter((name) => name === push.accountName).length, 1);
    }
  }
}
