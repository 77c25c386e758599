/**
 * Finds what a test left behind: processes that came from this one, and mounts on the machine.
 * It only looks; it never ends a process, and what other programs of the machine do is not counted.
 */
import { readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { readProcStat } from '../../src/proc.ts';
import type { ProcStat } from '../../src/proc.ts';
import { isOwnTempHome, PARENT } from './tempHome.ts';
import { until } from './until.ts';

export interface LeakWatch {
  /** Fails when a process or a mount that appeared since the start is still there after `deadlineMs`. */
  assertNone(deadlineMs?: number): Promise<void>;
  /** What is there at this moment, one line each. */
  find(): readonly string[];
}

const LOOK_EVERY_MS = 100;
/** Where every sshd puts its unprivileged part for a moment: no sign of who started it. */
const ROOT_OF_ANY_SSHD = '/run/sshd';

/** Call before the test starts anything. It looks often, so that an orphan is known by the family it was once seen in. */
export function watchForLeaks(): LeakWatch {
  const before = { processes: new Set(everyProcess().map(identityOf)), mounts: new Set(mounts()) };
  const family = new Family(before.processes);
  const looking = setInterval(() => family.look(), LOOK_EVERY_MS);
  looking.unref();
  const find = (): readonly string[] => {
    const left = family.look().map(describe);
    return [
      ...left,
      ...mounts()
        .filter((mount) => !before.mounts.has(mount))
        .map((mount) => `mount ${mount}`),
    ];
  };
  return {
    find,
    assertNone: async (deadlineMs = 3000) => {
      await until('nothing is left behind', () => nothingIn(find()), { deadlineMs });
      clearInterval(looking);
    },
  };
}

/** Own descendants, and those that once were: by pid, by session, by process table (PID namespace) and by root directory. */
class Family {
  private readonly before: ReadonlySet<string>;
  private readonly members = new Set<string>();
  private readonly sessions = new Set<number>();
  private readonly worlds = new Set<string>();
  private readonly ownSession = readProcStat(process.pid)?.session ?? 0;
  private readonly ownWorlds = new Set(worldsOf(process.pid));

  constructor(before: ReadonlySet<string>) {
    this.before = before;
  }

  /** The members that are there now. */
  look(): readonly ProcStat[] {
    const everyone = everyProcess();
    const parents = new Map(everyone.map((stat) => [stat.pid, stat.parentPid]));
    const here = everyone.filter((stat) => {
      if (stat.pid === process.pid || this.before.has(identityOf(stat))) return false;
      if (!this.belongs(stat, parents)) return false;
      this.remember(stat);
      return true;
    });
    this.forgetAllBut(here);
    // An orphan that has ended waits for the machine's first process to reap it; that is not ours to do.
    return here.filter((stat) => !(stat.state === 'Z' && stat.parentPid <= 1));
  }

  private belongs(stat: ProcStat, parents: ReadonlyMap<number, number>): boolean {
    if (this.members.has(identityOf(stat)) || this.sessions.has(stat.session)) return true;
    if (worldsOf(stat.pid).some((world) => this.worlds.has(world))) return true;
    let at = stat.parentPid;
    while (at > 1 && at !== process.pid) at = parents.get(at) ?? 0;
    return at === process.pid;
  }

  private remember(stat: ProcStat): void {
    this.members.add(identityOf(stat));
    if (stat.session > 1 && stat.session !== this.ownSession) this.sessions.add(stat.session);
    for (const world of worldsOf(stat.pid)) {
      if (!this.ownWorlds.has(world)) this.worlds.add(world);
    }
  }

  /** The numbers of sessions and process tables are given out again: one that has lost its last member may be a stranger's next. */
  private forgetAllBut(here: readonly ProcStat[]): void {
    this.sessions.clear();
    this.worlds.clear();
    for (const stat of here) this.remember(stat);
  }
}

function nothingIn(left: readonly string[]): boolean {
  if (left.length > 0) throw new Error(`left: ${left.join(' | ')}`);
  return true;
}

function everyProcess(): readonly ProcStat[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      const stat = readProcStat(Number(name));
      return stat === null ? [] : [stat];
    });
}

function identityOf(stat: ProcStat): string {
  return `${String(stat.pid)}@${String(stat.startTicks)}`;
}

/** Its process table and its root directory: an orphan keeps both. */
function worldsOf(pid: number): readonly string[] {
  return ['ns/pid', 'root'].flatMap((link) => {
    try {
      const world = readlinkSync(`/proc/${String(pid)}/${link}`);
      return world === ROOT_OF_ANY_SSHD ? [] : [world];
    } catch {
      return [];
    }
  });
}

function describe(stat: ProcStat): string {
  let command = '';
  try {
    command = readFileSync(`/proc/${String(stat.pid)}/cmdline`, 'utf8')
      .replaceAll('\0', ' ')
      .trim();
  } catch {
    // It ended meanwhile; the caller looks again.
  }
  return `${String(stat.pid)} (${stat.state}, child of ${String(stat.parentPid)}) ${command}`;
}

/** Of the machine, but for those in temporary folders that another test run has made. */
function mounts(): readonly string[] {
  const lines = readFileSync('/proc/mounts', 'utf8').trim().split('\n');
  return lines.filter((line) => {
    const [, at = ''] = line.split(' ');
    const folder = new RegExp(`^${PARENT}/[^/]+`).exec(at)?.[0];
    return folder === undefined || isOwnTempHome(folder.replaceAll('\\040', ' '));
  });
}
