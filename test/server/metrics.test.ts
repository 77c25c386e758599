/** What Prometheus is told: every counter from 0, closed labels, what is gone at 0 and then away, and what a scrape costs. */
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { beforeEach, describe, test } from 'node:test';
import { RESTART_REASONS } from '../../src/detector/restartReason.ts';
import { REASONS } from '../../src/push/reason.ts';
import { LoginFailures } from '../../src/server/loginFailures.ts';
import type { MetricBook } from '../../src/server/metricBook.ts';
import { openMetrics } from '../../src/server/metrics.ts';
import { GONE_SHOWN_MS } from '../../src/server/seriesFamily.ts';
import { ACTOR_KINDS } from '../../src/server/actorKind.ts';
import { DOCKER_OPS, VERBS } from '../../src/server/words.ts';
import type { OperationView } from '../../src/supervisor/door.ts';
import { containerView, FakeDoor, NO_RESTARTS, result, worker } from '../support/fakeDoor.ts';

const SINCE_SECONDS = Date.parse('2025-01-02T03:04:05.678Z') / 1000;

let door: FakeDoor;
let logins: LoginFailures;
let book: MetricBook;
let nowMs = 0;

beforeEach(() => {
  door = new FakeDoor('');
  logins = new LoginFailures();
  nowMs = 0;
  book = openMetrics(door, logins, () => nowMs);
});

/** Value by series. */
async function scrape(): Promise<Map<string, number>> {
  const lines = String(await book.bytes())
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
  const series = lines.map((line): [string, number] => {
    const at = line.lastIndexOf(' ');
    return [line.slice(0, at).replace('garrison_', ''), Number(line.slice(at + 1))];
  });
  const seen = new Map(series);
  assert.equal(seen.size, series.length, 'no series is there twice');
  return seen;
}

const named = (series: Map<string, number>, name: string): [string, number][] =>
  [...series].filter(([key]) => key === name || key.startsWith(`${name}{`));

test('every metric is described, and typed as its name says', async () => {
  const text = String(await book.bytes());
  for (const { name, type } of book.descriptions()) {
    assert.ok(text.includes(`# TYPE ${name} ${type}\n`), name);
    assert.ok(text.includes(`# HELP ${name} `), name);
    assert.equal(name.endsWith('_total'), type === 'counter', name);
  }
  assert.equal(text.split('# TYPE').length - 1, book.descriptions().length, 'nothing else is exposed');
});

test('every counter begins at 0 for every value of its labels', async () => {
  const series = await scrape();
  const zeros = (name: string, count: number): void => {
    const found = named(series, name);
    assert.equal(found.length, count, name);
    assert.ok(
      found.every(([, value]) => value === 0),
      name,
    );
  };
  zeros('worker_restarts_total', 2 * RESTART_REASONS.length);
  zeros('jobs_processed_total', 4);
  zeros('job_duration_seconds_count', 4);
  zeros('operations_total', VERBS.length * ACTOR_KINDS.length * 3);
  zeros('login_failures_total', 6);
  zeros('docker_request_duration_seconds_count', DOCKER_OPS.length * 3);
  zeros('event_loop_lag_seconds_count', 2);
  const reasons = new Set(
    named(series, 'push_errors_total').map(([key]) => /reason="(\w+)"/.exec(key)?.[1] ?? ''),
  );
  // Fourteen of them are no errors; three are the supervisor's own.
  assert.equal(reasons.size, REASONS.length - 14 + 3);
  zeros('push_errors_total', 6 * reasons.size);
});

test('a scrape tells of loops, health, lives, and open jobs by state', async () => {
  door.observerHealth = 3;
  door.openJobs = { queued: 4, starting: 3, running: 2, verifying: 1 };
  door.restarts = { 'push-2': { ...NO_RESTARTS, Hung: 2 } };
  const series = await scrape();
  assert.deepEqual(named(series, 'loop_last_success_timestamp_seconds'), [
    ['loop_last_success_timestamp_seconds{loop="supervisor"}', SINCE_SECONDS],
    ['loop_last_success_timestamp_seconds{loop="zombies"}', SINCE_SECONDS],
    ['loop_last_success_timestamp_seconds{loop="redis"}', SINCE_SECONDS],
  ]);
  assert.equal(series.get('observer_health'), 3);
  assert.deepEqual(
    named(series, 'jobs').map(([, value]) => value),
    [4, 3, 2, 1],
  );
  assert.equal(series.get('worker_last_heartbeat_timestamp_seconds{worker="push-1"}'), SINCE_SECONDS);
  assert.equal(series.get('worker_start_time_seconds{worker="push-2"}'), SINCE_SECONDS);
  assert.equal(series.get('worker_memory_limit_bytes{worker="push-2"}'), 512 * 2 ** 20);
  assert.equal(series.get('worker_restarts_total{worker="push-2",reason="Hung"}'), 2);
  assert.equal(series.get('worker_restarts_total{worker="push-1",reason="Hung"}'), 0);
});

