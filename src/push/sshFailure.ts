/**
 * Judges how an ssh run ended when the host gave no whole answer: from exit code and stderr to outcome, stage and reason.
 * It never takes silence for success: whatever may have changed the host is `unknown`.
 */
import { isLook, type HostOutcome, type JobKind, type Stage } from './job.ts';
import type { Reason } from './reason.ts';

export type Cause =
  'exit' | 'cancelled' | 'connectTimeout' | 'idleTimeout' | 'totalTimeout' | 'outputTooLarge' | 'notStarted';

/** How the local ssh ended. */
export interface SshEnding {
  readonly cause: Cause;
  /** null when a signal ended it. */
  readonly exitCode: number | null;
  /** The last lines ssh and the host's side said on stderr, bounded. */
  readonly stderr: string;
  /** True once the first byte of the script went to ssh. */
  readonly scriptSent: boolean;
}

/** What the host had said by then. */
export interface Heard {
  readonly loginUid: number | null;
  readonly sudoMissing: boolean;
  readonly incomplete: boolean;
  readonly lacksBase64: boolean;
  readonly begun: boolean;
  readonly writing: boolean;
  readonly stage: Stage;
  readonly invalid: boolean;
}

export interface Judgement {
  readonly outcome: HostOutcome;
  readonly stage: Stage;
  readonly reason: Reason;
}

/** ssh's own exit code for "no orderly end"; also when the connection broke half way. */
const SSH_FAILED = 255;

export function judgeEnding(kind: JobKind, ending: SshEnding, heard: Heard): Judgement {
  const { stage, reason } = explain(ending, heard);
  return { outcome: mayHaveChanged(kind, ending, heard) ? 'unknown' : 'failed', stage, reason };
}

/**
 * An orderly end delivers everything the script said, so without `writing` nothing was written.
 * Otherwise the script may still be running there.
 */
function mayHaveChanged(kind: JobKind, ending: SshEnding, heard: Heard): boolean {
  if (isLook(kind) || !ending.scriptSent) return false;
  return !isOrderly(ending) || heard.writing || heard.invalid;
}

/** True when ssh and the script ended by themselves, with everything said. */
export function isOrderly(ending: SshEnding): boolean {
  return ending.cause === 'exit' && ending.exitCode !== null && ending.exitCode !== SSH_FAILED;
}

type Explanation = Pick<Judgement, 'stage' | 'reason'>;

function explain(ending: SshEnding, heard: Heard): Explanation {
  const { stage } = heard;
  switch (ending.cause) {
    case 'cancelled':
      return { stage, reason: 'Cancelled' };
    case 'connectTimeout':
      return { stage, reason: 'ConnectTimedOut' };
    case 'idleTimeout':
      return { stage, reason: 'IdleTimedOut' };
    case 'totalTimeout':
      return { stage, reason: 'TotalTimedOut' };
    case 'outputTooLarge':
      return { stage, reason: 'OutputTooLarge' };
    case 'notStarted':
      return { stage: 'resolve', reason: 'SshMissing' };
    case 'exit':
      return explainExit(ending, heard);
  }
}

function explainExit(ending: SshEnding, heard: Heard): Explanation {
  if (heard.invalid) return { stage: heard.stage, reason: 'AnswerInvalid' };
  if (heard.loginUid === null) return explainNoLogin(ending);
  if (heard.sudoMissing) return { stage: 'auth', reason: 'LoginNeedsSudo' };
  if (!isOrderly(ending)) return { stage: heard.stage, reason: 'ConnectionLost' };
  if (heard.lacksBase64) return { stage: 'auth', reason: 'HostToolMissing' };
  if (heard.incomplete) return { stage: 'auth', reason: 'RequestIncomplete' };
  if (!heard.begun && heard.loginUid !== 0) return { stage: 'auth', reason: explainSudo(ending.stderr) };
  const killed = ending.exitCode === 128 + 15 || ending.exitCode === 128 + 9;
  return { stage: heard.stage, reason: killed ? 'HostDeadlinePassed' : 'ScriptEnded' };
}

function explainNoLogin(ending: SshEnding): Explanation {
  if (ending.exitCode === 127) return { stage: 'resolve', reason: 'SshMissing' };
  if (isOrderly(ending)) return { stage: 'auth', reason: 'ShellUnusable' };
  const known = SSH_COMPLAINTS.find(({ says }) => says.test(ending.stderr));
  return known ?? { stage: 'connect', reason: 'SshFailed' };
}

function explainSudo(stderr: string): Reason {
  return SUDO_COMPLAINTS.find(({ says }) => says.test(stderr))?.reason ?? 'SudoRefused';
}

/** In this order: an unreadable identity ends as a refused login too. */
const SSH_COMPLAINTS: readonly (Explanation & { readonly says: RegExp })[] = [
  { says: /HOST IDENTIFICATION HAS CHANGED/, stage: 'connect', reason: 'HostKeyChanged' },
  { says: /host key is known for|Host key verification failed/, stage: 'connect', reason: 'HostKeyUnknown' },
  {
    says: /Load key |Identity file .* not accessible|UNPROTECTED PRIVATE KEY/,
    stage: 'resolve',
    reason: 'IdentityUnusable',
  },
  { says: /Permission denied|Too many authentication failures/, stage: 'auth', reason: 'LoginRefused' },
  { says: /Could not resolve hostname/, stage: 'resolve', reason: 'AddressUnknown' },
  { says: /Connection refused/, stage: 'connect', reason: 'ConnectRefused' },
  {
    says: /No route to host|Network is unreachable|Host is (down|unreachable)/,
    stage: 'connect',
    reason: 'HostUnreachable',
  },
  { says: /timed out/, stage: 'connect', reason: 'ConnectTimedOut' },
  { says: /no matching .* found|no mutual signature/i, stage: 'connect', reason: 'NoCommonAlgorithm' },
  {
    says: /Connection (closed|reset)|kex_exchange_identification|banner/,
    stage: 'connect',
    reason: 'ConnectionClosed',
  },
];

const SUDO_COMPLAINTS: readonly { readonly says: RegExp; readonly reason: Reason }[] = [
  { says: /must have a tty/, reason: 'SudoWantsTerminal' },
  {
    says: /password is required|authentication is required|terminal is required/,
    reason: 'SudoWantsPassword',
  },
];
