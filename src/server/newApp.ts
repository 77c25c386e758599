/**
 * Makes the bare HTTP server of each door: its limits, the headers of every answer, and what is said when something goes wrong.
 * It has no route, and lets nobody in or out.
 */
import Fastify, { type FastifyInstance, type FastifyReply } from 'fastify';
import type { Socket } from 'node:net';
import { API_VERSION } from './collection.ts';
import { withoutBase } from './place.ts';
import { problem, problemOf, sendProblem, type Problem } from './problem.ts';

declare module 'fastify' {
  interface FastifyInstance {
    /** What the addresses of this door begin with, seen from a browser; begins and ends with a slash. */
    basePath: string;
  }
}

/** What a pino logger fits. */
export interface ServerLogger {
  warn(facts: object, message: string): void;
  error(facts: object, message: string): void;
}

export interface AppOptions {
  readonly logger: ServerLogger;
  readonly basePath?: string;
  /** In PEM; null speaks http. */
  readonly tls?: { readonly cert: Buffer; readonly key: Buffer } | null;
  /** After so long without a byte either way a connection is ended; 0, for who is on this machine: never. */
  readonly stillAfterMs?: number;
  /** Who sends a request's head byte by byte is gone after so long and up to half of it more. */
  readonly headWithinMs?: number;
  /** What is beyond is closed at once, and files stay for the workers. */
  readonly mostConnections?: number;
  /** Told in every answer; a door that strangers come to tells none. */
  readonly version?: string;
}

const BODY_LIMIT_BYTES = 2 ** 20;
const REQUEST_TIMEOUT_MS = 30_000;
const HEAD_WITHIN_MS = 10_000;
/** 200 viewers with two streams each and as many browsers asking. */
const MOST_CONNECTIONS = 2_048;

const SAFE_HEADERS = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  // Not no-referrer: with that a browser sends `Origin: null`, and the origin is what our forms are known by.
  'referrer-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  'cache-control': 'no-store',
};

export function newApp({
  logger,
  basePath = '/',
  tls = null,
  stillAfterMs = 0,
  headWithinMs = HEAD_WITHIN_MS,
  mostConnections = MOST_CONNECTIONS,
  version,
}: AppOptions): FastifyInstance {
  const app = Fastify({
    ...transportOf(tls, headWithinMs),
    rewriteUrl: ({ url = '/' }) => withoutBase(url, basePath),
    bodyLimit: BODY_LIMIT_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    connectionTimeout: stillAfterMs,
    clientErrorHandler: refuseUnreadable,
    routerOptions: { maxParamLength: 300 },
    frameworkErrors: (_error, _request, reply) => {
      // Such a request never reaches the guard, so it learns nothing that a stranger may not.
      void sendProblem(reply, problem('UNAUTHENTICATED', 'the address of the request is not understood'));
    },
  });
  app.server.maxConnections = mostConnections;
  app.decorate('basePath', basePath);
  app.addHook('onRequest', setHeaders(version));
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?')[0] ?? '';
    void sendProblem(reply, problem('NOT_FOUND', `there is no ${request.method} ${path}`));
  });
  app.setErrorHandler((error, request, reply) => {
    const known = problemOf(error);
    if (known === null) {
      const facts = { err: error, method: request.method, route: request.routeOptions.url };
      logger.error(facts, 'a request failed by surprise');
    }
    const surprise = problem('INTERNAL', 'an unforeseen error', "the supervisor's log tells more");
    void sendProblem(reply, known ?? surprise);
  });
  return app;
}

function setHeaders(version: string | undefined): (request: unknown, reply: FastifyReply) => Promise<void> {
  const own = { 'garrison-version': version, 'garrison-api': API_VERSION };
  const headers = version === undefined ? SAFE_HEADERS : { ...SAFE_HEADERS, ...own };
  return async (_request, reply) => {
    void reply.headers(headers);
  };
}

function transportOf(tls: NonNullable<AppOptions['tls']> | null, headWithinMs: number) {
  const limits = { headersTimeout: headWithinMs, connectionsCheckingInterval: headWithinMs / 2 };
  return tls === null ? { http: limits } : { https: { ...tls, ...limits, minVersion: 'TLSv1.2' as const } };
}

/** To what is no request, or comes too slowly to be one: the same kind of answer as to everybody. */
function refuseUnreadable({ code }: NodeJS.ErrnoException, socket: Socket): void {
  if (socket.writable && code !== 'ECONNRESET') {
    const what = unreadable(code);
    const body = JSON.stringify(what);
    const headers = {
      ...SAFE_HEADERS,
      'content-type': 'application/problem+json; charset=utf-8',
      'content-length': String(Buffer.byteLength(body)),
      connection: 'close',
    };
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    socket.write(`HTTP/1.1 ${String(what.status)} ${what.title}\r\n${lines.join('')}\r\n${body}`);
  }
  socket.destroy();
}

function unreadable(code: string | undefined): Problem {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return problem('HEAD_TOO_LARGE', 'the head of the request is larger than 16 KiB');
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return problem('TOO_SLOW', 'the request did not come in time', 'send it again');
    default:
      return problem('USAGE', 'this is not an HTTP request that can be read');
  }
}