test('ends of jobs are counted, timed, and told apart by stage and reason', async () => {
  const failed = door.job0('j-1', {
    state: 'failed',
    result: result({ outcome: 'failed', stage: 'connect', reason: 'ConnectTimedOut' }),
  });
  door.tell({ type: 'jobEnded', job: door.job0('j-2', { state: 'done', result: result() }), ranMs: 700 });
  door.tell({ type: 'jobEnded', job: failed, ranMs: 10_000 });
  // Never in a worker's hands, and a word that no closed set has: neither makes a series.
  door.tell({ type: 'jobEnded', job: door.job0('j-3', { state: 'cancelled' }), ranMs: null });
  const strange = { ...failed, result: result({ outcome: 'failed', stage: 'plan', reason: 'x"} 1\n' }) };
  const before = await scrape();
  door.tell({ type: 'jobEnded', job: strange, ranMs: 20_000 });
  const series = await scrape();
  assert.equal(series.size, before.size);
  for (const [key, value] of [
    ['jobs_processed_total{queue="push",outcome="done"}', 1],
    ['jobs_processed_total{queue="push",outcome="failed"}', 2],
    ['jobs_processed_total{queue="push",outcome="cancelled"}', 1],
    ['job_duration_seconds_bucket{le="0.5",queue="push",outcome="done"}', 0],
    ['job_duration_seconds_bucket{le="1",queue="push",outcome="done"}', 1],
    ['job_duration_seconds_sum{queue="push",outcome="failed"}', 30],
    ['job_duration_seconds_count{queue="push",outcome="cancelled"}', 0],
    ['push_errors_total{stage="connect",reason="ConnectTimedOut"}', 1],
  ] as const)
    assert.equal(series.get(key), value, key);
  const errors = named(series, 'push_errors_total').reduce((sum, [, value]) => sum + value, 0);
  assert.equal(errors, 1);
});

test('operations are counted at their end, by the kind of who asked, whatever the name', async () => {
  const operation: OperationView = {
    id: 'o-1',
    verb: 'restart',
    target: 'worker/push-1',
    actor: 'token:deploy"}',
    reason: null,
    createdAt: '',
    state: 'running',
    detail: '',
    interrupts: [],
  };
  door.tell({ type: 'operation', operation });
  door.tell({ type: 'operation', operation: { ...operation, state: 'done' } });
  door.tell({ type: 'operation', operation: { ...operation, actor: 'page', state: 'failed' } });
  door.tell({ type: 'operationRefused', verb: 'heal', actor: 'alertmanager:ContainerUnhealthy' });
  door.tell({ type: 'operationRefused', verb: 'reap', actor: 'somebody' });
  const counted = named(await scrape(), 'operations_total').filter(([, value]) => value > 0);
  assert.deepEqual(counted.map(([key, value]) => `${key} ${String(value)}`).sort(), [
    'operations_total{verb="heal",actor="alertmanager",outcome="refused"} 1',
    'operations_total{verb="reap",actor="other",outcome="refused"} 1',
    'operations_total{verb="restart",actor="session",outcome="failed"} 1',
    'operations_total{verb="restart",actor="token",outcome="done"} 1',
  ]);
});

test('lag and logins are counted', async () => {
  door.tell({ type: 'loopLag', process: 'worker', lagsMs: [0, 3, 800] });
  door.tell({ type: 'loopLag', process: 'supervisor', lagsMs: [12] });
  logins.note('token');
  const series = await scrape();
  assert.equal(series.get('event_loop_lag_seconds_count{process="worker"}'), 3);
  assert.equal(series.get('event_loop_lag_seconds_bucket{le="0.005",process="worker"}'), 2);
  assert.equal(series.get('event_loop_lag_seconds_bucket{le="0.025",process="supervisor"}'), 1);
  assert.equal(series.get('login_failures_total{kind="token"}'), 1);
  assert.equal(series.get('login_failures_total{kind="link"}'), 0);
});

