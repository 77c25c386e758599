/**
 * Makes and checks hashes of passwords with scrypt, one at a time and beside the event loop; who is known comes first.
 * It never keeps a password, and works as long on one that cannot be right as on one that can.
 */
import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import { GarrisonError } from '../errors.ts';

/** With what it was made, so that it can be checked after the costs below have been raised. */
export const PasswordHash = z.strictObject({
  algorithm: z.literal('scrypt'),
  N: z
    .int()
    .min(2 ** 14)
    .max(2 ** 20),
  r: z.int().min(1).max(32),
  p: z.int().min(1).max(16),
  salt: z.base64(),
  hash: z.base64(),
});
export type PasswordHash = z.output<typeof PasswordHash>;

/** `known`: somebody there has signed in before, or is an administrator at work; `returning`: was turned away and waited as long as told. A flood of strangers holds up neither. */
export type Standing = 'known' | 'returning' | 'stranger';

export interface Passwords {
  hash(password: string): Promise<PasswordHash>;
  /** So many wait that the next one of them would be turned away. */
  isFull(standing: Standing): boolean;
  /** A stored null works as long and is never right. Throws TooBusy when too many wait. */
  isRight(tried: {
    readonly password: string;
    readonly stored: PasswordHash | null;
    readonly standing: Standing;
  }): Promise<boolean>;
}

export const SHORTEST_PASSWORD = 12;
export const LONGEST_PASSWORD = 256;

/** 32 MiB and, on a slow core, 130 ms each. */
const COSTS = { N: 2 ** 15, r: 8, p: 1 };
const HASH_BYTES = 32;
const SALT_BYTES = 16;
const MOST_MEMORY_BYTES = 2 ** 28;
/** Of each standing. Those behind them wait about a second or two; more are turned away at once. */
const MOST_WAITING = 16;

/** Thrown when too many passwords wait to be checked. */
export class TooBusy extends Error {
  override readonly name = 'TooBusy';
}

export function createPasswords(): Passwords {
  const { isFull, run: oneAtATime } = lane();
  const impossible = { ...COSTS, salt: randomBytes(SALT_BYTES), hash: randomBytes(HASH_BYTES) };
  return {
    isFull,
    hash: async (password) => {
      const salt = randomBytes(SALT_BYTES);
      const hash = await oneAtATime('known', () => derive(password, { ...COSTS, salt }));
      return {
        algorithm: 'scrypt',
        ...COSTS,
        salt: salt.toString('base64'),
        hash: hash.toString('base64'),
      };
    },
    isRight: async ({ password, stored, standing }) => {
      const { hash, ...how } = stored === null ? impossible : readable(stored);
      const derived = await oneAtATime(standing, () => derive(password, how));
      const isEqual = timingSafeEqual(derived, hash);
      return isEqual && stored !== null;
    },
  };
}

/** Throws USAGE with what is wrong with it; never echoes it. */
export function checkNewPassword(password: string, name: string): void {
  const length = Array.from(password).length;
  const wrong =
    length < SHORTEST_PASSWORD
      ? `has ${String(length)} characters; it needs ${String(SHORTEST_PASSWORD)} or more`
      : length > LONGEST_PASSWORD
        ? `is longer than ${String(LONGEST_PASSWORD)} characters`
        : password.toLowerCase() === name || new Set(password).size < 4
          ? 'is too easy to guess'
          : null;
  if (wrong === null) return;
  const cure = 'a few words in a row are long and easy to remember';
  throw new GarrisonError('USAGE', `the password ${wrong}`, { cure });
}

interface Costs {
  readonly N: number;
  readonly r: number;
  readonly p: number;
  readonly salt: Buffer;
}

function readable({ N, r, p, salt, hash }: PasswordHash): Costs & { readonly hash: Buffer } {
  return { N, r, p, salt: Buffer.from(salt, 'base64'), hash: Buffer.from(hash, 'base64') };
}

/** The same text typed on another keyboard may come in other code points. */
function derive(password: string, { salt, ...costs }: Costs): Promise<Buffer> {
  const options = { ...costs, maxmem: MOST_MEMORY_BYTES };
  return new Promise((resolve, reject) => {
    scrypt(password.normalize('NFKC'), salt, HASH_BYTES, options, (error, key) => {
      if (error === null) resolve(key);
      else reject(error);
    });
  });
}

interface Lane {
  readonly isFull: (standing: Standing) => boolean;
  readonly run: <T>(standing: Standing, work: () => Promise<T>) => Promise<T>;
}

/** One after the other: a flood takes one core and one hash's memory, whatever its size. */
function lane(): Lane {
  const waiting: Readonly<Record<Standing, (() => Promise<void>)[]>> = {
    known: [],
    returning: [],
    stranger: [],
  };
  let isBusy = false;
  const isFull = (standing: Standing): boolean => waiting[standing].length >= MOST_WAITING;
  const next = (): void => {
    const work = waiting.known.shift() ?? waiting.returning.shift() ?? waiting.stranger.shift();
    isBusy = work !== undefined;
    void work?.().then(next);
  };
  const run = <T>(standing: Standing, work: () => Promise<T>): Promise<T> =>
    new Promise((resolve, reject) => {
      if (isFull(standing)) {
        reject(new TooBusy('too many passwords wait to be checked'));
        return;
      }
      waiting[standing].push(() => work().then(resolve, reject));
      if (!isBusy) next();
    });
  return { isFull, run };
}
