/** Containers over the API: listed as the contract says, told in the sentence over everything, and shown to Prometheus. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { overallOf } from '../../src/server/sentence.ts';
import { containerView } from '../support/fakeDoor.ts';
import {
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
const SICK = { state: 'unhealthy', reason: 'ProbeFailed', detail: 'its health check failed' } as const;

test('the list and one of it, by name or id, filtered by state and text', async () => {
  fake.door.containers = [
    containerView('jms_core', { ...SICK, root: 'jms_core' }),
    containerView('jms_koko'),
  ];
  const names = async (query: string): Promise<string[]> =>
    (JSON.parse((await get(`/api/v1/containers${query}`)).text) as { items: { name: string }[] }).items.map(
      ({ name }) => name,
    );
  assert.deepEqual(await names(''), ['jms_core', 'jms_koko']);
  assert.deepEqual(await names('?state=unhealthy'), ['jms_core']);
  assert.equal((await get('/api/v1/containers?state=up')).status, 400);
  const { id } = fake.door.containers[0]!;
  for (const path of ['jms_core', 'container/jms_core', id]) {
    const { item } = JSON.parse((await get(`/api/v1/containers/${path}`)).text) as { item: { name: string } };
    assert.equal(item.name, 'jms_core', path);
  }
  assert.equal((await get('/api/v1/containers/nobody')).status, 404);
});

test('the sentence names the root and what it may explain, not each of them', () => {
  fake.door.containers = [
    containerView('jms_core', { ...SICK, root: 'jms_core' }),
    containerView('jms_koko', { ...SICK, root: 'jms_core' }),
    containerView('jms_lion', { ...SICK, root: 'jms_core' }),
    containerView('jms_web'),
  ];
  const { state, sentences } = overallOf(fake.door.snapshot());
  assert.equal(state, 'degraded');
  assert.equal(sentences.length, 1);
  assert.match(
    sentences[0]!,
    /^Container jms_core is unhealthy since .*: its health check failed; it may explain jms_koko, jms_lion; Garrison leaves it alone: nobody chose it$/,
  );
});

test('Docker that went away is a trouble, Docker that never was is none', () => {
  fake.door.docker = { ...fake.door.docker, state: 'away', detail: 'connection refused' };
  const away = fake.door.snapshot();
  assert.match(overallOf(away).sentences.join(), /^Docker does not answer since .*: connection refused$/);
  const never = { ...away, containers: { ...away.containers, listed: false } };
  assert.equal(overallOf(never).state, 'well');
});

test('metrics are one-hot, and show a container that is gone at 0', async () => {
  fake.door.docker = { ...fake.door.docker, reconnects: 2, missedChanges: 1 };
  fake.door.containers = [containerView('jms_core', { ...SICK, root: 'jms_core' })];
  const { text } = await get('/metrics');
  for (const line of [
    'garrison_docker_up 1',
    'garrison_docker_event_stream_reconnects_total 2',
    'garrison_docker_resync_discrepancies_total 1',
    'garrison_container_state{project="jms",container="jms_core",state="unhealthy"} 1',
    'garrison_container_state{project="jms",container="jms_core",state="healthy"} 0',
  ])
    assert.ok(text.includes(`${line}\n`), line);
  fake.door.containers = [];
  // Nothing was done to it: its counters are 0 as well.
  const gone = (await get('/metrics')).text.split('\n').filter((line) => line.includes('jms_core'));
  assert.ok(gone.length > 0 && gone.every((line) => line.endsWith(' 0')), gone.join('\n'));
});

const post = (body: object): Promise<Answer> =>
  callSocket(fake, { method: 'POST', path: '/api/v1/operations', ...json(body) });

test('wishes about containers are taken by their shape, and only maintenance has an end', async () => {
  fake.door.containers = [containerView('jms_core')];
  const good = [
    { verb: 'restart', target: 'container/jms_core' },
    { verb: 'stop', target: 'jms_core' },
    { verb: 'start', target: 'worker/push-1' },
    { verb: 'restart', target: 'docker' },
    { verb: 'heal', target: 'jms_core' },
    { verb: 'recover' },
    { verb: 'recover', target: 'everything' },
    { verb: 'clearQuarantine', target: 'container/jms_core' },
    { verb: 'maintenanceOn', target: 'all', forMs: 60_000 },
    { verb: 'maintenanceOn', target: 'project/jms' },
    { verb: 'maintenanceOff', target: 'container/jms_core' },
  ];
  for (const body of good) assert.equal((await post(body)).status, 202, JSON.stringify(body));
  assert.deepEqual(
    fake.door.asked.map((one) => (one as { forMs: unknown }).forMs),
    good.map(({ forMs }) => forMs ?? null),
  );
  const before = fake.door.asked.length;
  for (const body of [
    { verb: 'heal' },
    { verb: 'heal', target: 'worker/push-1' },
    { verb: 'clearQuarantine', target: '' },
    { verb: 'maintenanceOn' },
    { verb: 'maintenanceOn', target: 'jms_core' },
    { verb: 'maintenanceOn', target: 'project/' },
    { verb: 'maintenanceOn', target: 'container/a/b' },
    { verb: 'maintenanceOn', target: 'all', forMs: 0 },
    { verb: 'maintenanceOn', target: 'all', forMs: 31 * 86_400_000 },
    { verb: 'maintenanceOff', target: 'all', forMs: 60_000 },
    { verb: 'restart', target: 'jms_core', forMs: 60_000 },
    { verb: 'recover', target: 'jms_core' },
    { verb: 'recreate', target: 'jms_core' },
  ])
    assert.equal((await post(body)).status, 400, JSON.stringify(body));
  assert.equal(fake.door.asked.length, before, 'nothing reached the door');
});

describe('the story', () => {
  const AT = '2025-01-02T03:04:05.678Z';
  const event = { container: 'jms_core', at: AT, actor: 'garrison', detail: '', bundleFile: null } as const;
  beforeEach(() => {
    fake.door.containers = [containerView('jms_core'), containerView('web')];
    fake.door.stories = [
      { ...event, event: 'sick' },
      { ...event, event: 'examined', bundleFile: 'seen.json' },
      { ...event, event: 'restarted' },
      { ...event, container: 'gone', event: 'sick', bundleFile: 'gone.json' },
    ];
    fake.door.bundles = { 'seen.json': { why: 'unhealthy' }, 'other.json': { secret: true } };
  });
  const events = async (path: string): Promise<unknown> =>
    (JSON.parse((await get(`/api/v1/containers/${path}`)).text) as { items: { event: string }[] }).items.map(
      (each) => each.event,
    );

  test('is listed oldest first, by name or id, also of one that is gone', async () => {
    const all = ['sick', 'examined', 'restarted'];
    const { id } = fake.door.containers[0]!;
    for (const name of ['jms_core', 'container%2Fjms_core', id])
      assert.deepEqual(await events(`${name}/story`), all, name);
    assert.deepEqual(await events('gone/story'), ['sick']);
    assert.deepEqual(await events('web/story'), []);
    assert.deepEqual(await events('jms_core/story?state=examined'), ['examined']);
    assert.deepEqual(await events('jms_core/story?limit=1&cursor=1'), ['restarted']);
    assert.equal((await get('/api/v1/containers/nobody/story')).status, 404);
    assert.equal((await get('/api/v1/containers/jms_core/story?state=healthy')).status, 400);
    assert.equal((await get('/api/v1/containers/jms_core/story?since=1')).status, 400);
  });
  test('gives the evidence that it names, and no other file', async () => {
    const { item } = JSON.parse((await get('/api/v1/containers/jms_core/evidence/seen.json')).text) as {
      item: unknown;
    };
    assert.deepEqual(item, { why: 'unhealthy' });
    const asked: string[] = [];
    fake.door.containerBundle = async (file) => {
      asked.push(file);
      return null;
    };
    for (const path of [
      'jms_core/evidence/other.json',
      'web/evidence/seen.json',
      'jms_core/evidence/..%2Ftokens.json',
      'jms_core/evidence/%2e%2e%2ftokens.json',
      'jms_core/evidence/..',
      'jms_core/evidence/../../tokens.json',
      'jms_core/evidence/seen.json%00',
      'jms_core/evidence/',
      'nobody/evidence/seen.json',
    ]) {
      const answer = await get(`/api/v1/containers/${path}`);
      assert.ok([400, 404].includes(answer.status), `${path}: ${String(answer.status)}`);
    }
    assert.deepEqual(asked, [], 'nothing was even looked for');
    const gone = await get('/api/v1/containers/gone/evidence/gone.json');
    assert.deepEqual([gone.status, asked], [404, ['gone.json']]);
    assert.match(gone.text, /it was kept and is gone/);
  });
});

describe('the sentence', () => {
  const { heal } = containerView('x');
  const told = (): readonly string[] => overallOf(fake.door.snapshot()).sentences;

  test('tells of a quarantine what to do next, before all else', () => {
    const quarantinedSince = '2025-01-01T00:00:00Z';
    fake.door.containers = [
      containerView('web', {
        ...SICK,
        root: 'web',
        heal: { ...heal, selection: 'heal', plan: 'it is restarted at 3:04' },
      }),
      containerView('jms_core', {
        ...SICK,
        state: 'quarantined',
        root: 'jms_core',
        heal: { ...heal, quarantinedSince },
      }),
    ];
    assert.match(
      told()[0]!,
      /^Container jms_core is in quarantine since 2025-01-01T00:00:00Z: .*; next: garrison why container\/jms_core, mend it, then garrison quarantine clear jms_core$/,
    );
    assert.match(told()[1]!, /^Container web is unhealthy since .*; it is restarted at 3:04$/);
  });
  test('tells what is being healed, also of one that another explains', () => {
    fake.door.containers = [
      containerView('jms_core', { ...SICK, root: 'jms_core' }),
      containerView('jms_koko', {
        ...SICK,
        state: 'healing',
        root: 'jms_core',
        heal: { ...heal, plan: 'Docker restarts it' },
      }),
    ];
    assert.match(told().join('\n'), /jms_koko is being healed since .*; Docker restarts it/);
    assert.equal(overallOf(fake.door.snapshot()).state, 'degraded');
  });
  test('tells of the brake, and of maintenance with its end, which alone is no trouble', () => {
    const until = '2025-01-02T04:00:00Z';
    fake.door.maintenance = [
      { scope: 'project/jms', since: until, until, actor: 'local', reason: 'upgrade' },
    ];
    const well = overallOf(fake.door.snapshot());
    assert.equal(well.state, 'well');
    assert.match(
      well.sentences.at(-1)!,
      /^Maintenance of project\/jms until 2025-01-02T04:00:00Z, asked for by local \(upgrade\)/,
    );
    fake.door.brake = '4 of 6 roots are sick at once: look at the host, Docker and Redis';
    fake.door.containers = [
      containerView('jms_core', { ...SICK, root: 'jms_core', heal: { ...heal, selection: 'heal' } }),
    ];
    const sick = told();
    assert.match(sick[0]!, /^The brake is on: 4 of 6 roots/);
    assert.match(sick[1]!, /it is in maintenance until 2025-01-02T04:00:00Z, so nothing is done$/);
    assert.match(sick.at(-1)!, /^Maintenance of/);
  });
});

test('metrics of healing begin at 0, count what the supervisor counts, and time what it tells', async () => {
  const { heal } = containerView('x');
  fake.door.containers = [
    containerView('jms_core', {
      heal: { ...heal, selection: 'heal', quarantinedSince: '2025-01-01T00:00:00Z' },
    }),
    containerView('web'),
  ];
  fake.door.healed = [
    { container: 'jms_core', action: 'restart', outcome: 'healed', count: 2 },
    { container: 'web', action: 'stop', outcome: 'failed', count: 1 },
  ];
  const scope = 'container/web';
  fake.door.maintenance = [{ scope, since: '', until: '', actor: 'local', reason: null }];
  fake.door.tell({ type: 'healed', container: 'jms_core', tookMs: 7_000 });
  fake.door.tell({ type: 'dockerCall', op: 'restart', outcome: 'timeout', tookMs: 40 });
  for (const scrape of ['first', 'second']) {
    const lines = (await get('/metrics')).text.split('\n');
    for (const line of [
      'garrison_container_heals_total{container="jms_core",action="restart",outcome="healed"} 2',
      'garrison_container_heals_total{container="jms_core",action="killAndStart",outcome="notDone"} 0',
      'garrison_container_heals_total{container="web",action="stop",outcome="failed"} 1',
      'garrison_container_quarantined{container="jms_core"} 1',
      'garrison_container_quarantined{container="web"} 0',
      'garrison_maintenance_active{scope="all"} 0',
      'garrison_maintenance_active{scope="container/web"} 1',
      'garrison_container_heal_duration_seconds_bucket{le="5"} 0',
      'garrison_container_heal_duration_seconds_bucket{le="10"} 1',
      'garrison_docker_request_duration_seconds_bucket{le="0.05",op="restart",outcome="timeout"} 1',
    ])
      assert.ok(lines.includes(line), `${line}, ${scrape} scrape`);
    assert.ok(!lines.some((line) => line.includes('heals_total{container="web",action="restart"')));
  }
});
