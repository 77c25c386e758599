/** The page's port is closed to strangers: what they get, what opens it, and what a session or token may do. */
import assert from 'node:assert/strict';
import { readFileSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { cookieNameOf } from '../../src/server/session.ts';
import {
  callPage,
  callSocket,
  json,
  startFakeSupervisor,
  type Answer,
  type Call,
  type FakeSupervisor,
} from '../support/fakeSupervisor.ts';

let fake: FakeSupervisor;
before(async () => {
  fake = await startFakeSupervisor();
  fake.door.jobs.push(fake.door.job0('j-1'));
});
after(() => fake.end());

const page = (call: Call): Promise<Answer> => callPage(fake, call);
const code = (answer: Answer): unknown => (JSON.parse(answer.text) as { code: unknown }).code;
const origin = (): string => `http://127.0.0.1:${String(fake.port)}`;
const tokenOf = (link: string): string => new URL(link).searchParams.get('token')!;

async function signIn(): Promise<string> {
  const token = tokenOf(fake.server.signInLink()!);
  const answer = await page({
    method: 'POST',
    path: '/login',
    body: `token=${token}`,
    headers: formHeaders(),
  });
  assert.equal(answer.status, 303);
  return String(answer.headers['set-cookie']).split(';')[0]!;
}

function formHeaders(): Record<string, string> {
  return { 'content-type': 'application/x-www-form-urlencoded', origin: origin() };
}

async function newToken(name: string, scope: string): Promise<string> {
  const answer = await callSocket(fake, { method: 'POST', path: '/api/v1/tokens', ...json({ name, scope }) });
  assert.equal(answer.status, 201);
  return (JSON.parse(answer.text) as { item: { token: string } }).item.token;
}

describe('a stranger', () => {
  const paths = [
    '/',
    '/metrics',
    '/login?token=x',
    '/logout',
    '/nothing',
    '/api',
    '/api/v1/status',
    '/api/v1/workers',
    '/api/v1/jobs',
    '/api/v1/jobs/j-1',
    '/api/v1/jobs/j-1/log',
    '/api/v1/pushes',
    '/api/v1/hosts',
    '/api/v1/operations',
    '/api/v1/containers/web/story',
    '/api/v1/containers/web/evidence/x.json',
    '/ask?verb=heal&target=container/web',
    '/operations/o-1',
    '/api/v1/events',
    '/api/v1/tokens',
    '/api/v1/sign-in-links',
    '/livez/',
    '//livez',
    '/LIVEZ',
    '/livez%2f..',
    '/%',
    '/%zz',
    `/${'a'.repeat(500)}`,
    '/livez/../api/v1/status',
  ];
  for (const path of paths) {
    test(`gets 401 for GET ${path.slice(0, 40)}`, async () => {
      const answer = await page({ path });
      assert.equal(answer.status, 401);
      assert.match(String(answer.headers['content-type']), /^application\/problem\+json/);
      assert.equal(code(answer), 'UNAUTHENTICATED');
    });
  }
  test('gets the sign-in page, and is told nothing else on it', async () => {
    const answer = await page({ path: '/login' });
    assert.equal(answer.status, 200);
    assert.match(answer.text, /<form class="sign-in" method="post" action="login">/);
    assert.ok(!answer.text.includes('bastion-a'));
  });
  for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'HEAD']) {
    test(`gets 401 for ${method}, even with a body nobody could read`, async () => {
      const answer = await page({
        method,
        path: '/api/v1/pushes',
        headers: { 'content-type': 'text/x' },
        body: '{',
      });
      assert.equal(answer.status, 401);
    });
  }
  test('gets /livez and /readyz, the verdict without the reason', async () => {
    for (const path of ['/livez', '/readyz', '/livez?x=1'])
      assert.deepEqual([(await page({ path })).status, (await page({ path })).text], [200, 'ok\n']);
    fake.health.ready = { ready: false, why: 'the secret reason' };
    const notReady = await page({ path: '/readyz' });
    assert.deepEqual([notReady.status, notReady.text], [503, 'not ok\n']);
    assert.match((await callSocket(fake, { path: '/readyz' })).text, /the secret reason/);
    fake.health.ready = { ready: true, why: '' };
  });
  test('gets nothing with a wrong cookie or token', async () => {
    for (const headers of [
      { cookie: `${cookieNameOf(fake.home)}=abc` },
      { authorization: 'Bearer garrison_abc' },
      { authorization: 'Basic x' },
      { cookie: `${cookieNameOf(fake.home)}=` },
    ]) {
      assert.equal((await page({ path: '/api/v1/status', headers })).status, 401);
    }
  });
});

