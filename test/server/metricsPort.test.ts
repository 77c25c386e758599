/** The metrics' own port: what it serves to whom, and that it serves nothing else. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { startServer, type RunningServer } from '../../src/server/app.ts';
import { isLoopback } from '../../src/server/place.ts';
import { FakeDoor } from '../support/fakeDoor.ts';
import { json, send, type Answer } from '../support/fakeSupervisor.ts';
import { withParts, type Parts } from '../support/parts.ts';
import { tempHome } from '../support/tempHome.ts';

describe('the port of the metrics', () => {
  it('is not there unless it is asked for', withParts(offByDefault));
  it('serves the metrics and its health on loopback to everybody, and nothing else', withParts(onLoopback));
  it('wants a token on any other address, by whatever name it is called', withParts(elsewhere));
  it('that is taken is told with its key, and nothing stays open', withParts(taken));
  it('knows a loopback address', () => {
    for (const address of ['127.0.0.1', '127.8.8.8', '::1', 'localhost'])
      assert.ok(isLoopback(address), address);
    for (const address of ['0.0.0.0', '::', '10.0.0.1', '127.0.0.1.example', '1127.0.0.1'])
      assert.ok(!isLoopback(address), address);
  });
});

interface Open {
  readonly home: string;
  readonly server: RunningServer;
  readonly get: (path: string, headers?: Record<string, string>) => Promise<Answer>;
}

async function open(parts: Parts, address: string | null, port = 0): Promise<Open> {
  const home = tempHome(parts);
  const server = await startServer({
    door: new FakeDoor(home),
    homeDir: home,
    socketPath: join(home, 'control.sock'),
    pageListen: { address: '127.0.0.1', port: 0 },
    metricsListen: address === null ? null : { address, port },
    readiness: () => ({ ready: true, why: 'a secret reason' }),
    logger: { warn: () => undefined, error: () => undefined },
  });
  parts.after(() => server.close());
  const own = server.metricsPort ?? 0;
  return {
    home,
    server,
    get: (path, headers = {}) =>
      send(
        { host: '127.0.0.1', port: own },
        { path, headers: { host: `127.0.0.1:${String(own)}`, ...headers } },
      ),
  };
}

async function offByDefault(parts: Parts): Promise<void> {
  assert.equal((await open(parts, null)).server.metricsPort, null);
}

async function onLoopback(parts: Parts): Promise<void> {
  const { get, server } = await open(parts, '127.0.0.1');
  const metrics = await get('/metrics');
  assert.equal(metrics.status, 200);
  assert.match(metrics.text, /^garrison_worker_up\{worker="push-1"\} 1$/m);
  for (const path of ['/livez', '/readyz']) assert.deepEqual((await get(path)).text, 'ok\n');
  for (const path of ['/', '/api/v1/status', '/login', '/api/v1/events', '/metrics/..'])
    assert.equal((await get(path)).status, 404, path);
  const post = await send(
    { host: '127.0.0.1', port: server.metricsPort ?? 0 },
    { method: 'POST', path: '/metrics', headers: { host: `127.0.0.1:${String(server.metricsPort)}` } },
  );
  assert.equal(post.status, 404);
  assert.equal((await get('/metrics', { host: 'evil.example' })).status, 421);
}

async function elsewhere(parts: Parts): Promise<void> {
  const { get, home } = await open(parts, '0.0.0.0');
  const sent = json({ name: 'prometheus', scope: 'read' });
  const socket = { socketPath: join(home, 'control.sock') };
  const made = await send(socket, {
    method: 'POST',
    path: '/api/v1/tokens',
    body: sent.body,
    headers: { host: 'localhost', ...sent.headers },
  });
  const { token } = (JSON.parse(made.text) as { item: { token: string } }).item;
  const host = { host: 'bastion-a.example:9464' };
  for (const path of ['/metrics', '/', '/api/v1/status'])
    assert.equal((await get(path, host)).status, 401, path);
  assert.equal((await get('/readyz', host)).text, 'ok\n');
  const wrong = { ...host, authorization: 'Bearer garrison_wrong' };
  assert.equal((await get('/metrics', wrong)).status, 401);
  const right = await get('/metrics', { ...host, authorization: `Bearer ${token}` });
  assert.equal(right.status, 200);
  assert.match(right.text, /^garrison_login_failures_total\{kind="token"\} 1$/m);
}

async function taken(parts: Parts): Promise<void> {
  const { server } = await open(parts, '127.0.0.1');
  await assert.rejects(open(parts, '127.0.0.1', server.metricsPort ?? 0), {
    code: 'PAGE_UNAVAILABLE',
    message: /^the metrics cannot listen on 127\.0\.0\.1:\d+: another program listens there$/,
  });
}
