/** The API over the Unix socket: lists, single things, what is refused, events, logs, metrics, and the socket itself. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, linkSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { createClient, type ServerEvent } from '../../src/cli/client.ts';
import { startServer } from '../../src/server/app.ts';
import { incidentView, result, worker } from '../support/fakeDoor.ts';
import {
  callSocket,
  json,
  startFakeSupervisor,
  type Answer,
  type FakeSupervisor,
} from '../support/fakeSupervisor.ts';
import { until } from '../support/until.ts';

let fake: FakeSupervisor;
let stop: AbortController;
beforeEach(async () => {
  fake = await startFakeSupervisor();
  stop = new AbortController();
});
afterEach(async () => {
  stop.abort();
  await fake.end();
});

const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGtKJq0bNrzHKJ3mFJ9mRj0iYQ0xkmTvG7rM1G0sYl5p a@b';
const get = (path: string): Promise<Answer> => callSocket(fake, { path });
const post = (path: string, body: object): Promise<Answer> =>
  callSocket(fake, { method: 'POST', path, ...json(body) });
const parsed = (answer: Answer): Record<string, unknown> =>
  JSON.parse(answer.text) as Record<string, unknown>;
const names = (answer: Answer): unknown =>
  (parsed(answer)['items'] as { name: string }[]).map(({ name }) => name);

/** Collects a stream's events until it ends or the test does. */
function collect(path: string, lastEventId?: string): { events: ServerEvent[]; ended: Promise<void> } {
  const events: ServerEvent[] = [];
  const options = { signal: stop.signal, ...(lastEventId === undefined ? {} : { lastEventId }) };
  const read = async (): Promise<void> => {
    for await (const event of createClient(fake).events(path, options)) events.push(event);
  };
  return { events, ended: read().catch(() => undefined) };
}

describe('lists', () => {
  test('have version, kind, time and items, and are filtered and paged', async () => {
    fake.door.workers = ['a', 'b', 'c', 'd'].map((name) =>
      worker(name, { state: name === 'c' ? 'hung' : 'up' }),
    );
    const all = parsed(await get('/api/v1/workers'));
    assert.deepEqual(
      [all['apiVersion'], all['kind'], typeof all['observedAt']],
      ['garrison/v1', 'WorkerList', 'string'],
    );
    assert.deepEqual(names(await get('/api/v1/workers?state=hung')), ['c']);
    assert.deepEqual(names(await get('/api/v1/workers?q=B%20takes')), ['b']);
    const first = await get('/api/v1/workers?limit=3');
    assert.deepEqual([names(first), parsed(first)['nextCursor']], [['a', 'b', 'c'], 'c']);
    const second = await get('/api/v1/workers?limit=3&cursor=c');
    assert.deepEqual([names(second), parsed(second)['nextCursor']], [['d'], undefined]);
  });
  test('of incidents go on where the page before ended, and may be of one worker alone', async () => {
    fake.door.incidents = ['push-1', 'push-10', 'push-1', 'push-1', 'push-10'].map((name, index) =>
      incidentView(`i-${String(index)}`, name),
    );
    const ids = async (query: string): Promise<readonly string[]> => {
      const found: string[] = [];
      let cursor = '';
      // Bounded: a cursor that leads back to itself is what is looked for.
      for (let turn = 0; turn < 9; turn += 1) {
        const answer = parsed(await get(`/api/v1/incidents?limit=2${query}${cursor}`));
        found.push(...(answer['items'] as { id: string }[]).map(({ id }) => id));
        if (answer['nextCursor'] === undefined) break;
        cursor = `&cursor=${encodeURIComponent(answer['nextCursor'] as string)}`;
      }
      return found;
    };
    assert.deepEqual(await ids(''), ['i-0', 'i-1', 'i-2', 'i-3', 'i-4']);
    assert.deepEqual(await ids('&worker=push-1'), ['i-0', 'i-2', 'i-3']);
    assert.deepEqual(await ids('&worker=push'), []);
    assert.deepEqual(await ids('&q=push-10'), ['i-1', 'i-4']);
    assert.deepEqual(await ids('&q=a%20gap'), ['i-0', 'i-1', 'i-2', 'i-3', 'i-4']);
  });
  test('refuse what they do not understand', async () => {
    for (const query of [
      'state=great',
      'limit=0',
      'limit=x',
      'limit=99999',
      'sort=name',
      'state=up&state=hung',
      'cursor=gone',
    ]) {
      const answer = await get(`/api/v1/workers?${query}`);
      assert.deepEqual([answer.status, parsed(answer)['code']], [400, 'USAGE'], query);
    }
  });
  test('of each kind exist, and so does each single thing', async () => {
    fake.door.jobs.push(fake.door.job0('j-1', { result: result() }));
    for (const [plural, kind] of [
      ['workers', 'Worker'],
      ['jobs', 'Job'],
      ['pushes', 'Push'],
      ['hosts', 'Host'],
      ['operations', 'Operation'],
    ]) {
      assert.equal(parsed(await get(`/api/v1/${plural!}`))['kind'], `${kind!}List`);
      const none = await get(`/api/v1/${plural!}/none`);
      assert.deepEqual([none.status, parsed(none)['code']], [404, 'NOT_FOUND']);
    }
    for (const path of [
      '/api/v1/workers/push-1',
      '/api/v1/workers/worker/push-1',
      '/api/v1/workers/worker%2Fpush-1',
    ]) {
      assert.equal((parsed(await get(path))['item'] as { name: string }).name, 'push-1', path);
    }
    const status = parsed(await get('/api/v1/status'));
    assert.deepEqual([status['kind'], status['host']], ['Status', 'bastion-a']);
  });
});

