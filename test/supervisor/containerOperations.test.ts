/** What people may ask to be done to containers: what is meant by a name, what is refused with which code, and when it is done. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { now } from '../../src/clock.ts';
import type { DockerExamination } from '../../src/detector/containerFacts.ts';
import { GarrisonError } from '../../src/errors.ts';
import type { OperationRequest, OperationView } from '../../src/supervisor/door.ts';
import { Operations } from '../../src/supervisor/operations.ts';
import type { Surroundings } from '../../src/supervisor/ports.ts';
import type { Supervisor } from '../../src/supervisor/supervisor.ts';
import { HealScene, momentAt, UNTOUCHED } from '../support/healScene.ts';
import { idOf, madeUpContainer } from '../support/madeUpContainer.ts';

const WORKERS = ['push-1', 'both'];
const DOCKER: DockerExamination = {
  liveRestore: false,
  loginsThrough: [],
  sessions: [],
  endsUs: null,
  gaps: [],
};

interface Desk {
  readonly scene: HealScene;
  readonly operations: Operations;
  readonly audited: string[];
  docker: DockerExamination;
  ask(
    verb: OperationRequest['verb'],
    target: string,
    more?: Partial<OperationRequest>,
  ): Promise<OperationView>;
  /** The clock goes on, and what has ended is told. */
  pass(ms: number): void;
}

/** The real boards and operations; of the supervisor only what they ask of it. */
function desk(settings: ConstructorParameters<typeof HealScene>[0] = {}): Desk {
  const scene = new HealScene({ dependsOn: { koko: ['core'] }, startMs: now().monoMs, ...settings });
  scene.list(...['core', 'koko', 'both', 'docker-proxy'].map((name) => madeUpContainer(name)));
  const listeners: ((change: { type: string }) => void)[] = [];
  const supervisor = {
    containers: scene.board,
    worker: (name: string) => (WORKERS.includes(name) ? { name } : null),
    snapshot: () => ({ workers: WORKERS.map((name) => ({ name })) }),
    onTurn: () => undefined,
    onChange: (listener: (change: { type: string }) => void) => listeners.push(listener),
    tellHeals: <T>(change: (heals: HealScene['board']['heals'], at: unknown) => T): T => {
      const told = change(scene.board.heals, momentAt(scene.nowMs));
      scene.turn();
      return told;
    },
    restartDocker: () => scene.board.dockerRestart.ask(momentAt(scene.nowMs)),
  } as unknown as Supervisor;
  const audited: string[] = [];
  const held = { docker: DOCKER };
  let ids = 0;
  const around = {
    audit: ({ verb, target }: Record<string, unknown>) => audited.push(`${String(verb)} ${String(target)}`),
    note: () => undefined,
    newId: () => `o-${String((ids += 1))}`,
    examineContainer: async (id: string) => {
      const name = scene.board.list().find((view) => id.startsWith(view.id))!.name;
      const found = scene.examinations.get(name);
      return { examination: found === undefined ? UNTOUCHED : found, detail: 'it hangs' };
    },
    examineDocker: async () => made.docker,
  } as unknown as Surroundings;
  const operations = new Operations(supervisor, around, () => undefined);
  const base = { actor: 'wang', reason: null, ifIncarnation: null, dryRun: false, forMs: null };
  const made: Desk = {
    ...{ scene, operations, audited, ...held },
    ask: (verb, target, more = {}) => operations.submit({ verb, target, ...base, ...more }),
    pass: (ms) => {
      scene.pass(ms);
      for (const listener of listeners) listener({ type: 'container' });
    },
  };
  return made;
}

async function refused(asked: Promise<unknown>, code: string, why: RegExp): Promise<void> {
  await assert.rejects(asked, (error) => {
    assert.ok(error instanceof GarrisonError);
    assert.equal(error.code, code);
    assert.match(error.message, why);
    return true;
  });
}

const DOWN = { status: 'exited', pid: 0, health: null } as const;

describe('a name', () => {
  it('is a container, by its name, its kind and name, or its short id', async () => {
    for (const target of ['core', 'container/core', idOf('core').slice(0, 12)]) {
      const at = desk();
      const { id } = await at.ask('restart', target);
      at.pass(1_000);
      assert.equal(at.operations.find(id).state, 'done');
      assert.deepEqual(at.scene.done(), ['restart core']);
      assert.deepEqual(at.audited, [`restart ${target}`]);
    }
  });

  it('is never guessed between a worker and a container, and nothing is nobody', async () => {
    const at = desk();
    await refused(at.ask('restart', 'both'), 'NAME_AMBIGUOUS', /a worker and a container/);
    await refused(at.ask('restart', 'nobody'), 'NOT_FOUND', /no worker and no container named nobody/);
    await refused(at.ask('restart', 'container/nobody'), 'NOT_FOUND', /no container nobody/);
    await refused(at.ask('heal', 'nobody'), 'NOT_FOUND', /no container nobody/);
    await refused(at.ask('start', 'docker'), 'NOT_FOUND', /docker/);
    assert.equal((await at.ask('restart', 'container/both', { dryRun: true })).state, 'planned');
  });

  it('of another incarnation is refused', async () => {
    const at = desk();
    await refused(
      at.ask('restart', 'core', { ifIncarnation: '1-2' }),
      'INCARNATION_CHANGED',
      /nothing was done/,
    );
    const { incarnation } = at.scene.view('core');
    assert.equal((await at.ask('restart', 'core', { ifIncarnation: incarnation })).state, 'running');
  });
});

