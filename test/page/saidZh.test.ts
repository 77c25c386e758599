/** The supervisor's codes in Chinese: each has words, with the facts that the code comes with, and what is unknown has none. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as saidZh from '../../src/page/words/saidZh.ts';
import { overallOf, type OverallFact } from '../../src/server/sentence.ts';
import { containerView, FakeDoor, worker } from '../support/fakeDoor.ts';

const CHINESE = /[\u4e00-\u9fff]/;
const SINCE = '2025-01-02T03:04:05.678Z';

const PARENT = { pid: 812, name: 'cron' };
const SICK: Extract<OverallFact, { readonly code: 'ContainerSick' }> = {
  code: 'ContainerSick',
  ...{ container: 'core', state: 'unhealthy', reason: 'ProbeFailed', since: SINCE, explains: ['koko'] },
  ...{ selection: 'unselected', hasPlan: false, maintenanceUntil: null },
};

const FACTS: { readonly [Code in OverallFact['code']]: Extract<OverallFact, { readonly code: Code }> } = {
  SupervisorStarting: { code: 'SupervisorStarting', since: SINCE },
  SupervisorStopping: { code: 'SupervisorStopping' },
  RedisDown: { code: 'RedisDown', since: SINCE },
  WorkerNotUp: {
    ...{
      code: 'WorkerNotUp',
      worker: 'push-1',
      state: 'hung',
      reason: 'LoopBlocked',
      since: SINCE,
      pid: 4711,
    },
  },
  SupervisorSilent: { code: 'SupervisorSilent', name: 'bastion-b', since: SINCE },
  QueueNotServed: { code: 'QueueNotServed', isRedisUp: true },
  AllUp: { code: 'AllUp', workers: 4 },
  SomeQuiet: { code: 'SomeQuiet', workers: ['push-1'] },
  DockerAway: { code: 'DockerAway', since: SINCE },
  BrakeOn: { code: 'BrakeOn' },
  ContainerSick: SICK,
  MoreSick: { code: 'MoreSick', count: 3 },
  FileSetAside: { code: 'FileSetAside', file: 'users.json', as: 'users.json.damaged-20260102T030405Z' },
  HomeUnwritable: { code: 'HomeUnwritable', file: 'journal.jsonl', since: SINCE },
  Maintenance: { code: 'Maintenance', scope: 'all', until: SINCE, actor: 'user:chen' },
  MoreMaintenance: { code: 'MoreMaintenance', count: 2 },
};

test('every code has Chinese words', () => {
  const said: Record<string, string> = {
    ...saidZh.CONTAINER_ZH,
    ...saidZh.SELECTION_ZH,
    ...saidZh.DOCKER_ZH,
    brake: saidZh.BRAKE_ZH,
    limited: saidZh.LIMITED_ZH,
  };
  for (const [reason, words] of Object.entries(saidZh.WORKER_ZH))
    for (const state of ['up', 'draining'] as const)
      said[`worker ${reason} ${state}`] = words('进程 4711 ', state);
  for (const [name, verdicts] of Object.entries(saidZh.TRUTH_ZH))
    for (const [verdict, words] of Object.entries(verdicts)) said[`${name} ${verdict}`] = words;
  for (const [next, words] of Object.entries(saidZh.ZOMBIE_ZH)) said[next] = words(PARENT);
  for (const fact of Object.values(FACTS)) said[fact.code] = saidZh.overallZh(fact) ?? '';
  for (const isUp of [true, false]) {
    said[`redis ${String(isUp)}`] = saidZh.redisZh(isUp);
    said[`queue ${String(isUp)}`] = saidZh.queueZh({ served: false, isRedisUp: isUp });
  }
  for (const [code, text] of Object.entries(said)) {
    assert.match(text, CHINESE, code);
    assert.doesNotMatch(text, /undefined|null|。。/, code);
  }
  assert.ok(Object.keys(said).length > 100, String(Object.keys(said).length));
});

test('the facts of a code are in its words', () => {
  assert.match(
    saidZh.overallZh(FACTS.WorkerNotUp)!,
    /^工作进程 push-1 自 2025年1月\d日 .* 起卡死：进程 4711 的主循环/,
  );
  assert.match(
    saidZh.overallZh(SICK)!,
    /容器 core .*起不健康：.*；koko 的异常可能由它引起；Garrison 不作处理/,
  );
  assert.match(
    saidZh.overallZh({ ...SICK, state: 'quarantined', reason: 'InQuarantine', hasPlan: true })!,
    /garrison why container\/core，修复后运行 garrison quarantine clear core/,
  );
  assert.match(saidZh.zombieZh('ProgramNeedsRepair', PARENT)!, /cron（进程 812）/);
});

test('a code of another version has no words, so that its own sentence is shown', () => {
  assert.equal(saidZh.workerZh('Levitates' as never, { state: 'up', pid: 1 }), null);
  assert.equal(saidZh.workerZh('toString' as never, { state: 'up', pid: 1 }), null);
  assert.equal(saidZh.overallZh({ code: 'Levitates' } as never), null);
  assert.equal(saidZh.overallZh(undefined), null);
});

test('each sentence for the whole comes with what it says, in the same order', () => {
  const door = new FakeDoor('');
  door.workers = [worker('push-1', { state: 'hung', reason: 'LoopBlocked' }), worker('push-2')];
  door.containers = Array.from({ length: 7 }, (_, index) => {
    const name = `c${String(index)}`;
    return containerView(name, { state: 'unhealthy', reason: 'ProbeFailed', root: name });
  });
  door.brake = 'much is sick';
  door.maintenance = [{ scope: 'all', since: SINCE, until: SINCE, actor: 'user:chen', reason: null }];
  door.redisUp = false;
  const { sentences, facts } = overallOf(door.snapshot());
  const codes = facts.map(({ code }) => code);
  const each = ['RedisDown', 'WorkerNotUp', 'BrakeOn', 'ContainerSick', 'MoreSick', 'Maintenance'];
  assert.deepEqual([...new Set(codes)], each);
  assert.equal(codes.length, sentences.length);
  assert.match(sentences[codes.indexOf('WorkerNotUp')]!, /^push-1 is hung/);
  assert.match(sentences[codes.indexOf('MoreSick')]!, /^2 more containers/);
});
