/**
 * A stretch of network between the workers and one host, which can be cut, slowed down, or made to deliver late.
 * It looks at no byte that it carries, and listens on loopback only.
 */
import { once } from 'node:events';
import { createConnection, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

interface Hold {
  readonly afterBytes: number;
  readonly lateMs: number;
}

/** Between the last of what was held up and the end of its connection. */
const LINGER_MS = 1_000;
/** What is sent later than this after the first piece that was held up is lost. */
const SENT_WITHIN_MS = 800;

export class ChaosLink {
  readonly port: number;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #timers = new Set<NodeJS.Timeout>();
  #isCut = false;
  #delayMs = 0;
  #hold: Hold | null = null;

  private constructor(server: Server, hostPort: number) {
    this.#server = server;
    this.port = (server.address() as AddressInfo).port;
    server.on('connection', (client) => this.#carry(client, hostPort));
  }

  static async to(hostPort: number): Promise<ChaosLink> {
    const server = createServer({ allowHalfOpen: true });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new ChaosLink(server, hostPort);
  }

  /** Every connection breaks, and new ones do as soon as they are made, until it is mended. */
  cut(isCut: boolean): void {
    this.#isCut = isCut;
    if (isCut) for (const socket of this.#sockets) socket.destroy();
  }

  /** 0: not at all. */
  slow(delayMs: number): void {
    this.#delayMs = delayMs;
  }

  /** Of connections that are made until this is taken back by null. */
  hold(hold: Hold | null): void {
    this.#hold = hold;
  }

  async end(): Promise<void> {
    for (const timer of this.#timers) clearTimeout(timer);
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #carry(client: Socket, hostPort: number): void {
    if (this.#isCut) {
      client.destroy();
      return;
    }
    const host = createConnection({ port: hostPort, host: '127.0.0.1', allowHalfOpen: true });
    this.#remember(client);
    this.#remember(host);
    const hold = this.#hold;
    this.#pour(client, host, hold);
    this.#pour(host, client, null);
    host.on('error', () => client.destroy());
    client.on('error', () => this.#later(lateFor(hold), () => host.destroy()));
    // What it had sent before its end is still on its way, and is to be read first.
    client.on('end', () => this.#later(this.#delayMs + lateFor(hold), () => host.end()));
    host.on('end', () => this.#later(this.#delayMs, () => client.end()));
  }

  /** In their order: each piece waits at least as long as the one before it. */
  #pour(from: Socket, to: Socket, hold: Hold | null): void {
    let passed = 0;
    let heldSinceMs: number | null = null;
    let clearAtMs = 0;
    from.on('data', (piece: Buffer) => {
      const nowMs = performance.now();
      passed += piece.length;
      if (hold !== null && passed > hold.afterBytes) {
        heldSinceMs ??= nowMs;
        // Who gives up says so, which never arrives: the other side reads what came before as if nothing were wrong.
        if (nowMs - heldSinceMs > SENT_WITHIN_MS) return;
      }
      const heldUntilMs = heldSinceMs === null ? 0 : heldSinceMs + (hold?.lateMs ?? 0);
      clearAtMs = Math.max(clearAtMs, heldUntilMs, nowMs + this.#delayMs);
      if (clearAtMs <= nowMs) this.#give(to, piece);
      else this.#later(clearAtMs - nowMs, () => this.#give(to, piece));
    });
  }

  #give(to: Socket, piece: Buffer): void {
    if (!to.destroyed) to.write(piece);
  }

  #remember(socket: Socket): void {
    this.#sockets.add(socket);
    socket.setNoDelay(true);
    socket.on('error', () => undefined);
    socket.on('close', () => this.#sockets.delete(socket));
  }

  #later(afterMs: number, work: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      work();
    }, afterMs);
    this.#timers.add(timer);
  }
}

function lateFor(hold: Hold | null): number {
  return hold === null ? 0 : hold.lateMs + LINGER_MS;
}