describe('a push', () => {
  const account = { name: 'alice', keys: [KEY], sudo: 'all' };
  test('is taken as a wish for named hosts', async () => {
    const answer = await post('/api/v1/pushes', { account, hosts: ['web-1', 'web-2'], reason: 'because' });
    assert.deepEqual([answer.status, answer.headers['location']], [202, '/api/v1/pushes/p-1']);
    const [asked] = fake.door.asked as Record<string, unknown>[];
    assert.deepEqual(
      [asked!['actor'], asked!['kind'], asked!['reason'], asked!['dryRun']],
      ['local', 'push', 'because', false],
    );
    assert.deepEqual((asked!['account'] as { sudo: unknown }).sudo, { kind: 'all' });
  });
  const bad: readonly (readonly [string, object, number, string])[] = [
    ['without hosts', { account, hosts: [] }, 400, 'USAGE'],
    ['with an unknown key', { account, hosts: ['web-1'], force: true }, 400, 'USAGE'],
    [
      'with an unknown key of the account',
      { account: { ...account, uid: 0 }, hosts: ['web-1'] },
      400,
      'USAGE',
    ],
    ['without an account', { hosts: ['web-1'] }, 400, 'USAGE'],
    [
      'with a name that is none',
      { account: { ...account, name: 'Al ice' }, hosts: ['web-1'] },
      422,
      'ACCOUNT_INVALID',
    ],
    [
      'with a key that is none',
      { account: { ...account, keys: ['nonsense'] }, hosts: ['web-1'] },
      422,
      'KEY_INVALID',
    ],
    ['to a host not in the inventory', { account, hosts: ['nowhere'] }, 422, 'HOST_UNKNOWN'],
  ];
  for (const [name, body, status, code] of bad) {
    test(`${name} is refused`, async () => {
      const answer = await post('/api/v1/pushes', body);
      assert.deepEqual([answer.status, parsed(answer)['code']], [status, code], answer.text);
      assert.equal(fake.door.pushes.length, 0);
    });
  }
  test('that is no JSON, no body or far too large is refused', async () => {
    const send = (body: string, type = 'application/json'): Promise<Answer> =>
      callSocket(fake, { method: 'POST', path: '/api/v1/pushes', body, headers: { 'content-type': type } });
    assert.equal((await send('{')).status, 400);
    assert.equal((await send('')).status, 400);
    assert.equal((await send('a=b', 'application/x-www-form-urlencoded')).status, 400);
    assert.equal((await send('{"__proto__": {"dryRun": true}, "hosts": ["web-1"]}')).status, 400);
    assert.equal((await send(JSON.stringify({ hosts: ['x'.repeat(1_100_000)] }))).status, 413);
  });
  test('as a dry run answers without a place to follow', async () => {
    const answer = await post('/api/v1/pushes', { account, hosts: ['web-1'], dryRun: true });
    assert.deepEqual([answer.status, answer.headers['location']], [200, undefined]);
  });
});