describe('what is gone', () => {
  const { heal } = containerView('x');
  const core = containerView('jms_core', { heal: { ...heal, selection: 'heal', quarantinedSince: 'then' } });
  const of = async (): Promise<[string, number][]> =>
    [...(await scrape())].filter(([key]) => key.includes('jms_core') || key.includes('project/jms'));

  beforeEach(async () => {
    door.containers = [core, containerView('web')];
    door.healed = [{ container: 'jms_core', action: 'restart', outcome: 'healed', count: 2 }];
    door.maintenance = [{ scope: 'project/jms', since: '', until: '', actor: 'local', reason: null }];
    assert.equal((await of()).filter(([, value]) => value > 0).length, 4);
    door.containers = [containerView('web')];
    door.maintenance = [];
  });

  test('is at 0 for five minutes and two scrapes, then away; its counters stay as they were so long', async () => {
    for (const atMs of [0, 15_000, GONE_SHOWN_MS - 1]) {
      nowMs = atMs;
      const shown = await of();
      const counters = shown.filter(([key]) => key.includes('_total'));
      assert.deepEqual(
        shown.filter(([, value]) => value > 0),
        [['container_heals_total{container="jms_core",action="restart",outcome="healed"}', 2]],
      );
      assert.deepEqual([shown.length, counters.length], [23, 12]);
    }
    nowMs = GONE_SHOWN_MS;
    assert.deepEqual(await of(), []);
  });

  test('is seen at 0 twice even by a scraper that comes every ten minutes', async () => {
    for (const minutes of [0, 10]) {
      nowMs = minutes * 60_000;
      assert.equal((await of()).length, 23);
    }
    nowMs = 20 * 60_000;
    assert.deepEqual(await of(), []);
  });

  test('that comes back is what it is at once', async () => {
    await scrape();
    door.containers = [{ ...core, state: 'unhealthy' }];
    const series = await scrape();
    const key = 'container_state{project="jms",container="jms_core",state="unhealthy"}';
    assert.equal(series.get(key), 1);
    assert.equal(series.get('container_quarantined{container="jms_core"}'), 1);
    nowMs = GONE_SHOWN_MS;
    assert.equal((await scrape()).get(key), 1);
  });

  test('is a container under a project that it left', async () => {
    door.containers = [{ ...core, project: 'other' }];
    const states = named(await scrape(), 'container_state').filter(([, value]) => value === 1);
    assert.deepEqual(states, [['container_state{project="other",container="jms_core",state="healthy"}', 1]]);
  });
});

test('two containers of one name make no series twice, and hostile words stay in their quotes', async () => {
  door.containers = [
    containerView('a', { id: '1' }),
    containerView('a', { id: '2', state: 'ghost' }),
    containerView('b', { project: 'x"} 1\ngarrison_up 1 \\' }),
  ];
  await scrape();
  const lines = String(await book.bytes())
    .split('\n')
    .filter((line) => line.includes('container="b",state="healthy"'));
  assert.deepEqual(lines, [
    'garrison_container_state{project="x\\"} 1\\ngarrison_up 1 \\\\",container="b",state="healthy"} 1',
  ]);
});

test('only what has changed is told anew', async () => {
  door.containers = [containerView('a')];
  assert.equal((await scrape()).get('container_state{project="jms",container="a",state="healthy"}'), 1);
  door.containers = [containerView('a', { state: 'healing' })];
  const series = await scrape();
  assert.equal(series.get('container_state{project="jms",container="a",state="healthy"}'), 0);
  assert.equal(series.get('container_state{project="jms",container="a",state="healing"}'), 1);
});

test('nobody is listened to any more after the end', () => {
  assert.ok(door.listeners > 0);
  book.end();
  assert.equal(door.listeners, 0);
});

test('every call that the driver makes to Docker is known from the start', () => {
  const folder = new URL('../../src/driver/', import.meta.url);
  const files = readdirSync(folder).filter((name) => /^(?:docker|container).*\.ts$/.test(name));
  const text = files.map((name) => readFileSync(new URL(name, folder), 'utf8')).join('\n');
  const asked = [...text.matchAll(/\bop: '(\w+)'|onCall\('(\w+)'/g)].map(
    (match) => match[1] ?? match[2] ?? '',
  );
  // The deeds have their own name as op.
  const deeds = [...text.matchAll(/^ {2}(\w+): \{ doing: /gm)].map((match) => match[1] ?? '');
  assert.ok(asked.length >= 7 && deeds.length === 4, `${asked.join()} ${deeds.join()}`);
  assert.deepEqual([...new Set([...asked, ...deeds])].sort(), [...DOCKER_OPS].sort());
});

test('a scrape of 50 workers and 500 containers is cheap', async () => {
  const { heal } = containerView('x');
  door.workers = Array.from({ length: 50 }, (_, index) => worker(`push-${String(index + 1)}`));
  door.containers = Array.from({ length: 500 }, (_, index) =>
    containerView(`c-${String(index)}`, { heal: { ...heal, selection: 'heal' } }),
  );
  const before = await scrape();
  assert.ok(before.size > 10_000, String(before.size));
  const costsMs: number[] = [];
  for (let count = 0; count < 40; count += 1) {
    door.workers = door.workers.map((one, index) => ({
      ...one,
      rssBytes: 50_000_000 + count * 4096 + index,
    }));
    door.containers = door.containers.map((one, index) =>
      index % 50 === count % 50 ? { ...one, state: count % 2 === 0 ? 'unhealthy' : 'healthy' } : one,
    );
    const used = process.cpuUsage();
    await book.bytes();
    const { user, system } = process.cpuUsage(used);
    costsMs.push((user + system) / 1000);
  }
  const median = costsMs.sort((one, other) => one - other)[20]!;
  // Five are aimed at, and the benchmark says how many it takes; this machine may be at work on other things.
  assert.ok(median < 15, `${String(median)} ms`);
});
