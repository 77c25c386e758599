/**
 * Stands on a socket of its own before a dockerd: notes the moment of every request, and can make streams of events fall silent.
 * It changes no byte that it lets through.
 */
import { createServer, connect, type Server, type Socket } from 'node:net';

export interface ProxySettings {
  readonly socketPath: string;
  /** The daemon's own. */
  readonly behind: string;
  /** Each stream of events is let through for so long, and then swallowed while it stays open; null for never. */
  readonly eventsForMs?: number | null;
}

export interface NotedRequest {
  /** Wall clock. */
  readonly atMs: number;
  readonly method: string;
  /** Without a version, as `/containers/ID/restart?t=10`. */
  readonly path: string;
}

interface Context {
  after(end: () => Promise<void> | void): void;
}

export class DockerProxy {
  readonly requests: NotedRequest[] = [];
  readonly #settings: ProxySettings;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #eventsForMs: number | null;
  #swallowed = 0;

  private constructor(settings: ProxySettings) {
    this.#settings = settings;
    this.#eventsForMs = settings.eventsForMs ?? null;
    this.#server = createServer((client) => this.#join(client));
  }

  static async start(parts: Context, settings: ProxySettings): Promise<DockerProxy> {
    const proxy = new DockerProxy(settings);
    await new Promise<void>((resolve) => proxy.#server.listen(settings.socketPath, resolve));
    parts.after(() => proxy.#end());
    return proxy;
  }

  get socketPath(): string {
    return this.#settings.socketPath;
  }

  /** Streams that have fallen silent. */
  get swallowedStreams(): number {
    return this.#swallowed;
  }

  /** For streams that begin from now on. */
  letEventsThrough(): void {
    this.#eventsForMs = null;
  }

  /** Deeds done to a container, oldest first; `done` as `restart`. */
  deeds(done: string, id?: string): readonly NotedRequest[] {
    const path = new RegExp(`^/containers/${id ?? '[^/]+'}/${done}(\\?|$)`);
    return this.requests.filter((request) => request.method === 'POST' && path.test(request.path));
  }

  #join(client: Socket): void {
    const daemon = connect(this.#settings.behind);
    const link = { isSilent: false };
    for (const socket of [client, daemon]) {
      this.#sockets.add(socket);
      socket.on('error', () => undefined);
      socket.once('close', () => this.#sockets.delete(socket));
    }
    client.on('data', (chunk: Buffer) => {
      this.#note(chunk, link);
      daemon.write(chunk);
    });
    daemon.on('data', (chunk: Buffer) => {
      if (!link.isSilent) client.write(chunk);
    });
    client.once('close', () => daemon.destroy());
    daemon.once('close', () => {
      if (!link.isSilent) client.end();
    });
  }

  /** Garrison and the loop use a connection for one request, whose head comes in one piece. */
  #note(chunk: Buffer, link: { isSilent: boolean }): void {
    const atMs = Date.now();
    const head = /^([A-Z]+) (?:\/v[0-9.]+)?(\S+) HTTP\/1\.1\r\n/.exec(chunk.toString('latin1'));
    if (head === null) return;
    const [, method = '', path = ''] = head;
    this.requests.push({ atMs, method, path });
    if (this.#eventsForMs === null || !path.startsWith('/events')) return;
    setTimeout(() => {
      link.isSilent = true;
      this.#swallowed += 1;
    }, this.#eventsForMs).unref();
  }

  async #end(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