test('an operation tells where to follow it; another incarnation is refused', async () => {
  const answer = await post('/api/v1/operations', { verb: 'restart', target: 'worker/push-1' });
  assert.deepEqual([answer.status, answer.headers['location']], [202, '/api/v1/operations/o-1']);
  assert.equal((parsed(await get('/api/v1/operations/o-1'))['item'] as { verb: string }).verb, 'restart');
  const refused = await post('/api/v1/operations', {
    verb: 'restart',
    target: 'push-1',
    ifIncarnation: '1-2-x',
  });
  assert.deepEqual([refused.status, parsed(refused)['code']], [412, 'INCARNATION_CHANGED']);
  assert.equal((await post('/api/v1/operations', { verb: 'destroy', target: 'push-1' })).status, 400);
});

test('host keys are scanned and trusted by fingerprint', async () => {
  const scan = parsed(await post('/api/v1/hosts/web-1/scan', {}));
  assert.deepEqual([scan['kind'], (scan['items'] as unknown[]).length], ['HostKeyList', 1]);
  assert.equal((await post('/api/v1/hosts/web-1/trust', { fingerprint: 'MD5:aa' })).status, 400);
  assert.equal(
    (await post('/api/v1/hosts/web-1/trust', { fingerprint: `SHA256:${'b'.repeat(43)}` })).status,
    200,
  );
  assert.deepEqual(fake.door.asked.at(-1), {
    trust: 'web-1',
    fingerprint: `SHA256:${'b'.repeat(43)}`,
    actor: 'local',
  });
});

test('a surprise is told without its stack, and goes to the log', async () => {
  fake.door.job = () => Promise.reject(new Error('secret inner words'));
  const answer = await get('/api/v1/jobs/j-1');
  assert.deepEqual([answer.status, parsed(answer)['code']], [500, 'INTERNAL']);
  assert.ok(!answer.text.includes('secret') && !answer.text.includes('at '));
  assert.equal(fake.logged.length, 1);
});

test('events begin with a snapshot, go on with changes, and leave no listener behind', async () => {
  const { events, ended } = collect('/api/v1/events');
  await until('the snapshot', () => events.length === 1);
  assert.equal(events[0]!.event, 'snapshot');
  fake.door.jobs.push(fake.door.job0('j-1'));
  fake.door.change('j-1', { state: 'running' });
  // These are only counted: nothing that a reader would draw.
  fake.door.tell({ type: 'dockerCall', op: 'restart', outcome: 'ok', tookMs: 40 });
  fake.door.tell({ type: 'healed', container: 'jms_core', tookMs: 40 });
  fake.door.tell({ type: 'worker', worker: worker('push-1', { state: 'late', detail: 'two\nlines' }) });
  await until('both changes', () => events.length === 3);
  assert.deepEqual(
    events.map(({ event }) => event),
    ['snapshot', 'job', 'worker'],
  );
  assert.equal((events[2]!.data as { detail: string }).detail, 'two\nlines');
  // What a change makes of the whole is told after it, once.
  fake.door.workers = [worker('push-1', { state: 'late', detail: 'no beat' })];
  fake.door.tell({ type: 'worker', worker: fake.door.workers[0]! });
  await until('the sentence over all', () => events.some(({ event }) => event === 'overall'));
  const { pid } = fake.door.workers[0]!.incarnation!;
  const { since } = fake.door.workers[0]!;
  assert.deepEqual(events.at(-1)!.data, {
    state: 'degraded',
    sentences: [`push-1 is late since ${since}: no beat`],
    facts: [{ code: 'WorkerNotUp', worker: 'push-1', state: 'late', reason: 'Beating', since, pid }],
  });
  stop.abort();
  await ended;
  await until('no listener is left', () => fake.door.listeners === 0);
});