describe('the Host header', () => {
  test('of another server is refused on every path, before anything else', async () => {
    const cookie = await signIn();
    for (const host of [
      'evil.example',
      `evil.example:${String(fake.port)}`,
      '127.0.0.1',
      '127.0.0.1:1',
      `127.0.0.1.evil:${String(fake.port)}`,
    ]) {
      for (const path of ['/livez', '/', '/api/v1/status', '/login?token=x']) {
        const answer = await page({ path, headers: { host, cookie } });
        assert.deepEqual([answer.status, code(answer)], [421, 'MISDIRECTED'], `${host} ${path}`);
      }
    }
  });
  test('of the loopback names with the real port is accepted', async () => {
    for (const name of ['127.0.0.1', 'localhost', 'LOCALHOST', '[::1]']) {
      assert.equal(
        (await page({ path: '/livez', headers: { host: `${name}:${String(fake.port)}` } })).status,
        200,
        name,
      );
    }
  });
  test('that is missing is refused', async () => {
    const answer = await new Promise<string>((resolve) => {
      const socket = connect(fake.port, '127.0.0.1', () => socket.write('GET /livez HTTP/1.0\r\n\r\n'));
      let text = '';
      socket.on('data', (chunk) => (text += chunk.toString())).on('close', () => resolve(text));
    });
    assert.match(answer, /^HTTP\/1\.1 421 /);
  });
});

describe('the one-time link', () => {
  test('shows a button and is not used up by looking', async () => {
    const link = fake.server.signInLink()!;
    assert.ok(link.startsWith(`${origin()}/login?token=`));
    assert.ok(tokenOf(link).length >= 43, '256 bits');
    for (let look = 0; look < 2; look += 1) {
      const answer = await page({ path: `/login?token=${tokenOf(link)}` });
      assert.equal(answer.status, 200);
      assert.match(answer.text, /<form method="post" action="\/login">/);
      assert.equal(answer.headers['set-cookie'], undefined);
    }
  });
  test('signs in once, and never again', async () => {
    const body = `token=${tokenOf(fake.server.signInLink()!)}`;
    const first = await page({ method: 'POST', path: '/login', body, headers: formHeaders() });
    assert.deepEqual([first.status, first.headers.location], [303, '/']);
    const cookie = String(first.headers['set-cookie']);
    for (const attribute of ['HttpOnly', 'SameSite=Strict', 'Path=/'])
      assert.ok(cookie.includes(attribute), attribute);
    const second = await page({ method: 'POST', path: '/login', body, headers: formHeaders() });
    assert.deepEqual([second.status, second.headers['set-cookie']], [401, undefined]);
    assert.equal((await page({ path: `/login?${body}` })).status, 401);
  });
  test('cannot be pressed by another site', async () => {
    const body = `token=${tokenOf(fake.server.signInLink()!)}`;
    for (const origins of [
      { origin: 'https://evil.example' },
      { origin: 'null' },
      { 'sec-fetch-site': 'cross-site' },
      { origin: origin(), 'sec-fetch-site': 'same-site' },
    ]) {
      const form = { 'content-type': 'application/x-www-form-urlencoded' };
      assert.equal(
        (
          await page({
            method: 'POST',
            path: '/login',
            body,
            headers: { ...form, ...origins },
          })
        ).status,
        403,
      );
    }
    assert.equal(
      (await page({ method: 'POST', path: '/login', body, headers: formHeaders() })).status,
      303,
      'and was not used up by that',
    );
  });
  test('is made anew over the socket only', async () => {
    const made = await callSocket(fake, { method: 'POST', path: '/api/v1/sign-in-links', ...json({}) });
    const { link } = (JSON.parse(made.text) as { item: { link: string } }).item;
    assert.equal((await page({ path: `/login?token=${tokenOf(link)}` })).status, 200);
    const cookie = await signIn();
    assert.equal(
      (
        await page({
          method: 'POST',
          path: '/api/v1/sign-in-links',
          headers: { cookie, origin: origin(), 'garrison-request': '1' },
        })
      ).status,
      404,
    );
  });
});

