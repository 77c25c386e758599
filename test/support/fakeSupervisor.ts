/**
 * The real server, on a real socket and a real port, before a fake door.
 * It never leaves anything behind: `end` closes the server and removes the folder.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startServer, type Readiness, type RunningServer } from '../../src/server/app.ts';
import type { ControlAccess } from '../../src/server/controlGuard.ts';
import type { LoginSettings, PageSettings } from '../../src/pageSettings.ts';
import { FakeDoor } from './fakeDoor.ts';

export interface FakeSupervisor {
  readonly home: string;
  readonly socketPath: string;
  readonly door: FakeDoor;
  readonly server: RunningServer;
  readonly port: number;
  readonly logged: string[];
  /** What /readyz tells; a test may change it. */
  health: { ready: Readiness; live: Readiness };
  end(): Promise<void>;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

export interface Call {
  readonly method?: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export async function startFakeSupervisor(
  home = mkdtempSync(join(tmpdir(), 'garrison-fake-')),
  {
    page = {},
    login,
    control,
  }: { page?: Partial<PageSettings>; login?: LoginSettings; control?: ControlAccess } = {},
): Promise<FakeSupervisor> {
  const door = new FakeDoor(home);
  const socketPath = join(home, 'control.sock');
  const logged: string[] = [];
  const health = { ready: { ready: true, why: 'all is there' }, live: { ready: true, why: 'it moves' } };
  const log = (facts: object, message: string): unknown => logged.push(`${message} ${JSON.stringify(facts)}`);
  const server = await startServer({
    door,
    homeDir: home,
    socketPath,
    pageListen: { address: '127.0.0.1', port: 0, ...page },
    ...(login === undefined ? {} : { login }),
    ...(control === undefined ? {} : { control }),
    readiness: () => health.ready,
    liveness: () => health.live,
    logger: { warn: log, error: log },
    onSetAside: ({ name, as, why }) => logged.push(`${name} ${why ?? ''}: it is now ${as}`),
  });
  door.serversOwnListeners = door.listeners;
  const end = async (): Promise<void> => {
    await server.close();
    rmSync(home, { recursive: true, force: true });
  };
  return { home, socketPath, door, server, port: server.pagePort!, logged, health, end };
}

/** One request to the page's port, with the right Host header unless told otherwise. */
export function callPage(fake: FakeSupervisor, call: Call): Promise<Answer> {
  return send(
    { host: '127.0.0.1', port: fake.port },
    { ...call, headers: { host: `127.0.0.1:${String(fake.port)}`, ...call.headers } },
  );
}

export function callSocket(fake: FakeSupervisor, call: Call): Promise<Answer> {
  return send({ socketPath: fake.socketPath }, { ...call, headers: { host: 'localhost', ...call.headers } });
}

export function json(body: object): { body: string; headers: Record<string, string> } {
  return { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } };
}

export function send(where: object, { method = 'GET', path, headers = {}, body }: Call): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
    const outgoing = request(
      { ...where, method, path, headers: { ...headers, ...length }, agent: false },
      (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.on('end', () =>
          resolve({
            status: answer.statusCode!,
            headers: answer.headers,
            text: Buffer.concat(chunks).toString(),
          }),
        );
        answer.on('error', reject);
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}
