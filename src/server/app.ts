/**
 * Serves one set of routes on two doors: the Unix socket for the operator, and the page's port, closed to strangers.
 * It never changes the world: it asks the supervisor through the Door.
 */
import Fastify, { type FastifyInstance } from 'fastify';
import type { Door } from '../supervisor/door.ts';
import { addAlertRoute } from './alertRoute.ts';
import { addReadRoutes } from './api.ts';
import { addHostKeyRoutes, addOperationRoute, addPushRoute, addTokenRoutes } from './apiActions.ts';
import { itemDocument } from './collection.ts';
import { addContainerPages } from './containerPages.ts';
import { addEventRoute } from './events.ts';
import {
  bracketed,
  guardMetrics,
  guardPage,
  guardSocket,
  isLoopback,
  ownHosts,
  stillAllowed,
  type PageGuard,
} from './guard.ts';
import { closeServer, listenOnPort, listenOnSocket } from './listen.ts';
import { addLogRoute } from './logRoute.ts';
import { addMeRoute } from './me.ts';
import { LoginFailures } from './loginFailures.ts';
import type { MetricBook } from './metricBook.ts';
import { addMetricsRoute, openMetrics } from './metrics.ts';
import { addPageFiles } from './pageFiles.ts';
import { problem, problemOf, sendProblem } from './problem.ts';
import { createSessions, type Sessions } from './session.ts';
import { addSignInRoutes } from './signIn.ts';
import { addStatusPage } from './statusPage.ts';
import { createStreamHub, type StreamHub } from './stream.ts';
import { openTokenStore, type TokenStore } from './tokenStore.ts';

export interface Readiness {
  readonly ready: boolean;
  readonly why: string;
}

/** What a pino logger fits. */
export interface ServerLogger {
  error(facts: object, message: string): void;
}

export interface ServerOptions {
  readonly door: Door;
  readonly homeDir: string;
  readonly socketPath: string;
  /** null serves no page; port 0 lets the system choose. */
  readonly pageListen: { readonly address: string; readonly port: number } | null;
  /** A port for the metrics alone; null for none. */
  readonly metricsListen?: { readonly address: string; readonly port: number } | null;
  readonly readiness: () => Readiness;
  /** Do the loops make progress? Without it the process counts as live while it answers. */
  readonly liveness?: () => Readiness;
  readonly logger: ServerLogger;
}

export interface RunningServer {
  /** null when there is no page. */
  readonly pagePort: number | null;
  /** null when the metrics have no port of their own. */
  readonly metricsPort: number | null;
  /** A new one-time link; null when there is no page. */
  signInLink(): string | null;
  close(): Promise<void>;
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

/** Throws HOME_BUSY when another supervisor answers on the socket, PAGE_UNAVAILABLE when the port cannot be had. */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const logins = new LoginFailures();
  const metrics = openMetrics(options.door, logins);
  const shared: Shared = {
    options,
    logins,
    metrics,
    sessions: createSessions(),
    tokens: openTokenStore(options.homeDir),
    link: () => null,
  };
  const doors: Served[] = [];
  const close = async (): Promise<void> => {
    for (const { hub } of doors) hub.endAll();
    await Promise.all(doors.map(({ app }) => closeServer(app)));
    metrics.end();
  };
  try {
    doors.push(await serveSocket(shared));
    const page = options.pageListen === null ? null : await servePage(shared, options.pageListen);
    if (page !== null) doors.push(page);
    const { metricsListen = null } = options;
    const own = metricsListen === null ? null : await serveMetrics(shared, metricsListen);
    if (own !== null) doors.push(own);
    shared.link = () => page?.newLink() ?? null;
    const ports = { pagePort: page?.port ?? null, metricsPort: own?.port ?? null };
    return { ...ports, signInLink: () => shared.link(), close };
  } catch (error) {
    await close();
    throw error;
  }
}

interface Shared {
  readonly options: ServerOptions;
  readonly sessions: Sessions;
  readonly tokens: TokenStore;
  readonly logins: LoginFailures;
  readonly metrics: MetricBook;
  link: () => string | null;
}

interface Served {
  readonly app: FastifyInstance;
  readonly hub: StreamHub;
}

