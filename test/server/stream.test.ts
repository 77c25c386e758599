/** One stream by itself: it looks again and again whether its reader may still read, and says so when that one may not. */
import assert from 'node:assert/strict';
import { get, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { newApp } from '../../src/server/newApp.ts';
import { createStreamHub } from '../../src/server/stream.ts';
import { until } from '../support/until.ts';

const PING_MS = 15_000;

test('a stream pings while its reader may read, and ends with a reason at the ping after', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  const logger = { warn: () => undefined, error: () => undefined };
  const app = newApp({ logger });
  app.decorateRequest('actor', null).decorateRequest('client', null);
  let mayRead = true;
  const hub = createStreamHub({ stillAllowed: () => mayRead, logger });
  app.get('/stream', (request, reply) => {
    hub.open(request, reply);
  });
  await app.listen({ host: '127.0.0.1', port: 0 });
  t.after(() => {
    hub.endAll();
    return app.close();
  });
  const { port } = app.server.address() as AddressInfo;
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    get({ host: '127.0.0.1', port, path: '/stream', agent: false }, resolve).on('error', reject);
  });
  let text = '';
  let ended = false;
  answer.setEncoding('utf8').on('data', (part: string) => (text += part));
  answer.on('end', () => (ended = true));
  t.mock.timers.tick(PING_MS);
  await until('a ping', () => text.includes('event: ping'));
  hub.endForbidden();
  mayRead = false;
  t.mock.timers.tick(PING_MS);
  await until('it has ended', () => ended);
  assert.match(text, /event: ping\ndata: \{\}\n\nevent: end\ndata: \{"reason":"SessionEnded"\}\n\n$/);
});
