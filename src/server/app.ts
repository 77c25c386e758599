/**
 * Serves one set of routes on two doors: the Unix socket for the operator, and the page's port, closed to strangers.
 * It never changes the world: it asks the supervisor through the Door.
 */
import type { FastifyInstance } from 'fastify';
import type { LoginSettings } from '../pageSettings.ts';
import type { OnSetAside } from '../setAside.ts';
import type { Asker, Door } from '../supervisor/door.ts';
import { ownVersion } from '../version.ts';
import { openAccounts, type Accounts } from './accounts.ts';
import { addAlertRoute } from './alertRoute.ts';
import { addReadRoutes } from './api.ts';
import {
  addGrantRoutes,
  addLeftoverRoutes,
  addHostKeyRoutes,
  addSecretRoutes,
  addOperationRoute,
  addPushRoute,
  addTokenRoutes,
} from './apiActions.ts';
import { askerOf } from './asker.ts';
import { itemDocument } from './collection.ts';
import { addContainerPages } from './containerPages.ts';
import { guardControl, type ControlAccess } from './controlGuard.ts';
import { addEventRoute } from './events.ts';
import { guardMetrics } from './guard.ts';
import { closeServer, listenOnPort, listenOnSocket } from './listen.ts';
import { addLogRoute } from './logRoute.ts';
import { LoginFailures } from './loginFailures.ts';
import type { MetricBook } from './metricBook.ts';
import { addMetricsRoute, openMetrics } from './metrics.ts';
import { newApp, type ServerLogger } from './newApp.ts';
import { LOCAL_PLACE, openGuard, servePage, type PageDoor, type PageDoorSettings } from './pageDoor.ts';
import { isLoopback } from './place.ts';
import { addOwnPasswordRoute } from './ownPassword.ts';
import { addStatusPage } from './statusPage.ts';
import { createStreamHub, type StreamHub } from './stream.ts';
import { openTokenStore, type TokenStore } from './tokenStore.ts';
import { addUserRoutes } from './userRoutes.ts';

export interface Readiness {
  readonly ready: boolean;
  readonly why: string;
}

export interface ServerOptions {
  readonly door: Door;
  readonly homeDir: string;
  readonly socketPath: string;
  /** Who may do what over the socket; without it, it is its owner's alone (0600), and nobody is told from another. */
  readonly control?: ControlAccess;
  /** null serves no page; port 0 lets the system choose. */
  readonly pageListen: PageDoorSettings | null;
  readonly login?: LoginSettings;
  /** A port for the metrics alone; null for none. */
  readonly metricsListen?: { readonly address: string; readonly port: number } | null;
  readonly readiness: () => Readiness;
  /** Do the loops make progress? Without it the process counts as live while it answers. */
  readonly liveness?: () => Readiness;
  readonly logger: ServerLogger;
  /** Told what had to be set aside of the accounts, tokens and locks. */
  readonly onSetAside?: OnSetAside;
  /** The accounts had to be set aside: the page then waits for new ones, and does not keep the rest from starting. */
  readonly accountsLost?: () => boolean;
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

/** Throws HOME_BUSY when another supervisor answers on the socket, PAGE_UNAVAILABLE when the port cannot be had. */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const shared = openShared(options);
  const { metrics } = shared;
  const doors: Served[] = [];
  const close = async (): Promise<void> => {
    for (const { hub } of doors) hub.endAll();
    await Promise.all(doors.map(({ app }) => closeServer(app)));
    metrics.end();
    shared.end();
  };
  try {
    doors.push(await serveSocket(shared));
    const page = await openPage(shared, options.pageListen);
    if (page !== null) doors.push(page);
    const { metricsListen = null } = options;
    const own = metricsListen === null ? null : await serveMetrics(shared, metricsListen);
    if (own !== null) doors.push(own);
    shared.link = () => page?.newLink() ?? null;
    const ports = { pagePort: page?.port ?? null, metricsPort: own?.port ?? null };
    return { ...ports, signInLink: () => newLink(shared, { actor: 'garrison' }), close };
  } catch (error) {
    await close();
    throw error;
  }
}

