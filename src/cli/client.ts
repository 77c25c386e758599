/**
 * Talks to the supervisor over its Unix socket: requests, and streams of events that say when they broke.
 * It never decides what a failure means: it throws GarrisonError with the code the supervisor gave.
 */
import { request as httpRequest, type IncomingMessage } from 'node:http';
import type { ControlDoor } from '../home.ts';
import { GarrisonError, messageOf, type ErrorCode } from '../errors.ts';
import { unreachableError } from './unreachable.ts';

export interface ServerEvent {
  readonly event: string;
  readonly data: unknown;
  readonly id: string | null;
}

export interface Client {
  get(path: string): Promise<unknown>;
  post(path: string, body: object): Promise<unknown>;
  delete(path: string): Promise<void>;
  /** The body as it comes. */
  text(path: string): AsyncIterable<string>;
  /** Ends when the server ends it; throws NO_SUPERVISOR when it breaks off. */
  events(
    path: string,
    options: { readonly signal: AbortSignal; readonly lastEventId?: string },
  ): AsyncIterable<ServerEvent>;
}

interface Ask extends ControlDoor {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly path: string;
  readonly body?: object;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** A scan of a host's keys may take the whole connect time-out. */
const ANSWER_WITHIN_MS = 120_000;

export function createClient(door: ControlDoor): Client {
  const json = async (ask: Ask): Promise<unknown> => {
    const text = await wholeText(await send(ask));
    return text === '' ? null : JSON.parse(text);
  };
  return {
    get: (path) => json({ ...door, method: 'GET', path }),
    post: (path, body) => json({ ...door, method: 'POST', path, body }),
    delete: async (path) => {
      await json({ ...door, method: 'DELETE', path });
    },
    text: async function* (path) {
      const answer = await send({ ...door, method: 'GET', path });
      answer.setEncoding('utf8');
      for await (const chunk of answer) yield String(chunk);
    },
    events: async function* (path, { signal, lastEventId }) {
      const headers = {
        accept: 'text/event-stream',
        ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }),
      };
      const answer = await send({ ...door, method: 'GET', path, headers, signal });
      yield* readEvents(answer, door.home);
    },
  };
}

/** A path of the API with its parts escaped. */
export function apiPath(...parts: readonly string[]): string {
  return `/api/v1/${parts.map(encodeURIComponent).join('/')}`;
}

function send(ask: Ask): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const payload = ask.body === undefined ? undefined : JSON.stringify(ask.body);
    const outgoing = httpRequest(
      {
        socketPath: ask.socketPath,
        method: ask.method,
        path: ask.path,
        agent: false,
        timeout: ANSWER_WITHIN_MS,
        headers: {
          host: 'localhost',
          ...ask.headers,
          ...(payload === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(ask.signal === undefined ? {} : { signal: ask.signal }),
      },
      (answer) => {
        if ((answer.statusCode ?? 500) < 400) resolve(answer);
        else refusalOf(answer).then(reject, reject);
      },
    );
    outgoing.on('timeout', () =>
      outgoing.destroy(new Error(`no answer within ${String(ANSWER_WITHIN_MS / 1000)} s`)),
    );
    outgoing.on('error', (error: NodeJS.ErrnoException) => {
      reject(unreachableError(error, ask));
    });
    outgoing.end(payload);
  });
}

async function refusalOf(answer: IncomingMessage): Promise<GarrisonError> {
  const text = await wholeText(answer);
  try {
    const { code, detail, cure } = JSON.parse(text) as { code: ErrorCode; detail: string; cure?: string };
    return new GarrisonError(code, detail, cure === undefined ? {} : { cure });
  } catch {
    return new GarrisonError(
      'INTERNAL',
      `the supervisor answered ${String(answer.statusCode)} without a reason`,
    );
  }
}

async function wholeText(answer: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of answer) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

async function* readEvents(answer: IncomingMessage, home: string): AsyncIterable<ServerEvent> {
  answer.setEncoding('utf8');
  // A stream with a ping every 15 s that is silent for a minute is dead, whatever the socket says.
  answer.socket.setTimeout(60_000, () => answer.destroy(new Error('silent for 60 s')));
  let rest = '';
  try {
    for await (const chunk of answer) {
      const blocks = (rest + String(chunk)).split('\n\n');
      rest = blocks.pop() ?? '';
      for (const block of blocks) {
        const event = parseEvent(block);
        if (event !== null) yield event;
      }
    }
  } catch (error) {
    if ((error as Error).name === 'AbortError') throw error;
    throw new GarrisonError(
      'NO_SUPERVISOR',
      `the connection to the supervisor in ${home} broke: ${messageOf(error)}`,
      { cause: error },
    );
  }
}

function parseEvent(block: string): ServerEvent | null {
  const fields = new Map(
    block.split('\n').map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon), line.slice(colon + 1).replace(/^ /, '')] as const;
    }),
  );
  const data = fields.get('data');
  if (data === undefined) return null;
  return {
    event: fields.get('event') ?? 'message',
    data: JSON.parse(data) as unknown,
    id: fields.get('id') ?? null,
  };
}
