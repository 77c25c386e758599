/** What no browser sends: broken and huge requests, other protocols, ways out of the folder, JSON bombs, and viewers that never read. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { newApp } from '../../src/server/newApp.ts';
import { createStreamHub, type EventStream } from '../../src/server/stream.ts';
import { startFakeSupervisor, type FakeSupervisor } from '../support/fakeSupervisor.ts';
import { until } from '../support/until.ts';
import { Visitor } from '../support/visitor.ts';

let fake: FakeSupervisor;
let host: string;
let visitor: Visitor;
before(async () => {
  fake = await startFakeSupervisor(undefined, { page: { basePath: '/garrison/' } });
  host = `127.0.0.1:${String(fake.port)}`;
  visitor = new Visitor(fake);
  const token = new URL(fake.server.signInLink()!).searchParams.get('token')!;
  assert.equal((await visitor.form('/garrison/login', { token })).status, 303);
});
after(() => fake.end());

interface Raw {
  readonly status: number;
  readonly head: string;
  readonly body: string;
}

/** Exactly these bytes on a connection of their own, until the server closes it. */
async function raw(text: string): Promise<Raw> {
  const socket = connect(fake.port, '127.0.0.1');
  socket.on('error', () => undefined).write(text, 'latin1');
  let got = '';
  socket.setEncoding('utf8').on('data', (part: string) => (got += part));
  await once(socket, 'close');
  const [head = '', body = ''] = got.split(/\r\n\r\n(.*)/s);
  return { status: Number(/^HTTP\/1\.1 (\d{3}) /.exec(head)?.[1] ?? 0), head, body };
}

/** With the session of an operator, and closed after its answer. */
const request = (line: string, headers = '', body = ''): Promise<Raw> =>
  raw(`${line}\r\nHost: ${host}\r\nCookie: ${visitor.cookie}\r\nConnection: close\r\n${headers}\r\n${body}`);
const post = (body: string, type = 'application/json', more = ''): Promise<Raw> =>
  request(
    'POST /garrison/api/v1/operations HTTP/1.1',
    `Origin: http://${host}\r\ngarrison-request: 1\r\nContent-Type: ${type}\r\n${more === '' ? `Content-Length: ${String(Buffer.byteLength(body))}\r\n` : more}`,
    body,
  );

function assertProblem(answer: Raw, status: number, code: string): void {
  assert.match(answer.head, /content-type: application\/problem\+json/i, answer.head);
  assert.match(answer.head, /x-content-type-options: nosniff/i);
  assert.deepEqual([answer.status, (JSON.parse(answer.body) as { code: string }).code], [status, code]);
}

