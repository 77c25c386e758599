/** Ten accounts on one host with a real supervisor: one login carries them, and a worker that is killed in the middle of them loses none. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { PushView, WorkerView } from '../../src/supervisor/door.ts';
import { Garrison } from '../support/garrison.ts';
import { watchForLeaks } from '../support/leaks.ts';
import { until } from '../support/until.ts';

const HOST = 'practice-1';
const TEN = 10;

/** The useradd of the account that /run/gate names waits while that is there; sshd counts logins. */
const SET_UP = `
mkdir -p /etc/shadow-maint/useradd-pre.d
cat > /etc/shadow-maint/useradd-pre.d/gate <<'EOF'
#!/bin/sh
while [ "$(cat /run/gate 2>/dev/null)" = "$SUBJECT" ]; do : >/run/at-gate; sleep 0.05; done
rm -f /run/at-gate
EOF
chmod 755 /etc/shadow-maint/useradd-pre.d/gate
mkdir -p "$HOME/.ssh"
echo 'echo "$SSH_CONNECTION" >>/run/logins' >/root/.ssh/rc`;

describe('ten accounts on one host', () => {
  const leaks = watchForLeaks();
  const endings: (() => Promise<void> | void)[] = [];
  let garrison: Garrison;

  before(async () => {
    const config = 'workers: { count: 2, slots: 2 }\nssh: { keep: 0s }';
    garrison = await Garrison.start({ after: (fn) => endings.push(fn) }, { practice: 1, config });
    await garrison.tell(HOST, SET_UP);
  });

  after(async () => {
    for (const end of endings.reverse()) await end();
    await leaks.assertNone();
  });

  const pushTen = async (prefix: string): Promise<PushView[]> => {
    const pushes: PushView[] = [];
    for (let count = 0; count < TEN; count += 1)
      pushes.push(await garrison.push(`${prefix}${String(count)}`, [HOST]));
    return pushes;
  };
  const idOf = (push: PushView): string => push.jobIds[0] ?? '';
  const holder = (pushes: readonly PushView[]): Promise<WorkerView> =>
    until('one worker holds all ten', async () =>
      (await garrison.workers()).find(({ jobs }) => pushes.every((push) => jobs.includes(idOf(push)))),
    );
  const assertOneEffectEach = async (pushes: readonly PushView[]): Promise<void> => {
    for (const push of pushes) {
      const [job] = (await garrison.settled(push.id, 120_000)).jobs;
      assert.equal(job?.state, 'done', JSON.stringify(job?.result));
    }
    const journal = (await garrison.tell(HOST, 'cat /var/lib/garrison/journal')).split('\n');
    for (const push of pushes)
      assert.equal(journal.filter((line) => line.includes(` ${idOf(push)} `)).length, 1, idOf(push));
  };

  it('are carried by one login and in one slot, in the order they were asked for', async () => {
    await garrison.tell(HOST, 'echo smooth0 >/run/gate; rm -f /run/logins');
    const pushes = await pushTen('smooth');
    const { jobs, riders, slots } = await holder(pushes);
    assert.deepEqual([jobs.length, riders, slots], [TEN, TEN - 1, 2]);
    await until(
      'the first is at the gate',
      async () => (await garrison.job(idOf(pushes[0]!))).stage === 'apply',
    );
    const logins = await garrison.tell(HOST, 'cat /run/logins; rm -f /run/gate');
    assert.equal(logins.trim().split('\n').length, 2, 'that of the push, and this one');
    await assertOneEffectEach(pushes);
    const order = await garrison.tell(HOST, "grep -o 'account=smooth[0-9]*' /var/lib/garrison/journal");
    assert.deepEqual(
      order.trim().split('\n'),
      pushes.map((_, index) => `account=smooth${String(index)}`),
    );
  });

  it('lose nothing when their worker is killed in the middle: all settle, each with one effect', async () => {
    await garrison.tell(HOST, 'echo killed4 >/run/gate');
    const pushes = await pushTen('killed');
    await until('the fifth is at the gate', () => garrison.tell(HOST, 'ls /run/at-gate').catch(() => null), {
      everyMs: 50,
    });
    const held = (await garrison.workers()).find(({ jobs }) => jobs.includes(idOf(pushes[4]!)));
    assert.ok(held?.incarnation);
    process.kill(held.incarnation.pid, 'SIGKILL');
    await garrison.tell(HOST, 'rm -f /run/gate');
    await assertOneEffectEach(pushes);
    const lostOf = async (index: number): Promise<number> =>
      (await garrison.job(idOf(pushes[index]!))).lostAttempts;
    assert.deepEqual([await lostOf(4), await lostOf(9)], [1, 0], 'only the one at work was lost');
  });
});
