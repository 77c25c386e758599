/**
 * The rules of the house about signals: where one may be sent, and by which means a process may be started, read off a source text.
 * It takes every way round the guard that it knows for one that was meant.
 */

/** The doors: each asks the guard first, but for those that can signal their own process only. */
const SUPERVISOR_DOOR = 'driver/signals.ts';
const WORKER_DOOR = 'worker/signal.ts';
/** Has the door open the kill file of what it has just made, and write to it. */
const WORKER_CGROUP = 'driver/workerCgroup.ts';
/** The watchdog ends its worker, a worker of a self-test stops itself. */
const OWN_PROCESS_ONLY: Readonly<Record<string, string>> = {
  'worker/watchdogThread.ts': "process.kill(process.pid, 'SIGKILL')",
  'worker/selfTest.ts': "process.kill(process.pid, 'SIGSTOP')",
};
/** A method of this name that signals nobody: the pool asks the life that it was told to, which asks the door. */
const OTHER_KILLS: Readonly<Record<string, string>> = { 'driver/workerDeeds.ts': 'pool.kill(' };

const LIBC = 'driver/libc.ts';
/** These start processes, and hand out objects with a `kill` of their own. */
const PROCESS_STARTERS = ['driver/spawn.ts', 'worker/ssh.ts'];

interface Rule {
  readonly words: RegExp;
  readonly told: string;
  readonly allowedIn: readonly string[];
}

const RULES: readonly Rule[] = [
  // With any spelling of the access: process.kill, child?.kill, process['kill'], { kill } = process, import { kill }.
  {
    words: /(?:\.\s*|\[\s*['"`])kill\b|[{,]\s*kill\b(?!\s*[:(])/,
    told: 'sends a signal past the guard',
    allowedIn: [SUPERVISOR_DOOR, WORKER_DOOR],
  },
  { words: /\bsignalPidfd\b/, told: 'sends a signal past the guard', allowedIn: [SUPERVISOR_DOOR, LIBC] },
  {
    // One write ends everything that is in there; by the name of the file the first rule finds it.
    words: /\b(?:openCgroupKill|endEnclosed)\b/,
    told: 'ends a cgroup past the guard',
    allowedIn: [SUPERVISOR_DOOR, WORKER_CGROUP],
  },
  {
    words:
      /\b(?:kill|killpg|tkill|tgkill|sigqueue|raise|pthread_kill|rt_sigqueueinfo)\s*\(\s*(?:int|long|pid_t|uint)\b/,
    told: 'declares a call of libc that signals by number',
    allowedIn: [],
  },
  {
    words: /\bchild_process\b|\bnode:cluster\b|\bspawn_sync\b/,
    told: 'starts processes past execa',
    allowedIn: [],
  },
  {
    words: /\b(?:pkill|killall5?|skill|fuser|xkill)\b|['"`\s;|&](?:\/\S*\/)?kill\s+-/,
    told: 'runs a program that signals by name or list',
    allowedIn: [],
  },
];

/** With these execa signals a child by itself, whatever the guard would say. */
const EXECA_SIGNALS =
  /\b(?:timeout|cancelSignal|gracefulCancel|killSignal|forceKillAfterDelay|cleanup\s*:\s*true)\b/;

/** A sentence for each rule that the code (without its comments) breaks. */
export function signalViolations(path: string, code: string): readonly string[] {
  const seen = withoutAllowed(path, code);
  const broken = RULES.filter(({ words, allowedIn }) => !allowedIn.includes(path) && words.test(seen)).map(
    ({ words, told }) => `${path}: ${told}: ${words.exec(seen)?.[0].trim() ?? ''}`,
  );
  if (!PROCESS_STARTERS.includes(path)) return broken;
  const option = EXECA_SIGNALS.exec(code)?.[0];
  if (option !== undefined) broken.push(`${path}: lets execa signal by itself: ${option}`);
  if (!/\bcleanup\s*:\s*false\b/.test(code))
    broken.push(`${path}: lets execa signal by itself at its own exit`);
  return broken;
}

function withoutAllowed(path: string, code: string): string {
  const own = OWN_PROCESS_ONLY[path];
  if (own !== undefined) return code.replace(own, '');
  const other = OTHER_KILLS[path];
  return other === undefined ? code : code.replaceAll(other, '');
}
