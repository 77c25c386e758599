/**
 * Opens the page's port: over http or https, under its path, closed to strangers but for the sign-in page.
 * It never listens where other machines reach it while there is no account, or nothing that encrypts.
 */
import type { FastifyInstance } from 'fastify';
import { readFileSync } from 'node:fs';
import { GarrisonError, messageOf } from '../errors.ts';
import type { PageSettings } from '../pageSettings.ts';
import type { Door } from '../supervisor/door.ts';
import type { Accounts } from './accounts.ts';
import { clientFinder, explainer } from './clientAddress.ts';
import { guardPage, stillAllowed, type PageGuard } from './guard.ts';
import { listenOnPort } from './listen.ts';
import type { LoginFailures } from './loginFailures.ts';
import { addMeRoute } from './me.ts';
import { newApp, type ServerLogger } from './newApp.ts';
import { addPageFiles } from './pageFiles.ts';
import { isLoopback, outerAddress, ownHosts, publicHosts, type Listening, type Place } from './place.ts';
import { addSignInRoutes } from './signIn.ts';
import { createStreamHub, type StreamHub } from './stream.ts';
import type { TokenStore } from './tokenStore.ts';

/** What is left out is as the configuration's defaults have it. */
export type PageDoorSettings = Listening & Partial<PageSettings>;

export interface PageDoorNeeds extends Accounts {
  readonly settings: PageDoorSettings;
  readonly door: Pick<Door, 'note'>;
  readonly explainTo: readonly string[];
  readonly tokens: TokenStore;
  readonly logins: LoginFailures;
  readonly logger: ServerLogger;
  /** Those that the socket has, too. */
  readonly addRoutes: (app: FastifyInstance, hub: StreamHub) => void;
}

export interface PageDoor {
  readonly app: FastifyInstance;
  readonly hub: StreamHub;
  readonly port: number;
  newLink(): string;
}

/** A connection on which nothing moves for so long is ended: a slow line moves. */
const STILL_AFTER_MS = 60_000;

export const LOCAL_PLACE = { scheme: 'http', basePath: '/', publicUrl: null } as const;

export async function servePage(needs: PageDoorNeeds): Promise<PageDoor> {
  const { settings, sessions, desk, door, explainTo, logger } = needs;
  const { basePath = '/', publicUrl = null, trustedProxies = [], tls = null } = settings;
  refuseOpenDoor(needs);
  const place = { scheme: tls === null ? 'http' : 'https', basePath, publicUrl } as const;
  const app = newApp({
    ...{ logger, basePath, stillAfterMs: STILL_AFTER_MS },
    tls: tls === null ? null : readCertificate(tls),
  });
  const { guard, bound } = openGuard(needs, { place, trustedProxies });
  guardPage(app, guard);
  const hub = createStreamHub({ stillAllowed: (request) => stillAllowed(request, guard), logger });
  sessions.onClosed(() => {
    hub.endForbidden();
  });
  addSignInRoutes(app, { guard, desk, door, explains: explainer(explainTo) });
  addMeRoute(app);
  await addPageFiles(app, basePath);
  needs.addRoutes(app, hub);
  await app.ready();
  const port = await listenOnPort(app, { ...settings, who: { name: 'the page', key: 'page.listen' } });
  bound({ ...settings, port });
  const newLink = (): string =>
    `${outerAddress(place, { ...settings, port })}login?token=${sessions.newLinkSecret()}`;
  return { app, hub, port, newLink };
}

/** A guard that knows its hosts once the port is bound. */
export function openGuard(
  { sessions, tokens, users, logins }: Pick<PageGuard, 'sessions' | 'tokens' | 'users' | 'logins'>,
  { place, trustedProxies }: { place: Omit<Place, 'hosts'>; trustedProxies: readonly string[] },
): { guard: PageGuard; bound: (listening: Listening) => void } {
  let hosts: ReadonlySet<string> = new Set();
  const whole: Place = {
    ...place,
    get hosts() {
      return hosts;
    },
  };
  const guard = { sessions, tokens, users, logins, findClient: clientFinder(trustedProxies), place: whole };
  const bound = (listening: Listening): void => {
    hosts = new Set([...ownHosts(listening), ...publicHosts(place.publicUrl)]);
  };
  return { guard, bound };
}

function refuseOpenDoor({ settings, users }: PageDoorNeeds): void {
  const { address, port, tls = null, trustedProxies = [] } = settings;
  if (isLoopback(address)) return;
  const what = `page.listen: ${address}:${String(port)} is open to other machines`;
  if (tls === null && trustedProxies.length === 0)
    throw new GarrisonError('CONFIG_INVALID', `${what}, and nothing encrypts the passwords`, {
      cure: 'set page.tls (certFile, keyFile) or page.trustedProxies, or page.listen to 127.0.0.1:7080',
    });
  if (users.names().length === 0)
    throw new GarrisonError('CONFIG_INVALID', `${what}, and there is no account yet`, {
      cure: 'garrison user add NAME --role admin makes one, also while no supervisor runs; or set page.listen to 127.0.0.1:7080',
    });
}

function readCertificate({ certFile, keyFile }: { certFile: string; keyFile: string }): {
  cert: Buffer;
  key: Buffer;
} {
  const read = (key: string, file: string): Buffer => {
    try {
      return readFileSync(file);
    } catch (error) {
      throw new GarrisonError(
        'CONFIG_INVALID',
        `page.tls.${key}: ${file} cannot be read: ${messageOf(error)}`,
        {
          cause: error,
        },
      );
    }
  };
  return { cert: read('certFile', certFile), key: read('keyFile', keyFile) };
}
