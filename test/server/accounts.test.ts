/** Accounts of the page over the API: what is kept, what each role may do, and what the journal says of it. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import {
  callSocket,
  json,
  startFakeSupervisor,
  type Answer,
  type FakeSupervisor,
} from '../support/fakeSupervisor.ts';
import { addUser, PASSWORD, Visitor } from '../support/visitor.ts';

let fake: FakeSupervisor;
beforeEach(async () => {
  fake = await startFakeSupervisor();
});
afterEach(() => fake.end());

const socket = (method: string, path: string, body?: object): Promise<Answer> =>
  callSocket(fake, { method, path, ...(body === undefined ? {} : json(body)) });
const parsed = ({ text }: Answer): unknown => JSON.parse(text);
const code = (answer: Answer): string => (parsed(answer) as { code: string }).code;
const names = async (): Promise<string[]> =>
  (parsed(await socket('GET', '/api/v1/users')) as { items: { name: string }[] }).items.map(
    ({ name }) => name,
  );

async function signedIn(name: string): Promise<Visitor> {
  const visitor = new Visitor(fake);
  assert.equal((await visitor.signIn(name)).status, 303);
  return visitor;
}

describe('an account', () => {
  test('is kept 0600 with a salted, memory-hard hash, and no answer shows anything of it', async () => {
    await addUser(fake, 'betty1210', 'operate');
    await addUser(fake, 'chen');
    const file = join(fake.home, 'users.json');
    const text = readFileSync(file, 'utf8');
    assert.equal(statSync(file).mode & 0o777, 0o600);
    assert.ok(!text.includes(PASSWORD));
    const { users } = JSON.parse(text) as { users: { password: Record<string, string | number> }[] };
    const [betty, chen] = users.map(({ password }) => password);
    assert.ok(Number(betty!['N']) >= 2 ** 15);
    assert.notEqual(betty!['salt'], chen!['salt']);
    assert.notEqual(betty!['hash'], chen!['hash']);
    const listed = await socket('GET', '/api/v1/users');
    assert.ok(!/hash|salt|scrypt/.test(listed.text));
    assert.deepEqual(await names(), ['betty1210', 'chen']);
  });
  test('outlives a restart of the server; a damaged one is set aside, and lets nobody in', async () => {
    await addUser(fake, 'betty1210', 'admin');
    await fake.server.close();
    const again = await startFakeSupervisor(fake.home);
    const visitor = new Visitor(again);
    assert.equal((await visitor.signIn('betty1210')).status, 303);
    await again.server.close();
    writeFileSync(join(fake.home, 'users.json'), '{"users":[{"name":"x"}]}');
    const closed = await startFakeSupervisor(fake.home);
    assert.equal((await new Visitor(closed).signIn('betty1210')).status, 401);
    const [aside] = readdirSync(fake.home).filter((name) => name.startsWith('users.json.damaged-'));
    assert.equal(readFileSync(join(fake.home, aside!), 'utf8'), '{"users":[{"name":"x"}]}');
    assert.match(closed.logged[0]!, /users\.json is not what it should be/);
    await closed.server.close();
  });
  const bad: readonly (readonly [string, object, RegExp])[] = [
    ['a short password', { name: 'bob', password: 'elevenchars' }, /has 11 characters; it needs 12/],
    ['a password of one letter', { name: 'bob', password: 'a'.repeat(20) }, /easy to guess/],
    ['its name for a password', { name: 'bob-the-builder', password: 'Bob-The-Builder' }, /easy to guess/],
    ['a password without end', { name: 'bob', password: 'ab1c'.repeat(100) }, /longer than 256/],
    ['capitals', { name: 'Bob', password: PASSWORD }, /small letters/],
    ['control characters', { name: 'bob\r\nx', password: PASSWORD }, /small letters/],
    ['10 kB of name', { name: 'b'.repeat(10_000), password: PASSWORD }, /at most 63/],
    ['nothing for a name', { name: '', password: PASSWORD }, /small letters/],
    ['a role that is none', { name: 'bob', role: 'root', password: PASSWORD }, /role/],
    ['a key that is none', { name: 'bob', password: PASSWORD, admin: true }, /admin: unknown key/],
  ];
  for (const [what, body, why] of bad) {
    test(`with ${what} is refused, and the password not echoed`, async () => {
      const answer = await socket('POST', '/api/v1/users', body);
      assert.equal(answer.status, 400);
      assert.match(answer.text, why);
      assert.ok(!answer.text.includes((body as { password: string }).password));
      assert.deepEqual(await names(), []);
    });
  }
  test('of a name that is taken is refused; one that is not there cannot be changed', async () => {
    await addUser(fake, 'bob');
    await addUser(fake, 'ann');
    const again = await socket('POST', '/api/v1/users', { name: 'bob', password: PASSWORD });
    assert.deepEqual([again.status, code(again)], [409, 'CONFLICTING_STATE']);
    const taken = await socket('POST', '/api/v1/users/bob/rename', { to: 'ann' });
    assert.deepEqual([taken.status, code(taken)], [409, 'CONFLICTING_STATE']);
    for (const [verb, body] of [
      ['role', { role: 'admin' }],
      ['password', { password: PASSWORD }],
      ['rename', { to: 'x' }],
      ['unlock', {}],
    ] as const)
      assert.equal((await socket('POST', `/api/v1/users/nobody/${verb}`, body)).status, 404, verb);
    assert.equal((await socket('DELETE', '/api/v1/users/nobody')).status, 404);
    assert.deepEqual(
      fake.door.journal.filter(({ user }) => user === 'nobody'),
      [],
    );
  });
});

describe('a role', () => {
  const asked: readonly (readonly [string, string, object | undefined])[] = [
    ['GET', '/api/v1/status', undefined],
    ['POST', '/api/v1/operations', { verb: 'quiet', target: 'push-1' }],
    ['GET', '/api/v1/users', undefined],
    ['GET', '/api/v1/logins', undefined],
    ['GET', '/api/v1/tokens', undefined],
    ['POST', '/api/v1/users/ann/unlock', {}],
  ];
  for (const [role, expected] of [
    ['view', [200, 403, 403, 403, 403, 403]],
    ['operate', [200, 202, 403, 403, 403, 403]],
    ['admin', [200, 202, 200, 200, 200, 200]],
  ] as const) {
    test(`${role} may do what it says, and is told so`, async () => {
      await addUser(fake, 'ann', role);
      const ann = await signedIn('ann');
      const statuses: number[] = [];
      for (const [method, path, body] of asked) statuses.push((await ann.api(method, path, body)).status);
      assert.deepEqual(statuses, expected);
      const { item } = parsed(await ann.api('GET', '/api/v1/me')) as { item: object };
      assert.deepEqual({ ...item, formToken: '' }, { name: 'user:ann', role, formToken: '' });
    });
  }
  test('of the one-time link is admin', async () => {
    const visitor = new Visitor(fake);
    const token = new URL(fake.server.signInLink()!).searchParams.get('token')!;
    assert.equal((await visitor.form('/login', { token })).status, 303);
    const { item } = parsed(await visitor.api('GET', '/api/v1/me')) as {
      item: { name: string; role: string };
    };
    assert.deepEqual([item.name, item.role], ['page', 'admin']);
    assert.equal((await visitor.api('GET', '/api/v1/users')).status, 200);
  });
  test('that is taken away is gone at once, and so is the session of who is removed, renamed or given a password', async () => {
    await addUser(fake, 'ann', 'admin');
    const ann = await signedIn('ann');
    await socket('POST', '/api/v1/users/ann/role', { role: 'view' });
    assert.equal((await ann.api('GET', '/api/v1/users')).status, 403);
    assert.equal((await ann.api('GET', '/api/v1/status')).status, 200);
    await socket('POST', '/api/v1/users/ann/password', { password: `${PASSWORD}2` });
    assert.equal((await ann.api('GET', '/api/v1/status')).status, 401);
    assert.equal((await ann.signIn('ann', `${PASSWORD}2`)).status, 303);
    await socket('POST', '/api/v1/users/ann/rename', { to: 'anna' });
    assert.equal((await ann.api('GET', '/api/v1/status')).status, 401);
    assert.equal((await ann.signIn('anna', `${PASSWORD}2`)).status, 303);
    assert.equal((await socket('DELETE', '/api/v1/users/anna')).status, 204);
    assert.equal((await ann.api('GET', '/api/v1/status')).status, 401);
    await addUser(fake, 'anna', 'admin');
    assert.equal((await ann.api('GET', '/api/v1/status')).status, 401, 'nor of the next of that name');
  });
});

describe('the journal', () => {
  test('says who did what, why and from where, before it is done', async () => {
    await addUser(fake, 'ann', 'admin');
    const ann = await signedIn('ann');
    await ann.api('POST', '/api/v1/users', { name: 'bob', password: PASSWORD, reason: 'new on call' });
    await ann.api('POST', '/api/v1/users/bob/role', { role: 'operate', reason: 'ticket 7' });
    await ann.api('POST', '/api/v1/users/bob/password', { password: `${PASSWORD}2` });
    await ann.api('POST', '/api/v1/users/bob/rename', { to: 'rob' });
    await ann.api('POST', '/api/v1/users/rob/unlock', { from: '10.0.0.5' });
    await ann.api('DELETE', '/api/v1/users/rob?reason=left');
    const by = { actor: 'user:ann', from: '127.0.0.1' };
    const event = 'user';
    assert.deepEqual(fake.door.journal, [
      { event, verb: 'add', user: 'ann', role: 'admin', reason: null, actor: 'local' },
      { event: 'signIn', ...by },
      { event, verb: 'add', user: 'bob', role: 'view', reason: 'new on call', ...by },
      { event, verb: 'role', user: 'bob', role: 'operate', reason: 'ticket 7', ...by },
      { event, verb: 'password', user: 'bob', reason: null, ...by },
      { event, verb: 'rename', user: 'bob', to: 'rob', reason: null, ...by },
      { event, verb: 'unlock', user: 'rob', source: '10.0.0.5', reason: null, ...by },
      { event, verb: 'remove', user: 'rob', reason: 'left', ...by },
    ]);
    assert.ok(!JSON.stringify(fake.door.journal).includes(PASSWORD));
  });
  test('that cannot be written lets nothing be changed, and still lets people sign in', async () => {
    await addUser(fake, 'ann', 'admin');
    const ann = await signedIn('ann');
    fake.door.journalIsFull = true;
    for (const answer of [
      await ann.api('POST', '/api/v1/users', { name: 'bob', password: PASSWORD }),
      await ann.api('DELETE', '/api/v1/users/ann'),
      await ann.api('POST', '/api/v1/users/ann/role', { role: 'view' }),
      await ann.api('POST', '/api/v1/tokens', { name: 't', scope: 'read' }),
    ])
      assert.equal(answer.status, 500);
    assert.deepEqual(await names(), ['ann']);
    assert.equal((await ann.api('GET', '/api/v1/users')).status, 200);
    assert.deepEqual((parsed(await ann.api('GET', '/api/v1/tokens')) as { items: unknown[] }).items, []);
    await signedIn('ann');
  });
  test('has the account and its address of what is done on the page', async () => {
    await addUser(fake, 'ann', 'operate');
    const ann = await signedIn('ann');
    await ann.api('POST', '/api/v1/operations', { verb: 'quiet', target: 'push-1' });
    const { actor, from } = fake.door.asked.at(-1) as { actor: string; from: string };
    assert.deepEqual([actor, from], ['user:ann', '127.0.0.1']);
  });
});

test('another site can change no account, even through the browser of an administrator', async () => {
  await addUser(fake, 'ann', 'admin');
  const ann = await signedIn('ann');
  const body = json({ name: 'eve', role: 'admin', password: PASSWORD });
  for (const headers of [
    {},
    { origin: 'https://evil.example', 'garrison-request': '1' },
    { origin: ann.origin },
    { origin: 'null', 'garrison-request': '1' },
  ]) {
    const call = { method: 'POST', path: '/api/v1/users', body: body.body };
    const answer = await ann.call({
      ...call,
      headers: { ...body.headers, ...headers },
    });
    assert.deepEqual([answer.status, code(answer)], [403, 'CROSS_SITE']);
  }
  assert.equal((await ann.call({ method: 'DELETE', path: '/api/v1/users/ann' })).status, 403);
  assert.deepEqual(await names(), ['ann']);
});
