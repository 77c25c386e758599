/** Zombies over the API: listed as the contract says, counted for Prometheus, told plainly on the page, and swept without a target. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { zombieView } from '../support/fakeDoor.ts';
import {
  callPage,
  callSocket,
  json,
  startFakeSupervisor,
  type Answer,
  type FakeSupervisor,
} from '../support/fakeSupervisor.ts';

let fake: FakeSupervisor;
beforeEach(async () => {
  fake = await startFakeSupervisor();
});
afterEach(() => fake.end());

const get = (path: string): Promise<Answer> => callSocket(fake, { path });
const post = (path: string, body: object): Promise<Answer> =>
  callSocket(fake, { method: 'POST', path, ...json(body) });
const parsed = (answer: Answer): Record<string, unknown> =>
  JSON.parse(answer.text) as Record<string, unknown>;
const pids = (answer: Answer): unknown =>
  (parsed(answer)['items'] as { pid: number }[]).map(({ pid }) => pid);

const IN_CONTAINER = { pid: 900, name: 'gunicorn', container: '0123456789ab' };

test('the list and one of it are as the contract says', async () => {
  fake.door.zombies = [zombieView(11), zombieView(12, { owner: 'container', parent: IN_CONTAINER })];
  const list = parsed(await get('/api/v1/zombies'));
  assert.deepEqual([list['apiVersion'], list['kind']], ['garrison/v1', 'ZombieList']);
  const keys = ['pid', 'name', 'since', 'parent', 'owner', 'next', 'advice'];
  for (const item of list['items'] as object[]) assert.deepEqual(Object.keys(item).sort(), keys.sort());
  for (const path of ['/api/v1/zombies/12', '/api/v1/zombies/zombie/12']) {
    const { item } = parsed(await get(path)) as { item: { parent: unknown } };
    assert.deepEqual(item.parent, IN_CONTAINER);
  }
  for (const none of ['99', '0', 'x', '-1', '12x']) {
    const answer = await get(`/api/v1/zombies/${none}`);
    assert.deepEqual([answer.status, parsed(answer)['code']], [404, 'NOT_FOUND'], none);
  }
});

test('the list is filtered by owner and text, and paged', async () => {
  fake.door.zombies = [
    zombieView(11),
    zombieView(12, { owner: 'container', parent: IN_CONTAINER }),
    zombieView(13, { name: 'ssh' }),
  ];
  assert.deepEqual(pids(await get('/api/v1/zombies?state=container')), [12]);
  assert.deepEqual(pids(await get('/api/v1/zombies?q=SSH')), [13]);
  assert.deepEqual(pids(await get('/api/v1/zombies?q=gunicorn')), [12]);
  const first = await get('/api/v1/zombies?limit=2');
  assert.deepEqual([pids(first), parsed(first)['nextCursor']], [[11, 12], '12']);
  assert.deepEqual(pids(await get('/api/v1/zombies?limit=2&cursor=12')), [13]);
  assert.equal((await get('/api/v1/zombies?state=up')).status, 400);
});

test('metrics have every owner and every kind from the start', async () => {
  const lines = async (): Promise<string[]> => (await get('/metrics')).text.split('\n');
  const none = await lines();
  for (const owner of ['own', 'worker', 'container', 'foreign'])
    assert.ok(none.includes(`garrison_zombie_processes{owner="${owner}"} 0`), owner);
  for (const kind of ['orphan', 'worker'])
    assert.ok(none.includes(`garrison_zombies_reaped_total{kind="${kind}"} 0`), kind);
  fake.door.zombies = [zombieView(11), zombieView(12)];
  fake.door.reaped = { orphan: 5, worker: 2 };
  for (const scrape of ['first', 'second']) {
    const some = await lines();
    assert.ok(some.includes('garrison_zombie_processes{owner="foreign"} 2'));
    assert.ok(
      some.includes('garrison_zombies_reaped_total{kind="orphan"} 5'),
      `the same at the ${scrape} scrape`,
    );
  }
});

describe('a sweep', () => {
  test('needs no target and takes none', async () => {
    for (const body of [{ verb: 'reap' }, { verb: 'reap', target: 'zombies', reason: 'tidy' }])
      assert.equal((await post('/api/v1/operations', body)).status, 202);
    assert.deepEqual(
      fake.door.asked.map((asked) => (asked as { target: string }).target),
      ['zombies', 'zombies'],
    );
    for (const target of ['4711', '11,12', 'celery', 'push-1', '', null, ['11'], 11]) {
      const answer = await post('/api/v1/operations', { verb: 'reap', target });
      assert.deepEqual([answer.status, parsed(answer)['code']], [400, 'USAGE'], JSON.stringify(target));
    }
    assert.equal(fake.door.asked.length, 2);
  });
  test('leaves every other verb with a target of its own', async () => {
    for (const body of [{ verb: 'restart' }, { verb: 'restart', target: 'zombies' }]) {
      const answer = await post('/api/v1/operations', body);
      assert.equal(answer.status, 400);
      assert.match(String(parsed(answer)['detail']), /target: must name what to restart/);
    }
  });
});

describe('the page', () => {
  const page = async (): Promise<string> => {
    const link = new URL(fake.server.signInLink()!);
    const body = `token=${link.searchParams.get('token')!}`;
    const headers = {
      'content-type': 'application/x-www-form-urlencoded',
      origin: `http://127.0.0.1:${String(fake.port)}`,
    };
    const login = await callPage(fake, { method: 'POST', path: '/login', body, headers });
    const cookie = String(login.headers['set-cookie']).split(';')[0]!;
    const answer = await callPage(fake, { path: '/plain', headers: { cookie } });
    assert.equal(answer.status, 200, login.text);
    return answer.text;
  };
  test('says nothing of zombies when there are none', async () => {
    assert.ok(!(await page()).includes('Zombies'));
  });
  test('says plainly that they are harmless, a row for each parent, and no name becomes markup', async () => {
    fake.door.zombies = [
      zombieView(11),
      zombieView(12, { name: '<b>' }),
      zombieView(13, { owner: 'container', parent: IN_CONTAINER, advice: 'Set "init: true".' }),
    ];
    const text = await page();
    assert.match(
      text,
      /3 zombies \(container 1, foreign 2\)\. Zombies are dead and harmless: .* Do not kill them/,
    );
    assert.match(text, /<td>2<\/td>\s*<td>celery, &lt;b&gt;<\/td>\s*<td>cron 812<\/td>/);
    assert.match(text, /gunicorn 900 in 0123456789ab/);
    assert.match(text, /Set &quot;init: true&quot;\./);
  });
});