describe('refused by the guard', () => {
  const examined = (change: object) => (at: Desk) =>
    void at.scene.examinations.set('core', { ...UNTOUCHED, ...change });
  const { sessions } = UNTOUCHED;
  const CASES: [string, OperationRequest['verb'], (at: Desk) => void, RegExp][] = [
    ['paused', 'restart', ({ scene }) => scene.become('core', { status: 'paused' }), /is paused by somebody/],
    ['our own', 'restart', examined({ isOwn: true }), /Garrison itself runs in it/],
    [
      'a login',
      'stop',
      examined({ sessions: { ...sessions, carriesLogin: true } }),
      /logged in on this host/,
    ],
    [
      'a ghost',
      'restart',
      ({ scene }) => {
        scene.become('core', { process: 'gone' });
        scene.pass(2_000);
        scene.become('core', { process: 'gone' });
      },
      /is a ghost/,
    ],
    [
      'its budget',
      'restart',
      ({ scene }) => {
        for (let more = 0; more < 3; more += 1) {
          scene.ask('core', 'restart');
          scene.pass(100);
        }
      },
      /3 times within 30 min/,
    ],
  ];
  for (const [name, verb, prepare, why] of CASES)
    it(name, async () => {
      const at = desk({ selection: { select: 'label' } });
      prepare(at);
      const { length } = at.scene.deeds;
      await refused(at.ask(verb, 'core'), 'REFUSED_BY_GUARD', why);
      await refused(at.ask(verb, 'core', { dryRun: true }), 'REFUSED_BY_GUARD', why);
      assert.deepEqual([at.scene.deeds.length, at.audited], [length, []]);
    });

  it('a heal of what its label excludes, but not a restart', async () => {
    const at = desk();
    at.scene.become('core', { healLabel: 'false' });
    const excluded = desk({ selection: { exclude: ['core'] } });
    excluded.scene.sicken('core');
    await refused(excluded.ask('heal', 'core'), 'REFUSED_BY_GUARD', /containers.exclude names it/);
    assert.equal((await excluded.ask('restart', 'core')).state, 'running');
  });
});

describe('in conflict', () => {
  it('runs already, does not run, is being treated, could not be examined, Docker is away', async () => {
    const at = desk();
    await refused(at.ask('start', 'core'), 'CONFLICTING_STATE', /runs already/);
    at.scene.become('koko', DOWN);
    await refused(at.ask('stop', 'koko'), 'CONFLICTING_STATE', /does not run/);
    at.scene.treat = () => 'silent';
    await at.ask('restart', 'core');
    await refused(at.ask('restart', 'core'), 'CONFLICTING_STATE', /already, by wang/);
    await refused(at.ask('clearQuarantine', 'koko'), 'CONFLICTING_STATE', /not in quarantine/);
    at.scene.examinations.set('koko', null);
    await refused(at.ask('start', 'koko'), 'CONFLICTING_STATE', /could not be examined.*it hangs/);
    at.scene.docker(false);
    await refused(at.ask('start', 'koko'), 'CONFLICTING_STATE', /connection refused/);
  });

  it('of two at once one is done, and both end', async () => {
    const at = desk();
    at.scene.treat = () => 'silent';
    const both = await Promise.all([at.ask('restart', 'core'), at.ask('restart', 'core')]);
    at.pass(100_000);
    const ends = both.map(({ id }) => at.operations.find(id).state);
    assert.deepEqual(ends, ['failed', 'failed'], 'the first is never answered');
    assert.match(at.operations.find(both[1].id).detail, /already, by wang/);
    assert.equal(at.scene.done().filter((deed) => deed === 'restart core').length, 1);
  });

  it('one heals while another clears and a third stops: each has its own true end', async () => {
    const at = desk({ selection: { select: 'label' } });
    at.scene.ask('core', 'restart');
    at.pass(1_000);
    at.scene.sicken('core');
    at.scene.treat = () => 'silent';
    const heal = await at.ask('heal', 'core', { actor: 'local:alice' });
    const clear = await at.ask('clearQuarantine', 'core', { actor: 'local:bob' });
    await refused(at.ask('stop', 'core', { actor: 'local:bob' }), 'CONFLICTING_STATE', /by local:alice/);
    assert.equal(at.operations.find(heal.id).state, 'running', 'the clearing takes nothing away from it');
    // With its whole budget again it tries more often before it gives up.
    for (let turn = 0; turn < 12; turn += 1) at.pass(100_000);
    assert.equal(at.operations.find(clear.id).state, 'done');
    assert.match(at.operations.find(clear.id).detail, /whole budget of restarts/);
    const { state, detail } = at.operations.find(heal.id);
    assert.equal(state, 'failed', 'its treatment is never answered');
    assert.doesNotMatch(detail, /already, by/);
  });
});

