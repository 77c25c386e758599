/**
 * Reads from a JumpServer's REST API all that an import needs: finds out which API it has, and reads each list to its end.
 * It changes nothing there, asks for no secret, and ends within its limits whatever the server does.
 */
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { performance } from 'node:perf_hooks';
import { GarrisonError } from '../errors.ts';
import type { JumpserverAnswers, JumpserverVersion } from '../push/jumpserverAnswer.ts';
import { callJumpserver, type JumpserverAnswer } from './jumpserverCall.ts';
import { strangeAnswer, troubleOf } from './jumpserverTrouble.ts';

export interface ReadLimits {
  readonly callMs: number;
  readonly wholeMs: number;
  readonly answerBytes: number;
  readonly wholeBytes: number;
  readonly pageSize: number;
  readonly calls: number;
}

const LIMITS: ReadLimits = {
  callMs: 20_000,
  wholeMs: 300_000,
  answerBytes: 16 * 2 ** 20,
  wholeBytes: 128 * 2 ** 20,
  pageSize: 200,
  calls: 10_000,
};

export interface JumpserverTarget {
  /** With a slash at the end. */
  readonly base: URL;
  readonly authorization: string;
  readonly org: string | null;
  readonly ca: string | null;
  readonly limits?: Partial<ReadLimits>;
  /** Told of each list that is begun. */
  readonly onList?: (what: string) => void;
}

const HOSTS = 'api/v1/assets/hosts/';
const SYSTEM_USERS = 'api/v1/assets/system-users/';
const PERMISSIONS = 'api/v1/perms/asset-permissions/';
const AUTOMATIONS = 'api/v1/accounts/push-account-automations/';
/** No v3 has them. */
const APPLICATIONS = 'api/v1/accounts/integration-applications/';

/** Throws JUMPSERVER_UNAVAILABLE or NOT_PERMITTED. */
export async function readJumpserver(target: JumpserverTarget): Promise<JumpserverAnswers> {
  const session = new Session(target);
  try {
    const version = await versionOf(session);
    const none = { systemUsers: [], adminUsers: [], accounts: [], automations: [] };
    const nodes = await session.list('api/v1/assets/nodes/');
    if (version === 'v2')
      return {
        ...{ ...none, version, nodes },
        assets: await session.list('api/v1/assets/assets/'),
        systemUsers: await session.list(SYSTEM_USERS),
        adminUsers: await session.list('api/v1/assets/admin-users/', { mayBeMissing: true }),
        permissions: await session.listWhole(PERMISSIONS),
      };
    return {
      ...{ ...none, version, nodes },
      assets: await session.list(HOSTS),
      accounts: await session.list('api/v1/accounts/accounts/'),
      automations: await session.listWhole(AUTOMATIONS),
      permissions: await session.listWhole(PERMISSIONS),
    };
  } finally {
    session.end();
  }
}

/** By which lists it has; no version of it tells its number to everybody. */
async function versionOf(session: Session): Promise<JumpserverVersion> {
  if (await session.has(HOSTS)) return (await session.has(APPLICATIONS)) ? 'v4' : 'v3';
  if (await session.has(SYSTEM_USERS)) return 'v2';
  throw new GarrisonError(
    'JUMPSERVER_UNAVAILABLE',
    `${session.server} answers, and has neither ${HOSTS} (v3, v4) nor ${SYSTEM_USERS} (v2)`,
    { cure: 'see that --url names a JumpServer of v2, v3 or v4' },
  );
}

interface Page {
  readonly items: readonly unknown[];
  readonly hasMore: boolean;
}

class Session {
  readonly server: string;
  readonly #target: JumpserverTarget;
  readonly #limits: ReadLimits;
  readonly #agent: HttpAgent;
  readonly #endsAtMs: number;
  #bytes = 0;
  #calls = 0;

  constructor(target: JumpserverTarget) {
    this.#target = target;
    this.#limits = { ...LIMITS, ...target.limits };
    this.server = target.base.href.replace(/\/$/, '');
    const options = { keepAlive: true, maxSockets: 1 };
    this.#agent = target.base.protocol === 'https:' ? new HttpsAgent(options) : new HttpAgent(options);
    this.#endsAtMs = performance.now() + this.#limits.wholeMs;
  }

  end(): void {
    this.#agent.destroy();
  }