describe('a session', () => {
  test('sees the page, escaped, under a policy that lets nothing else run', async () => {
    fake.door.workers[0] = { ...fake.door.workers[0]!, detail: '<script>alert(1)</script>"\'&' };
    const answer = await page({ path: '/plain', headers: { cookie: await signIn() } });
    assert.equal(answer.status, 200);
    assert.ok(!answer.text.includes('<script>alert'));
    assert.ok(answer.text.includes('&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&amp;'));
    const policy = String(answer.headers['content-security-policy']);
    assert.match(policy, /default-src 'none'.*frame-ancestors 'none'/);
    assert.ok(!policy.includes('unsafe'));
    const nonce = /script-src 'nonce-([^']+)'/.exec(policy)![1]!;
    assert.ok(answer.text.includes(`<script nonce="${nonce}">`));
    for (const [name, value] of [
      ['x-content-type-options', 'nosniff'],
      ['x-frame-options', 'DENY'],
      ['cache-control', 'no-store'],
    ])
      assert.equal(answer.headers[name!], value);
  });
  test('may act only with proof that the request is from our page', async () => {
    const cookie = await signIn();
    const post = (headers: Record<string, string>): Promise<Answer> => {
      const sent = json({ verb: 'restart', target: 'push-1' });
      return page({
        method: 'POST',
        path: '/api/v1/operations',
        body: sent.body,
        headers: { ...sent.headers, cookie, ...headers },
      });
    };
    const proof = { origin: origin(), 'garrison-request': '1' };
    const bad = [
      {},
      { origin: origin() },
      { 'garrison-request': '1' },
      { ...proof, origin: 'https://evil.example' },
      { ...proof, origin: 'null' },
      { ...proof, 'sec-fetch-site': 'cross-site' },
    ];
    const before = fake.door.asked.length;
    for (const headers of bad) {
      const answer = await post(headers);
      assert.deepEqual([answer.status, code(answer)], [403, 'CROSS_SITE'], JSON.stringify(headers));
    }
    assert.equal(fake.door.asked.length, before, 'nothing reached the door');
    const good = await post(proof);
    assert.equal(good.status, 202);
    assert.match(String(good.headers.location), /^\/api\/v1\/operations\/o-/);
    assert.equal((fake.door.asked.at(-1) as { actor: string }).actor, 'page');
  });
  test('of the link is the operator on the machine: it may make tokens, which is kept in the journal', async () => {
    const cookie = await signIn();
    const sent = json({ name: 'made-on-the-page', scope: 'read' });
    const made = await page({
      method: 'POST',
      path: '/api/v1/tokens',
      body: sent.body,
      headers: { ...sent.headers, cookie, origin: origin(), 'garrison-request': '1' },
    });
    assert.equal(made.status, 201);
    assert.deepEqual(fake.door.journal.at(-1), {
      ...{ event: 'token', verb: 'create', token: 'made-on-the-page', scope: 'read' },
      ...{ actor: 'page', from: '127.0.0.1' },
    });
  });
  test('ends when signed out', async () => {
    const cookie = await signIn();
    const form = /name="form" value="([^"]+)"/.exec(
      (await page({ path: '/plain', headers: { cookie } })).text,
    )![1]!;
    const out = (value: string): Promise<Answer> =>
      page({ method: 'POST', path: '/logout', body: `form=${value}`, headers: { ...formHeaders(), cookie } });
    assert.equal((await out('wrong')).status, 403);
    assert.equal((await out(form)).status, 200);
    assert.equal((await page({ path: '/plain', headers: { cookie } })).status, 401);
  });
});