describe('heal', () => {
  it('of a dependent treats its root, and is done only when the dependent is healthy', async () => {
    const at = desk({ selection: { select: 'label' } });
    at.scene.sicken('core');
    at.scene.sicken('koko');
    const planned = await at.ask('heal', 'koko', { dryRun: true });
    assert.match(
      planned.steps?.[1] ?? '',
      /^core: restart it .*because koko is unhealthy, and core, which it depends on/,
    );
    assert.deepEqual(at.scene.done(), []);
    const { id } = await at.ask('heal', 'koko');
    at.pass(2_000);
    assert.deepEqual(at.scene.done(), ['restart core']);
    assert.equal(at.operations.find(id).state, 'running', 'koko is still sick');
    at.scene.recover('koko');
    at.pass(1_000);
    assert.equal(at.operations.find(id).state, 'done');
    assert.match(at.operations.find(id).detail, /koko is healthy/);
  });

  it('of a dependent that is stopped meanwhile ends as failed', async () => {
    const at = desk({ selection: { select: 'label' } });
    at.scene.sicken('core');
    at.scene.sicken('koko');
    const { id } = await at.ask('heal', 'koko');
    at.scene.become('koko', DOWN);
    at.pass(2_000);
    assert.equal(at.operations.find(id).state, 'failed');
  });

  it('of a dependent that stays sick and that nobody selected has an end', async () => {
    const at = desk({ selection: { select: 'label' } });
    at.scene.sicken('core');
    at.scene.sicken('koko');
    const { id } = await at.ask('heal', 'koko');
    for (let minutes = 0; minutes < 10; minutes += 1) at.pass(60_000);
    assert.notEqual(at.operations.find(id).state, 'running');
    assert.deepEqual(at.scene.done(), ['restart core', 'restart koko']);
  });

  it('of one that is well does nothing', async () => {
    const at = desk();
    const { id } = await at.ask('heal', 'core');
    at.pass(1_000);
    assert.equal(at.operations.find(id).state, 'done');
    assert.deepEqual(at.scene.done(), []);
  });
});

it('clearing a quarantine gives a whole budget, and what is sick is healed again', async () => {
  const at = desk();
  at.scene.treat = () => 'unhealthy';
  at.scene.sicken('core');
  at.pass(400_000);
  assert.equal(at.scene.view('core').state, 'quarantined');
  at.scene.treat = () => 'works';
  await at.ask('clearQuarantine', 'container/core');
  at.pass(20_000);
  assert.equal(at.scene.view('core').state, 'healthy');
});

it('maintenance has a scope that is there, and an end', async () => {
  const at = desk();
  await refused(at.ask('maintenanceOn', 'project/none'), 'NOT_FOUND', /nothing of the scope project\/none/);
  await refused(at.ask('maintenanceOn', 'core'), 'NOT_FOUND', /nothing of the scope core/);
  await refused(at.ask('maintenanceOff', 'all'), 'CONFLICTING_STATE', /not in maintenance/);
  for (const scope of ['all', 'project/jms', 'container/core'])
    assert.match((await at.ask('maintenanceOn', scope, { forMs: 90_000 })).detail, /for 1.5 min/);
  assert.equal(at.scene.board.heals.maintenance.length, 3);
  await at.ask('maintenanceOff', 'all');
  assert.equal(at.scene.board.heals.maintenance.length, 2);
});

describe('restart docker', () => {
  it('says whom it takes along, is asked for once, and is done when Docker answers anew', async () => {
    const at = desk();
    at.pass(10);
    const planned = await at.ask('restart', 'docker', { dryRun: true });
    assert.match(planned.interrupts.join(), /every running container: .*core.*koko/);
    assert.match(planned.steps?.join() ?? '', /live-restore is off.*SSH session to this host survives/);
    const { id } = await at.ask('restart', 'docker');
    assert.deepEqual(at.scene.board.dockerRestart.takeAction(), [{ kind: 'restartDocker' }]);
    await refused(at.ask('restart', 'docker'), 'CONFLICTING_STATE', /being restarted already/);
    at.scene.board.take({ kind: 'dockerRestarted', isDone: true, detail: 'systemd did' }, momentAt(0));
    at.pass(1_000);
    assert.equal(at.operations.find(id).state, 'running', 'it has answered all the while');
    at.scene.docker(false);
    at.pass(1_000);
    at.scene.docker(true);
    at.pass(1_000);
    assert.equal(at.operations.find(id).state, 'done');
  });

  it('is refused where it would end us or a login', async () => {
    const at = desk();
    at.docker = { ...DOCKER, endsUs: 'it runs in one of the containers' };
    await refused(at.ask('restart', 'docker'), 'REFUSED_BY_GUARD', /runs in one/);
    at.docker = { ...DOCKER, loginsThrough: ['koko'] };
    await refused(at.ask('restart', 'docker'), 'REFUSED_BY_GUARD', /came in through koko/);
  });
});
