/**
 * Talks to the supervisor's API from the browser: relative addresses, so that it works under any path prefix.
 * It never decides what a failure means: it throws the problem document it was given.
 */

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

export function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  return ask<T>(path, { method: 'GET', ...(signal === undefined ? {} : { signal }) });
}

export function post<T>(path: string, body: object): Promise<T> {
  return ask<T>(path, {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json', 'garrison-request': '1' },
  });
}

export function remove(path: string): Promise<void> {
  return ask(path, { method: 'DELETE', headers: { 'garrison-request': '1' } });
}

/** The sign-in page, which leads back to where the reader is. */
export function signInAddress(): string {
  const { pathname, search } = window.location;
  const here = `${pathname}${search}`.slice(new URL(document.baseURI).pathname.length);
  return addressOf(`login?to=${encodeURIComponent(here)}`);
}

async function ask<T>(path: string, init: RequestInit): Promise<T> {
  const answer = await fetch(addressOf(path), { ...init, credentials: 'same-origin', cache: 'no-store' });
  if (!answer.ok) throw await problemOf(answer);
  return (answer.status === 204 ? undefined : await answer.json()) as T;
}

async function problemOf(answer: Response): Promise<Problem> {
  const { status } = answer;
  try {
    const told = (await answer.json()) as { code?: string; detail?: string; cure?: string };
    const { code = 'UNKNOWN', detail = answer.statusText, cure = null } = told;
    return new Problem({ status, code, detail, cure });
  } catch {
    return new Problem({
      status,
      code: 'UNKNOWN',
      detail: `${String(status)} ${answer.statusText}`,
      cure: null,
    });
  }
}
