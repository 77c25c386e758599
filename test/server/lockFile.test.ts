/** Locks over a restart of the server: what is kept of them, what is not, and a file that is damaged. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import type { LoginsView } from '../../src/server/loginDesk.ts';
import { callSocket, json, startFakeSupervisor, type FakeSupervisor } from '../support/fakeSupervisor.ts';
import { addUser, Visitor } from '../support/visitor.ts';
import { until } from '../support/until.ts';

const LOCK_MS = 900_000;
const SETTINGS = {
  page: { trustedProxies: ['loopback'] },
  login: { tries: 2, lockMs: LOCK_MS, explainTo: [] },
};

let fake: FakeSupervisor;
beforeEach(async () => {
  fake = await startFakeSupervisor(undefined, SETTINGS);
  await addUser(fake, 'betty1210');
});
afterEach(() => fake.end());

const file = (): string => join(fake.home, 'locks.json');
const restart = async (): Promise<void> => {
  await fake.server.close();
  fake = await startFakeSupervisor(fake.home, SETTINGS);
};
const visitor = (address: string): Visitor => new Visitor(fake, { headers: { 'x-forwarded-for': address } });
const wrong = async (address: string, name = 'betty1210'): Promise<void> => {
  assert.equal((await visitor(address).signIn(name, 'a wrong password')).status, 401);
};
const locks = async (): Promise<LoginsView['locks']> =>
  (JSON.parse((await callSocket(fake, { path: '/api/v1/logins' })).text) as { item: LoginsView }).item.locks;

test('a restart ends no lock and forgets no try, and no name that is none is on the disk', async () => {
  await wrong('10.0.0.5');
  await wrong('10.0.0.5');
  await wrong('10.0.0.6');
  await wrong('10.0.0.5', 'betty1211');
  const [before] = await locks();
  await until('it is written', () => existsSync(file()));
  await restart();
  assert.equal(statSync(file()).mode & 0o777, 0o600);
  assert.ok(!readFileSync(file(), 'utf8').includes('betty1211'));
  const [after, ...others] = await locks();
  assert.deepEqual([after?.account, after?.source, after?.tries, others], ['betty1210', '10.0.0.5', 2, []]);
  assert.ok(Math.abs(Date.parse(after!.until) - Date.parse(before!.until)) < 1_000, after!.until);
  assert.equal((await visitor('10.0.0.5').signIn('betty1210')).status, 401);
  await wrong('10.0.0.6');
  assert.equal((await locks()).length, 2, 'the try before the restart counts');
  await callSocket(fake, { method: 'POST', path: '/api/v1/users/betty1210/unlock', ...json({}) });
  await restart();
  assert.deepEqual(await locks(), []);
  assert.equal((await visitor('10.0.0.5').signIn('betty1210')).status, 303);
});

test('rows of an account that is gone or newer count no more, and a clock that was set back makes no lock longer', async () => {
  await fake.server.close();
  const row = { account: 'betty1210', source: '10.0.0.5', tries: 2, lastAt: '2096-01-01T00:00:00.000Z' };
  const rows = [
    { ...row, until: '2096-01-01T00:15:00.000Z' },
    { ...row, source: '10.0.0.6', lastAt: '2016-01-01T00:00:00.000Z', until: '2096-01-01T00:15:00.000Z' },
    { ...row, account: 'gone', until: '2096-01-01T00:15:00.000Z' },
    { ...row, source: '10.0.0.7', until: '2016-01-01T00:15:00.000Z' },
  ];
  writeFileSync(file(), JSON.stringify({ rows }));
  await restart();
  const [lock, ...others] = await locks();
  assert.deepEqual([lock?.source, others], ['10.0.0.5', []]);
  assert.ok(Date.parse(lock!.until) <= Date.now() + LOCK_MS, lock!.until);
});

test('a damaged file is set aside with a line in the log, and the server starts', async () => {
  for (const text of ['{"rows":[{"account":"betty1210"', '{"rows":[{"account":"../x"}]}', '']) {
    await fake.server.close();
    writeFileSync(file(), text);
    await restart();
    assert.equal(fake.logged.length, 1);
    const aside = / it is now (locks\.json\.damaged-[\dTZ-]+)$/.exec(fake.logged[0]!)?.[1];
    assert.equal(readFileSync(join(fake.home, aside!), 'utf8'), text);
    assert.ok(!existsSync(file()));
  }
  assert.equal((await visitor('10.0.0.5').signIn('betty1210')).status, 303);
});