async function serveSocket(shared: Shared): Promise<Served> {
  const app = newApp(shared.options.logger);
  guardSocket(app);
  const hub = createStreamHub(() => true);
  addRoutes(app, shared, hub);
  app.post('/api/v1/sign-in-links', async () => itemDocument('SignInLink', { link: shared.link() }));
  await app.ready();
  await listenOnSocket(app, shared.options.socketPath);
  return { app, hub };
}

async function servePage(
  shared: Shared,
  listen: { readonly address: string; readonly port: number },
): Promise<Served & { readonly port: number; newLink(): string }> {
  const app = newApp(shared.options.logger);
  let hosts: ReadonlySet<string> = new Set();
  const guard: PageGuard = {
    sessions: shared.sessions,
    tokens: shared.tokens,
    logins: shared.logins,
    get hosts() {
      return hosts;
    },
  };
  guardPage(app, guard);
  const hub = createStreamHub((request) => stillAllowed(request, guard));
  addSignInRoutes(app, guard);
  addMeRoute(app);
  await addPageFiles(app, '/');
  addContainerPages(app, shared.options.door);
  addRoutes(app, shared, hub);
  await app.ready();
  const port = await listenOnPort(app, { ...listen, who: { name: 'the page', key: 'page.listen' } });
  hosts = ownHosts(listen.address, port);
  const reachable =
    listen.address === '0.0.0.0' || listen.address === '::' ? '127.0.0.1' : bracketed(listen.address);
  const newLink = (): string =>
    `http://${reachable}:${String(port)}/login?token=${shared.sessions.newLinkSecret()}`;
  return { app, hub, port, newLink };
}

/** Nothing but the metrics, and whether it is well. */
async function serveMetrics(
  shared: Shared,
  listen: { readonly address: string; readonly port: number },
): Promise<Served & { readonly port: number }> {
  const app = newApp(shared.options.logger);
  let hosts: ReadonlySet<string> = new Set();
  const { sessions, tokens, logins, metrics } = shared;
  const guard: PageGuard = {
    ...{ sessions, tokens, logins },
    get hosts() {
      return hosts;
    },
  };
  guardMetrics(app, guard, isLoopback(listen.address) ? 'loopback' : 'token');
  addHealthRoutes(app, shared.options);
  addMetricsRoute(app, metrics);
  await app.ready();
  const who = { name: 'the metrics', key: 'metrics.listen' } as const;
  const port = await listenOnPort(app, { ...listen, who });
  hosts = ownHosts(listen.address, port);
  return { app, hub: createStreamHub(() => false), port };
}

function newApp(logger: ServerLogger): FastifyInstance {
  const app = Fastify({
    bodyLimit: BODY_LIMIT_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    http: { headersTimeout: 10_000 },
    routerOptions: { maxParamLength: 300 },
    frameworkErrors: (_error, _request, reply) => {
      // Such a request never reaches the guard, so it learns nothing that a stranger may not.
      void sendProblem(reply, problem('UNAUTHENTICATED', 'the address of the request is not understood'));
    },
  });
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

function addRoutes(app: FastifyInstance, { options, tokens, metrics }: Shared, hub: StreamHub): void {
  const { door } = options;
  addHealthRoutes(app, options);
  addReadRoutes(app, door);
  addPushRoute(app, door);
  addOperationRoute(app, door);
  addHostKeyRoutes(app, door);
  addTokenRoutes(app, tokens);
  addAlertRoute(app, door);
  addEventRoute(app, { door, hub });
  addLogRoute(app, { door, hub });
  addMetricsRoute(app, metrics);
  addStatusPage(app, door);
}

/** Strangers learn the verdict only; the reason is for those who may read. */
function addHealthRoutes(app: FastifyInstance, { readiness, liveness }: ServerOptions): void {
  const checks = { '/readyz': readiness, '/livez': liveness ?? (() => ({ ready: true, why: 'it answers' })) };
  for (const [path, check] of Object.entries(checks)) {
    app.get(path, { config: { access: 'public' } }, async (request, reply) => {
      const { ready, why } = check();
      void reply.code(ready ? 200 : 503).type('text/plain; charset=utf-8');
      const verdict = ready ? 'ok' : 'not ok';
      const mayRead = request.actor !== null && request.actor.scope !== 'hook';
      return !mayRead ? `${verdict}\n` : `${verdict}: ${why}\n`;
    });
  }
}
