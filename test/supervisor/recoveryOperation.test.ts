/** A recovery as an operation, on the real board of containers and a scripted clock: each step its own operation, one after the other, and what people see of it. */
import assert from 'node:assert/strict';
import { afterEach, describe, it, mock } from 'node:test';
import { GarrisonError } from '../../src/errors.ts';
import type { OperationRequest, OperationView, WorkerView } from '../../src/supervisor/door.ts';
import { Operations } from '../../src/supervisor/operations.ts';
import type { Surroundings } from '../../src/supervisor/ports.ts';
import type { Supervisor } from '../../src/supervisor/supervisor.ts';
import { worker } from '../support/fakeDoor.ts';
import { HealScene, momentAt, UNTOUCHED, type SceneSettings } from '../support/healScene.ts';
import { madeUpContainer } from '../support/madeUpContainer.ts';

const CORE_FIRST = { dependsOn: { koko: ['core'], lion: ['core'] }, selection: { select: 'label' } } as const;
const ASKED: OperationRequest = {
  ...{ verb: 'recover' as const, target: 'everything', actor: 'wang', reason: null },
  ...{ ifIncarnation: null, dryRun: false, forMs: null },
};

afterEach(() => {
  mock.restoreAll();
});

interface Desk {
  readonly scene: HealScene;
  readonly operations: Operations;
  readonly noted: string[];
  readonly workers: WorkerView[];
  state: 'running' | 'stopping';
  /** Nothing becomes of a worker's restart. */
  isDeaf: boolean;
  readonly recover: (more?: { readonly dryRun?: boolean }) => Promise<OperationView>;
  /** The clock goes on in seconds, with a turn in each, until the operation has ended or that long is over. */
  readonly pass: (seconds: number, id: string) => Promise<OperationView>;
}

function desk(settings: SceneSettings = CORE_FIRST): Desk {
  const scene = new HealScene({ startMs: 1_000_000, ...settings });
  mock.method(process.hrtime, 'bigint', () => BigInt(Math.round(scene.nowMs * 1e6)));
  scene.list(...['core', 'koko', 'lion'].map((name) => madeUpContainer(name)));
  scene.pass(60_000);
  const noted: string[] = [];
  const turns: (() => void)[] = [];
  let ids = 0;
  const supervisor = {
    containers: scene.board,
    redis: { isOurs: true, state: { up: true, since: '', detail: '' } },
    worker: (name: string) => made.workers.find((each) => each.name === name) ?? null,
    snapshot: () => ({
      state: made.state,
      workers: made.workers,
      redis: { up: true, detail: 'answers' },
      queue: { served: true, canary: { sentAt: null, lastAt: null } },
      docker: scene.board.docker,
    }),
    onChange: () => undefined,
    onTurn: (listener: () => void) => turns.push(listener),
    wishOf: () => null,
    setWish: (name: string) => {
      if (made.isDeaf) return;
      const incarnation = { pid: 4712, startTicks: 100, nonce: 'next' };
      made.workers.splice(0, made.workers.length, worker(name, { incarnation }));
    },
    tellHeals: <T>(change: (heals: HealScene['board']['heals'], at: unknown) => T): T => {
      const told = change(scene.board.heals, momentAt(scene.nowMs));
      scene.turn();
      return told;
    },
  } as unknown as Supervisor;
  const around = {
    audit: ({ verb, target }: Record<string, unknown>) => noted.push(`${String(verb)} ${String(target)}`),
    note: ({ event, detail }: Record<string, unknown>) => noted.push(`${String(event)}: ${String(detail)}`),
    newId: () => `o-${String((ids += 1))}`,
    keepWishes: () => undefined,
    examineContainer: async () => ({
      examination: { ...UNTOUCHED, sessions: { ...UNTOUCHED.sessions, connections: 2 } },
      detail: '',
    }),
  } as unknown as Surroundings;
  const operations = new Operations(supervisor, around, () => undefined);
  const made: Desk = {
    ...{ scene, operations, noted },
    workers: [worker('push-1')],
    ...{ state: 'running', isDeaf: false },
    recover: (more = {}) => operations.submit({ ...ASKED, ...more }),
    pass: async (seconds, id) => {
      for (let second = 0; second < seconds && operations.find(id).state === 'running'; second += 1) {
        scene.pass(1_000);
        for (const turn of turns) turn();
        // What was submitted is prepared in promises.
        await new Promise((resolve) => setImmediate(resolve));
      }
      return operations.find(id);
    },
  };
  return made;
}