describe('what is no request that can be read is told so, in the same kind of document', () => {
  const good = 'GET /garrison/api/v1/status HTTP/1.1';
  const cases: readonly [what: string, bytes: () => Promise<Raw>, status: number, code: string][] = [
    ['the beginning of TLS', () => raw('\x16\x03\x01\x02\x00\x01\x00\r\n\r\n'), 400, 'USAGE'],
    ['HTTP/2', () => raw('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), 400, 'USAGE'],
    ['a method that there is not', () => request('BREW /garrison/ HTTP/1.1'), 400, 'USAGE'],
    ['a zero byte in the address', () => request('GET /garrison/api/v1/\0status HTTP/1.1'), 400, 'USAGE'],
    [
      'two lengths',
      () => post('0\r\n\r\n', 'application/json', 'Content-Length: 4\r\nTransfer-Encoding: chunked\r\n'),
      400,
      'USAGE',
    ],
    [
      'a chunk of no length',
      () => post('zz\r\n', 'application/json', 'Transfer-Encoding: chunked\r\n'),
      400,
      'USAGE',
    ],
    ['one huge header', () => request(good, `X-A: ${'a'.repeat(20_000)}\r\n`), 431, 'HEAD_TOO_LARGE'],
    ['very many headers', () => request(good, 'abc: def\r\n'.repeat(4_000)), 431, 'HEAD_TOO_LARGE'],
    ['a huge address', () => request(`GET /${'a'.repeat(20_000)} HTTP/1.1`), 431, 'HEAD_TOO_LARGE'],
  ];
  for (const [what, bytes, status, code] of cases)
    test(what, async () => {
      assertProblem(await bytes(), status, code);
    });
});

describe('other ways of asking', () => {
  test('an upgrade to a web socket is an ordinary request, and CONNECT is closed', async () => {
    const headers = 'Upgrade: websocket\r\nSec-WebSocket-Key: AAAA\r\nSec-WebSocket-Version: 13\r\n';
    const upgrade = await request('GET /garrison/api/v1/status HTTP/1.1', headers);
    assert.equal(upgrade.status, 200);
    assert.equal((await raw(`CONNECT example.org:443 HTTP/1.1\r\nHost: ${host}\r\n\r\n`)).head, '');
  });
  test('HTTP/1.0 and HEAD are answered, other methods need the proof that a change needs', async () => {
    assert.equal((await request('GET /garrison/api/v1/status HTTP/1.0')).status, 200);
    const head = await request('HEAD /garrison/api/v1/status HTTP/1.1');
    assert.deepEqual([head.status, head.body], [200, '']);
    for (const method of ['PROPFIND', 'TRACE', 'PUT', 'QUERY'])
      assert.ok([400, 403].includes((await request(`${method} /garrison/api/v1/status HTTP/1.1`)).status));
  });
  test('a second Host header does not help, and a cookie that is nearly right is none', async () => {
    const evil = await raw(
      `GET /garrison/api/v1/status HTTP/1.1\r\nHost: evil\r\nHost: ${host}\r\nCookie: ${visitor.cookie}\r\nConnection: close\r\n\r\n`,
    );
    assert.equal(evil.status, 421);
    const name = visitor.cookie.split('=')[0] ?? '';
    for (const cookie of [`${visitor.cookie}x`, `${name}=; ${name}=%00`, visitor.cookie.toUpperCase()])
      assert.equal(
        (await visitor.call({ path: '/garrison/api/v1/status', headers: { cookie } })).status,
        401,
      );
  });
});

describe('a way out of the folder leads nowhere', () => {
  const up = [
    '../',
    '..%2f',
    '%2e%2e/',
    '%2e%2e%2f',
    '%252e%252e%252f',
    '..%5c',
    '..\\',
    '....//',
    '%c0%ae%c0%ae/',
    '.%00./',
  ];
  const from = [
    '',
    'assets/',
    'api/v1/jobs/',
    'api/v1/workers/',
    'api/v1/timeline/',
    'api/v1/containers/web/evidence/',
  ];
  for (const place of from)
    test(place === '' ? 'from the base path' : `from ${place}`, async () => {
      for (const step of up)
        for (const target of ['package.json', 'users.json', 'etc/passwd']) {
          const path = `/garrison/${place}${step.repeat(4)}${target}`;
          const { status, body } = await request(`GET ${path} HTTP/1.1`);
          assert.ok(status === 400 || status === 401 || status === 404, `${path}: ${String(status)}`);
          assert.doesNotMatch(body, /"dependencies"|"users"\s*:|root:x:/);
        }
    });
});

describe('a body', () => {
  const UNREADABLE = [400, 'BODY_UNREADABLE'] as const;
  test('of another kind is refused, a form of the same words too', async () => {
    const asked = fake.door.asked.length;
    for (const type of [
      'multipart/form-data; boundary=x',
      'application/xml',
      'application/x-www-form-urlencoded',
    ])
      assertProblem(await post('verb=quiet&target=push-1', type), ...UNREADABLE);
    assertProblem(await post('{"verb":"quiet","target":"push-1"}', 'text/plain'), 400, 'USAGE');
    assert.equal(fake.door.asked.length, asked, 'nothing reached the door');
  });
  test('that is nested very deeply, or names what objects are made of, is refused and changes no object', async () => {
    for (const body of [
      '['.repeat(1_000_000),
      `{${'"a":{'.repeat(100_000)}"__proto__":1${'}'.repeat(100_001)}`,
      '{"verb":"quiet","target":"push-1","__proto__":{"reason":"x"}}',
      '{"verb":"quiet","target":"push-1","\\u005f_proto__":{"reason":"x"}}',
      '{"verb":"quiet","target":"push-1","constructor":{"prototype":{"polluted":1}}}',
    ])
      assertProblem(await post(body), ...UNREADABLE);
    assertProblem(await post(`{"reason":${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}}`), 400, 'USAGE');
    assert.equal(({} as { polluted?: unknown }).polluted, undefined);
  });
  test('of very many unknown keys is answered shortly', async () => {
    const keys = Array.from({ length: 60_000 }, (_, index) => `"k${String(index)}":1`);
    const answer = await post(`{${keys.join(',')}}`);
    assertProblem(answer, 400, 'USAGE');
    assert.ok(answer.body.length < 4_000, `${String(answer.body.length)} bytes`);
  });
  test('that is too large is refused as soon as that is known, declared or not', async () => {
    const started = performance.now();
    assertProblem(
      await post('{', 'application/json', 'Content-Length: 10000000000\r\n'),
      413,
      'BODY_TOO_LARGE',
    );
    const chunks = `10000\r\n${'x'.repeat(65_536)}\r\n`.repeat(20);
    const chunked = await post(chunks, 'application/json', 'Transfer-Encoding: chunked\r\n');
    assert.equal(chunked.status, 413);
    assert.ok(performance.now() - started < 5_000);
  });
});

test('after all of this nothing was a surprise, and the page still answers', async () => {
  assert.deepEqual(fake.logged, []);
  assert.equal((await visitor.api('GET', '/garrison/api/v1/status')).status, 200);
});

describe('viewers that never read', () => {
  const VIEWERS = 50;
  const silent = async (): Promise<Socket> => {
    const socket = connect(fake.port, '127.0.0.1').on('error', () => undefined);
    socket.write(
      `GET /garrison/api/v1/events HTTP/1.1\r\nHost: ${host}\r\nCookie: ${visitor.cookie}\r\n\r\n`,
    );
    // The answer has begun, and nobody takes it.
    await once(socket, 'readable');
    return socket;
  };

  test('hold little, are cut off with a reason in the log, and others go on', async (t) => {
    const sockets = await Promise.all(Array.from({ length: VIEWERS }, silent));
    t.after(() => {
      for (const socket of sockets) socket.destroy();
    });
    await until('all follow', () => fake.door.listeners === 1);
    const before = process.memoryUsage().rss;
    let most = 0;
    const job = fake.door.job0('j-busy', { waitingFor: 'x'.repeat(60_000) });
    // 60 MB for each of them: as much as a minute of a very busy fleet, a part at a time as the loop would tell it.
    for (let turn = 0; turn < 1_000; turn += 1) {
      fake.door.tell({ type: 'job', job });
      if (turn % 20 === 0) await new Promise(setImmediate);
      most = Math.max(most, process.memoryUsage.rss() - before);
    }
    const cut = (): number => fake.logged.filter((line) => line.includes('it takes less than')).length;
    await until('all were cut off', () => cut() === VIEWERS);
    assert.match(
      fake.logged[0] ?? '',
      /^a viewer was cut off: .*connects again by itself .*"actor":"page","path":"\/api\/v1\/events","waitingBytes":\d+/,
    );
    assert.ok(most < 200 * 2 ** 20, `grew by ${String(Math.round(most / 2 ** 20))} MiB`);
    await until('none is followed any more', () => fake.door.listeners === 0);
    assert.equal((await visitor.api('GET', '/garrison/api/v1/status')).status, 200);
  });

  test('and on which nothing moves are ended too, however little waits for them', async (t) => {
    const logged: string[] = [];
    const log = (_facts: object, message: string): unknown => logged.push(message);
    const logger = { warn: log, error: log };
    const app = newApp({ logger, stillAfterMs: 200 });
    app.decorateRequest('actor', null).decorateRequest('client', null);
    const hub = createStreamHub({ stillAllowed: () => true, logger });
    const streams: EventStream[] = [];
    app.get('/stream', (request, reply) => {
      streams.push(hub.open(request, reply)!);
    });
    await app.listen({ host: '127.0.0.1', port: 0 });
    t.after(() => app.close());
    const socket = connect((app.server.address() as AddressInfo).port, '127.0.0.1');
    t.after(() => socket.destroy());
    socket.write('GET /stream HTTP/1.1\r\nHost: x\r\n\r\n');
    const [stream] = await until('it follows', () => (streams.length === 1 ? streams : null));
    await until('it was cut off', () => stream!.gone.aborted);
    assert.match(logged.join('\n'), /^a viewer was cut off: it has taken nothing for too long/);
  });
});
