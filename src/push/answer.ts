/**
 * Reads what the script on a host says, line by line, into an answer.
 * It trusts nothing of it: every field has a form and a size, and a marked line that has neither makes the answer invalid.
 */
import type { HostOutcome, Stage } from './job.ts';
import { isReason } from './reason.ts';
import type { Reason } from './reason.ts';
import type { Heard } from './sshFailure.ts';

/** All that a host has said so far. */
export interface Answer extends Heard {
  readonly nonce: string;
  readonly replayed: boolean;
  readonly changes: readonly string[];
  readonly facts: Readonly<Record<string, string>>;
  /** What it told for a plan, in base64. */
  readonly known: string;
  readonly result: { readonly outcome: HostOutcome; readonly stage: Stage; readonly reason: Reason } | null;
  /** True when the last line of a whole answer was read. */
  readonly ended: boolean;
}

export function emptyAnswer(nonce: string): Answer {
  return {
    nonce,
    loginUid: null,
    sudoMissing: false,
    incomplete: false,
    lacksBase64: false,
    begun: false,
    writing: false,
    stage: 'connect',
    invalid: false,
    replayed: false,
    changes: [],
    facts: {},
    known: '',
    result: null,
    ended: false,
  };
}

const PREFIX = '@garrison1 ';

/** Takes one line in. Lines without our mark are noise (a motd, a login script) and change nothing. */
export function readAnswerLine(answer: Answer, line: string): Answer {
  if (answer.ended || !line.startsWith(PREFIX)) return answer;
  const words = line.slice(PREFIX.length).split(' ');
  if (!answer.begun && words[0] !== answer.nonce) return readGreeting(answer, words);
  if (words[0] !== answer.nonce) return answer;
  const [, word = '', ...rest] = words;
  if (!answer.begun)
    return word === 'begin' ? { ...answer, begun: true, stage: 'plan' } : { ...answer, invalid: true };
  return readWord(answer, word, rest) ?? { ...answer, invalid: true };
}

function readGreeting(answer: Answer, words: readonly string[]): Answer {
  if (words[0] === 'login' && answer.loginUid === null && /^\d{1,10}$/.test(words[1] ?? '')) {
    return { ...answer, loginUid: Number(words[1]), stage: 'auth' };
  }
  if (words[0] === 'nosudo') return { ...answer, sudoMissing: true };
  if (words[0] === 'incomplete') return { ...answer, incomplete: true };
  // The one program without which the host cannot even read what is asked.
  if (words[0] === 'lacks' && words[1] === 'base64' && !answer.lacksBase64)
    return { ...answer, lacksBase64: true, facts: { ...answer.facts, tools: 'base64' } };
  return answer;
}

const STAGES: readonly string[] = ['plan', 'apply', 'verify'] satisfies Stage[];
const OUTCOMES: readonly string[] = ['changed', 'unchanged', 'conflict', 'failed'] satisfies HostOutcome[];
const MOST_FACTS = 32;
const LONGEST_FACT = 300;
/** The facts of one account with 32 keys and 64 groups take a fifth of it. */
const LONGEST_TELLING = 128 * 1024;

/** The words of what was done, by the script's code. */
export const CHANGES: Readonly<Record<string, string>> = {
  'account-created': 'created account',
  'account-adopted': 'adopted account',
  'account-taken': 'took account over',
  'password-removed': 'removed password',
  'password-set': 'set password',
  'account-unlocked': 'unlocked account',
  'account-locked': 'locked account',
  'shell-set': 'set shell',
  'comment-set': 'set comment',
  'groups-added': 'added to groups',
  'groups-removed': 'removed from groups',
  'keys-added': 'added key',
  'keys-removed': 'removed key',
  'keys-restored': 'gave its keys back',
  'access-restored': 'gave password, lock and end back',
  'sudo-written': 'wrote sudo rule',
  'sudo-removed': 'removed sudo rule',
  'home-archived': 'archived home',
  'account-removed': 'removed account',
  'home-removed': 'removed home',
  'crontab-removed': 'removed crontab',
  'finished-earlier-attempt': 'finished an earlier attempt',
};

/** The answer with this line in it, or null where the line has not the form it must have. */
function readWord(answer: Answer, word: string, rest: readonly string[]): Answer | null {
  const [first = '', second = '', third = ''] = rest;
  switch (word) {
    case 'waiting':
      return answer;
    case 'writing':
      return { ...answer, writing: true };
    case 'replayed':
      return { ...answer, replayed: true };
    case 'stage':
      // Only onward: each step is told on, and a host could otherwise go to and fro thousands of times.
      return STAGES.indexOf(first) >= Math.max(0, STAGES.indexOf(answer.stage))
        ? { ...answer, stage: first as Stage }
        : null;
    case 'change': {
      const change = Object.hasOwn(CHANGES, first) ? CHANGES[first] : undefined;
      return change === undefined || answer.changes.length >= MOST_FACTS
        ? null
        : { ...answer, changes: [...answer.changes, change] };
    }
    case 'fact':
      return /^[A-Za-z0-9._:-]{1,64}$/.test(second) ? withFact(answer, first, second) : null;
    case 'know':
      return withKnown(answer, first);
    case 'text':
      return withFact(answer, first, decodeText(second));
    case 'result':
      if (!OUTCOMES.includes(first) || !STAGES.includes(second) || !isReason(third) || answer.result !== null)
        return null;
      return {
        ...answer,
        stage: second as Stage,
        result: { outcome: first as HostOutcome, stage: second as Stage, reason: third },
      };
    case 'end':
      return answer.result === null ? null : { ...answer, ended: true };
    default:
      return null;
  }
}

function withKnown(answer: Answer, base64: string): Answer | null {
  if (!/^[A-Za-z0-9+/]{1,200}={0,2}$/.test(base64) || answer.known.length > LONGEST_TELLING) return null;
  return { ...answer, known: answer.known + base64 };
}

function withFact(answer: Answer, name: string, value: string | null): Answer | null {
  if (
    value === null ||
    !/^[a-z][A-Za-z0-9]{0,31}$/.test(name) ||
    Object.keys(answer.facts).length >= MOST_FACTS
  )
    return null;
  return { ...answer, facts: { ...answer.facts, [name]: value } };
}

function decodeText(base64: string): string | null {
  if (base64.length > 4 * LONGEST_FACT || !/^[A-Za-z0-9+/]*={0,2}$/.test(base64) || base64.length % 4 !== 0)
    return null;
  const bytes = Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
  return printable(new TextDecoder().decode(bytes)).slice(0, LONGEST_FACT);
}

/** Text from elsewhere, safe to show on a terminal: no control characters, no direction marks. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]+/gu, ' ').trim();
}
