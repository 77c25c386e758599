/** Containers over the API: listed as the contract says, told in the sentence over everything, and shown to Prometheus. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { overallOf } from '../../src/server/sentence.ts';
import { containerView } from '../support/fakeDoor.ts';
import {
  callSocket,
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

test('metrics are one-hot, and without a second life of a container that is gone', async () => {
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
  assert.ok(!(await get('/metrics')).text.includes('jms_core'));
});
