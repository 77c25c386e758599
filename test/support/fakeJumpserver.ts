/**
 * A local HTTP or HTTPS server that answers as a JumpServer of v2, v3 or v4 does, with pages, details and refusals.
 * Its documents' shapes are taken from the project's source, not recorded from a live server.
 */
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { Lists } from './jumpserverDocuments.ts';

export const TOKEN = '937b38011acf499eb474e2fecb424ab3';

export interface Asked {
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly method: string;
}

export interface FakeJumpserver {
  readonly url: string;
  readonly asked: readonly Asked[];
  /** What is answered from now on. */
  lists: Lists;
}

export interface Serving {
  readonly lists: Lists;
  /** Says true where it has answered itself. */
  readonly instead?: (asked: Asked, outgoing: ServerResponse) => boolean;
  readonly tls?: { readonly key: string; readonly cert: string };
  /** Lists of permissions and automations keep back assets and nodes, as those of v4 do. */
  readonly isLate?: boolean;
  readonly authorization?: string;
}

type Context = { after(fn: () => Promise<void> | void): void };

export async function fakeJumpserver(context: Context, serving: Serving): Promise<FakeJumpserver> {
  const asked: Asked[] = [];
  const state: FakeJumpserver = { url: '', asked, lists: serving.lists };
  const answer: RequestListener = (incoming, outgoing) => {
    const url = new URL(incoming.url ?? '', 'http://jump.internal');
    const one = {
      ...{ path: url.pathname, query: url.searchParams, headers: incoming.headers },
      method: incoming.method ?? '',
    };
    asked.push(one);
    if (serving.instead?.(one, outgoing) === true) return;
    const isKnown = incoming.headers.authorization === (serving.authorization ?? `Token ${TOKEN}`);
    if (isKnown) respond(one, outgoing, { lists: state.lists, isLate: serving.isLate ?? false });
    else sendJson(outgoing, 401, { detail: 'not valid' });
  };
  const server = serving.tls === undefined ? createServer(answer) : createTlsServer(serving.tls, answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  context.after(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const { port } = server.address() as { port: number };
  const scheme = serving.tls === undefined ? 'http' : 'https';
  return Object.assign(state, { url: `${scheme}://127.0.0.1:${String(port)}` });
}

export function sendJson(outgoing: ServerResponse, status: number, document: unknown): void {
  outgoing.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(document));
}

function respond(
  { path, query }: Asked,
  outgoing: ServerResponse,
  { lists, isLate }: { readonly lists: Lists; readonly isLate: boolean },
): void {
  const [, name = '', id] = /^\/api\/v1\/([a-z-]+\/[a-z-]+)\/(?:([0-9a-f-]{36})\/)?$/.exec(path) ?? [];
  const list = lists[name];
  if (list === undefined) {
    sendJson(outgoing, 404, { detail: 'Not found.' });
    return;
  }
  if (id !== undefined) {
    const one = list.find((item) => (item as { id?: string }).id === id);
    sendJson(outgoing, one === undefined ? 404 : 200, one ?? { detail: 'Not found.' });
    return;
  }
  const offset = Number(query.get('offset'));
  const limit = Number(query.get('limit'));
  const page = list.slice(offset, offset + limit);
  const isMore = offset + limit < list.length;
  // As behind a proxy: an address that only the server itself knows, where the token must never go.
  const next = isMore
    ? `http://jump.internal${path}?limit=${String(limit)}&offset=${String(offset + limit)}`
    : null;
  const results = isLate && /automations|permissions/.test(name) ? page.map(kept) : page;
  sendJson(outgoing, 200, { count: list.length, next, previous: null, results });
}

function kept(item: unknown): object {
  const whole = Object.entries(item as Record<string, unknown>);
  const rest = whole.filter(([key]) => !['assets', 'nodes', 'users', 'user_groups'].includes(key));
  return { ...Object.fromEntries(rest), assets_amount: 1, nodes_amount: 1 };
}
