/** Histories that once led to a deed that nobody should have done, or to a wait without end: each as short as it goes. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { HealScene } from '../support/healScene.ts';
import { healthOf, idOf, madeUpContainer } from '../support/madeUpContainer.ts';

const DOWN = { status: 'exited', pid: 0, health: null, exitCode: 143 } as const;
const laterStart = (second: number): string => `2026-02-03T03:05:${String(second).padStart(2, '0')}.000Z`;

function alone(settings: ConstructorParameters<typeof HealScene>[0] = {}): HealScene {
  const scene = new HealScene(settings);
  scene.list(madeUpContainer('core', { restartPolicy: 'no' }));
  return scene;
}

describe('a start is owed only for what a treatment has ended', () => {
  it('not when a person stops the new life while its health is awaited', () => {
    const scene = alone();
    scene.treat = () => 'silent';
    scene.sicken('core');
    scene.pass(5_000);
    const health = healthOf('starting', 1);
    scene.become('core', { pid: 99, startedAt: laterStart(1), health });
    const how = 'restart';
    scene.news({ kind: 'containerTreated', id: idOf('core'), how, outcome: 'answered', detail: '' });
    scene.news({ kind: 'containerSignalled', id: idOf('core') });
    scene.become('core', DOWN);
    scene.pass(600_000);
    assert.deepEqual(scene.done(), ['restart core']);
  });

  it('not when it is kept up by its restart policy and is down all the same', () => {
    const scene = new HealScene();
    scene.list(madeUpContainer('core', { restartPolicy: 'unless-stopped' }));
    scene.treat = () => 'silent';
    scene.sicken('core');
    scene.pass(5_000);
    scene.become('core', { ...DOWN, startedAt: laterStart(1) });
    scene.pass(600_000);
    assert.deepEqual(scene.done(), ['restart core']);
  });

  it('but when the new life ended at once by itself', () => {
    const scene = alone();
    scene.treat = (_name, how) => (how === 'start' ? 'works' : 'silent');
    scene.sicken('core');
    scene.pass(5_000);
    scene.become('core', { ...DOWN, startedAt: laterStart(1), exitCode: 1 });
    scene.pass(60_000);
    assert.deepEqual(scene.done(), ['restart core', 'start core']);
  });

  it('not once a person has started it, and stopped it', () => {
    const scene = alone();
    scene.treat = () => 'stops';
    scene.sicken('core');
    scene.pass(6_000);
    assert.deepEqual(scene.done(), ['restart core']);
    scene.become('core', {
      status: 'running',
      pid: 99,
      startedAt: laterStart(9),
      health: healthOf('healthy', 0),
    });
    scene.become('core', DOWN);
    scene.pass(600_000);
    assert.deepEqual(scene.done(), ['restart core']);
  });

  it('not when a start that a person asked for has failed', () => {
    const scene = alone();
    scene.become('core', DOWN);
    scene.treat = () => 'stops';
    const token = scene.ask('core', 'start');
    scene.pass(600_000);
    assert.deepEqual(scene.done(), ['start core']);
    assert.equal(scene.board.heals.askEnd(token)?.state, 'failed');
  });

  it('still when the start of it has failed once', () => {
    const scene = alone();
    let starts = 0;
    scene.treat = (_name, how) => (how === 'start' && (starts += 1) > 1 ? 'works' : 'stops');
    scene.sicken('core');
    scene.pass(120_000);
    assert.deepEqual(scene.done(), ['restart core', 'start core', 'start core']);
    assert.equal(scene.view('core').state, 'healthy');
  });
});

describe('what a person asks for is looked at anew before it is done', () => {
  const waiting = (): { scene: HealScene; token: number } => {
    const scene = alone({ selection: { select: 'label' } });
    scene.treat = () => 'unhealthy';
    scene.sicken('core');
    const token = scene.ask('core', 'heal');
    assert.deepEqual(scene.done(), ['restart core']);
    scene.treat = () => 'works';
    return { scene, token };
  };

  it('one that was paused meanwhile stays paused', () => {
    const { scene, token } = waiting();
    scene.become('core', { status: 'paused' });
    scene.pass(60_000);
    assert.deepEqual(scene.done(), ['restart core']);
    assert.match(scene.board.heals.askEnd(token)?.detail ?? '', /is paused by somebody/);
  });

  it('one that was stopped meanwhile stays so', () => {
    const { scene, token } = waiting();
    scene.become('core', DOWN);
    scene.pass(60_000);
    assert.deepEqual(scene.done(), ['restart core']);
    assert.match(scene.board.heals.askEnd(token)?.detail ?? '', /is stopped/);
  });

  it('one that is well by itself meanwhile is spared, and that is what was wanted', () => {
    const { scene, token } = waiting();
    scene.recover('core');
    scene.pass(60_000);
    assert.deepEqual(scene.done(), ['restart core']);
    assert.equal(scene.board.heals.askEnd(token)?.state, 'done');
  });

  it('one that runs is not started', () => {
    const scene = alone();
    const token = scene.ask('core', 'start');
    scene.pass(1_000);
    assert.deepEqual(scene.done(), []);
    assert.match(scene.board.heals.askEnd(token)?.detail ?? '', /runs already/);
  });

  it('a second wish beside the first is refused, and the first one ends', () => {
    const scene = alone();
    scene.treat = () => 'silent';
    const first = scene.ask('core', 'restart');
    const second = scene.ask('core', 'restart');
    assert.match(scene.board.heals.askEnd(second)?.detail ?? '', /already, by wang/);
    scene.pass(100_000);
    assert.equal(scene.board.heals.askEnd(first)?.state, 'failed');
    assert.equal(scene.deeds.filter(({ name }) => name === 'core').length, 1);
  });

  it('and a heal whose starts fail for ever has an end', () => {
    const scene = alone({ selection: { select: 'label' } });
    scene.treat = () => 'stops';
    scene.sicken('core');
    const token = scene.ask('core', 'heal');
    scene.pass(4 * 3_600_000);
    assert.equal(scene.board.heals.askEnd(token)?.state, 'failed');
    assert.equal(scene.deeds.length, 5);
  });
});

describe('the board', () => {
  it('does not take those that recover behind a healed root for many that are sick at once', () => {
    const dependsOn = { b: ['core'], c: ['core'], d: ['core'] };
    const scene = new HealScene({ dependsOn });
    const names = ['core', 'b', 'c', 'd'];
    scene.list(...names.map((name) => madeUpContainer(name)));
    for (const name of names) scene.sicken(name);
    scene.pass(20_000);
    assert.deepEqual(scene.done(), ['restart core']);
    assert.ok(!scene.told.includes('brakeOn'));
  });

  it('does not repeat without end what the hands found changed', () => {
    const scene = alone();
    scene.treat = () => 'notDone';
    scene.sicken('core');
    scene.pass(60_000);
    assert.ok(scene.deeds.length <= 7, String(scene.deeds.length));
  });

  it('says nothing of a plan for one that is well again', () => {
    const scene = alone();
    scene.sicken('core');
    assert.match(scene.view('core').heal.plan, /if it stays so/);
    scene.recover('core');
    assert.equal(scene.view('core').heal.plan, '');
  });

  it('restarts nobody behind a restarted one, and none for its zombies, while the brake is on', () => {
    const scene = new HealScene({ zombies: { most: 10, forMs: 60_000 } });
    const others = ['a', 'b', 'c'].map((name) => madeUpContainer(name, { project: name }));
    const inside = madeUpContainer('inside', { shares: [{ what: 'network', with: idOf('vpn') }] });
    scene.list(madeUpContainer('vpn'), inside, madeUpContainer('zed', { project: 'zed' }), ...others);
    for (const name of ['a', 'b', 'c']) scene.sicken(name);
    scene.zombies.set(idOf('zed').slice(0, 12), 50);
    scene.ask('vpn', 'restart');
    scene.pass(120_000);
    assert.deepEqual(scene.done(), ['restart vpn']);
    scene.list(...others);
    scene.pass(3_000);
    assert.deepEqual(scene.done().sort(), ['restart inside', 'restart vpn', 'restart zed']);
  });
});
