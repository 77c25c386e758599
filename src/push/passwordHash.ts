/**
 * Knows which texts are password hashes that a host may be given: crypt(5) of today, and nothing that is quickly guessed.
 * It never repeats what it was given: that may be the password itself.
 */
import { GarrisonError } from '../errors.ts';

interface Method {
  readonly name: string;
  readonly form: RegExp;
  /** Of a hash of this form: why it is too weak, or null. */
  readonly weakness: (found: RegExpExecArray) => string | null;
}

/** Fewer rounds than glibc takes by itself are a choice to be weaker. */
const LEAST_ROUNDS = 5_000;
/** More make every login wait. */
const MOST_ROUNDS = 10_000_000;

const METHODS: readonly Method[] = [
  {
    name: 'yescrypt',
    form: /^\$y\$[./A-Za-z0-9]{3,16}\$[./A-Za-z0-9]{1,86}\$[./A-Za-z0-9]{43}$/,
    weakness: () => null,
  },
  {
    name: 'sha512crypt',
    form: /^\$6\$(?:rounds=(\d{1,9})\$)?[./A-Za-z0-9]{1,16}\$[./A-Za-z0-9]{86}$/,
    weakness: ([, rounds]) => roundsProblem(rounds),
  },
  {
    name: 'sha256crypt',
    form: /^\$5\$(?:rounds=(\d{1,9})\$)?[./A-Za-z0-9]{1,16}\$[./A-Za-z0-9]{43}$/,
    weakness: ([, rounds]) => roundsProblem(rounds),
  },
  {
    name: 'bcrypt',
    form: /^\$2b\$(\d\d)\$[./A-Za-z0-9]{53}$/,
    weakness: ([, cost]) => costProblem(Number(cost)),
  },
];

const CURE =
  'Make one with mkpasswd -m yescrypt (package whois), or with openssl passwd -6, which older hosts know too; both ask for the password.';

/** The hash itself; throws ACCOUNT_INVALID, with how to make one, for all else. */
export function checkPasswordHash(text: string): string {
  for (const { name, form, weakness } of METHODS) {
    const found = form.exec(text);
    if (found === null) continue;
    const problem = weakness(found);
    if (problem !== null) throw invalid(`the ${name} hash ${problem}`);
    return text;
  }
  throw invalid(problemOf(text));
}

function problemOf(text: string): string {
  if (text === '') return 'there is no password hash';
  if (/^\$(?:y|5|6|2b)\$/.test(text)) return 'the password hash is damaged or cut off';
  if (/^\$[a-z0-9]{1,8}\$/.test(text))
    return 'the password hash is of a method that is not taken: yescrypt, sha512crypt, sha256crypt and bcrypt (2b) are';
  if (/^[!*]/.test(text)) return 'that is a lock and no password hash';
  if (text.includes(':')) return 'that is no password hash alone (a line of a shadow file?)';
  return 'that is no crypt hash (the password itself?), and a password is never taken';
}

function roundsProblem(rounds: string | undefined): string | null {
  if (rounds === undefined) return null;
  // As crypt writes it: what it would read as another number would never match.
  if (rounds.startsWith('0') || Number(rounds) > MOST_ROUNDS)
    return 'has a number of rounds that no host takes';
  return Number(rounds) < LEAST_ROUNDS ? `has fewer than ${String(LEAST_ROUNDS)} rounds` : null;
}

function costProblem(cost: number): string | null {
  return cost < 5 || cost > 20 ? 'has a cost that is not between 05 and 20' : null;
}

function invalid(what: string): GarrisonError {
  return new GarrisonError('ACCOUNT_INVALID', what, { cure: CURE });
}