describe('a token', () => {
  test('reads with scope read and acts with scope operate, without any cookie or origin', async () => {
    const reader = { authorization: `Bearer ${await newToken('prometheus', 'read')}` };
    const operator = { authorization: `Bearer ${await newToken('deploy', 'operate')}` };
    assert.equal((await page({ path: '/metrics', headers: reader })).status, 200);
    const sent = json({ verb: 'quiet', target: 'push-1' });
    const post = (headers: Record<string, string>): Promise<Answer> =>
      page({
        method: 'POST',
        path: '/api/v1/operations',
        body: sent.body,
        headers: { ...sent.headers, ...headers },
      });
    const refused = await post(reader);
    assert.deepEqual([refused.status, code(refused)], [403, 'NOT_PERMITTED']);
    assert.equal((await post(operator)).status, 202);
    assert.equal((fake.door.asked.at(-1) as { actor: string }).actor, 'token:deploy');
  });
  test('makes no other token, whatever its scope', async () => {
    const operator = { authorization: `Bearer ${await newToken('maker', 'operate')}` };
    const sent = json({ name: 'x', scope: 'operate' });
    const asked = { method: 'POST', path: '/api/v1/tokens', body: sent.body };
    const answer = await page({ ...asked, headers: { ...sent.headers, ...operator } });
    assert.deepEqual([answer.status, code(answer)], [403, 'NOT_PERMITTED']);
  });
  test('is kept as a hash, 0600, outlives a restart of the server and ends when revoked', async () => {
    const token = await newToken('backup', 'read');
    const file = join(fake.home, 'tokens.json');
    assert.equal(statSync(file).mode & 0o777, 0o600);
    assert.ok(!readFileSync(file, 'utf8').includes(token.slice(10)));
    assert.equal(
      (
        await callSocket(fake, {
          method: 'POST',
          path: '/api/v1/tokens',
          ...json({ name: 'backup', scope: 'read' }),
        })
      ).status,
      409,
    );
    const headers = { authorization: `Bearer ${token}` };
    assert.equal((await page({ path: '/api/v1/status', headers })).status, 200);
    assert.equal((await callSocket(fake, { method: 'DELETE', path: '/api/v1/tokens/backup' })).status, 204);
    assert.equal((await page({ path: '/api/v1/status', headers })).status, 401);
  });
});

test('links and tokens that are not good are counted, sessions that have run out are not', async () => {
  const failures = async (): Promise<Record<string, number>> => {
    const { text } = await callSocket(fake, { path: '/metrics' });
    const found = [...text.matchAll(/^garrison_login_failures_total\{kind="(\w+)"\} (\d+)$/gm)];
    return Object.fromEntries(found.map(([, kind = '', count]) => [kind, Number(count)]));
  };
  const { link = 0, token = 0 } = await failures();
  await page({ path: '/login?token=wrong' });
  await page({ path: '/metrics', headers: { authorization: 'Bearer wrong' } });
  await page({ path: '/metrics', headers: { authorization: 'Bearer nonsense, and more' } });
  // What a proxy asked its visitors for is no token that was not good.
  await page({ path: '/metrics', headers: { authorization: 'Basic eDp5' } });
  await page({ path: '/metrics', headers: { cookie: `${cookieNameOf(fake.home)}=old` } });
  await page({ path: '/metrics' });
  const after = await failures();
  assert.deepEqual([after['link'], after['token']], [link + 1, token + 2]);
});
