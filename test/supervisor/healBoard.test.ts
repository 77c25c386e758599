/** What the board has done to containers, in what order, how often, and what it leaves alone: on a scripted clock. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { HealScene, momentAt, UNTOUCHED } from '../support/healScene.ts';
import { healthOf, idOf, madeUpContainer } from '../support/madeUpContainer.ts';

const INCIDENT = { dependsOn: { celery: ['core'], koko: ['core'], lion: ['core'], nginx: ['core'] } };
const NAMES = ['core', 'celery', 'koko', 'lion', 'nginx'];
const BEYOND_BACKOFF_MS = 400_000;

function incident(): HealScene {
  const scene = new HealScene(INCIDENT);
  scene.list(...NAMES.map((name) => madeUpContainer(name)));
  return scene;
}

function alone(settings: ConstructorParameters<typeof HealScene>[0] = {}): HealScene {
  const scene = new HealScene(settings);
  scene.list(madeUpContainer('core'));
  return scene;
}

describe('the root', () => {
  it('is restarted alone, after the confirmation, and the others recover by themselves', () => {
    const scene = incident();
    for (const name of [...NAMES].reverse()) scene.sicken(name);
    scene.pass(4_900);
    assert.deepEqual(scene.done(), []);
    assert.deepEqual(scene.examined, ['core'], 'evidence first');
    scene.pass(200);
    assert.deepEqual(scene.done(), ['restart core']);
    assert.equal(scene.deeds[0]?.atMs, 5_000);
    scene.pass(10_000);
    for (const name of ['celery', 'koko', 'lion', 'nginx']) scene.recover(name);
    scene.pass(600_000);
    assert.deepEqual(scene.done(), ['restart core']);
    assert.deepEqual(
      scene.events().filter((event) => !event.startsWith('sick')),
      [
        'examined core',
        'treated core',
        'healed core',
        'recovered celery',
        'recovered koko',
        'recovered lion',
        'recovered nginx',
      ],
    );
    assert.deepEqual(scene.healed, ['core']);
  });

  it('explains the others also while it is being treated', () => {
    const scene = incident();
    scene.treat = () => 'silent';
    for (const name of NAMES) scene.sicken(name);
    scene.pass(6_000);
    scene.become('core', {
      health: healthOf('starting', 1),
      pid: 5_000,
      startedAt: '2026-01-02T04:00:00.000Z',
    });
    assert.equal(scene.view('core').state, 'healing');
    assert.equal(scene.view('koko').root, 'core');
    assert.match(scene.view('koko').heal.plan, /core, which it depends on, is being treated/);
  });

  it('that does not recover behind a healthy one is looked at anew, with time to recover first', () => {
    const scene = incident();
    for (const name of ['core', 'koko']) scene.sicken(name);
    scene.pass(6_000);
    assert.deepEqual(scene.done(), ['restart core']);
    scene.pass(25_000);
    assert.deepEqual(scene.done(), ['restart core'], 'it may still recover');
    assert.match(scene.view('koko').heal.plan, /time to recover by itself/);
    scene.pass(20_000);
    assert.deepEqual(scene.done(), ['restart core', 'restart koko']);
  });

  it('which is stopped, or starts, keeps those behind it from being restarted', () => {
    const scene = incident();
    scene.become('core', { status: 'exited', exitCode: 137, pid: 0 });
    scene.sicken('koko');
    scene.pass(60_000);
    assert.match(scene.view('koko').heal.plan, /core, which it depends on, is stopped/);
    scene.become('core', { status: 'running', pid: 77, health: healthOf('starting', 1) });
    scene.pass(60_000);
    assert.deepEqual(scene.done(), []);
  });

  it('of a circle is one of it, and only one', () => {
    const scene = new HealScene({ dependsOn: { core: ['koko'], koko: ['core'] } });
    scene.list(madeUpContainer('core'), madeUpContainer('koko'));
    scene.sicken('koko');
    scene.sicken('core');
    scene.pass(6_000);
    assert.deepEqual(scene.done(), ['restart core']);
  });
});

describe('a container beyond saving', () => {
  it('is restarted three times, each time later, then left in quarantine, and one page is sent', () => {
    const scene = alone();
    scene.treat = () => 'unhealthy';
    scene.sicken('core');
    scene.pass(1_500_000);
    assert.deepEqual(scene.done(), ['restart core', 'killAndStart core', 'killAndStart core']);
    const [first, second, third] = scene.deeds.map(({ atMs }) => atMs);
    assert.deepEqual([second! - first!, third! - second!], [10_000, 20_000]);
    assert.equal(scene.view('core').state, 'quarantined');
    assert.equal(scene.events().filter((event) => event === 'paged core').length, 1);
    scene.pass(10 * 3_600_000);
    assert.equal(scene.deeds.length, 3, 'for ever');
  });

  it('is restarted by nobody until a person has cleared it, however long that takes', () => {
    const scene = alone();
    scene.treat = () => 'unhealthy';
    scene.sicken('core');
    scene.pass(BEYOND_BACKOFF_MS + 3_600_000);
    for (const how of ['restart', 'heal'] as const) {
      const token = scene.ask('core', how);
      scene.pass(10_000);
      assert.match(scene.board.heals.askEnd(token)?.detail ?? '', /is in quarantine/);
    }
    assert.equal(scene.deeds.length, 3);
  });

  it('is healed again once a person has cleared it', () => {
    const scene = alone();
    scene.treat = () => 'unhealthy';
    scene.sicken('core');
    scene.pass(BEYOND_BACKOFF_MS);
    scene.board.heals.clearQuarantine(idOf('core'), 'wang', momentAt(scene.nowMs));
    scene.treat = () => 'works';
    scene.pass(20_000);
    assert.deepEqual(scene.done().slice(3), ['restart core']);
    assert.equal(scene.view('core').state, 'healthy');
  });

  it('stays in quarantine over a restart of the supervisor, and its budget stays spent', () => {
    const scene = alone();
    scene.treat = () => 'unhealthy';
    scene.sicken('core');
    scene.pass(BEYOND_BACKOFF_MS);
    const later = new HealScene({ earlier: scene.kept, startMs: scene.nowMs + 5_000 });
    later.list(scene.facts('core'));
    later.pass(60_000);
    assert.deepEqual(later.done(), []);
    assert.equal(later.view('core').state, 'quarantined');
    assert.equal(later.view('core').heal.restarts, 3);
  });

  it('that flaps spends the same budget', () => {
    const scene = alone();
    for (let round = 0; round < 6; round += 1) {
      scene.sicken('core');
      scene.pass(BEYOND_BACKOFF_MS);
    }
    assert.equal(scene.deeds.length, 3);
    assert.equal(scene.view('core').state, 'quarantined');
  });

  it('has its back-off forgotten after ten healthy minutes', () => {
    const scene = alone({ policy: { budget: { restarts: 100, perMs: 1_800_000 } } });
    for (let round = 0; round < 3; round += 1) {
      scene.sicken('core');
      scene.pass(100_000);
    }
    scene.pass(600_000);
    const before = scene.nowMs;
    scene.sicken('core');
    scene.pass(20_000);
    assert.equal(scene.deeds.at(-1)!.atMs - before, 5_000, 'only the confirmation');
  });

  it('which was ended and not started again is started, and not killed once more', () => {
    const scene = alone();
    scene.treat = (_name, how) => (how === 'restart' ? 'stops' : 'works');
    scene.sicken('core');
    scene.pass(60_000);
    assert.deepEqual(scene.done(), ['restart core', 'start core']);
    assert.equal(scene.view('core').state, 'healthy');
  });
});

describe('nothing is done to a container', () => {
  const untouched = (scene: HealScene, why: RegExp): void => {
    scene.sicken('core');
    scene.pass(120_000);
    assert.deepEqual(scene.done(), []);
    assert.match(scene.view('core').heal.plan, why);
  };

  it('that nobody selected, or that its label excludes', () => {
    untouched(alone({ selection: { select: 'label' } }), /nobody chose it/);
    const scene = new HealScene();
    scene.list(madeUpContainer('core', { healLabel: 'false' }));
    untouched(scene, /garrison.heal=false/);
  });

  it('that is only observed, and it is told once what would be done', () => {
    const scene = alone({ selection: { observe: ['core'] } });
    untouched(scene, /it would be restarted/);
    assert.deepEqual(
      scene.events().filter((event) => event.startsWith('observed')),
      ['observed core'],
    );
  });

  it('whose health check Docker could not run', () => {
    const scene = alone();
    scene.become('core', { health: healthOf('unhealthy', -1, { output: 'cannot exec in a stopped state' }) });
    scene.pass(60_000);
    assert.deepEqual(scene.done(), []);
    assert.match(scene.view('core').heal.plan, /could not run its health check/);
  });

  it('that is a ghost, and a person is paged once', () => {
    const scene = alone();
    scene.become('core', { process: 'gone' });
    scene.pass(2_000);
    scene.become('core', { process: 'gone' });
    assert.equal(scene.view('core').state, 'ghost');
    scene.pass(60_000);
    assert.deepEqual(scene.done(), []);
    assert.equal(scene.events().filter((event) => event === 'paged core').length, 1);
  });

  it('in maintenance, which ends by itself', () => {
    const scene = alone();
    scene.board.heals.beginMaintenance(
      { scope: 'project/jms', actor: 'wang', reason: null },
      60_000,
      momentAt(0),
    );
    scene.sicken('core');
    scene.pass(59_000);
    assert.deepEqual(scene.done(), []);
    assert.match(scene.view('core').heal.plan, /in maintenance until/);
    scene.pass(5_000);
    assert.deepEqual(scene.done(), ['restart core']);
    assert.ok(scene.told.includes('maintenanceEnded'));
  });

  it('that somebody is stopping right now', () => {
    const scene = alone();
    scene.sicken('core');
    scene.pass(3_000);
    scene.news({ kind: 'containerSignalled', id: idOf('core') });
    scene.pass(8_000);
    assert.deepEqual(scene.done(), []);
    scene.become('core', { status: 'exited', pid: 0, exitCode: 143, health: null });
    scene.pass(600_000);
    assert.deepEqual(scene.done(), []);
  });

  it('that somebody has stopped or paused', () => {
    const scene = alone();
    scene.sicken('core');
    scene.become('core', { status: 'paused' });
    scene.pass(60_000);
    scene.become('core', { status: 'exited', pid: 0 });
    scene.pass(60_000);
    assert.deepEqual(scene.done(), []);
  });

  it('that is our own or carries a login, which is told once, nor while compose is at work', () => {
    for (const [found, why] of [
      [{ ...UNTOUCHED, isOwn: true }, /Garrison itself runs in it/],
      [
        { ...UNTOUCHED, sessions: { connections: 1, execs: 0, carriesLogin: true } },
        /logged in on this host/,
      ],
      [{ ...UNTOUCHED, composeAtWork: 'docker-compose up -d' }, /docker compose is at work/],
      [null, /could not be examined/],
    ] as const) {
      const scene = alone();
      scene.examinations.set('core', found);
      untouched(scene, why);
      assert.ok(scene.examined.length < 30, 'it is not examined without end');
    }
  });

  it('while Docker is away', () => {
    const scene = alone();
    scene.sicken('core');
    scene.docker(false);
    scene.pass(60_000);
    assert.deepEqual(scene.done(), []);
  });

  it('while much is sick at once', () => {
    const scene = new HealScene();
    const names = ['a', 'b', 'c', 'd', 'e', 'f'];
    scene.list(...names.map((name) => madeUpContainer(name, { project: name })));
    for (const name of names.slice(0, 3)) scene.sicken(name);
    scene.pass(60_000);
    assert.deepEqual(scene.done(), []);
    assert.match(
      scene.board.summary().brake ?? '',
      /^3 of 6 independent containers are sick at once \(a, b, c\)/,
    );
    scene.recover('a');
    scene.pass(60_000);
    assert.deepEqual(scene.done(), ['restart b', 'restart c']);
    assert.ok(scene.told.includes('brakeOn') && scene.told.includes('brakeReleased'));
  });
});

describe('those behind a root that was restarted', () => {
  it('are restarted when they share its namespace or compose says so, and nobody else', () => {
    const scene = new HealScene();
    scene.list(
      madeUpContainer('vpn'),
      madeUpContainer('inside', { shares: [{ what: 'network', with: idOf('vpn') }] }),
      madeUpContainer('told', { dependsOnLabel: 'vpn:service_healthy:true' }),
      madeUpContainer('spared', { dependsOnLabel: 'vpn:service_healthy:false' }),
      madeUpContainer('data', { shares: [{ what: 'volumes', with: 'vpn' }] }),
    );
    scene.sicken('vpn');
    scene.pass(30_000);
    assert.deepEqual(scene.done(), ['restart vpn', 'restart inside', 'restart told']);
  });

  it('are left alone when they were started since', () => {
    const scene = new HealScene();
    const inside = madeUpContainer('inside', { shares: [{ what: 'network', with: idOf('vpn') }] });
    scene.list(madeUpContainer('vpn'), inside);
    scene.sicken('vpn');
    scene.pass(5_000);
    assert.deepEqual(scene.done(), ['restart vpn']);
    scene.become('inside', { pid: 99, startedAt: new Date(1_770_000_005_500).toISOString() });
    scene.pass(60_000);
    assert.deepEqual(scene.done(), ['restart vpn']);
  });
});

describe('a person', () => {
  it('restarts what nobody selected, at once, on the same budget, and learns when it is verified', () => {
    const scene = alone({ selection: { select: 'label' } });
    const token = scene.ask('core', 'restart');
    assert.deepEqual(scene.done(), ['restart core']);
    scene.pass(1_000);
    assert.equal(scene.board.heals.askEnd(token)?.state, 'done');
    for (let more = 0; more < 2; more += 1) {
      scene.ask('core', 'restart');
      scene.pass(1_000);
    }
    const refused = scene.ask('core', 'restart');
    scene.pass(1_000);
    assert.equal(scene.deeds.length, 3);
    assert.match(scene.board.heals.askEnd(refused)?.detail ?? '', /all that it may be/);
  });

  it('who asks for it to be healed gets more than one try', () => {
    const scene = alone({ selection: { select: 'label' } });
    scene.treat = (_name, how) => (how === 'restart' ? 'unhealthy' : 'works');
    scene.sicken('core');
    const token = scene.ask('core', 'heal');
    scene.pass(60_000);
    assert.deepEqual(scene.done(), ['restart core', 'killAndStart core']);
    assert.equal(scene.board.heals.askEnd(token)?.state, 'done');
  });

  it('who asks for it to be healed is not forgotten while a try takes long', () => {
    const check = { intervalMs: 60_000, timeoutMs: 30_000, startPeriodMs: 120_000, retries: 3 };
    const scene = new HealScene({ selection: { select: 'label' } });
    scene.list(madeUpContainer('core', { healthCheck: check }));
    scene.treat = (_name, how) => (how === 'restart' ? 'silent' : 'works');
    scene.sicken('core');
    const token = scene.ask('core', 'heal');
    scene.news({
      kind: 'containerTreated',
      id: idOf('core'),
      how: 'restart',
      outcome: 'answered',
      detail: '',
    });
    scene.become('core', {
      pid: 9_999,
      startedAt: '2026-03-02T04:00:00.000Z',
      health: healthOf('starting', 1),
    });
    scene.pass(700_000);
    assert.deepEqual(scene.done(), ['restart core', 'killAndStart core']);
    assert.equal(scene.board.heals.askEnd(token)?.state, 'done');
  });

  it('who stops one is not undone', () => {
    const scene = alone();
    const token = scene.ask('core', 'stop');
    scene.pass(600_000);
    assert.deepEqual(scene.done(), ['stop core']);
    assert.equal(scene.board.heals.askEnd(token)?.state, 'done');
    assert.equal(scene.view('core').state, 'stopped');
  });

  it('whose wish could not be begun is told so, and nothing is done at a later hour', () => {
    const scene = alone({ selection: { select: 'label' } });
    scene.docker(false);
    const token = scene.ask('core', 'restart');
    scene.pass(301_000);
    assert.match(scene.board.heals.askEnd(token)?.detail ?? '', /could not be begun within 5 min/);
    scene.docker(true);
    scene.pass(60_000);
    assert.deepEqual(scene.done(), []);
  });

  it('learns that nothing was done when it was changed just before', () => {
    const scene = alone({ selection: { select: 'label' } });
    scene.treat = () => 'notDone';
    const token = scene.ask('core', 'restart');
    scene.pass(1_000);
    assert.match(scene.board.heals.askEnd(token)?.detail ?? '', /nothing was done: it was changed/);
    assert.equal(scene.view('core').heal.restarts, 0, 'it costs nothing');
  });
});

describe('a treatment is believed only when seen', () => {
  it('Docker says done and nothing has changed: a failure', () => {
    const scene = alone();
    scene.treat = () => 'silent';
    scene.sicken('core');
    scene.pass(5_000);
    scene.news({
      kind: 'containerTreated',
      id: idOf('core'),
      how: 'restart',
      outcome: 'answered',
      detail: '',
    });
    scene.become('core', {});
    scene.pass(6_000);
    assert.ok(scene.events().includes('healFailed core'));
    assert.match(scene.story.at(-1)?.detail ?? '', /is what it was before/);
  });

  it('Docker goes away in the middle and is back: what is then seen counts', () => {
    const scene = alone();
    scene.treat = () => 'silent';
    scene.sicken('core');
    scene.pass(5_000);
    const how = 'restart';
    scene.news({
      kind: 'containerTreated',
      id: idOf('core'),
      how,
      outcome: 'failed',
      detail: 'it closed the connection',
    });
    scene.docker(false);
    scene.pass(60_000);
    assert.equal(scene.deeds.length, 1, 'nothing is done blindly');
    scene.docker(true);
    scene.become('core', { pid: 777, startedAt: '2026-01-02T09:00:00.000Z', health: healthOf('healthy', 0) });
    scene.pass(1_000);
    assert.deepEqual(scene.events().at(-1), 'healed core');
  });

  it('and a supervisor that was ended in the middle of it looks what came of it', () => {
    const scene = alone();
    scene.treat = () => 'silent';
    scene.sicken('core');
    scene.pass(5_000);
    const later = new HealScene({ earlier: scene.kept, startMs: scene.nowMs + 3_000 });
    later.list({ ...scene.facts('core'), status: 'exited', pid: 0, health: null, exitCode: 137 });
    later.pass(60_000);
    assert.deepEqual(later.done(), ['start core'], 'it was ended by a treatment, and a start is owed');
  });
});

describe('zombies in a container', () => {
  it('lead to its restart where the configuration says so, after so long, and only there', () => {
    const zombies = { most: 10, forMs: 60_000 };
    const scene = alone({ zombies });
    scene.zombies.set(idOf('core').slice(0, 12), 11);
    scene.pass(59_000);
    assert.equal(scene.view('core').zombies, 11);
    assert.deepEqual(scene.done(), []);
    scene.pass(5_000);
    assert.deepEqual(scene.done(), ['restart core']);
    const without = alone();
    without.zombies.set(idOf('core').slice(0, 12), 5_000);
    without.pass(600_000);
    assert.deepEqual(without.done(), []);
  });
});
