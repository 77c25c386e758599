/**
 * Makes what a self-test is about: a zombie, and processes that outlive their parent in three ways.
 * It ends none of them, but each ends by itself after a while and, once the kernel has given it to the self-test, with that.
 */
import { LIFE_MARK } from '../mark.ts';
import { spawnProcess, type SpawnedProcess, type SpawnRequest } from './spawn.ts';
import type { WorkerCgroup } from './workerCgroup.ts';

export interface Making {
  /** Whoever was started for it; what was made is left behind by it. */
  readonly launcher: SpawnedProcess;
  /** The pid of what was made, by its own word; 0 when it ended without one. */
  readonly pid: Promise<number>;
}

/** `outliver`: marked as of a life. `escapee`: in a session of its own besides. */
export type Leaving = 'outliver' | 'escapee';

/** Nothing of a self-test is there for longer, whatever becomes of it. */
const LONGEST_LIFE_SECONDS = 30;

/** The child ends at once; `sleep`, which its parent has become by then, waits for nobody. */
const ZOMBIE = `sleep 0.2 & echo $!; exec sleep ${String(LONGEST_LIFE_SECONDS)}`;

/**
 * $1: the pid of the self-test. Once its child, it is tied to it as every child is (tether.ts); whom somebody else was given leaves.
 * The names must not be those of a shell's own variables.
 */
const LEFT = `trap "" TERM HUP INT; echo $$; turn=0
while read -r one two three above rest </proc/$$/stat && [ "$above" != "$1" ] && [ $turn -lt 60 ]; do turn=$((turn+1)); sleep 0.05; done
[ "$above" = "$1" ] || exit 0
exec setpriv --pdeathsig KILL -- sleep ${String(LONGEST_LIFE_SECONDS)}`;

const LAUNCHERS: Readonly<Record<Leaving | 'hider', string>> = {
  outliver: 'sh -c "$0" left "$1" & exit 0',
  escapee: 'setsid sh -c "$0" left "$1" & exit 0',
  hider: 'setsid env -i PATH="$PATH" sh -c "$0" left "$1" & exit 0',
};

/** The launcher is the parent that does not wait. */
export function makeZombie(): Making {
  return made({ file: 'sh', args: ['-c', ZOMBIE] });
}

export function makeLeaving(kind: Leaving, life: string): Making {
  return made({ ...launcherOf(kind), env: { [LIFE_MARK]: life } });
}

/** In a cgroup of its own, with nothing left in its environment. */
export function makeHider(cgroup: WorkerCgroup): Making {
  const making = made(cgroup.entered(launcherOf('hider')));
  cgroup.isOf(making.launcher);
  return making;
}

function launcherOf(kind: Leaving | 'hider'): { file: string; args: readonly string[] } {
  return { file: 'sh', args: ['-c', LAUNCHERS[kind], LEFT, String(process.pid)] };
}

function made(request: SpawnRequest): Making {
  let tell: (pid: number) => void = () => undefined;
  const pid = new Promise<number>((resolve) => (tell = resolve));
  const launcher = spawnProcess({ ...request, onLine: (line) => tell(Number(line) || 0) });
  // Who is left behind may hold the pipe, so this comes without its word only when nobody will ever say one.
  void launcher.drained.then(() => tell(0));
  return { launcher, pid };
}
