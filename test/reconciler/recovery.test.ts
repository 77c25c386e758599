/** Recovery in stages: which step is next, what is waited for, what is a person's, and what holds in every history. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { foresee, nextOfRecovery, type RecoveryDecision } from '../../src/reconciler/recovery.ts';
import { RECOVERY_STAGES, type DoneStep, type Situation } from '../../src/reconciler/situation.ts';
import {
  anyFate,
  anySituation,
  containerIn,
  follow,
  sick,
  situation,
  workerIn,
} from '../support/recoveryWorld.ts';

const REDIS_AWAY = { up: false, detail: 'no answer within 5 s', isOurs: true } as const;

function done(stage: DoneStep['stage'], target: string, change: Partial<DoneStep> = {}): DoneStep {
  const verb = target.startsWith('container/') ? 'heal' : 'restart';
  return { stage, verb, target, outcome: 'cured', detail: 'it is well', endedAtMs: 0, ...change };
}

function said(decision: RecoveryDecision): string {
  switch (decision.kind) {
    case 'step':
      return `${decision.stage}: ${decision.verb} ${decision.target}`;
    case 'wait':
      return `${decision.stage}: wait until ${String(decision.untilMs)}: ${decision.what}`;
    case 'cured':
      return `cured at ${decision.at}`;
    case 'needsPerson':
      return decision.left.map(({ stage, command }) => `${stage}: ${command}`).join('; ');
    case 'nothingWrong':
      return 'nothing wrong';
  }
}

const next = (change: Partial<Situation>): string => said(nextOfRecovery(situation(change)));

describe('the worker stage', () => {
  it('restarts who is hung, failed or in back-off, one after the other, and nobody who works or was told not to', () => {
    const workers = [
      workerIn('push-1', { state: 'late' }),
      workerIn('push-2', { state: 'failed', reason: 'CrashLoop' }),
      workerIn('push-3', { state: 'hung', reason: 'LoopBlocked', jobs: ['j-1'] }),
      workerIn('push-4', { state: 'stopped', wish: 'stop' }),
      workerIn('push-5', { state: 'backoff' }),
    ];
    const { steps } = foresee(situation({ workers }));
    assert.deepEqual(
      steps.map(({ target }) => target),
      ['worker/push-2', 'worker/push-3', 'worker/push-5'],
    );
    assert.deepEqual(steps[1]?.interrupts, ['job j-1 on push-3: it is tried again']);
  });

  it('restarts nobody while Redis is away: whose fault it is cannot be told', () => {
    const workers = [workerIn('push-1', { state: 'hung' }), workerIn('push-2', { state: 'late' })];
    assert.equal(next({ workers, redis: REDIS_AWAY }), 'queue: restart queue/redis');
  });

  it('leaves a quiet worker, and one that no signal reaches, to a person', () => {
    assert.equal(
      next({ workers: [workerIn('push-1', { state: 'hung', wish: 'quiet' })] }),
      'worker: garrison restart worker/push-1',
    );
    assert.equal(
      next({ workers: [workerIn('push-1', { state: 'hung', reason: 'Uninterruptible' })] }),
      'worker: garrison why push-1',
    );
  });

  it('does not come back: who hangs later is left to what Garrison does anyway, then to a new recovery', () => {
    const later = { workers: [workerIn('push-1', { state: 'hung' })], done: [done('queue', 'queue/redis')] };
    assert.match(next(later), /^worker: wait until null: push-1 is hung/);
    assert.equal(next({ ...later, isPatienceOver: true }), 'worker: garrison recover');
  });
});

describe('the queue stage', () => {
  it('brings back a Redis of our own, once', () => {
    assert.equal(next({ redis: REDIS_AWAY }), 'queue: restart queue/redis');
    const again = { redis: REDIS_AWAY, done: [done('queue', 'queue/redis', { outcome: 'failed' })] };
    assert.equal(next(again), 'queue: garrison doctor');
  });

  it('leaves the Redis of somebody else to the stage of the containers, then to a person with the exact reason', () => {
    const redis = { ...REDIS_AWAY, isOurs: false };
    const inContainer = sick('jms_redis', { image: 'redis:7' });
    assert.equal(next({ redis, containers: [inContainer] }), 'container: heal container/jms_redis');
    const stopped = containerIn('jms_redis', { image: 'redis:7', state: 'stopped' });
    const decision = nextOfRecovery(situation({ redis, containers: [stopped] }));
    assert.equal(said(decision), 'queue: garrison start container/jms_redis');
    assert.match(JSON.stringify(decision), /no answer within 5 s; .* jms_redis is stopped/);
  });

  it('says that the test job does not come back, and restarts nothing for that', () => {
    assert.equal(next({ isCanaryLate: true }), 'queue: garrison why');
  });
});

describe('the stages of containers and stack', () => {
  const INCIDENT = [
    sick('core'),
    sick('koko', { root: 'core', above: ['core'], heldBy: 'core, which it depends on, is unhealthy' }),
    sick('nginx', {
      root: 'core',
      above: ['core', 'koko'],
      heldBy: 'core, which it depends on, is unhealthy',
    }),
  ];

  it('heal the root alone; the plan names the others in the order of what they depend on', () => {
    const { steps } = foresee(situation({ containers: INCIDENT }));
    assert.deepEqual(
      steps.map(({ stage, target }) => `${stage} ${target}`),
      ['container container/core', 'stack container/koko', 'stack container/nginx'],
    );
  });

  it('give those behind it time to recover by themselves, and are cured at the container stage when they do', () => {
    const after = {
      nowMs: 1_000,
      done: [done('container', 'container/core')],
      containers: [containerIn('core'), sick('koko', { above: ['core'], recoversUntilMs: 9_000 })],
    };
    assert.match(next(after), /^stack: wait until 9000/);
    assert.equal(next({ ...after, nowMs: 9_000 }), 'stack: heal container/koko');
    assert.equal(
      next({ ...after, containers: [containerIn('core'), containerIn('koko', { above: ['core'] })] }),
      'cured at container',
    );
  });

  it('do not wait for those behind one that was not cured: they are explained', () => {
    const after = {
      containers: INCIDENT,
      done: [done('container', 'container/core', { outcome: 'failed' })],
    };
    assert.equal(next(after), 'container: garrison why container/core');
  });

  it('give the others of a project that says of nobody what it depends on the same time', () => {
    const containers = [
      containerIn('core', { isPlaced: false }),
      sick('koko', { isPlaced: false }),
      sick('other', { isPlaced: false, project: 'other' }),
    ];
    const after = { containers, done: [done('container', 'container/core')] };
    assert.equal(next(after), 'container: heal container/other');
    const later = { ...after, done: [...after.done, done('container', 'container/other')] };
    assert.match(next({ ...later, nowMs: 5_000 }), /^stack: wait until 10000/);
  });

  it('wait for what is being treated, and no longer than is reasonable', () => {
    const containers = [sick('core', { treatedBy: 'garrison' })];
    assert.match(next({ containers }), /^container: wait until null: .*being treated, by garrison/);
    assert.equal(next({ containers, isPatienceOver: true }), 'container: garrison why container/core');
  });

  const KEPT: readonly (readonly [string, Parameters<typeof sick>[1], string])[] = [
    ['in quarantine', { quarantine: 'restarted 3 times' }, 'container: garrison quarantine clear core'],
    ['in maintenance', { maintenanceUntil: '2026-01-01T00:00:00Z' }, 'garrison maintenance off project/jms'],
    ['excluded', { selection: 'never' }, 'container: garrison why container/core'],
    ['not probed', { ailment: 'unprobed' }, 'container: garrison why container/core'],
    ['a ghost', { ailment: 'ghost', state: 'ghost' }, 'docker: garrison restart docker'],
  ];
  for (const [what, change, command] of KEPT)
    it(`leave one that is ${what} to a person`, () => {
      assert.ok(next({ containers: [sick('core', change)] }).endsWith(command));
    });

  it('touch one that nobody chose for healing only when it was in the plan', () => {
    const containers = [sick('core', { selection: 'unselected', because: 'nobody chose it' })];
    const step = nextOfRecovery(situation({ containers }));
    assert.equal(said(step), 'container: heal container/core');
    assert.match(JSON.stringify(step), /core, which is not chosen for healing: nobody chose it/);
    assert.equal(next({ containers, agreedTo: new Set() }), 'container: garrison recover');
  });

  it('do not treat what depends on one that a person has paused', () => {
    const containers = [
      containerIn('core', { state: 'paused' }),
      sick('koko', { above: ['core'], heldBy: 'core, which it depends on, is paused' }),
    ];
    assert.equal(next({ containers }), 'container: garrison why container/core');
  });
});

it('Docker that does not answer is for a person, after all else', () => {
  const docker = { state: 'away', detail: 'connection refused' } as const;
  const workers = [workerIn('push-1', { state: 'failed' })];
  const containers = [containerIn('core', { state: 'unknown' })];
  assert.equal(next({ docker, workers, containers }), 'worker: restart worker/push-1');
  assert.equal(next({ docker, containers }), 'docker: garrison restart docker');
  assert.equal(next({ docker }), 'nothing wrong', 'a machine without Docker');
});

describe('in every history', () => {
  const RUNS = { numRuns: 3_000 };
  const history = fc.record({
    start: anySituation,
    fates: fc.array(anyFate, { minLength: 40, maxLength: 40 }),
  });

  it('it ends, no stage comes back, no step is taken twice, Docker is none, and no latch is lifted', () => {
    fc.assert(
      fc.property(history, ({ start, fates }) => {
        let at = start;
        let reached = 0;
        const taken = new Set<string>();
        for (const fate of fates) {
          const decision = nextOfRecovery(at);
          if (decision.kind !== 'step' && decision.kind !== 'wait') return;
          if (decision.kind === 'step') {
            const { stage, verb, target } = decision;
            assert.ok(RECOVERY_STAGES.indexOf(stage) >= reached, 'no stage comes back');
            reached = RECOVERY_STAGES.indexOf(stage);
            assert.ok(!taken.has(`${verb} ${target}`), 'no step is taken twice');
            taken.add(`${verb} ${target}`);
            assertMayBe(target, at);
          }
          at = follow(at, decision, fate);
        }
        assert.fail('it did not end');
      }),
      RUNS,
    );
  });

  it('it says that it has cured, or that nothing is wrong, only when nothing is', () => {
    fc.assert(
      fc.property(anySituation, (at) => {
        const { end } = foresee(at);
        if (end.kind === 'needsPerson') assert.ok(end.left.length > 0);
        const { kind } = nextOfRecovery(at);
        if (kind !== 'nothingWrong') return;
        const { workers, redis, containers } = at;
        assert.ok(redis.up);
        assert.ok(workers.every(({ state, wish }) => state !== 'failed' || wish === 'stop'));
        assert.ok(containers.every(({ ailment }) => ailment === null));
      }),
      RUNS,
    );
  });
});

function assertMayBe(target: string, { workers, redis, containers, agreedTo }: Situation): void {
  const [kind, name] = target.split('/');
  if (kind === 'worker') {
    const worker = workers.find((each) => each.name === name);
    assert.equal(worker?.wish, 'run', 'nobody who was stopped or quieted');
    assert.ok(redis.up, 'nobody while Redis is away');
    return;
  }
  if (kind === 'queue') {
    assert.ok(redis.isOurs && !redis.up, "never somebody else's, never one that answers");
    return;
  }
  assert.equal(kind, 'container');
  const container = containers.find((each) => each.name === name);
  assert.ok(container !== undefined && container.state !== 'paused');
  const { ailment, quarantine, maintenanceUntil, selection, id, leftStopped } = container;
  assert.ok(
    ailment === 'unhealthy' || ailment === 'zombies' || leftStopped,
    'no ghost, nothing that is well',
  );
  assert.deepEqual([quarantine, maintenanceUntil], [null, null]);
  assert.ok(selection === 'heal' || (selection !== 'never' && agreedTo.has(id)));
}