describe('a log', () => {
  const file = (): string => join(fake.home, 'j-1.log');
  const text = (events: readonly ServerEvent[]): string =>
    events
      .filter(({ event }) => event === 'log')
      .map(({ data }) => (data as { text: string }).text)
      .join('');
  beforeEach(() => {
    fake.door.jobs.push(fake.door.job0('j-1', { state: 'running' }));
  });

  test('is text, also before its file exists', async () => {
    assert.deepEqual(
      [(await get('/api/v1/jobs/j-1/log')).status, (await get('/api/v1/jobs/j-1/log')).text],
      [200, ''],
    );
    writeFileSync(file(), 'one\ntwo\n');
    const answer = await get('/api/v1/jobs/j-1/log');
    assert.equal(answer.text, 'one\ntwo\n');
    assert.match(String(answer.headers['content-type']), /^text\/plain/);
    assert.equal((await get('/api/v1/jobs/none/log')).status, 404);
  });

  test('is followed line by line until the job ends, and what was written last is not lost', async () => {
    writeFileSync(file(), 'one\nhal');
    const { events, ended } = collect('/api/v1/jobs/j-1/log?follow=1');
    await until('the first line', () => text(events) === 'one\n');
    appendFileSync(file(), 'f\nzwölf\r\x1b[2J\n');
    await until('the whole second line', () => text(events) === 'one\nhalf\nzwölf\r\x1b[2J\n');
    appendFileSync(file(), 'no line end');
    fake.door.change('j-1', { state: 'done' });
    await ended;
    assert.equal(text(events), 'one\nhalf\nzwölf\r\x1b[2J\nno line end');
    assert.deepEqual(
      [events.at(-1)!.event, events.at(-1)!.data],
      ['end', { reason: 'JobEnded', state: 'done' }],
    );
  });

  test('is resumed at any event without a byte twice or missing', async () => {
    const whole =
      Array.from({ length: 5000 }, (_, index) => `line ${String(index)} ${'ü'.repeat(index % 40)}\n`).join(
        '',
      ) + 'é'.repeat(100_000);
    writeFileSync(file(), whole);
    fake.door.change('j-1', { state: 'failed' });
    const first = collect('/api/v1/jobs/j-1/log?follow=1');
    await first.ended;
    assert.equal(text(first.events), whole);
    const logs = first.events.filter(({ event }) => event === 'log');
    assert.ok(logs.length > 5);
    for (const at of [0, 3, logs.length - 1]) {
      const seen = logs.slice(0, at + 1);
      const rest = collect('/api/v1/jobs/j-1/log?follow=1', seen.at(-1)!.id!);
      await rest.ended;
      assert.equal(text(seen) + text(rest.events), whole);
    }
  });

  test('says why it ends when the server stops', async () => {
    const { events, ended } = collect('/api/v1/jobs/j-1/log?follow=1');
    await until('the follower is there', () => fake.door.listeners === 1);
    await fake.server.close();
    await ended;
    assert.deepEqual(events.at(-1)!.data, { reason: 'SupervisorStopping' });
  });

  test('says why it ends when the job is no longer known', async () => {
    const { events, ended } = collect('/api/v1/jobs/j-1/log?follow=1');
    await until('the follower is there', () => fake.door.listeners === 1);
    await new Promise((resolve) => setImmediate(resolve));
    fake.door.jobs = [];
    await ended;
    assert.equal((events.at(-1)!.data as { reason: string }).reason, 'JobGone');
  });
});

