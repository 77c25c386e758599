/**
 * Binds a server to the control socket or to the page's port, and lets go of them again.
 * It never takes a socket away from a supervisor that still answers on it, and the socket is at no moment more open than it is meant to be.
 */
import type { FastifyInstance } from 'fastify';
import { chmodSync, lchownSync, lstatSync, unlinkSync } from 'node:fs';
import { connect, type AddressInfo, type ListenOptions } from 'node:net';
import { GarrisonError, messageOf } from '../errors.ts';

/** Whom the socket is open to once it is there. */
export interface SocketOpening {
  readonly mode: number;
  readonly gid: number;
}

/** `opening`: null leaves it 0600. Throws HOME_BUSY when a supervisor answers there, HOME_UNUSABLE. */
export async function listenOnSocket(
  app: FastifyInstance,
  path: string,
  opening: SocketOpening | null = null,
): Promise<void> {
  await clearStaleSocket(path);
  // bind(2) happens inside this call, so the umask holds for just that; a chmod after it would leave a gap.
  const before = process.umask(0o177);
  let bound: Promise<void>;
  try {
    bound = listen(app, { path });
  } finally {
    process.umask(before);
  }
  try {
    await bound;
    if (opening !== null) open(path, opening);
  } catch (error) {
    if (app.server.listening) app.server.close();
    throw new GarrisonError('HOME_UNUSABLE', `cannot listen on ${path}: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

/** From 0600 on it only opens, and to the group not before it is the right one. */
function open(path: string, { mode, gid }: SocketOpening): void {
  lchownSync(path, process.getuid?.() ?? 0, gid);
  chmodSync(path, mode);
}

export interface Listening {
  readonly address: string;
  readonly port: number;
  /** What listens there, as a sentence begins with it, and its key in garrison.yaml. */
  readonly who: { readonly name: 'the page' | 'the metrics'; readonly key: string };
}

/** The real port; throws PAGE_UNAVAILABLE. */
export async function listenOnPort(app: FastifyInstance, { address, port, who }: Listening): Promise<number> {
  try {
    await listen(app, { host: address, port });
  } catch (error) {
    const busy = (error as NodeJS.ErrnoException).code === 'EADDRINUSE';
    const why = busy ? 'another program listens there' : messageOf(error);
    throw new GarrisonError(
      'PAGE_UNAVAILABLE',
      `${who.name} cannot listen on ${address}:${String(port)}: ${why}`,
      {
        cure: `set ${who.key} in garrison.yaml to a free port, e.g. 127.0.0.1:${String(port === 0 ? 7081 : port + 1)}`,
        cause: error,
      },
    );
  }
  return (app.server.address() as AddressInfo).port;
}

export async function closeServer(app: FastifyInstance): Promise<void> {
  if (app.server.listening) {
    const closed = new Promise<void>((resolve) => {
      app.server.close(() => {
        resolve();
      });
    });
    app.server.closeIdleConnections();
    const cut = setTimeout(() => {
      app.server.closeAllConnections();
    }, 500);
    await closed;
    clearTimeout(cut);
  }
  await app.close();
}

function listen(app: FastifyInstance, options: ListenOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    app.server.once('error', reject);
    app.server.listen(options, () => {
      app.server.off('error', reject);
      resolve();
    });
  });
}

async function clearStaleSocket(path: string): Promise<void> {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return;
  if (!stats.isSocket()) {
    throw new GarrisonError('HOME_UNUSABLE', `${path} is not a socket`, {
      cure: 'move it away; Garrison does not delete it',
    });
  }
  if (await answers(path)) {
    throw new GarrisonError('HOME_BUSY', `another supervisor answers on ${path}`, {
      cure: 'stop it first, or choose another folder with --home',
    });
  }
  unlinkSync(path);
}

/** Only a refusal says that nobody is there: one with a full queue does not take the connection either. */
function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', ({ code }: NodeJS.ErrnoException) => {
      resolve(code !== 'ECONNREFUSED' && code !== 'ENOENT');
    });
  });
}
