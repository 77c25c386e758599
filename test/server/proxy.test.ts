/** The page under a path behind a proxy, over https of its own, and the door that does not open to everybody. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { get, request } from 'node:https';
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { clientFinder, sourceOf } from '../../src/server/clientAddress.ts';
import { withoutBase } from '../../src/server/place.ts';
import { makeCertificate, PREFIX, startFrontProxy, type FrontProxy } from '../support/frontProxy.ts';
import {
  callPage,
  startFakeSupervisor,
  type Answer,
  type Call,
  type FakeSupervisor,
} from '../support/fakeSupervisor.ts';
import { containerView } from '../support/fakeDoor.ts';
import { openParts, type Parts } from '../support/parts.ts';
import { tempHome } from '../support/tempHome.ts';
import { addUser, alertsOf, PASSWORD } from '../support/visitor.ts';

let parts: Parts;
let end: () => Promise<void>;
beforeEach(() => {
  ({ parts, end } = openParts());
});
afterEach(() => end());

interface Outside {
  readonly fake: FakeSupervisor;
  readonly proxy: FrontProxy;
  readonly origin: string;
  readonly call: (call: Call) => Promise<Answer>;
}

async function behindProxy(options: { strips: boolean; host: 'passed' | 'its own' }): Promise<Outside> {
  let port = 0;
  const proxy = await startFrontProxy({ ...options, folder: tempHome(parts), upstreamPort: () => port });
  parts.after(() => proxy.end());
  const origin = `https://localhost:${String(proxy.port)}`;
  const page = { basePath: PREFIX, publicUrl: origin, trustedProxies: ['loopback'] };
  const fake = await startFakeSupervisor(undefined, { page });
  parts.after(() => fake.end());
  port = fake.port;
  return { fake, proxy, origin, call: (call) => callTls({ port: proxy.port, ca: proxy.ca }, call) };
}

function callTls(
  where: { port: number; ca: Buffer },
  { method = 'GET', path, headers = {}, body }: Call,
): Promise<Answer> {
  const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
  return new Promise((resolve, reject) => {
    const options = { ...where, host: 'localhost', family: 4, method, path, agent: false as const };
    const outgoing = request({ ...options, headers: { ...headers, ...length } }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (part: string) => (text += part));
      answer.on('end', () => resolve({ status: answer.statusCode!, headers: answer.headers, text }));
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

const FORM = { 'content-type': 'application/x-www-form-urlencoded' };
const HTML = { accept: 'text/html' };

describe('behind a proxy under a path', () => {
  for (const strips of [true, false]) {
    for (const host of ['passed', 'its own'] as const) {
      test(`that ${strips ? 'takes the path away' : 'leaves the path on'}, Host ${host}`, async () => {
        const { fake, origin, call } = await behindProxy({ strips, host });
        await addUser(fake, 'ann', 'operate');
        const sent = await call({ path: `${PREFIX}workers/push-1`, headers: HTML });
        assert.deepEqual([sent.status, sent.headers.location], [303, `${PREFIX}login?to=workers%2Fpush-1`]);
        const form = await call({ path: String(sent.headers.location), headers: HTML });
        assert.match(form.text, /<base href="\/garrison\/" \/>/);
        assert.match(form.text, /action="login"/);
        const body = new URLSearchParams({
          name: 'ann',
          password: PASSWORD,
          to: 'workers/push-1',
        }).toString();
        const path = `${PREFIX}login`;
        const evil = await call({
          method: 'POST',
          path,
          body,
          headers: { ...FORM, origin: 'https://evil.example' },
        });
        assert.equal(evil.status, 403);
        const entered = await call({ method: 'POST', path, body, headers: { ...FORM, origin } });
        assert.deepEqual([entered.status, entered.headers.location], [303, `${PREFIX}workers/push-1`]);
        const cookie = String(entered.headers['set-cookie']);
        assert.match(cookie, /; HttpOnly; SameSite=Strict; Path=\/garrison\/; Secure$/);
        const headers = { cookie: cookie.split(';')[0]! };
        const page = await call({ path: `${PREFIX}workers/push-1`, headers: { ...headers, ...HTML } });
        assert.equal(page.status, 200);
        assert.match(page.text, /<base href="\/garrison\/" \/>/);
        const asset = /"(?:\.\/)?(assets\/[^"]+\.js)"/.exec(page.text)![1]!;
        assert.equal((await call({ path: `${PREFIX}${asset}` })).status, 200);
        const acted = await call({
          method: 'POST',
          path: `${PREFIX}api/v1/operations`,
          body: JSON.stringify({ verb: 'quiet', target: 'push-1' }),
          headers: { ...headers, origin, 'content-type': 'application/json', 'garrison-request': '1' },
        });
        assert.equal(acted.status, 202);
        assert.match(String(acted.headers['location']), /^\/garrison\/api\/v1\/operations\/o-/);
        fake.door.containers = [containerView('web')];
        const plain = await call({ path: `${PREFIX}plain`, headers: { ...headers, ...HTML } });
        const ways = [...plain.text.matchAll(/ (?:action|href)="([^"]+)"/g)].map(([, way = '']) => way);
        assert.ok(ways.includes('ask') && ways.includes('logout'), ways.join(', '));
        for (const way of ways)
          assert.ok(new URL(way, `${origin}${PREFIX}`).pathname.startsWith(PREFIX), way);
        const query = new URLSearchParams({ verb: 'restart', target: 'container/web' }).toString();
        const asked = await call({ path: `${PREFIX}ask?${query}`, headers: { ...headers, ...HTML } });
        assert.match(asked.text, /<h1>Restart container\/web\?<\/h1>/);
      });
    }
  }
  test('the printed link works from outside, once', async () => {
    const { fake, origin, call } = await behindProxy({ strips: false, host: 'passed' });
    const link = fake.server.signInLink()!;
    assert.ok(link.startsWith(`${origin}${PREFIX}login?token=`), link);
    const { pathname, search, searchParams } = new URL(link);
    assert.equal((await call({ path: `${pathname}${search}` })).status, 200);
    const body = `token=${searchParams.get('token')!}`;
    const sent: Call = { method: 'POST', path: pathname, body, headers: { ...FORM, origin } };
    const first = await call(sent);
    assert.deepEqual([first.status, first.headers.location], [303, PREFIX]);
    assert.equal((await call(sent)).status, 401);
  });
  test('events come at once, although the proxy holds everything else back', async () => {
    const { fake, origin, call, proxy } = await behindProxy({ strips: true, host: 'passed' });
    const token = new URL(fake.server.signInLink()!).searchParams.get('token')!;
    const entered = await call({
      method: 'POST',
      path: `${PREFIX}login`,
      body: `token=${token}`,
      headers: { ...FORM, origin },
    });
    const headers = { cookie: String(entered.headers['set-cookie']).split(';')[0]! };
    const first = await new Promise<string>((resolve, reject) => {
      const where = { host: 'localhost', family: 4, port: proxy.port, ca: proxy.ca, agent: false as const };
      const outgoing = get({ ...where, path: `${PREFIX}api/v1/events`, headers }, (answer) => {
        let text = '';
        answer.setEncoding('utf8').on('data', (part: string) => {
          text += part;
          if (!text.includes('event: snapshot')) return;
          resolve(text);
          outgoing.destroy();
        });
      });
      outgoing.on('error', reject);
    });
    assert.match(first, /"host":"bastion-a"/);
  });
  test('nobody is explained to but who is listed, and a forged address is not believed', async () => {
    const { fake, origin, call } = await behindProxy({ strips: true, host: 'passed' });
    await addUser(fake, 'ann');
    const body = new URLSearchParams({ name: 'anm', password: PASSWORD }).toString();
    const headers = { ...FORM, origin, 'x-forwarded-for': '127.0.0.1' };
    const answer = await call({ method: 'POST', path: `${PREFIX}login`, body, headers });
    assert.match(alertsOf(answer), /names which do not exist are never locked, and/);
  });
});

describe('the client is', () => {
  const find = clientFinder(['loopback', '10.1.0.0/16']);
  const seen = (socketAddress: string, forwarded?: string): string =>
    find({ socketAddress, headers: forwarded === undefined ? {} : { 'x-forwarded-for': forwarded } }).address;
  const cases: readonly (readonly [string, string | undefined, string])[] = [
    ['192.0.2.1', '10.0.0.5', '192.0.2.1'],
    ['127.0.0.1', '192.0.2.1', '192.0.2.1'],
    ['::ffff:127.0.0.1', '192.0.2.1', '192.0.2.1'],
    ['127.0.0.1', '198.51.100.1, 192.0.2.1, 10.1.2.3', '192.0.2.1'],
    ['127.0.0.1', '198.51.100.1, nonsense, 10.1.2.3', '10.1.2.3'],
    ['127.0.0.1', '192.0.2.1:4711', '127.0.0.1'],
    ['127.0.0.1', '10.1.0.1, 10.1.0.2', '10.1.0.1'],
    ['127.0.0.1', undefined, '127.0.0.1'],
    ['127.0.0.1', `${'192.0.2.1, '.repeat(1_000)}10.1.0.1`, '192.0.2.1'],
  ];
  for (const [socket, forwarded, expected] of cases) {
    test(`${expected} for ${String(forwarded).slice(0, 40)} from ${socket}`, () => {
      assert.equal(seen(socket, forwarded), expected);
    });
  }
  test('one network of IPv6, one address of IPv4', () => {
    assert.equal(sourceOf('2001:db8:0:1:2:3:4:5'), sourceOf('2001:0db8::1:ffff:0:0:9'));
    assert.notEqual(sourceOf('2001:db8:0:1::5'), sourceOf('2001:db8:0:2::5'));
    assert.equal(sourceOf('::1'), '0:0:0:0::/64');
    assert.equal(sourceOf('192.0.2.1'), '192.0.2.1');
  });
});

test('the path is taken off once, and only there', () => {
  for (const [url, expected] of [
    ['/garrison/', '/'],
    ['/garrison', '/'],
    ['/garrison?x=1', '/?x=1'],
    ['/garrison/jobs?q=/garrison/', '/jobs?q=/garrison/'],
    ['/jobs', '/jobs'],
    ['/garrisonx/jobs', '/garrisonx/jobs'],
    ['/garrison/garrison/x', '/garrison/x'],
    ['/garrison//evil.example', '//evil.example'],
  ] as const)
    assert.equal(withoutBase(url, PREFIX), expected, url);
});

describe('over https of its own', () => {
  test('the page has a Secure cookie, its own origin, and no plain http', async () => {
    const tls = makeCertificate(tempHome(parts));
    const fake = await startFakeSupervisor(undefined, { page: { tls } });
    parts.after(() => fake.end());
    const link = fake.server.signInLink()!;
    assert.ok(link.startsWith('https://127.0.0.1:'), link);
    const { port, searchParams } = new URL(link);
    const where = { port: Number(port), ca: readFileSync(tls.certFile) };
    const sent = (origin: string): Call => ({
      method: 'POST',
      path: '/login',
      body: `token=${searchParams.get('token')!}`,
      headers: { ...FORM, origin },
    });
    assert.equal((await callTls(where, sent(`http://localhost:${port}`))).status, 403);
    const entered = await callTls(where, sent(`https://localhost:${port}`));
    assert.equal(entered.status, 303);
    assert.match(String(entered.headers['set-cookie']), /Path=\/; Secure$/);
    await assert.rejects(callPage(fake, { path: '/livez' }));
  });
  test('a certificate that cannot be read is named with its key', async () => {
    const tls = { certFile: '/nowhere/cert.pem', keyFile: '/nowhere/key.pem' };
    await assert.rejects(
      startFakeSupervisor(tempHome(parts), { page: { tls } }),
      /page\.tls\.certFile: \/nowhere/,
    );
  });
});

describe('a page for other machines', () => {
  const ANYWHERE = { address: '0.0.0.0' };
  test('is not opened without https or a proxy, nor without an account; the cure says what to do', async () => {
    const home = tempHome(parts);
    const refusal = (page: object): Promise<{ code?: string; cure?: string; message: string }> =>
      startFakeSupervisor(home, { page: { ...ANYWHERE, ...page } }).then(
        () => ({ message: 'it opened' }),
        (error: unknown) => error as { code: string; cure: string; message: string },
      );
    const plain = await refusal({});
    assert.equal(plain.code, 'CONFIG_INVALID');
    assert.match(
      `${plain.message} ${plain.cure ?? ''}`,
      /page\.listen: 0\.0\.0\.0.*page\.tls.*page\.trustedProxies/,
    );
    const empty = await refusal({ trustedProxies: ['10.0.0.1'] });
    assert.match(
      `${empty.message} ${empty.cure ?? ''}`,
      /no account yet.*garrison user add NAME --role admin/,
    );
  });
  test('is opened with both', async () => {
    const home = tempHome(parts);
    const first = await startFakeSupervisor(home);
    await addUser(first, 'ann', 'admin');
    await first.server.close();
    const open = await startFakeSupervisor(home, { page: { ...ANYWHERE, trustedProxies: ['10.0.0.1'] } });
    assert.equal((await callPage(open, { path: '/livez' })).status, 200);
    await open.server.close();
  });
});

describe('a file that is none of ours', () => {
  test('is not served, however the path is written', async () => {
    const fake = await startFakeSupervisor(undefined, { page: { basePath: PREFIX } });
    parts.after(() => fake.end());
    for (const path of [
      '/assets/../index.html',
      '/assets/..%2findex.html',
      '/assets/%2e%2e/%2e%2e/package.json',
      '/assets/..%5c..%5cpackage.json',
      '/assets//etc/passwd',
      '/assets/%00',
      '/garrison/assets/../../../../etc/passwd',
      '/garrison/assets/%2e%2e%2f%2e%2e%2fcli/main.js',
      '/assets/....//....//package.json',
    ]) {
      const answer = await raw(fake.port, path);
      assert.match(answer, /^HTTP\/1\.1 (?:400|401|403|404) /, path);
      assert.ok(!/root:|"garrison"|<!doctype/i.test(answer), path);
    }
  });
});

/** As it stands: no client that would tidy the path up first. */
function raw(port: number, path: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.write(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${String(port)}\r\nConnection: close\r\n\r\n`);
    });
    let text = '';
    socket.on('data', (part) => (text += part.toString())).on('close', () => resolve(text));
  });
}
