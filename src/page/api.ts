/**
 * Talks to the supervisor's API from the browser: relative addresses, so that it works under any path prefix.
 * It never decides what a failure means: it throws the problem document it was given.
 */

import { t } from './words/language.ts';

/** RFC 9457, as src/server/problem.ts sends it. */
export class Problem extends Error {
  readonly status: number;
  readonly code: string;
  readonly cure: string | null;

  constructor({
    status,
    code,
    detail,
    cure,
  }: {
    status: number;
    code: string;
    detail: string;
    cure: string | null;
  }) {
    super(detail);
    this.name = 'Problem';
    this.status = status;
    this.code = code;
    this.cure = cure;
  }
}

export interface Document<Item> {
  readonly observedAt: string;
  readonly item: Item;
}

export interface ListDocument<Item> {
  readonly observedAt: string;
  readonly items: readonly Item[];
  readonly nextCursor?: string;
}

/** Absolute, from the place the page was served at: `api/v1/…` and so on. */
export function addressOf(path: string): string {
  return new URL(path, document.baseURI).href;
}

/** A path under the API with its parts escaped. */
export function apiPath(...parts: readonly string[]): string {
  return `api/v1/${parts.map(encodeURIComponent).join('/')}`;
}

/** Whoever reads can read again. */
const READ_WITHIN_MS = 5_000;
/** Whoever does something would rather wait than not know. */
const DONE_WITHIN_MS = 30_000;

export function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  return ask<T>(path, { method: 'GET', signal: signal ?? null }, { changes: false });
}

export function post<T>(path: string, body: object): Promise<T> {
  const init = {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json', 'garrison-request': '1' },
  };
  return ask<T>(path, init, { changes: !('dryRun' in body && body.dryRun === true) });
}

export function remove(path: string): Promise<void> {
  return ask(path, { method: 'DELETE', headers: { 'garrison-request': '1' } }, { changes: true });
}

/** The sign-in page, which leads back to where the reader is. */
export function signInAddress(): string {
  const { pathname, search } = window.location;
  const here = `${pathname}${search}`.slice(new URL(document.baseURI).pathname.length);
  return addressOf(`login?to=${encodeURIComponent(here)}`);
}

interface Kind {
  /** Something is done, not only read or planned. */
  readonly changes: boolean;
}

async function ask<T>(path: string, init: RequestInit, kind: Kind): Promise<T> {
  const { signal = null } = init;
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), kind.changes ? DONE_WITHIN_MS : READ_WITHIN_MS);
  const either = signal === null ? late.signal : AbortSignal.any([signal, late.signal]);
  try {
    const whole = { ...init, signal: either, credentials: 'same-origin', cache: 'no-store' } as const;
    const answer = await fetch(addressOf(path), whole);
    if (!answer.ok) throw await problemOf(answer, kind);
    return (answer.status === 204 ? undefined : await answer.json()) as T;
  } catch (error) {
    // The reader's own end is not the supervisor's silence.
    if (error instanceof Problem || signal?.aborted === true) throw error;
    throw unanswered(0, kind);
  } finally {
    clearTimeout(timer);
  }
}

/** The request may have come through, and only its answer was lost. */
function unanswered(status: number, { changes }: Kind): Problem {
  const [detail, cure] = changes
    ? (['error.unsure', 'error.unsureCure'] as const)
    : (['error.noAnswer', 'error.noAnswerCure'] as const);
  return new Problem({ status, code: 'NO_ANSWER', detail: t(detail), cure: t(cure) });
}

async function problemOf(answer: Response, kind: Kind): Promise<Problem> {
  const { status } = answer;
  try {
    const told = (await answer.json()) as { code?: string; detail?: string; cure?: string };
    const { code = 'UNKNOWN', detail = answer.statusText, cure = null } = told;
    return new Problem({ status, code, detail, cure });
  } catch {
    // Of a proxy that had none from the supervisor either.
    if (status === 502 || status === 504) return unanswered(status, kind);
    const detail = `${String(status)} ${answer.statusText}`;
    return new Problem({ status, code: 'UNKNOWN', detail, cure: null });
  }
}