const stagesOf = ({ recovery }: OperationView): string =>
  (recovery?.stages ?? []).map(({ stage, state }) => `${stage} ${state}`).join(', ');

function sicken(scene: HealScene, ...names: readonly string[]): void {
  for (const name of names) scene.sicken(name);
}

describe('a recovery', () => {
  it('heals the root, waits for the others, and treats only who did not recover by itself', async () => {
    const { scene, recover, pass, noted } = desk();
    sicken(scene, 'core', 'koko', 'lion');
    const begun = await recover();
    assert.equal(begun.state, 'running');
    while (scene.deeds.length === 0) await pass(1, begun.id);
    await pass(3, begun.id);
    scene.recover('koko');
    const ended = await pass(600, begun.id);
    assert.deepEqual([ended.state, scene.done()], ['done', ['restart core', 'restart lion']]);
    assert.equal(
      stagesOf(ended),
      'worker skipped, queue skipped, container cured, stack cured, docker skipped',
    );
    assert.match(ended.detail, /^cured at the stack stage; interrupted: .*2 established connections to core/);
    assert.doesNotMatch(ended.detail, /koko/);
    assert.ok(scene.deeds[1]!.atMs - scene.deeds[0]!.atMs >= 30_000, 'it had time to recover by itself');
    assert.deepEqual(
      noted.filter((line) => line.startsWith('heal ')),
      ['heal container/core', 'heal container/lion'],
      'each is an operation of its own',
    );
  });

  it('stops at the first stage that cures', async () => {
    const { scene, recover, pass, workers } = desk();
    workers.splice(0, 1, worker('push-1', { state: 'hung', reason: 'LoopBlocked', jobs: ['j-1'] }));
    sicken(scene, 'core');
    const { id } = await recover();
    while (scene.deeds.length === 0) await pass(1, id);
    const during = await pass(1, id);
    assert.match(stagesOf(during), /^worker cured/);
    const ended = await pass(600, id);
    assert.match(ended.detail, /^cured at the container stage; interrupted: job j-1 on push-1/);
    assert.match(stagesOf(ended), /worker cured, queue skipped, container cured, stack skipped/);
  });

  it('is planned with what each step would interrupt, and then nothing is done', async () => {
    const { scene, recover, pass } = desk();
    sicken(scene, 'core', 'koko');
    const plan = await recover({ dryRun: true });
    assert.match(stagesOf(plan), /container waiting, stack waiting, docker skipped/);
    const costs = plan.recovery?.stages.flatMap(({ steps }) =>
      steps.map(({ interrupts }) => interrupts.at(-1)),
    );
    assert.deepEqual(costs, ['2 established connections to core', '2 established connections to koko']);
    await assert.rejects(pass(1, 'dry-run'), GarrisonError);
    scene.pass(60_000);
    assert.deepEqual(scene.done(), []);
  });

  it('says what a person must do when nothing that it may do has cured', async () => {
    const { scene, recover, pass } = desk();
    scene.treat = () => 'unhealthy';
    sicken(scene, 'core', 'koko');
    const { id } = await recover();
    const ended = await pass(1_200, id);
    assert.equal(ended.state, 'failed');
    assert.match(ended.detail, /^needs a person, at the container stage: core is .*next: garrison /);
    assert.match(stagesOf(ended), /container failed, stack skipped/);
    assert.ok(
      scene.done().every((deed) => deed.endsWith('core')),
      'koko was not touched for it',
    );
    assert.equal(ended.recovery?.left[0]?.stage, 'container');
  });

  it('is one at a time: a second is refused with the id of the first', async () => {
    const { scene, recover, pass } = desk();
    sicken(scene, 'core');
    const { id } = await recover();
    await assert.rejects(recover(), (error) => {
      assert.ok(error instanceof GarrisonError);
      assert.equal(error.code, 'CONFLICTING_STATE');
      assert.match(error.message, new RegExp(`recovery ${id} is under way`));
      return true;
    });
    assert.equal((await recover({ dryRun: true })).state, 'planned', 'to look is free');
    await pass(600, id);
    sicken(scene, 'core');
    const both = await Promise.allSettled([recover(), recover()]);
    assert.deepEqual(
      both.map(({ status }) => status),
      ['fulfilled', 'rejected'],
      'afterwards there may be another, but not two at the same moment',
    );
  });

  it('leaves one that became sick meanwhile, and that nobody chose for healing, to the next one', async () => {
    const { scene, recover, pass } = desk();
    sicken(scene, 'core');
    const { id } = await recover();
    while (scene.deeds.length === 0) await pass(1, id);
    sicken(scene, 'lion');
    const ended = await pass(600, id);
    assert.match(ended.detail, /not in the plan that was agreed to; next: garrison recover/);
    assert.deepEqual(scene.done(), ['restart core']);
  });

  it('waits for what Garrison itself has begun, and counts on it', async () => {
    const at = desk({ ...CORE_FIRST, selection: { select: 'all' } });
    sicken(at.scene, 'core');
    at.scene.treat = () => 'silent';
    at.scene.pass(8_000);
    assert.deepEqual(at.scene.done(), ['restart core'], 'by itself');
    const { id } = await at.recover();
    const during = await at.pass(3, id);
    assert.match(during.detail, /^container stage: .*being treated, by garrison/);
    assert.deepEqual(at.scene.done(), ['restart core']);
  });

  it('does not wait for ever for a step that nobody verifies, and says that it goes on', async () => {
    const at = desk();
    at.workers.splice(0, 1, worker('push-1', { state: 'hung', reason: 'LoopBlocked', jobs: ['j-1'] }));
    at.isDeaf = true;
    const { id } = await at.recover();
    const ended = await at.pass(100, id);
    assert.match(
      ended.detail,
      /^needs a person, at the worker stage: .*not verified in time; operation o-2 goes on/,
    );
    assert.deepEqual(ended.recovery?.interrupted, [], 'it lives on: nobody was interrupted');
  });

  it('is neither forgotten nor doubled, however much else is asked meanwhile', async () => {
    const { scene, recover, pass, operations } = desk();
    scene.treat = () => 'silent';
    sicken(scene, 'core');
    const { id } = await recover();
    while (scene.deeds.length === 0) await pass(1, id);
    for (let turn = 0; turn < 250; turn += 1) {
      await operations.submit({ ...ASKED, verb: 'quiet', target: 'worker/push-1' });
      await operations.submit({ ...ASKED, verb: 'start', target: 'worker/push-1' });
    }
    assert.equal(operations.find(id).state, 'running', operations.find(id).detail);
    await assert.rejects(recover(), /is under way/);
    const ended = await pass(1_200, id);
    assert.match(ended.detail, /^needs a person, at the container stage/);
    assert.ok(operations.list().length <= 201, String(operations.list().length));
  });

  it('goes no further when Garrison is being ended', async () => {
    const at = desk();
    sicken(at.scene, 'core');
    at.state = 'stopping';
    const { id } = await at.recover();
    const ended = await at.pass(5, id);
    assert.match(ended.detail, /^Garrison is being ended: this recovery does not go on, .*garrison recover/);
    assert.deepEqual([ended.state, at.scene.done()], ['failed', []]);
  });
});