  /** Who may not look there is told so by the list itself, later. */
  async has(path: string): Promise<boolean> {
    const answer = await this.#ask(`${path}?limit=1&offset=0`);
    if (answer.kind !== 'answered') throw troubleOf(answer, this.#asked(path));
    if (answer.status === 404) return false;
    if (path === APPLICATIONS && answer.status < 500) return true;
    if (answer.status !== 200) throw troubleOf(answer, this.#asked(path));
    this.#pageOf(answer.text, path, 0);
    return true;
  }

  async list(path: string, { mayBeMissing = false } = {}): Promise<readonly unknown[]> {
    this.#target.onList?.(path);
    const seen = new Set<unknown>();
    const items: unknown[] = [];
    let offset = 0;
    for (;;) {
      const query = `?limit=${String(this.#limits.pageSize)}&offset=${String(offset)}`;
      const answer = await this.#ask(path + query);
      if (mayBeMissing && answer.kind === 'answered' && answer.status === 404) return [];
      if (answer.kind !== 'answered' || answer.status !== 200) throw troubleOf(answer, this.#asked(path));
      const page = this.#pageOf(answer.text, path, offset);
      // What is added or removed meanwhile moves the others: they come twice.
      const fresh = page.items.filter((item) => !seen.has(keyOf(item)));
      for (const item of fresh) seen.add(keyOf(item));
      items.push(...fresh);
      if (!page.hasMore) return items;
      if (fresh.length === 0) throw strangeAnswer(this.#asked(path));
      offset += page.items.length;
    }
  }

  /** Of lists whose items keep back what they are about, each is asked for by itself. */
  async listWhole(path: string): Promise<readonly unknown[]> {
    const whole: unknown[] = [];
    for (const item of await this.list(path)) whole.push(await this.#wholeOf(item, path));
    return whole;
  }

  async #wholeOf(item: unknown, path: string): Promise<unknown> {
    const fields = (item ?? {}) as Record<string, unknown>;
    const { id } = fields;
    const isOver = fields['is_active'] === false || fields['is_expired'] === true;
    if (isOver || (Object.hasOwn(fields, 'assets') && Object.hasOwn(fields, 'nodes'))) return item;
    if (typeof id !== 'string' || !/^[0-9A-Za-z-]{1,64}$/.test(id)) return item;
    const answer = await this.#ask(`${path}${id}/`);
    // Removed since the list was read.
    if (answer.kind === 'answered' && answer.status === 404) return { ...fields, is_active: false };
    if (answer.kind !== 'answered' || answer.status !== 200) throw troubleOf(answer, this.#asked(path));
    return { ...fields, ...this.#parsed(answer.text, path) };
  }

  #asked(path: string): Parameters<typeof troubleOf>[1] {
    const { callMs: deadlineMs, answerBytes: mostBytes } = this.#limits;
    return { server: this.server, path: `/${path}`, deadlineMs, mostBytes };
  }

  async #ask(pathAndQuery: string): Promise<JumpserverAnswer> {
    const { callMs, wholeMs, answerBytes, wholeBytes, calls } = this.#limits;
    const leftMs = this.#endsAtMs - performance.now();
    this.#calls += 1;
    if (leftMs <= 0 || this.#calls > calls || this.#bytes > wholeBytes) {
      const what = leftMs <= 0 ? `${String(wholeMs / 1000)} s` : 'as much as an import reads';
      throw new GarrisonError(
        'JUMPSERVER_UNAVAILABLE',
        `${this.server} has sent for ${what}, and is not at an end`,
        {
          cure: 'see that --url names your JumpServer; a big one is read an organization at a time, with --org',
        },
      );
    }
    const { authorization, org, ca, base } = this.#target;
    const answer = await callJumpserver({
      ...{ authorization, org, ca, url: new URL(pathAndQuery, base), agent: this.#agent },
      ...{ deadlineMs: Math.ceil(Math.min(callMs, leftMs)), mostBytes: answerBytes },
    });
    if (answer.kind === 'answered') this.#bytes += answer.bytes;
    return answer;
  }

  /** Its `next` is an address that the server believes to be its own: only whether there is one counts. */
  #pageOf(text: string, path: string, offset: number): Page {
    const document = this.#parsed(text, path);
    if (Array.isArray(document)) return { items: document, hasMore: false };
    const { results, next, count } = document as Record<string, unknown>;
    if (!Array.isArray(results)) throw strangeAnswer(this.#asked(path));
    const isShort = typeof count === 'number' && offset + results.length < count;
    return { items: results, hasMore: next === undefined ? isShort : next !== null };
  }

  #parsed(text: string, path: string): object {
    try {
      const document: unknown = JSON.parse(text);
      if (typeof document === 'object' && document !== null) return document;
    } catch {
      // Whatever it is, it is not shown.
    }
    throw strangeAnswer(this.#asked(path));
  }
}

function keyOf(item: unknown): unknown {
  const id = (item as { id?: unknown } | null)?.id;
  return typeof id === 'string' ? id : item;
}
