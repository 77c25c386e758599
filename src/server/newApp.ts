/**
 * Makes the bare HTTP server of each door: its limits, the headers of every answer, and what is said when something goes wrong.
 * It has no route, and lets nobody in or out.
 */
import Fastify, { type FastifyInstance } from 'fastify';
import { withoutBase } from './place.ts';
import { problem, problemOf, sendProblem } from './problem.ts';

declare module 'fastify' {
  interface FastifyInstance {
    /** What the addresses of this door begin with, seen from a browser; begins and ends with a slash. */
    basePath: string;
  }
}

/** What a pino logger fits. */
export interface ServerLogger {
  error(facts: object, message: string): void;
}

export interface AppOptions {
  readonly logger: ServerLogger;
  readonly basePath?: string;
  /** In PEM; null speaks http. */
  readonly tls?: { readonly cert: Buffer; readonly key: Buffer } | null;
}

const BODY_LIMIT_BYTES = 2 ** 20;
const REQUEST_TIMEOUT_MS = 30_000;

const SAFE_HEADERS = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  // Not no-referrer: with that a browser sends `Origin: null`, and the origin is what our forms are known by.
  'referrer-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  'cache-control': 'no-store',
};

export function newApp({ logger, basePath = '/', tls = null }: AppOptions): FastifyInstance {
  const app = Fastify({
    ...(tls === null ? {} : { https: { ...tls, minVersion: 'TLSv1.2' as const } }),
    rewriteUrl: ({ url = '/' }) => withoutBase(url, basePath),
    bodyLimit: BODY_LIMIT_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    http: { headersTimeout: 10_000 },
    routerOptions: { maxParamLength: 300 },
    frameworkErrors: (_error, _request, reply) => {
      // Such a request never reaches the guard, so it learns nothing that a stranger may not.
      void sendProblem(reply, problem('UNAUTHENTICATED', 'the address of the request is not understood'));
    },
  });
  app.decorate('basePath', basePath);
  app.addHook('onRequest', async (_request, reply) => {
    void reply.headers(SAFE_HEADERS);
  });
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
