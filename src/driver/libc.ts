/**
 * The few libc calls that Node does not offer, through koffi.
 * It keeps no state and makes no decision.
 */
import koffi from 'koffi';

const LOCK_EX = 2;
const LOCK_NB = 4;
const PR_SET_PDEATHSIG = 1;
const PR_SET_CHILD_SUBREAPER = 36;
const WNOHANG = 1;
/** The same numbers on every architecture: both calls are younger than the common table. */
const SYS_PIDFD_SEND_SIGNAL = 424;
const SYS_PIDFD_OPEN = 434;
/** Linux 6.9: to the whole group that the process leads. */
const PIDFD_SIGNAL_PROCESS_GROUP = 4;
const LONGEST_ATTRIBUTE = 256;
/** What struct timex takes, and more. */
const TIMEX_BYTES = 512;
const TIME_ERROR = 5;
const SOL_SOCKET = 1;

/** An integer, a text or a place for either; what each call takes stands in its prototype below. */
type Call = (...values: (number | string | null | number[] | Buffer)[]) => number;

interface Calls {
  readonly flock: Call;
  readonly prctl: Call;
  readonly waitpid: Call;
  readonly pidfdOpen: Call;
  readonly pidfdSendSignal: Call;
  readonly getxattr: Call;
  readonly adjtimex: Call;
  readonly getsockopt: Call;
}

let loaded: Calls | null = null;

function calls(): Calls {
  if (loaded !== null) return loaded;
  const libc = koffi.load('libc.so.6');
  loaded = {
    flock: libc.func('int flock(int fd, int operation)'),
    prctl: libc.func('int prctl(int option, ulong value, ulong a, ulong b, ulong c)'),
    waitpid: libc.func('int waitpid(int pid, _Out_ int *status, int options)'),
    pidfdOpen: libc.func('syscall', 'long', ['long', 'int', 'uint']),
    pidfdSendSignal: libc.func('syscall', 'long', ['long', 'int', 'int', 'void *', 'uint']),
    getxattr: libc.func('long getxattr(str path, str name, void *value, ulong size)'),
    adjtimex: libc.func('int adjtimex(void *state)'),
    getsockopt: libc.func(
      'int getsockopt(int fd, int level, int option, void *value, _Inout_ uint32_t *length)',
    ),
  };
  return loaded;
}

/** Takes an exclusive flock(2) without waiting; the kernel releases it when the process dies, however it dies. */
export function tryExclusiveLock(fd: number): boolean {
  return calls().flock(fd, LOCK_EX | LOCK_NB) === 0;
}

/** From now on the kernel gives this process the orphans among its descendants. False where that is not permitted. */
export function becomeSubreaper(): boolean {
  return calls().prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) === 0;
}

/** From now on the kernel sends this process the signal when its parent ends, in place of what it was started with (tether.ts). */
export function signalAtParentsEnd(signal: number): boolean {
  return calls().prctl(PR_SET_PDEATHSIG, signal, 0, 0, 0) === 0;
}

/**
 * Reaps exactly this child if it has ended. Never of a pid that libuv waits for: its `exit` would never come.
 * False when it still lives, or is no child of ours (any more).
 */
export function reapChild(pid: number): boolean {
  // 0 and negative numbers mean any child of a group, or any at all: the exit status of another would be stolen.
  if (!Number.isSafeInteger(pid) || pid <= 1) return false;
  return calls().waitpid(pid, [0], WNOHANG) === pid;
}

/** A descriptor that means this process and no later one with its pid; null where the kernel has none, or it is gone. The caller closes it. */
export function openPidfd(pid: number): number | null {
  const fd = calls().pidfdOpen(SYS_PIDFD_OPEN, pid, 0);
  return fd < 0 ? null : fd;
}

/** False when the process is gone, or (for `group`) the kernel is older than 6.9. */
export function signalPidfd(fd: number, signal: number, reach: 'process' | 'group'): boolean {
  const flags = reach === 'group' ? PIDFD_SIGNAL_PROCESS_GROUP : 0;
  return calls().pidfdSendSignal(SYS_PIDFD_SEND_SIGNAL, fd, signal, null, flags) === 0;
}

/** An extended attribute of a file or folder; null when it has none of that name, or it may not be read. */
export function readAttribute(path: string, name: string): string | null {
  const value = Buffer.alloc(LONGEST_ATTRIBUTE);
  const length = calls().getxattr(path, name, value, value.length);
  return length < 0 ? null : value.toString('utf8', 0, length);
}

/** Does something keep the clock right? It only asks (no mode is set). Null where the kernel does not tell. */
export function isClockSynchronized(): boolean | null {
  const state = calls().adjtimex(Buffer.alloc(TIMEX_BYTES));
  return state < 0 ? null : state !== TIME_ERROR;
}

/** What the kernel keeps about a socket under this option of SOL_SOCKET; null when it has none, or not so much room is given. */
export function readSocketOption(fd: number, option: number, roomBytes: number): Buffer | null {
  const value = Buffer.alloc(roomBytes);
  const length = [roomBytes];
  if (calls().getsockopt(fd, SOL_SOCKET, option, value, length) !== 0) return null;
  return value.subarray(0, length[0]);
}
