/** What one connection may cost: how long the head of a request may take, and how many connections there may be. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { newApp, type AppOptions } from '../../src/server/newApp.ts';
import { makeCertificate } from '../support/frontProxy.ts';
import { until } from '../support/until.ts';

async function serve(t: TestContext, options: Partial<AppOptions>): Promise<number> {
  const log = (): void => undefined;
  const app = newApp({ logger: { warn: log, error: log }, ...options });
  app.get('/', async () => 'here');
  await app.listen({ host: '127.0.0.1', port: 0 });
  t.after(() => app.close());
  return (app.server.address() as AddressInfo).port;
}

/** Sends a header's letters one by one for as long as it may; resolves to what was answered, and after how long. */
async function dawdle(t: TestContext, socket: Socket): Promise<{ answer: string; tookMs: number }> {
  const startedMs = performance.now();
  let answer = '';
  socket.on('error', () => undefined).on('data', (part: Buffer) => (answer += part.toString()));
  socket.write('GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ');
  const drip = setInterval(() => socket.write('a'), 50);
  t.after(() => {
    clearInterval(drip);
    socket.destroy();
  });
  await once(socket, 'close');
  return { answer, tookMs: performance.now() - startedMs };
}

test(
  'a head that comes byte by byte is ended with an answer, over http and over https',
  { timeout: 20_000 },
  async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'garrison-limits-'));
    t.after(() => {
      rmSync(folder, { recursive: true });
    });
    const { certFile, keyFile } = makeCertificate(folder);
    const tls = { cert: readFileSync(certFile), key: readFileSync(keyFile) };
    const plain = connect(await serve(t, { headWithinMs: 400 }), '127.0.0.1');
    const host = { host: '127.0.0.1', port: await serve(t, { headWithinMs: 400, tls }) };
    const encrypted = connectTls({ ...host, rejectUnauthorized: false });
    const ended = await Promise.all([dawdle(t, plain), dawdle(t, encrypted)]);
    for (const { answer, tookMs } of ended) {
      assert.match(answer, /^HTTP\/1\.1 408 Request Timeout\r\n/);
      assert.match(answer, /"code":"TOO_SLOW"/);
      // 400 ms and up to 200 more; a busy machine may be late.
      assert.ok(tookMs >= 390 && tookMs < 10_000, `after ${tookMs.toFixed(0)} ms`);
    }
  },
);

test('a connection beyond the most is closed at once, and there is room again when one has gone', async (t) => {
  const port = await serve(t, { mostConnections: 2 });
  const open = async (): Promise<{ socket: Socket; ask(): Promise<string> }> => {
    const socket = connect(port, '127.0.0.1').on('error', () => undefined);
    t.after(() => socket.destroy());
    const ask = async (): Promise<string> => {
      socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
      const [part] = (await Promise.race([once(socket, 'data'), once(socket, 'close')])) as unknown[];
      return Buffer.isBuffer(part) ? part.toString().slice(0, 12) : 'closed';
    };
    return { socket, ask };
  };
  const [first, second] = [await open(), await open()];
  assert.deepEqual([await first.ask(), await second.ask()], ['HTTP/1.1 200', 'HTTP/1.1 200']);
  assert.equal(await (await open()).ask(), 'closed');
  assert.equal(await first.ask(), 'HTTP/1.1 200', 'who is there already goes on');
  second.socket.destroy();
  await until('there is room', async () => (await (await open()).ask()) === 'HTTP/1.1 200');
});
