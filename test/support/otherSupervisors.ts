/**
 * Stands in for a supervisor of another version, and for programs that are none, on the control socket of a home.
 * What the other version answers is what a real one does, with its words exchanged.
 */
import { linkSync } from 'node:fs';
import {
  createServer as createHttpServer,
  request,
  type IncomingHttpHeaders,
  type ServerResponse,
} from 'node:http';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';

export interface OtherSupervisor {
  /** METHOD and path of each request, knocks left out. */
  readonly asked: string[];
  readonly end: () => Promise<void>;
}

interface Words {
  readonly version: string;
  readonly api?: string;
  /** In the text of each answer. */
  readonly exchange?: (text: string) => string;
}

/** Before the real one in `realHome`, with its own version and words. */
export async function standBefore(realHome: string, home: string, words: Words): Promise<OtherSupervisor> {
  const asked: string[] = [];
  const server = createHttpServer((incoming, outgoing) => {
    const { method = '', url = '' } = incoming;
    if (url !== '/livez') asked.push(`${method} ${url}`);
    const headers = unmeasured(incoming.headers);
    const inner = request(
      { socketPath: join(realHome, 'control.sock'), method, path: url, headers, agent: false },
      (answer) => {
        outgoing.writeHead(answer.statusCode ?? 500, {
          ...unmeasured(answer.headers),
          'garrison-version': words.version,
          ...(words.api === undefined ? {} : { 'garrison-api': words.api }),
        });
        answer.setEncoding('utf8');
        answer.on('data', (text: string) => outgoing.write(words.exchange?.(text) ?? text));
        answer.on('end', () => outgoing.end()).on('error', () => outgoing.destroy());
      },
    );
    inner.on('error', () => outgoing.destroy());
    outgoing.on('close', () => inner.destroy());
    incoming.pipe(inner);
  });
  return listening(server, home, asked);
}

/** Other words have another length. */
function unmeasured(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  const { 'content-length': measured, ...rest } = headers;
  return measured === undefined ? headers : rest;
}

/** Answers everything so, but for the knock when `knows` it. */
export async function standFor(
  home: string,
  answer: (outgoing: ServerResponse) => void,
  { knows }: { knows: boolean } = { knows: true },
): Promise<OtherSupervisor> {
  const asked: string[] = [];
  const server = createHttpServer(({ method = '', url = '' }, outgoing) => {
    if (url !== '/livez') asked.push(`${method} ${url}`);
    if (url === '/livez' && knows) outgoing.setHeader('garrison-version', '0.1.0').end('ok\n');
    else answer(outgoing);
  });
  return listening(server, home, asked);
}

/** Not even HTTP. */
export function standAsTcp(home: string, hear: (socket: Socket) => void): Promise<OtherSupervisor> {
  return listening(createServer(hear), home, []);
}

/** The file of a socket behind which nobody is any more, as after kill -9. */
export async function leaveStaleSocket(home: string): Promise<void> {
  const passing = join(home, 'passing.sock');
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(passing, resolve));
  linkSync(passing, join(home, 'control.sock'));
  await new Promise((resolve) => server.close(resolve));
}

async function listening(server: Server, home: string, asked: string[]): Promise<OtherSupervisor> {
  const open = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    open.add(socket);
    socket.on('error', () => undefined).on('close', () => open.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(join(home, 'control.sock'), resolve));
  const end = async (): Promise<void> => {
    const closed = new Promise((resolve) => server.close(resolve));
    for (const socket of open) socket.destroy();
    await closed;
  };
  return { asked, end };
}
