/**
 * Runs the embedded redis-server: a Unix socket inside the home folder, append-only file on, no TCP port, nothing ever evicted.
 * It starts and signals; when to start again is decided elsewhere.
 */
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { GarrisonError } from '../errors.ts';
import { spawnProcess, type SpawnedProcess } from './spawn.ts';

export function embeddedSocket(homeDir: string): string {
  return join(homeDir, 'redis', 'redis.sock');
}

/** Starts redis-server; it is ready when its socket answers, which the connection sees for itself. */
export function spawnRedisServer(homeDir: string, onLine: (line: string) => void): SpawnedProcess {
  const folder = join(homeDir, 'redis');
  return spawnProcess({ file: 'redis-server', args: serverArguments(folder), cwd: folder, onLine });
}

function serverArguments(folder: string): string[] {
  const settings: Record<string, string> = {
    port: '0',
    unixsocket: join(folder, 'redis.sock'),
    unixsocketperm: '600',
    dir: folder,
    appendonly: 'yes',
    appendfsync: 'everysec',
    'aof-load-truncated': 'yes',
    save: '',
    'maxmemory-policy': 'noeviction',
    daemonize: 'no',
    logfile: '',
    loglevel: 'notice',
  };
  return Object.entries(settings).flatMap(([key, value]) => [`--${key}`, value]);
}

/**
 * Ends a server that an earlier supervisor of this home left behind (it can outlive one killed in the instant between fork and tether).
 * Called with the home's lock held, so the server behind the socket can only be ours.
 */
export async function endLeftoverServer(homeDir: string): Promise<void> {
  const path = embeddedSocket(homeDir);
  const probe = new Redis({ path, lazyConnect: true, retryStrategy: () => null, maxRetriesPerRequest: 0 });
  probe.on('error', () => undefined);
  try {
    await probe.connect();
  } catch {
    return;
  }
  const closed = new Promise<void>((resolve) => probe.once('close', resolve));
  await probe.shutdown().catch(() => undefined);
  const gone = await Promise.race([closed.then(() => true), after(10_000).then(() => false)]);
  probe.disconnect();
  if (!gone) {
    throw new GarrisonError('HOME_BUSY', `a redis-server left behind at ${path} does not shut down`, {
      cure: `Look at it with: redis-cli -s ${path} info server`,
    });
  }
}

function after(delayMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, delayMs).unref());
}