interface Shared extends Accounts {
  readonly options: ServerOptions;
  readonly tokens: TokenStore;
  readonly logins: LoginFailures;
  readonly metrics: MetricBook;
  link: () => string | null;
}

function openShared(options: ServerOptions): Shared {
  const { door, homeDir, login } = options;
  const onSetAside = options.onSetAside ?? ((): void => undefined);
  const logins = new LoginFailures();
  const metrics = openMetrics(door, logins);
  const accounts = openAccounts({
    door,
    homeDir,
    failures: logins,
    ...{ logger: options.logger, onSetAside },
    ...(login === undefined ? {} : { login }),
  });
  return {
    ...accounts,
    options,
    logins,
    metrics,
    tokens: openTokenStore(homeDir, onSetAside),
    link: () => null,
  };
}

/** Whoever has it may do everything on the page: who made it is kept. */
function newLink({ link, options }: Shared, by: Asker): string | null {
  const made = link();
  if (made !== null) options.door.note({ event: 'signInLink', ...by });
  return made;
}

interface Served {
  readonly app: FastifyInstance;
  readonly hub: StreamHub;
}

async function serveSocket(shared: Shared): Promise<Served> {
  // Read once: after an upgrade the file is already the next one's.
  const app = newApp({ logger: shared.options.logger, version: ownVersion() });
  const { control = null, socketPath } = shared.options;
  guardControl(app, control);
  const hub = createStreamHub({ stillAllowed: () => true, logger: shared.options.logger });
  addRoutes(app, shared, hub);
  app.post('/api/v1/sign-in-links', { config: { access: 'admin' } }, async (request) =>
    itemDocument('SignInLink', { link: newLink(shared, askerOf(request)) }),
  );
  await app.ready();
  await listenOnSocket(app, socketPath, control?.opening ?? null);
  return { app, hub };
}

async function openPage(shared: Shared, settings: PageDoorSettings | null): Promise<PageDoor | null> {
  const { options, login, users } = shared;
  if (settings === null) return null;
  const isOpenToOthers = !isLoopback(settings.address);
  if (isOpenToOthers && users.names().length === 0 && options.accountsLost?.() === true) {
    const file = { file: 'users.json' };
    options.logger.error(file, 'the page is not served: its accounts were damaged and there are no new ones');
    return null;
  }
  return await servePage({
    ...shared,
    settings,
    door: options.door,
    explainTo: login.explainTo,
    logger: options.logger,
    addRoutes: (app, hub) => {
      addContainerPages(app, options.door);
      addOwnPasswordRoute(app, { ...shared, door: options.door });
      addRoutes(app, shared, hub);
    },
  });
}

/** Nothing but the metrics, and whether it is well. */
async function serveMetrics(
  shared: Shared,
  listen: { readonly address: string; readonly port: number },
): Promise<Served & { readonly port: number }> {
  const app = newApp({ logger: shared.options.logger });
  const { metrics } = shared;
  const { guard, bound } = openGuard(shared, { trustedProxies: [], place: LOCAL_PLACE });
  guardMetrics(app, guard, isLoopback(listen.address) ? 'loopback' : 'token');
  addHealthRoutes(app, shared.options);
  addMetricsRoute(app, metrics);
  await app.ready();
  const who = { name: 'the metrics', key: 'metrics.listen' } as const;
  const port = await listenOnPort(app, { ...listen, who });
  bound({ ...listen, port });
  return { app, hub: createStreamHub({ stillAllowed: () => false, logger: shared.options.logger }), port };
}

function addRoutes(app: FastifyInstance, shared: Shared, hub: StreamHub): void {
  const { options, tokens, metrics } = shared;
  const { door } = options;
  addHealthRoutes(app, options);
  addReadRoutes(app, door);
  addPushRoute(app, door);
  addGrantRoutes(app, door);
  addLeftoverRoutes(app, door);
  addOperationRoute(app, door);
  addHostKeyRoutes(app, door);
  addSecretRoutes(app, door);
  addTokenRoutes(app, { tokens, door });
  addUserRoutes(app, { ...shared, door });
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
