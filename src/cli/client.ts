/**
 * Talks to the supervisor over its Unix socket: requests, and streams of events that say when they broke.
 * It asks nothing of one that does not answer its door, and never decides what a failure means: it throws GarrisonError.
 */
import type { IncomingMessage } from 'node:http';
import { monoMs } from '../clock.ts';
import { GarrisonError, messageOf } from '../errors.ts';
import type { ControlDoor } from '../home.ts';
import { documentOf, streamOf, type Asked } from './answer.ts';
import { readEvents, type ServerEvent } from './eventStream.ts';
import { brokenBy, doctor, send, type Ask } from './exchange.ts';
import { knock, watchLife, type LifeWatch } from './knock.ts';
import { programWithHome } from './programName.ts';

export type { ServerEvent } from './eventStream.ts';

export interface Client {
  /** Throws NO_SUPERVISOR, SUPERVISOR_SILENT (within about 3 s) or SUPERVISOR_FOREIGN, and what the supervisor refuses with. */
  get(path: string, options?: { readonly signal?: AbortSignal }): Promise<unknown>;
  /** As `get`; WAIT_TIMED_OUT when it fell silent with the request in hand, which it may still carry out. */
  post(path: string, body: object): Promise<unknown>;
  delete(path: string): Promise<void>;
  /** The body as it comes. */
  text(path: string): AsyncIterable<string>;
  /** Ends when the server ends it; throws as `get` when it breaks off or falls silent. */
  events(
    path: string,
    options: { readonly signal: AbortSignal; readonly lastEventId?: string },
  ): AsyncIterable<ServerEvent>;
  /** Of the supervisor; null when it tells none. */
  version(): Promise<string | null>;
}

/** A sign of life is good for so long. */
const LIVES_FOR_MS = 1_000;
/** A scan of a host's keys may take the whole connect time-out: as long as the door is answered, it is waited for. */
const QUIET_MS = 3_000;
/** Of a stream with a ping every 15 s. */
const STREAM_QUIET_MS = 5_000;

/** `onVersion` is told once which version answered. */
export function createClient(
  door: ControlDoor,
  onVersion: (version: string) => void = () => undefined,
): Client {
  const enter = doorOf(door, onVersion);
  const json = async (ask: Omit<Ask, keyof ControlDoor>): Promise<unknown> => {
    const asked = await enter();
    return attended({ ...ask, ...door }, (answer) => documentOf(answer, asked));
  };
  return {
    get: (path, options) => json({ ...options, method: 'GET', path }),
    post: (path, body) => json({ method: 'POST', path, body }),
    delete: async (path) => {
      await json({ method: 'DELETE', path });
    },
    text: async function* (path) {
      const asked = await enter();
      const open = (answer: IncomingMessage) => streamOf(answer, { ...asked, type: 'text/plain' });
      yield* streamed({ ask: { ...door, method: 'GET', path }, open, quietMs: QUIET_MS, read: readText });
    },
    events: async function* (path, { signal, lastEventId }) {
      const asked = await enter();
      const headers = {
        accept: 'text/event-stream',
        ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }),
      };
      const ask: Ask = { ...door, method: 'GET', path, headers, signal };
      const open = (answer: IncomingMessage) => streamOf(answer, { ...asked, type: 'text/event-stream' });
      yield* streamed({ ask, open, quietMs: STREAM_QUIET_MS, read: readEvents });
    },
    version: async () => (await enter()).version,
  };
}

/** Knocks before something is asked, unless the last knock was answered a moment ago. */
function doorOf(door: ControlDoor, onVersion: (version: string) => void): () => Promise<Asked> {
  let livedMs = Number.NEGATIVE_INFINITY;
  let version: string | null = null;
  return async () => {
    if (monoMs() - livedMs > LIVES_FOR_MS) {
      const told = await knock(door);
      if (told !== null && told !== version) onVersion(told);
      version = told;
      livedMs = monoMs();
    }
    return { door, version };
  };
}

/** A path of the API with its parts escaped. */
export function apiPath(...parts: readonly string[]): string {
  return `/api/v1/${parts.map(encodeURIComponent).join('/')}`;
}

/** Waits for the whole answer while the supervisor lives. */
async function attended(ask: Ask, read: (answer: IncomingMessage) => Promise<unknown>): Promise<unknown> {
  const { signal, watch, lost } = attend(ask, QUIET_MS);
  try {
    return await read(await send({ ...ask, signal }));
  } catch (error) {
    const cause = lost() ?? error;
    throw ask.method === 'GET' ? cause : perhapsTaken(cause, ask.home);
  } finally {
    watch.end();
  }
}

interface Streamed<T> {
  readonly ask: Ask;
  readonly open: (answer: IncomingMessage) => Promise<IncomingMessage>;
  readonly quietMs: number;
  readonly read: (
    answer: IncomingMessage,
    life: { door: ControlDoor; heard: () => void },
  ) => AsyncIterable<T>;
}

async function* streamed<T>({ ask, open, quietMs, read }: Streamed<T>): AsyncIterable<T> {
  const { signal, watch, lost } = attend(ask, quietMs);
  try {
    const answer = await open(await send({ ...ask, signal }));
    yield* read(answer, { door: ask, heard: watch.heard });
  } catch (error) {
    throw lost() ?? brokenBy(error as Error, ask);
  } finally {
    watch.end();
  }
}

async function* readText(answer: IncomingMessage, { heard }: { heard: () => void }): AsyncIterable<string> {
  answer.setEncoding('utf8');
  for await (const chunk of answer) {
    heard();
    yield String(chunk);
  }
}

interface Attended {
  readonly signal: AbortSignal;
  readonly watch: LifeWatch;
  /** That it fell silent; null when it did not. */
  readonly lost: () => GarrisonError | null;
}

function attend({ signal, home, socketPath }: Ask, quietMs: number): Attended {
  const gone = new AbortController();
  let lost: GarrisonError | null = null;
  const watch = watchLife({
    door: { home, socketPath },
    quietMs,
    onLost: (error, silentMs) => {
      const { code, message, cure } = error;
      const news = `no news for ${String(Math.round(silentMs / 1000))} s: ${message}`;
      lost = new GarrisonError(code, news, cure === undefined ? {} : { cure });
      gone.abort();
    },
  });
  const either = signal === undefined ? gone.signal : AbortSignal.any([signal, gone.signal]);
  return { signal: either, watch, lost: () => lost };
}

/** The request was on its way: nobody can tell here whether it arrived. */
function perhapsTaken(error: unknown, home: string): unknown {
  if (!(error instanceof GarrisonError)) return error;
  const isSilent = error.code === 'SUPERVISOR_SILENT';
  const broke = error.code === 'NO_SUPERVISOR' && isReset(error.cause);
  if (!isSilent && !broke) return error;
  const what = `${messageOf(error)}; whether it took what was asked is not known, and it may still do it`;
  const look = `then: ${programWithHome(home)} get operations`;
  const cure = `${error.cure ?? doctor(home)}; ${look}`;
  return new GarrisonError(isSilent ? 'WAIT_TIMED_OUT' : 'NO_SUPERVISOR', what, { cure, cause: error });
}

function isReset(cause: unknown): boolean {
  return cause instanceof Error && 'code' in cause && cause.code === 'ECONNRESET';
}
