/** Somebody's own password over the page's port: for the old one only, refused when weak, limited as a sign-in, told in the journal; other sessions end. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startFakeSupervisor, type Answer, type FakeSupervisor } from '../support/fakeSupervisor.ts';
import { addUser, PASSWORD, Visitor } from '../support/visitor.ts';

const NEW = 'quite another battery';
let fake: FakeSupervisor;
before(async () => {
  fake = await startFakeSupervisor(undefined, { login: { tries: 3, lockMs: 900_000, explainTo: [] } });
  await addUser(fake, 'chen', 'view');
});
after(() => fake.end());

const change = (who: Visitor, old: string, password: string): Promise<Answer> =>
  who.api('POST', '/api/v1/me/password', { old, password });

test('a password is changed for the old one, and by nothing less', async () => {
  const [here, elsewhere] = [new Visitor(fake), new Visitor(fake)];
  await here.signIn('chen');
  await elsewhere.signIn('chen');
  const weak = await change(here, PASSWORD, 'short');
  assert.deepEqual([weak.status, /needs 12 or more/.test(weak.text)], [400, true]);
  assert.equal((await change(here, PASSWORD, PASSWORD)).status, 400);
  const before = fake.door.journal.length;
  const wrong = await change(here, 'not the old one', NEW);
  assert.deepEqual([wrong.status, /old password is not right/.test(wrong.text)], [403, true]);
  assert.equal(fake.door.journal.length, before, 'nothing was done');
  assert.equal((await change(here, PASSWORD, NEW)).status, 200);
  const { event, verb, user, actor } = fake.door.journal.at(-1) as Record<string, unknown>;
  assert.deepEqual([event, verb, user, actor], ['user', 'ownPassword', 'chen', 'user:chen']);
  assert.ok(!JSON.stringify(fake.door.journal).includes(NEW));
  assert.equal((await here.api('GET', '/api/v1/me')).status, 200, 'this session goes on');
  assert.equal((await elsewhere.api('GET', '/api/v1/me')).status, 401, 'the other has ended');
  for (let turn = 0; turn < 3; turn += 1) await change(here, 'a wrong old one', PASSWORD);
  const locked = await change(here, NEW, PASSWORD);
  assert.deepEqual([locked.status, /locked from your address until/.test(locked.text)], [403, true]);
});

test('a one-time link, which has no password, is told what to do', async () => {
  const operator = new Visitor(fake);
  const secret = new URL(fake.server.signInLink()!).searchParams.get('token') ?? '';
  await operator.form('/login', { token: secret });
  const answer = await change(operator, PASSWORD, NEW);
  assert.deepEqual([answer.status, /garrison user passwd NAME/.test(answer.text)], [403, true]);
});
