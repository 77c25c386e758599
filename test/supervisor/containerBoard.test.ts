/** What the board remembers of containers: since when, who explains whom, ghosts only when seen twice, and Docker's absence. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ContainerFacts } from '../../src/detector/containerFacts.ts';
import type { ContainerBoard } from '../../src/supervisor/containerBoard.ts';
import type { ContainerObservation } from '../../src/supervisor/observation.ts';
import type { ContainerView } from '../../src/supervisor/door.ts';
import { HealScene, momentAt } from '../support/healScene.ts';
import { A_TIME, healthOf, idOf, madeUpContainer } from '../support/madeUpContainer.ts';

const at = momentAt;

class Scene {
  readonly #scene = new HealScene({
    dependsOn: { koko: ['core'], lion: ['core'] },
    selection: { select: 'label' },
  });
  readonly told = this.#scene.told;
  readonly board = this.#scene.board;

  take(observation: ContainerObservation, atMs: number): void {
    this.board.take(observation, at(atMs));
    this.board.settle();
    this.board.show(at(atMs));
  }

  decide(atMs: number): ReturnType<ContainerBoard['decide']> {
    return this.board.decide(at(atMs));
  }

  list(facts: readonly ContainerFacts[], atMs: number, missed = 0): void {
    this.take({ kind: 'containersListed', facts, missed }, atMs);
  }

  see(facts: ContainerFacts, atMs: number): void {
    this.take({ kind: 'containerSeen', facts }, atMs);
  }

  view(name: string): ContainerView {
    const found = this.board.list().find((each) => each.name === name);
    assert.ok(found, `no ${name}`);
    return found;
  }
}

const WELL = ['core', 'koko', 'lion'].map((name) => madeUpContainer(name));
const SICK = { health: healthOf('unhealthy', 1, { output: 'no answer' }) };

describe('the board of containers', () => {
  it('says who explains the others, and since when each is sick', () => {
    const scene = new Scene();
    scene.list(WELL, 10);
    for (const name of ['koko', 'lion', 'core']) scene.see(madeUpContainer(name, SICK), 1_000);
    assert.deepEqual(
      ['core', 'koko', 'lion'].map((name) => scene.view(name).root),
      ['core', 'core', 'core'],
    );
    assert.deepEqual(scene.view('koko').dependsOn, ['core']);
    assert.equal(scene.view('core').since, '2026-01-02T03:05:02.500Z');
    scene.see(madeUpContainer('core'), 2_000);
    assert.deepEqual([scene.view('core').root, scene.view('koko').root], [null, 'koko']);
    assert.equal(scene.view('core').since, at(2_000).wall);
  });

  it('keeps since when while nothing changes, and gives as news only what looks different', () => {
    const scene = new Scene();
    scene.list(WELL, 10);
    assert.equal(scene.board.takeNews().length, 3);
    scene.list(WELL, 5_000);
    assert.deepEqual(scene.board.takeNews(), []);
    assert.equal(scene.view('core').since, at(10).wall);
    scene.see(madeUpContainer('core', { status: 'paused' }), 6_000);
    assert.deepEqual(
      scene.board.takeNews().map(({ name, state }) => `${name} ${state}`),
      ['core paused'],
    );
  });

  it('calls nothing a ghost that has just lost its process, and looks again after two seconds', () => {
    const scene = new Scene();
    const gone = madeUpContainer('core', { process: 'gone' });
    scene.list([gone], 1_000);
    assert.equal(scene.view('core').state, 'healthy');
    assert.deepEqual(scene.decide(1_500), { actions: [], recheckAtMs: 3_000 });
    assert.deepEqual(scene.decide(3_000).actions, [{ kind: 'lookContainer', id: idOf('core') }]);
    assert.deepEqual(scene.decide(3_005), { actions: [], recheckAtMs: 5_000 }, 'asked once');
    scene.list([gone], 3_008);
    assert.equal(scene.view('core').state, 'healthy', 'nobody has looked again');
    scene.see({ ...gone }, 3_010);
    assert.deepEqual([scene.view('core').state, scene.view('core').since], ['ghost', at(1_000).wall]);
    assert.deepEqual(scene.decide(3_020).actions, []);
    scene.see(madeUpContainer('core', { status: 'exited', exitCode: 137, finishedAt: A_TIME }), 9_000);
    assert.deepEqual([scene.view('core').state, scene.view('core').since], ['stopped', A_TIME]);
  });

  it('does not believe a health check that Docker has stopped running', () => {
    const scene = new Scene();
    // Every 10 s, 5 s at most: three of them and 10 s more.
    const staleAfterMs = 55_000;
    const core = madeUpContainer('core');
    scene.list([core], 1_000);
    assert.deepEqual(scene.decide(2_000), { actions: [], recheckAtMs: 1_000 + staleAfterMs });
    scene.see({ ...core, health: healthOf('healthy', 0, { lastSecond: 30 }) }, 40_000);
    assert.deepEqual(scene.decide(41_000), { actions: [], recheckAtMs: 40_000 + staleAfterMs });
    assert.equal(scene.decide(95_000).actions.length, 1);
    scene.see({ ...core, health: healthOf('healthy', 0, { lastSecond: 30 }) }, 95_010);
    assert.deepEqual(
      [scene.view('core').state, scene.view('core').reason, scene.view('core').since],
      ['unknown', 'ProbesStopped', at(40_000).wall],
    );
    assert.deepEqual(scene.decide(95_020), { actions: [], recheckAtMs: null });
    scene.see({ ...core, health: healthOf('healthy', 0, { lastSecond: 50 }) }, 99_000);
    assert.equal(scene.view('core').state, 'healthy');
  });

  it('gives Docker the usual time to probe again when it is back', () => {
    const scene = new Scene();
    const core = madeUpContainer('core');
    scene.list([core], 1_000);
    scene.take({ kind: 'docker', up: false, detail: 'connection refused' }, 5_000);
    scene.take({ kind: 'docker', up: true, detail: 'Docker answers' }, 500_000);
    scene.see({ ...core }, 500_100);
    assert.equal(scene.view('core').state, 'healthy');
    scene.see({ ...core }, 555_100);
    assert.equal(scene.view('core').reason, 'ProbesStopped');
  });

  it('expects no health check of one that is paused, and counts anew when it goes on', () => {
    const scene = new Scene();
    scene.list([madeUpContainer('core', { status: 'paused' })], 1_000);
    assert.deepEqual(scene.decide(500_000), { actions: [], recheckAtMs: null });
    scene.see(madeUpContainer('core'), 500_000);
    assert.equal(scene.view('core').state, 'healthy');
  });

  it('begins to count anew when the container was started anew', () => {
    const scene = new Scene();
    scene.list([madeUpContainer('core', { process: 'gone' })], 1_000);
    scene.see(madeUpContainer('core', { process: 'gone', pid: 4300 }), 3_500);
    assert.equal(scene.view('core').state, 'healthy');
  });

  it('knows nothing of any while Docker is away, says so once, and has them back as they were', () => {
    const scene = new Scene();
    scene.list(WELL, 10);
    scene.told.length = 0;
    scene.take({ kind: 'docker', up: false, detail: 'connection refused' }, 5_000);
    assert.equal(scene.view('core').state, 'unknown');
    assert.match(scene.view('core').detail, /before that: its health check passes/);
    assert.equal(scene.view('core').since, at(5_000).wall);
    assert.deepEqual(scene.told, ['dockerAway']);
    scene.take({ kind: 'docker', up: true, detail: 'Docker answers' }, 9_000);
    assert.equal(scene.view('core').state, 'healthy');
  });

  it('is not alarmed by a machine without Docker', () => {
    const scene = new Scene();
    scene.take({ kind: 'docker', up: false, detail: 'there is no /run/docker.sock' }, 1);
    assert.deepEqual(scene.told, ['dockerUp']);
    assert.equal(scene.board.summary().listed, false);
  });

  it('forgets what is gone, and counts what no event told of', () => {
    const scene = new Scene();
    scene.list(WELL, 10);
    scene.take({ kind: 'containerGone', id: idOf('lion') }, 20);
    scene.list([madeUpContainer('core')], 30, 1);
    assert.deepEqual(
      scene.board.list().map(({ name }) => name),
      ['core'],
    );
    assert.equal(scene.board.docker.missedChanges, 1);
    assert.equal(scene.board.nameOf(idOf('core').slice(0, 12)), 'core');
    assert.equal(scene.board.nameOf(idOf('lion').slice(0, 12)), null);
  });
});
