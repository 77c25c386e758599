/**
 * The cases of the self-test as data: what is made, the steps by which it is handled, what it means when one is missing, and the cure.
 * It holds texts only and decides nothing.
 */

export type SelfTestCode =
  'Zombie' | 'Orphan' | 'TermIgnorer' | 'SetsidEscapee' | 'HiddenEscapee' | 'Stopped' | 'LoopBlocked';

export interface SelfTestStep {
  readonly id: string;
  /** When it was seen. */
  readonly did: string;
  /** A sentence, when it was not. */
  readonly missed: string;
  readonly next: string;
}

export interface SelfTestCase {
  readonly made: string;
  readonly steps: readonly SelfTestStep[];
  /** A sentence: what it means here that all steps were seen. */
  readonly means: string;
  /** A sentence: what may happen here while it is not so. */
  readonly without: string;
  /** What to do when it could not be tried; null where it always can. */
  readonly untried: string | null;
}

const BUSY = 'run it again when the machine has time (uptime; cat /proc/pressure/cpu)';
const NEED_SUBREAPER =
  'run it outside of a sandbox or container that forbids prctl(PR_SET_CHILD_SUBREAPER) (seccomp), or make Garrison pid 1 there';
const NEED_PROC =
  'let its user read its own processes in /proc (environ, task/*/children; mount -o remount,hidepid=0 /proc)';
const NEED_SIGNALS =
  'let its user signal its own processes: look for a seccomp or security module (dmesg | tail; journalctl -k -n 30)';
const NEED_CGROUP = 'run it under systemd (garrison install), on Linux 5.14 or newer with cgroup version 2';

const adopted: SelfTestStep = {
  id: 'adopted',
  did: 'the kernel gave it to the supervisor',
  missed: 'The kernel did not give it to the supervisor when its parent died, or /proc does not show it.',
  next: NEED_SUBREAPER,
};
const spared: SelfTestStep = {
  id: 'spared',
  did: 'left alone while its worker lived',
  missed: 'It was gone while the life that it came from went on.',
  next: BUSY,
};
const orphanEnded: SelfTestStep = {
  id: 'ended',
  did: 'ended and reaped once that life was over',
  missed: 'It lived on although the life that it came from was over.',
  next: `${NEED_PROC}; ${NEED_SIGNALS}`,
};

export const SELF_TEST_CASES: Readonly<Record<SelfTestCode, SelfTestCase>> = {
  Zombie: {
    made: 'a process that ended and whose parent does not wait for it',
    steps: [
      {
        id: 'seen',
        did: 'seen as a zombie, with its parent',
        missed: 'It was not seen as a zombie of its parent in /proc.',
        next: NEED_PROC,
      },
      {
        id: 'exitKept',
        did: 'its parent ended, and that exit was told right',
        missed: 'Its parent could not be ended, or its exit was lost.',
        next: NEED_SIGNALS,
      },
      {
        id: 'reaped',
        did: 'reaped',
        missed: 'The zombie did not come to the supervisor, or was not reaped there.',
        next: NEED_SUBREAPER,
      },
    ],
    means: 'Zombies below Garrison do not pile up here.',
    without:
      'Zombies of what Garrison started may pile up here until it ends; each holds a pid and nothing else.',
    untried: null,
  },
  Orphan: {
    made: 'a process that outlives its parent',
    steps: [adopted, spared, orphanEnded],
    means: 'What outlives a worker is found and ended here, and not before that worker is dead.',
    without: 'What a worker started may outlive it here.',
    untried: null,
  },
  TermIgnorer: {
    made: 'a worker that hears neither its supervisor nor SIGTERM',
    steps: [
      {
        id: 'asked',
        did: 'asked to leave',
        missed: 'It did not start, or was not asked to leave.',
        next: BUSY,
      },
      {
        id: 'termHeard',
        did: 'sent SIGTERM at its deadline, which it ignored',
        missed: 'SIGTERM did not reach it.',
        next: NEED_SIGNALS,
      },
      { id: 'killed', did: 'ended by SIGKILL', missed: 'SIGKILL did not end it.', next: NEED_SIGNALS },
    ],
    means: 'A worker that does not want to end is ended here.',
    without: 'A stop or a restart of a worker may wait here for ever.',
    untried: null,
  },
  SetsidEscapee: {
    made: 'a process that left for a session of its own and ignores SIGTERM',
    steps: [adopted, spared, orphanEnded],
    means: 'Who leaves its group and session is known by its mark here, and ended.',
    without: 'What a worker started in a session of its own may outlive it here.',
    untried: null,
  },
  HiddenEscapee: {
    made: 'one that also emptied its environment, so that nothing tells whose it is',
    steps: [
      {
        id: 'hidden',
        did: 'known by nothing but its cgroup',
        missed: 'It did not start in its cgroup.',
        next: NEED_CGROUP,
      },
      {
        id: 'ended',
        did: 'ended with its cgroup',
        missed: 'It lived on although its cgroup was to end.',
        next: NEED_CGROUP,
      },
    ],
    means:
      'Whoever hides is ended with its worker here, where Garrison has a cgroup of its own (under systemd, Delegate=yes).',
    without:
      'One that leaves its session and empties its environment may outlive its worker here; under systemd (garrison install) it does not.',
    untried: 'run it as root (sudo garrison doctor --self-test)',
  },
  Stopped: {
    made: 'a worker that is stopped (SIGSTOP)',
    steps: [
      {
        id: 'stopSeen',
        did: 'seen as stopped, not as dead',
        missed: 'It did not start, or was not seen as stopped.',
        next: `${BUSY}; ${NEED_PROC}`,
      },
      {
        id: 'woken',
        did: 'woken by SIGCONT; the same life beats again',
        missed: 'SIGCONT did not wake it.',
        next: NEED_SIGNALS,
      },
    ],
    means: 'A worker that somebody stopped goes on here with the jobs it has.',
    without: 'A worker that somebody stopped may stand still here.',
    untried: null,
  },
  LoopBlocked: {
    made: 'a worker whose event loop never turns again',
    steps: [
      {
        id: 'blockSeen',
        did: 'told from a stop and from a busy machine by its second beat',
        missed: 'It did not start, or its second beat did not tell of the block.',
        next: BUSY,
      },
      {
        id: 'stackRead',
        did: 'the line that blocks it kept as evidence',
        missed: 'Where it stands could not be read or kept.',
        next: BUSY,
      },
      { id: 'killed', did: 'ended by SIGKILL', missed: 'SIGKILL did not end it.', next: NEED_SIGNALS },
      { id: 'replaced', did: 'its next life is ready', missed: 'No next life became ready.', next: BUSY },
    ],
    means: 'A worker that hangs is found and replaced here, and its jobs are free again.',
    without: 'A worker may hang here with its jobs until it is found by its silence alone.',
    untried: null,
  },
};
