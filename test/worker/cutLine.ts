/**
 * Stands between ssh and a practice host, and ends what it carries after so many bytes one way: at once, or by carrying nothing more.
 * It touches no other connection.
 */
import { createConnection, createServer, type AddressInfo, type Socket } from 'node:net';
import { once } from 'node:events';

export interface LineCut {
  /** From ssh to the host, or back. */
  readonly way: 'out' | 'back';
  readonly afterBytes: number;
  readonly then: 'closed' | 'silent';
}

export interface CutLine {
  readonly port: number;
  carried(way: LineCut['way']): number;
  end(): Promise<void>;
}

export async function startCutLine(toPort: number, cut: LineCut): Promise<CutLine> {
  const carried = { out: 0, back: 0 };
  const sockets = new Set<Socket>();
  const state = { isCut: false };
  const server = createServer((client) => {
    const host = createConnection({ host: '127.0.0.1', port: toPort });
    const endBoth = (): void => {
      client.destroy();
      host.destroy();
    };
    const carry = (from: Socket, to: Socket, way: LineCut['way']): void => {
      from.on('data', (chunk: Buffer) => {
        if (state.isCut) return;
        const room = way === cut.way ? cut.afterBytes - carried[way] : Infinity;
        const part = chunk.subarray(0, Math.min(chunk.length, room));
        carried[way] += part.length;
        to.write(part);
        if (part.length === chunk.length) return;
        state.isCut = true;
        if (cut.then === 'closed') to.end(endBoth);
      });
      from.on('error', endBoth);
      from.on('close', () => {
        if (!state.isCut || cut.then === 'closed') to.end();
      });
    };
    for (const socket of [client, host]) sockets.add(socket);
    carry(client, host, 'out');
    carry(host, client, 'back');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    carried: (way) => carried[way],
    end: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
