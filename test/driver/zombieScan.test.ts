/** The look through /proc, at real zombies: a few, thousands, under a stopped parent, and where not all can be seen. */
import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { describe, it } from 'node:test';
import { now } from '../../src/clock.ts';
import { judgeZombie } from '../../src/detector/zombie.ts';
import { limitOf } from '../../src/driver/procLimit.ts';
import { lookOnce, ZombieScan, type ZombiesSeen } from '../../src/driver/zombieScan.ts';
import { readProcStat } from '../../src/proc.ts';
import { until } from '../support/until.ts';
import { leaveZombies, zombiesOf } from '../support/zombies.ts';

const under = ({ seen }: ZombiesSeen, parentPid: number): ZombiesSeen['seen'] =>
  seen.filter((zombie) => zombie.parentPid === parentPid);

describe('a look', () => {
  it('sees a zombie with its parent, its program and its user', async (t) => {
    const parent = await leaveZombies(t, 3);
    const look = await lookOnce();
    const seen = under(look, parent.pid);
    assert.deepEqual(seen.map(({ pid }) => pid).sort(), zombiesOf(parent.pid).sort());
    const [first] = seen;
    assert.deepEqual([first!.command, first!.uid], ['sh', process.getuid!()]);
    assert.equal(first!.startTicks, readProcStat(first!.pid)!.startTicks);
    const { pid, startTicks, command, state, hasTerminal, cgroup } = first!.parent!;
    assert.deepEqual(
      [pid, startTicks, command, state, hasTerminal],
      [parent.pid, parent.startTicks, 'sleep', 'S', false],
    );
    assert.match(cgroup, /^\d+:/);
    assert.equal(seen[1]!.parent, first!.parent, 'looked at once for all it has left');
    assert.ok(look.limited === null || process.getuid!() !== 0, String(look.limited));
  });

  it('sees that a parent is stopped', async (t) => {
    const parent = await leaveZombies(t, 1);
    parent.process.kill('SIGSTOP');
    await until('it is stopped', () => readProcStat(parent.pid)!.state === 'T');
    const [seen] = under(await lookOnce(), parent.pid);
    assert.equal(seen!.parent!.state, 'T');
    assert.match(judgeZombie(seen!, { kind: 'other' }, 0).advice, /sleep \(pid \d+\) is stopped/);
  });

  it('at 5,000 zombies never holds the event loop for more than 50 ms', async (t) => {
    const count = 5_000;
    const parent = await leaveZombies(t, count);
    let [longestMs, isCalm] = [Infinity, false];
    // The best of three: other programs of a busy machine can hold this one up, too.
    for (let round = 0; round < 3 && !isCalm; round += 1) {
      const beganMs = performance.now();
      const { look, heldMs } = await watched(lookOnce());
      assert.equal(under(look, parent.pid).length, count);
      longestMs = Math.min(longestMs, heldMs);
      // On a machine so fast that a whole look takes less than 50 ms, it is still done in parts.
      isCalm = heldMs <= Math.min(50, Math.max(25, (performance.now() - beganMs) / 2));
    }
    assert.ok(isCalm, `the loop stood still for ${longestMs.toFixed(1)} ms`);
    t.diagnostic(`the loop stood still for ${longestMs.toFixed(1)} ms at most`);
  });

  it('survives processes that come, end and are reaped while it looks', async () => {
    const churn = 'i=0; while [ $i -lt 1500 ]; do (exit 0) & i=$((i+1)); done; wait';
    const child = spawn('sh', ['-c', churn], { stdio: 'ignore' });
    let looks = 0;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    while (child.exitCode === null) {
      assert.ok((await lookOnce()).seen.every(({ pid, startTicks }) => pid > 0 && startTicks >= 0));
      looks += 1;
    }
    await ended;
    assert.ok(looks > 0);
  });

  it('takes no process for a zombie whose first thread has ended while others run', async (t) => {
    // Node's main thread ends itself, and only itself; the number of exit(2) differs between machines.
    const number = process.arch === 'x64' ? 60 : 93;
    const script = `require('koffi').load('libc.so.6').func('long syscall(long, int)')(${String(number)}, 0)`;
    const child = spawn(process.execPath, ['-e', script], { stdio: 'ignore' });
    const exited = new Promise((resolve) => child.once('exit', resolve));
    t.after(async () => {
      child.kill('SIGKILL');
      await exited;
    });
    await until('its first thread has ended', () => readProcStat(child.pid!)!.state === 'Z');
    assert.ok((await lookOnce()).seen.every(({ pid }) => pid !== child.pid));
  });

  it('where other users are hidden, says so and sees none of theirs', { skip: !canHide() }, async (t) => {
    const parent = await leaveZombies(t, 2);
    const fixture = new URL('../fixtures/lookOnce.ts', import.meta.url).pathname;
    const script = `mount -t proc -o hidepid=2 proc /proc && exec '${process.execPath}' --import tsx '${fixture}'`;
    // The mount is in a namespace of its own, which ends with the command.
    const said = spawnSync('unshare', ['--mount', 'sh', '-c', script], { encoding: 'utf8' });
    assert.equal(said.status, 0, said.stderr);
    const { limited, pids } = JSON.parse(said.stdout) as { limited: string; pids: number[] };
    assert.match(limited, /^Only zombies of Garrison's own user can be seen: .*hidepid=/);
    assert.deepEqual(pids, []);
    assert.equal(under(await lookOnce(), parent.pid).length, 2);
  });
});

describe('what is hidden', () => {
  const mounted = (options: string): string =>
    `sysfs /sys sysfs rw 0 0\nproc /proc proc rw,relatime${options} 0 0\nproc /srv/proc proc rw,hidepid=2 0 0\n`;
  const status = (capabilities: string, gid: string, groups = ''): string =>
    `Name:\tnode\nGid:\t${gid}\t${gid}\t${gid}\t${gid}\nGroups:\t${groups} \nCapEff:\t${capabilities}\n`;
  const ALL = '000001ffffffffff';
  const NONE = '0000000000000000';
  const cases: readonly (readonly [string, string, string, number, RegExp | null])[] = [
    ['nothing, without the option', '', status(NONE, '1000'), 0, null],
    ['nothing, with hidepid=0', ',hidepid=0', status(NONE, '1000'), 0, null],
    ['nothing, with hidepid=off', ',hidepid=off', status(NONE, '1000'), 0, null],
    ['nothing from root', ',hidepid=2', status(ALL, '0'), 0, null],
    ['others from a user', ',hidepid=2', status(NONE, '1000', '4 24'), 0, /hidepid=2/],
    ['others from a user, by name', ',hidepid=invisible', status(NONE, '1000'), 0, /hidepid=invisible/],
    ['others from root without its rights', ',hidepid=2,gid=27', status(NONE, '0'), 0, /hidepid=2/],
    ['nothing from a member of the group', ',hidepid=2,gid=27', status(NONE, '1000', '4 27'), 0, null],
    [
      'others from a member, when only tracers see',
      ',gid=27,hidepid=ptraceable',
      status(NONE, '1000', '27'),
      0,
      /ptraceable/,
    ],
    [
      'some that were refused',
      '',
      status(NONE, '1000'),
      3,
      /^3 processes of other users may not be looked at/,
    ],
  ];
  for (const [name, options, of, denied, sentence] of cases) {
    it(name, () => {
      const limited = limitOf({ mounts: mounted(options), status: of, denied });
      if (sentence === null) assert.equal(limited, null);
      else assert.match(String(limited), sentence);
    });
  }
  it('the last mount on /proc is the one that counts', () => {
    const mounts = `${mounted(',hidepid=2')}proc /proc proc rw 0 0\n`;
    assert.equal(limitOf({ mounts, status: status(NONE, '1000'), denied: 0 }), null);
  });
});

describe('looking all the time', () => {
  it('looks at once when it is started, and again when it is asked, with a look that began after', async (t) => {
    const looks: ZombiesSeen[] = [];
    const scan = new ZombieScan((seen) => looks.push(seen));
    t.after(() => {
      scan.end();
    });
    scan.start();
    const asked = now();
    await Promise.all([scan.now(), scan.now(), scan.now()]);
    assert.equal(looks.length, 2, 'who asks while a look goes on shares the next one');
    assert.ok(looks[1]!.begunAt.monoMs >= asked.monoMs);
    await until('it looks by itself', () => looks.length > 2, { deadlineMs: 10_000, everyMs: 100 });
  });

  it('says nothing more once it has ended', async () => {
    const looks: ZombiesSeen[] = [];
    const scan = new ZombieScan((seen) => looks.push(seen));
    scan.start();
    const last = scan.now();
    scan.end();
    await last;
    await scan.now();
    assert.deepEqual(looks, []);
  });
});

/** A look, and how long the event loop stood still at most while it went on: the look's own time, not what a busy machine took from it. */
async function watched(looking: Promise<ZombiesSeen>): Promise<{ look: ZombiesSeen; heldMs: number }> {
  let [heldMs, last, done] = [0, clocks(), false];
  const tick = (): void => {
    const at = clocks();
    heldMs = Math.max(heldMs, Math.min(at.wallMs - last.wallMs, at.cpuMs - last.cpuMs));
    last = at;
    if (!done) setImmediate(tick);
  };
  tick();
  const look = await looking;
  // The last stretch counts, too: it is measured by the turn that comes after it.
  await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
  done = true;
  return { look, heldMs };
}

function clocks(): { wallMs: number; cpuMs: number } {
  const { user, system } = process.cpuUsage();
  return { wallMs: performance.now(), cpuMs: (user + system) / 1000 };
}

function canHide(): boolean {
  if (process.getuid!() !== 0) return false;
  try {
    execFileSync('unshare', ['--mount', 'true'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
