/** Who is signed in: what the journal tells of it, what else may stand beside the cookie, and that an end is one at once. */
import assert from 'node:assert/strict';
import { get, type IncomingMessage } from 'node:http';
import { after, before, test } from 'node:test';
import { nearestName } from '../../src/detector/nearestName.ts';
import { LoginDesk, type DeskNeeds } from '../../src/server/loginDesk.ts';
import { worker } from '../support/fakeDoor.ts';
import {
  callSocket,
  json,
  startFakeSupervisor,
  type Answer,
  type FakeSupervisor,
} from '../support/fakeSupervisor.ts';
import { until } from '../support/until.ts';
import { addUser, PASSWORD, Visitor } from '../support/visitor.ts';

let fake: FakeSupervisor;
before(async () => {
  fake = await startFakeSupervisor(undefined, { login: { tries: 2, lockMs: 900_000, explainTo: [] } });
  await addUser(fake, 'ann', 'admin');
});
after(() => fake.end());

const socket = (method: string, path: string, body: object = {}): Promise<Answer> =>
  callSocket(fake, { method, path, ...json(body) });

async function byLink(link: string): Promise<Visitor> {
  const visitor = new Visitor(fake);
  const token = new URL(link).searchParams.get('token')!;
  assert.equal((await visitor.form('/login', { token })).status, 303);
  return visitor;
}

async function signOut(visitor: Visitor): Promise<Answer> {
  const me = JSON.parse((await visitor.api('GET', '/api/v1/me')).text) as { item: { formToken: string } };
  return visitor.form('/logout', { form: me.item.formToken });
}

test('the journal has every link that was made, who signed in by one, and who signed out', async () => {
  const made = await socket('POST', '/api/v1/sign-in-links');
  const before = fake.door.journal.length - 1;
  const visitor = await byLink((JSON.parse(made.text) as { item: { link: string } }).item.link);
  const used = await new Visitor(fake).form('/login', { token: 'never-a-link' });
  assert.equal(used.status, 401);
  assert.equal((await signOut(visitor)).status, 200);
  const ann = new Visitor(fake);
  await ann.signIn('ann');
  await signOut(ann);
  fake.server.signInLink();
  const from = '127.0.0.1';
  assert.deepEqual(fake.door.journal.slice(before), [
    { event: 'signInLink', actor: 'local' },
    { event: 'signIn', actor: 'page', from },
    { event: 'signOut', actor: 'page', from },
    { event: 'signIn', actor: 'user:ann', from },
    { event: 'signOut', actor: 'user:ann', from },
    { event: 'signInLink', actor: 'garrison' },
  ]);
});

test('a journal that cannot be written keeps nobody out', async () => {
  fake.door.journalIsFull = true;
  const visitor = await byLink(fake.server.signInLink()!);
  assert.equal((await signOut(visitor)).status, 200);
  fake.door.journalIsFull = false;
});

test('what a proxy asked for itself does not hide the session, and is no token', async () => {
  const ann = new Visitor(fake, { headers: { authorization: 'Basic YW5uOm9mIHRoZSBwcm94eQ==' } });
  const sent = await ann.open('/workers');
  assert.deepEqual([sent.status, sent.headers.location], [303, '/login?to=workers']);
  assert.equal((await ann.signIn('ann')).status, 303);
  assert.equal((await ann.open('/plain')).status, 200);
  assert.equal((await ann.api('GET', '/api/v1/users')).status, 200);
  const token = await ann.call({ path: '/api/v1/users', headers: { authorization: 'bearer garrison_none' } });
  assert.equal(token.status, 401, 'a token that is not good goes before the cookie');
});

test('a browser with the cookies of two pages on 127.0.0.1 is signed in to both', async (t) => {
  const other = await startFakeSupervisor();
  t.after(() => other.end());
  await addUser(other, 'ann', 'view');
  const [here, there] = [new Visitor(fake), new Visitor(other)];
  await here.signIn('ann');
  await there.signIn('ann');
  const jar = `${here.cookie}; ${there.cookie}`;
  [here.cookie, there.cookie] = [jar, jar];
  for (const visitor of [here, there]) assert.equal((await visitor.api('GET', '/api/v1/me')).status, 200);
  assert.equal((await signOut(there)).status, 200);
  here.cookie = jar;
  assert.equal((await here.api('GET', '/api/v1/me')).status, 200);
});