test('metrics show the snapshot, one-hot, and a worker that is gone at 0', async () => {
  fake.door.workers = [worker('push-1', { state: 'hung', jobs: ['a', 'b'] }), worker('push-2')];
  fake.door.counts = [{ worker: 'push-1', shown: { hung: 2, up: 1 }, heldBack: 3 }];
  fake.door.refusals = [
    { rule: 'Sshd', count: 2 },
    { rule: 'Ancestor', count: 0 },
  ];
  fake.door.tell({ type: 'canary', tookMs: 12 });
  const { text, headers } = await get('/metrics');
  assert.match(String(headers['content-type']), /^text\/plain/);
  for (const line of [
    'garrison_worker_up{worker="push-1"} 0',
    'garrison_worker_up{worker="push-2"} 1',
    'garrison_worker_state{worker="push-1",state="hung"} 1',
    'garrison_worker_state{worker="push-1",state="up"} 0',
    'garrison_worker_slots{worker="push-1",state="busy"} 2',
    'garrison_jobs{queue="push",state="queued"} 3',
    'garrison_queue_latency_seconds{queue="push"} 2.5',
    'garrison_queue_workers{queue="push"} 1',
    'garrison_redis_up 1',
    'garrison_worker_state_transitions_total{worker="push-1",to="hung"} 2',
    'garrison_worker_state_transitions_total{worker="push-2",to="hung"} 0',
    'garrison_worker_suppressed_transitions_total{worker="push-1"} 3',
    'garrison_guard_refusals_total{rule="Sshd"} 2',
    'garrison_guard_refusals_total{rule="Ancestor"} 0',
    'garrison_queue_canary_seconds_bucket{le="0.01"} 0',
    'garrison_queue_canary_seconds_bucket{le="0.025"} 1',
    `garrison_build_info{version="0.1.0",node_version="${process.version}"} 1`,
  ]) {
    assert.ok(text.includes(`${line}\n`), line);
  }
  fake.door.workers = [worker('push-2')];
  assert.ok((await get('/metrics')).text.includes('garrison_worker_state{worker="push-1",state="hung"} 0\n'));
});

describe('the control socket', () => {
  const again = (
    pageListen: { address: string; port: number } | null,
    home = fake.home,
  ): ReturnType<typeof startServer> =>
    startServer({
      door: fake.door,
      homeDir: home,
      socketPath: join(home, 'control.sock'),
      pageListen,
      readiness: () => ({ ready: true, why: '' }),
      logger: { warn: () => undefined, error: () => undefined },
    });
  test('is 0600 and refuses a second supervisor', async () => {
    assert.equal(statSync(fake.socketPath).mode & 0o777, 0o600);
    await assert.rejects(again(null), { code: 'HOME_BUSY' });
    assert.equal((await get('/livez')).status, 200, 'the first still answers');
  });
  test('that nobody answers on is replaced; anything else in its place is left alone', async () => {
    const home = mkdtempSync(join(tmpdir(), 'garrison-stale-'));
    const path = join(home, 'control.sock');
    // A socket file that outlives its server, as after kill -9: hard-linked, because closing removes the first name only.
    const dead = createServer().listen(join(home, 'first'));
    await new Promise((resolve) => dead.once('listening', resolve));
    linkSync(join(home, 'first'), path);
    await new Promise((resolve) => dead.close(resolve));
    assert.ok(statSync(path).isSocket());
    await (await again(null, home)).close();
    writeFileSync(path, 'precious');
    await assert.rejects(again(null, home), { code: 'HOME_UNUSABLE' });
    rmSync(home, { recursive: true });
  });
  test('of one that lives and is too busy to take a connection is never taken away', async () => {
    const home = mkdtempSync(join(tmpdir(), 'garrison-full-'));
    const path = join(home, 'control.sock');
    // It listens, and then stands still.
    const program = `require('node:net').createServer().listen({ path: ${JSON.stringify(path)}, backlog: 1 }, () => { require('node:fs').writeSync(1, 'up'); Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0); })`;
    const still = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(still.stdout, 'data');
    const waiting = Array.from({ length: 4 }, () => connect(path));
    const codes = waiting.map((socket) => once(socket, 'error').then(([error]) => error as { code: string }));
    assert.equal((await Promise.race(codes)).code, 'EAGAIN');
    await assert.rejects(again(null, home), { code: 'HOME_BUSY' });
    assert.ok(statSync(path).isSocket());
    for (const code of codes) void code.catch(() => undefined);
    for (const socket of waiting) socket.on('error', () => undefined).destroy();
    still.kill('SIGKILL');
    await once(still, 'exit');
    rmSync(home, { recursive: true });
  });
  test('a page port in use is told with its cure, and the socket is let go of', async () => {
    const home = mkdtempSync(join(tmpdir(), 'garrison-busy-'));
    await assert.rejects(again({ address: '127.0.0.1', port: fake.port }, home), {
      code: 'PAGE_UNAVAILABLE',
      message: /another program listens there/,
    });
    assert.equal(statSync(join(home, 'control.sock'), { throwIfNoEntry: false }), undefined);
    rmSync(home, { recursive: true });
  });
});
