/**
 * Keeps the one-time sign-in links and the sessions they open, in memory only: a restart ends them all.
 * It never keeps a secret itself, only its hash, and never lets a link be used twice.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { monoMs } from '../clock.ts';

export interface Session {
  /** Must come back in every form that changes something. */
  readonly formToken: string;
  /** Whose account; null of a one-time link's. */
  readonly user: string | null;
}

export interface Sessions {
  /** The secret of a new link. */
  newLinkSecret(): string;
  linkIsGood(secret: string): boolean;
  /** Uses the link up; the new session's secret, or null when the link was used, is too old or never was. */
  open(linkSecret: string): string | null;
  /** For somebody whose password was right. */
  openFor(user: string): string;
  /** The session of this secret; counts as use unless `peek`. */
  find(secret: string, how: 'use' | 'peek'): Session | null;
  close(secret: string): void;
  /** All of an account's, but for the one of this secret. */
  closeOf(user: string, exceptSecret?: string): void;
}

export const LINK_LIVES_MS = 15 * 60_000;
export const SESSION_IDLE_MS = 12 * 3_600_000;

const MOST_LINKS = 32;
const MOST_SESSIONS = 256;

interface Entry {
  readonly hash: Buffer;
  readonly formToken: string;
  readonly user: string | null;
  aliveUntilMs: number;
}

export function createSessions(clock: () => number = monoMs): Sessions {
  const links: Entry[] = [];
  const sessions: Entry[] = [];
  const begin = (user: string | null): string =>
    add(sessions, { user, nowMs: clock(), livesMs: SESSION_IDLE_MS, most: MOST_SESSIONS });
  return {
    newLinkSecret: () => add(links, { user: null, nowMs: clock(), livesMs: LINK_LIVES_MS, most: MOST_LINKS }),
    linkIsGood: (secret) => search(links, secret, clock()) !== null,
    open: (linkSecret) => {
      const link = search(links, linkSecret, clock());
      if (link === null) return null;
      links.splice(links.indexOf(link), 1);
      return begin(null);
    },
    openFor: (user) => begin(user),
    find: (secret, how) => {
      const session = search(sessions, secret, clock());
      if (session !== null && how === 'use') session.aliveUntilMs = clock() + SESSION_IDLE_MS;
      return session;
    },
    close: (secret) => {
      const session = search(sessions, secret, clock());
      if (session !== null) sessions.splice(sessions.indexOf(session), 1);
    },
    closeOf: (user, exceptSecret) => {
      const kept = exceptSecret === undefined ? null : search(sessions, exceptSecret, clock());
      const others = sessions.filter((session) => session.user !== user || session === kept);
      sessions.splice(0, sessions.length, ...others);
    },
  };
}

/** 256 random bits, safe in a URL, a header and a cookie. */
export function newSecret(): string {
  return randomBytes(32).toString('base64url');
}

export function hashOf(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}

function add(
  entries: Entry[],
  { user, nowMs, livesMs, most }: { user: string | null; nowMs: number; livesMs: number; most: number },
): string {
  const secret = newSecret();
  entries.push({ hash: hashOf(secret), formToken: newSecret(), user, aliveUntilMs: nowMs + livesMs });
  if (entries.length > most) entries.shift();
  return secret;
}

/** Compares with every entry in constant time, so that the time taken tells nothing of how near a guess was. */
function search(entries: readonly Entry[], secret: string, nowMs: number): Entry | null {
  const hash = hashOf(secret);
  let found: Entry | null = null;
  for (const entry of entries) {
    if (timingSafeEqual(entry.hash, hash) && nowMs < entry.aliveUntilMs) found = entry;
  }
  return found;
}
