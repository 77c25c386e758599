/** Sign-ins while very many try: who is served first, who is turned away, and what that costs. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { ledgerOf } from '../../src/detector/loginLock.ts';
import { LoginDesk } from '../../src/server/loginDesk.ts';
import { LoginFailures } from '../../src/server/loginFailures.ts';
import { LOGIN_WORDS } from '../../src/server/loginWords.ts';
import { createPasswords, type Standing } from '../../src/server/password.ts';

/** As cheap as a kept one may be. */
const STORED = {
  ...({ algorithm: 'scrypt', N: 2 ** 14, r: 1, p: 1 } as const),
  salt: randomBytes(16).toString('base64'),
  hash: randomBytes(32).toString('base64'),
};

test('who is known comes before strangers, and has room when they have none', async () => {
  const passwords = createPasswords();
  const served: Standing[] = [];
  const check = async (standing: Standing): Promise<void> => {
    await passwords.isRight({ password: 'a wrong password', stored: STORED, standing });
    served.push(standing);
  };
  const strangers = Array.from({ length: 17 }, () => check('stranger'));
  assert.deepEqual([passwords.isFull('stranger'), passwords.isFull('known')], [true, false]);
  await assert.rejects(check('stranger'), /too many passwords wait/);
  await Promise.all([...strangers, check('known')]);
  assert.equal(served.indexOf('known'), 1, 'only the one at work was before it');
  assert.equal(served.length, 18);
  assert.deepEqual([passwords.isFull('stranger'), passwords.isFull('known')], [false, false]);
});

function openDesk(
  isFull: (standing: Standing) => boolean,
  clock: () => number = () => 0,
): { desk: LoginDesk; asked: Standing[] } {
  const asked: Standing[] = [];
  const desk = new LoginDesk({
    users: { hashOf: () => STORED, names: () => ['betty1210'] } as never,
    sessions: { openFor: () => 'a session' } as never,
    passwords: {
      hash: () => Promise.reject(new Error('nobody makes an account here')),
      isFull,
      isRight: async ({ password, standing }) => {
        asked.push(standing);
        return password === 'right';
      },
    },
    failures: new LoginFailures(),
    door: { note: () => undefined },
    rules: { tries: 7, lockMs: 900_000 },
    ...{ earlier: ledgerOf([]), keep: () => undefined },
    clock,
    wallIn: () => '2026-01-01T00:00:00.000Z',
  });
  return { desk, asked };
}

const from = (address: string, password = 'right'): Parameters<LoginDesk['signIn']>[0] => ({
  ...{ name: 'betty1210', password },
  client: { address, isLocal: false },
});

test('being turned away because all wait costs a source nothing, and is said to be no fault of it', async () => {
  let isFull = true;
  const { desk } = openDesk(() => isFull);
  for (let turn = 0; turn < 30; turn += 1)
    assert.deepEqual(await desk.signIn(from('192.0.2.1')), {
      ...{ outcome: 'wait', because: 'crowd' },
      afterMs: 2_000,
    });
  isFull = false;
  for (let turn = 0; turn < 10; turn += 1)
    assert.equal((await desk.signIn(from('192.0.2.1'))).outcome, 'in', `try ${String(turn)}`);
  assert.deepEqual(await desk.signIn(from('192.0.2.1')), {
    ...{ outcome: 'wait', because: 'source' },
    afterMs: 3_000,
  });
  for (const { wait } of Object.values(LOGIN_WORDS)) assert.notEqual(wait.crowd(2), wait.source(2));
});

test('who was turned away and comes back when told comes before those who come for the first time', async () => {
  let nowMs = 0;
  const { desk, asked } = openDesk(
    (standing) => standing === 'stranger',
    () => nowMs,
  );
  assert.equal((await desk.signIn(from('192.0.2.1'))).outcome, 'wait');
  nowMs = 1_900;
  assert.equal((await desk.signIn(from('192.0.2.1'))).outcome, 'wait', 'too early');
  nowMs = 2_000;
  assert.equal((await desk.signIn(from('192.0.2.2'))).outcome, 'wait');
  assert.equal((await desk.signIn(from('192.0.2.1', 'wrong'))).outcome, 'refused');
  assert.equal((await desk.signIn(from('192.0.2.1'))).outcome, 'wait', 'once for each time it waited');
  assert.deepEqual(asked, ['returning']);
});

test('a source is known once a right password came from it, an IPv6 one by its /64, and stays within its limit', async () => {
  let isCrowded = false;
  const { desk, asked } = openDesk((standing) => isCrowded && standing === 'stranger');
  await desk.signIn(from('2001:db8:0:1::7'));
  await desk.signIn(from('192.0.2.2', 'wrong'));
  isCrowded = true;
  assert.equal((await desk.signIn(from('2001:db8:0:1::9'))).outcome, 'in');
  assert.equal((await desk.signIn(from('192.0.2.2'))).outcome, 'wait');
  assert.deepEqual(asked, ['stranger', 'stranger', 'known']);
  for (let turn = 0; turn < 8; turn += 1) await desk.signIn(from('2001:db8:0:1::9', 'wrong'));
  assert.equal((await desk.signIn(from('2001:db8:0:1::9'))).outcome, 'wait');
});