test('another password ends the locks that wrong tries at the old one began', async () => {
  await addUser(fake, 'bob', 'view');
  const bob = new Visitor(fake);
  for (let turn = 0; turn < 2; turn += 1) await bob.signIn('bob', 'a wrong password');
  assert.equal((await bob.signIn('bob')).status, 401, 'it is locked');
  await socket('POST', '/api/v1/users/bob/password', { password: `${PASSWORD}2` });
  assert.equal((await bob.signIn('bob', `${PASSWORD}2`)).status, 303);
});

const follow = (visitor: Visitor, path: string): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    const headers = { host: new URL(visitor.origin).host, cookie: visitor.cookie };
    get({ host: '127.0.0.1', port: fake.port, path, headers, agent: false }, resolve).on('error', reject);
  });

/** What has come so far; and whether that was all. */
function read(answer: IncomingMessage): { text: string; ended: boolean } {
  const got = { text: '', ended: false };
  answer.setEncoding('utf8').on('data', (part: string) => (got.text += part));
  answer.on('end', () => (got.ended = true));
  return got;
}

const ends = {
  removed: () => socket('DELETE', '/api/v1/users/eve'),
  renamed: () => socket('POST', '/api/v1/users/eve/rename', { to: 'eva' }),
  'given another password': () => socket('POST', '/api/v1/users/eve/password', { password: `${PASSWORD}2` }),
  'signed out': (eve: Visitor) => signOut(eve),
};
for (const [turn, [what, end]] of Object.entries(ends).entries())
  test(`the page of who is ${what} is told nothing more, and why`, async () => {
    await addUser(fake, 'eve', 'view');
    // Each from an address of its own: one alone may not sign in so often.
    const localAddress = `127.0.1.${String(turn + 1)}`;
    const eve = new Visitor(fake, { where: { host: '127.0.0.1', port: fake.port, localAddress } });
    assert.equal((await eve.signIn('eve')).status, 303);
    const ann = await byLink(fake.server.signInLink()!);
    const [page, other] = [
      read(await follow(eve, '/api/v1/events')),
      read(await follow(ann, '/api/v1/events')),
    ];
    await until('both follow', () => page.text.includes('snapshot') && other.text.includes('snapshot'));
    assert.ok((await end(eve)).status < 300);
    fake.door.tell({ type: 'worker', worker: worker('push-1', { detail: 'told afterwards' }) });
    await until('the other goes on', () => other.text.includes('told afterwards'));
    await until('it has ended', () => page.ended);
    assert.match(page.text, /event: end\ndata: \{"reason":"SessionEnded"\}\n\n$/);
    assert.ok(!page.text.includes('told afterwards'));
    for (const name of ['eve', 'eva']) await socket('DELETE', `/api/v1/users/${name}`);
    await signOut(ann);
  });

test('a stranger is refused without a look at the names that there are, whether there is one or not', async () => {
  let looks = 0;
  const accounts = ['betty1210'];
  const hash = { algorithm: 'scrypt', N: 2 ** 14, r: 8, p: 1, salt: '', hash: '' } as const;
  const desk = new LoginDesk({
    users: {
      hashOf: (name: string) => (accounts.includes(name) ? hash : null),
      names: () => {
        looks += 1;
        return accounts;
      },
    },
    passwords: { isFull: () => false, isRight: async () => false },
    failures: { note: () => undefined },
    rules: { tries: 3, lockMs: 1_000 },
    earlier: new Map(),
    keep: () => undefined,
    clock: () => 0,
    wallIn: () => '',
  } as unknown as DeskNeeds);
  const client = { address: '192.0.2.7', isLocal: false };
  const refusals = await Promise.all(
    ['betty1210', 'betty1211'].map((name) => desk.check({ name, password: 'x', client })),
  );
  assert.equal(looks, 0);
  const unknown = refusals[1];
  assert.ok(unknown?.outcome === 'refused' && unknown.refusal.why === 'unknown');
  assert.equal(unknown.refusal.nearest(), nearestName('betty1211', accounts));
  assert.equal(looks, 1);
});
