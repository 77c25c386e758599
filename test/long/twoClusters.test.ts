/**
 * Two supervisors' jobs on one host at the same moment, over many rounds with a real sshd: one waits or is refused with the other's name, and never are two at work.
 * The host's own useradd looks who else is inside.
 */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import type { PracticeHost } from '../../src/driver/practice.ts';
import type { HostResult, PushTask } from '../../src/push/job.ts';
import { inside, read, run, startHostLab, until, wish, type HostLab } from '../worker/hostLab.ts';

const ROUNDS = 8;
/** Debian's useradd runs it before it makes an account: a folder can be made by one at a time. */
const LOOK = `#!/bin/sh
echo "$SUBJECT" >>/run/inside
mkdir /run/at-work 2>/dev/null || echo "two at work: $SUBJECT" >>/run/two
sleep 0.1
while [ -e /run/gate ]; do sleep 0.05; done
rmdir /run/at-work
`;

describe('two clusters that push to one host at once', () => {
  let lab: HostLab;
  let host: PracticeHost;
  before(async () => {
    lab = await startHostLab(1);
    host = lab.hosts[0]!;
    const folder = `${host.filesAt}/etc/shadow-maint/useradd-pre.d`;
    mkdirSync(folder, { recursive: true });
    writeFileSync(`${folder}/look`, LOOK, { mode: 0o755 });
  });
  after(() => lab.end());

  const taskOf = (clusterId: string, name: string, totalTimeoutMs = 60_000): PushTask => {
    const made = lab.task(host, { account: wish({ name, keys: [lab.userKey] }) });
    return {
      ...made,
      jobId: `${clusterId}-${made.jobId}`,
      fence: { ...made.fence, clusterId },
      ssh: { ...made.ssh, totalTimeoutMs },
    };
  };
  const told = ({ outcome, reason }: HostResult): string => `${outcome} ${reason}`;

  it('are at work one after the other, whoever comes first, and each does its own once', async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      // One at a time of each: a supervisor itself sends the jobs of one host one after another.
      const tasks = ['a', 'b'].map((cluster) => taskOf(cluster, `${cluster}${String(round)}`));
      const results = await Promise.all(tasks.map((task) => run(task)));
      assert.deepEqual(results.map(told), Array<string>(2).fill('changed AccountPushed'));
    }
    assert.equal(read(host, '/run/two'), null, 'never two at work');
    assert.equal((read(host, '/run/inside') ?? '').trim().split('\n').length, ROUNDS * 2);
    const journal = (read(host, '/var/lib/garrison/journal') ?? '').trim().split('\n');
    assert.equal(journal.length, ROUNDS * 2);
  });

  it('that want the same account: one makes it, and it is a conflict for the other, untouched', async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const name = `same${String(round)}`;
      const results = await Promise.all(['a', 'b'].map((cluster) => run(taskOf(cluster, name))));
      assert.deepEqual(results.map(told).sort(), ['changed AccountPushed', 'conflict AccountOfOtherCluster']);
      const winner = results[0]?.outcome === 'changed' ? 'a' : 'b';
      assert.match(
        read(host, `/var/lib/garrison/accounts/${name}`) ?? '',
        new RegExp(`^cluster ${winner}$`, 'm'),
      );
    }
    assert.equal(read(host, '/run/two'), null);
  });

  it('one that stays too long is told to the other by its name, and to its own by its job', async () => {
    inside(host, ': >/run/gate; rm -f /run/inside');
    const first = taskOf('a', 'slow');
    const running = run(first);
    await until('it is at work', () => (read(host, '/run/inside') ?? '').includes('slow'));
    const [other, own] = await Promise.all([run(taskOf('b', 'other', 4000)), run(taskOf('a', 'own', 4000))]);
    assert.equal(told(other), 'conflict HostLockedByOtherCluster', other.detail);
    assert.match(other.detail, new RegExp(`${first.jobId} of cluster a since`));
    assert.equal(told(own), 'failed HostBusy', own.detail);
    inside(host, 'rm /run/gate');
    assert.equal(told(await running), 'changed AccountPushed');
    assert.equal(read(host, '/run/two'), null);
    assert.equal(inside(host, 'getent passwd other own || true'), '');
  });
});
