/**
 * Keeps the one-time sign-in links and the sessions they open, in memory only: a restart ends them all.
 * It never keeps a secret itself, only its hash, and never lets a link be used twice.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { hostname } from 'node:os';
import { resolve } from 'node:path';
import { monoMs } from '../clock.ts';

export interface Session {
  /** Must come back in every form that changes something. */
  readonly formToken: string;
  /** Whose account; null of a one-time link's. */
  readonly user: string | null;
}

export interface Sessions {
  /** What the cookie that carries a session's secret is called. */
  readonly cookieName: string;
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
  /** Calls the listener each time after sessions were ended before their time. */
  onClosed(listener: () => void): void;
}

export const LINK_LIVES_MS = 15 * 60_000;
export const SESSION_IDLE_MS = 12 * 3_600_000;

const MOST_LINKS = 32;
/** Of one account, or of all who came by a link: nobody ends another's by signing in again and again. Accounts are few. */
const MOST_SESSIONS_EACH = 32;

interface Entry {
  readonly hash: Buffer;
  readonly formToken: string;
  readonly user: string | null;
  aliveUntilMs: number;
}

/** To a browser all ports of 127.0.0.1 are one place: the pages of two machines, each through a tunnel, must not take each other's cookie. */
export function cookieNameOf(homeDir: string, host = hostname()): string {
  const home = hashOf(`${host}:${resolve(homeDir)}`).toString('hex');
  return `garrison_session_${home.slice(0, 12)}`;
}

export function createSessions(cookieName: string, clock: () => number = monoMs): Sessions {
  const links: Entry[] = [];
  const sessions: Entry[] = [];
  const listeners: (() => void)[] = [];
  /** Keeps those that are `kept`, and tells of it when there were others. */
  const keep = (kept: (session: Entry) => boolean): void => {
    const left = sessions.filter(kept);
    if (left.length === sessions.length) return;
    sessions.splice(0, sessions.length, ...left);
    for (const listener of listeners) listener();
  };
  const begin = (user: string | null): string => {
    const secret = add(sessions, { user, nowMs: clock(), livesMs: SESSION_IDLE_MS });
    const surplus = surplusOf(sessions, user);
    keep((session) => session !== surplus);
    return secret;
  };
  return {
    cookieName,
    newLinkSecret: () => newLink(links, clock()),
    linkIsGood: (secret) => search(links, secret, clock()) !== null,
    open: (linkSecret) => (useUp(links, linkSecret, clock()) ? begin(null) : null),
    openFor: (user) => begin(user),
    find: (secret, how) => {
      const session = search(sessions, secret, clock());
      if (session !== null && how === 'use') session.aliveUntilMs = clock() + SESSION_IDLE_MS;
      return session;
    },
    close: (secret) => {
      const closed = search(sessions, secret, clock());
      keep((session) => session !== closed);
    },
    closeOf: (user, exceptSecret) => {
      const own = exceptSecret === undefined ? null : search(sessions, exceptSecret, clock());
      keep((session) => session.user !== user || session === own);
    },
    onClosed: (listener) => listeners.push(listener),
  };
}

function newLink(links: Entry[], nowMs: number): string {
  const secret = add(links, { user: null, nowMs, livesMs: LINK_LIVES_MS });
  if (links.length > MOST_LINKS) links.shift();
  return secret;
}

function useUp(links: Entry[], secret: string, nowMs: number): boolean {
  const link = search(links, secret, nowMs);
  if (link === null) return false;
  links.splice(links.indexOf(link), 1);
  return true;
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
  { user, nowMs, livesMs }: { user: string | null; nowMs: number; livesMs: number },
): string {
  const secret = newSecret();
  entries.push({ hash: hashOf(secret), formToken: newSecret(), user, aliveUntilMs: nowMs + livesMs });
  return secret;
}

/** The one not used for longest, where somebody has more than may be. */
function surplusOf(sessions: readonly Entry[], user: string | null): Entry | null {
  const own = sessions.filter((session) => session.user === user);
  if (own.length <= MOST_SESSIONS_EACH) return null;
  return own.reduce((oldest, session) => (session.aliveUntilMs < oldest.aliveUntilMs ? session : oldest));
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
