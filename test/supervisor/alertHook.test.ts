/** What becomes of each alert of a delivery, however often it comes, and over a restart of the supervisor. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { GarrisonError } from '../../src/errors.ts';
import type { Alert, AlertVerb } from '../../src/reconciler/alertAction.ts';
import { AlertHook, type TakenAlert } from '../../src/supervisor/alertHook.ts';
import type { OperationRequest, OperationView } from '../../src/supervisor/door.ts';
import type { AuditLine } from '../../src/supervisor/ports.ts';

const ACTIONS = new Map<string, AlertVerb>([
  ['Sick', 'heal'],
  ['Hung', 'restart'],
  ['Busy', 'quiet'],
]);

function alert(change: Partial<Alert> = {}): Alert {
  return {
    status: 'firing',
    fingerprint: 'f00d',
    startsAt: '2025-01-02T03:04:05.678Z',
    alertname: 'Hung',
    worker: null,
    container: 'core',
    ...change,
  };
}

class Scene {
  readonly asked: OperationRequest[] = [];
  readonly noted: AuditLine[] = [];
  operations: OperationView[] = [];
  kept: readonly TakenAlert[] = [];
  refusal: Error | null = null;
  keepFails = false;
  /** Held back until it resolves, as a look at a container may be. */
  hold: Promise<void> = Promise.resolve();

  open(change: { dryRun?: boolean; earlier?: readonly TakenAlert[] } = {}): AlertHook {
    return new AlertHook({
      dryRun: change.dryRun ?? false,
      actions: ACTIONS,
      earlier: change.earlier ?? [],
      keep: (taken) => {
        if (this.keepFails) throw new GarrisonError('HOME_UNUSABLE', 'the disk is full');
        this.kept = taken;
      },
      operations: { submit: (request) => this.#submit(request), list: () => this.operations },
      journal: { note: (line) => this.noted.push(line) },
    });
  }

  async #submit(request: OperationRequest): Promise<OperationView> {
    await this.hold;
    if (this.refusal !== null) throw this.refusal;
    this.asked.push(request);
    const { verb, target, actor, reason, dryRun } = request;
    const operation: OperationView = {
      ...{ verb, target, actor, reason, createdAt: '2025-01-02T03:04:06.000Z' },
      id: dryRun ? 'dry-run' : `o-${String(this.asked.length)}`,
      state: dryRun ? 'planned' : 'running',
      detail: `${verb} ${target}`,
      interrupts: dryRun ? ['a session'] : [],
      steps: ['first this'],
    };
    if (!dryRun) this.operations = [...this.operations, operation];
    return operation;
  }

  endAll(): void {
    this.operations = this.operations.map((each) => ({ ...each, state: 'done', detail: 'it is well' }));
  }
}

describe('an alert', () => {
  const ignored: readonly (readonly [string, Partial<Alert>, RegExp])[] = [
    ['that is resolved', { status: 'resolved' }, /resolved/],
    ['that nobody allowed', { alertname: 'Other' }, /no action is allowed/],
    ['named like what every object has', { alertname: 'constructor' }, /no action is allowed/],
    ['without a target', { container: null }, /label worker or container/],
    ['to heal a worker', { alertname: 'Sick', worker: 'push-1', container: null }, /label container/],
    ['to quiet a container', { alertname: 'Busy' }, /label worker/],
    ['with two targets', { worker: 'push-1' }, /both/],
    ['for all of them', { container: '*' }, /not a name/],
    ['for a path', { container: '../x' }, /not a name/],
    ['for two lines', { container: 'a\nb' }, /not a name/],
    ['for nothing', { container: '' }, /not a name/],
  ];
  for (const [name, change, why] of ignored)
    it(`${name} is ignored`, async () => {
      const scene = new Scene();
      const [answer] = await scene.open().take([alert(change)]);
      assert.equal(answer?.what, 'ignored');
      assert.match(answer.why, why);
      assert.deepEqual(scene.asked, []);
    });

  it('that is allowed becomes one operation, however often it comes', async () => {
    const scene = new Scene();
    const hook = scene.open();
    const [first] = await hook.take([alert()]);
    assert.deepEqual([first?.what, first?.operation], ['done', 'o-1']);
    assert.equal(scene.asked[0]?.target, 'container/core');
    assert.equal(scene.asked[0].actor, 'alertmanager');
    assert.match(scene.asked[0].reason ?? '', /Hung \(f00d\), firing since 2025/);
    for (let again = 0; again < 4; again += 1) {
      const [answer] = await hook.take([alert()]);
      assert.deepEqual([answer?.what, answer?.operation], ['duplicate', 'o-1']);
    }
    scene.endAll();
    const after = scene.open({ earlier: scene.kept });
    const [later] = await after.take([alert()]);
    assert.deepEqual([later?.what, later?.operation], ['duplicate', 'o-1']);
    assert.match(later?.why ?? '', /done: it is well/);
    assert.equal(scene.asked.length, 1);
  });

  it('that comes again while the first is being begun is answered with the same operation', async () => {
    const scene = new Scene();
    let release = (): void => undefined;
    scene.hold = new Promise((resolve) => (release = resolve));
    const hook = scene.open();
    const both = [hook.take([alert()]), hook.take([alert()])];
    release();
    const answers = (await Promise.all(both)).flat();
    assert.deepEqual(
      answers.map(({ what, operation }) => [what, operation]),
      [
        ['done', 'o-1'],
        ['duplicate', 'o-1'],
      ],
    );
  });

  it('for a target that something is done to already is refused, journalled, and tried at the next delivery', async () => {
    const scene = new Scene();
    const hook = scene.open();
    const other = alert({ fingerprint: 'beef', alertname: 'Sick' });
    const answers = await hook.take([alert(), other]);
    assert.deepEqual(
      answers.map(({ what }) => what),
      ['done', 'refused'],
    );
    assert.match(answers[1]?.why ?? '', /o-1 on container\/core is still under way/);
    assert.equal(scene.noted[0]?.event, 'alertRefused');
    scene.endAll();
    assert.equal((await hook.take([other]))[0]?.what, 'done');
  });

  it('that the guard refuses is answered so, journalled, and not remembered', async () => {
    const scene = new Scene();
    scene.refusal = new GarrisonError('REFUSED_BY_GUARD', 'its budget is spent');
    const hook = scene.open();
    const [answer] = await hook.take([alert()]);
    assert.deepEqual(
      [answer?.what, answer?.operation, answer?.why],
      ['refused', null, 'its budget is spent'],
    );
    assert.equal(scene.noted[0]?.detail, 'its budget is spent');
    assert.deepEqual(scene.kept, []);
    scene.refusal = null;
    assert.equal((await hook.take([alert()]))[0]?.what, 'done');
  });

  it('that cannot be kept is not done, and the delivery fails so that it is repeated', async () => {
    const scene = new Scene();
    scene.keepFails = true;
    const hook = scene.open();
    await assert.rejects(hook.take([alert()]), /disk is full/);
    assert.deepEqual(scene.asked, []);
    scene.keepFails = false;
    assert.equal((await hook.take([alert()]))[0]?.what, 'done');
  });

  it('that could not be journalled was not done, and the repeated delivery does it', async () => {
    const scene = new Scene();
    scene.refusal = new GarrisonError('HOME_UNUSABLE', 'cannot write the journal');
    const hook = scene.open();
    await assert.rejects(hook.take([alert()]), /journal/);
    assert.deepEqual(scene.kept, []);
    scene.refusal = null;
    assert.equal((await hook.take([alert()]))[0]?.what, 'done');
  });

  it('whose operation could not be kept once it had begun is answered with it at the repeated delivery', async () => {
    const scene = new Scene();
    scene.hold = Promise.resolve().then(() => {
      scene.keepFails = true;
    });
    const hook = scene.open();
    await assert.rejects(hook.take([alert()]), /disk is full/);
    scene.keepFails = false;
    const [answer] = await hook.take([alert()]);
    assert.deepEqual([answer?.what, answer?.operation], ['duplicate', 'o-1']);
    assert.equal(scene.asked.length, 1);
  });

  it('that failed by surprise is not done a second time', async () => {
    const scene = new Scene();
    scene.refusal = new TypeError('a fault of ours');
    const hook = scene.open();
    await assert.rejects(hook.take([alert()]), /fault of ours/);
    scene.refusal = null;
    const [answer] = await hook.take([alert()]);
    assert.deepEqual([answer?.what, answer?.operation], ['duplicate', null]);
    assert.match(answer?.why ?? '', /is not known/);
  });

  it('that a crash left half-begun is not done a second time', async () => {
    const scene = new Scene();
    const earlier = [
      { key: 'f00d 2025-01-02T03:04:05.678Z', at: '2025-01-02T03:04:06.000Z', operation: null },
    ];
    const [answer] = await scene.open({ earlier }).take([alert()]);
    assert.deepEqual([answer?.what, answer?.operation], ['duplicate', null]);
    assert.deepEqual(scene.asked, []);
  });

  it('in dry-run mode is answered with the plan, each time', async () => {
    const scene = new Scene();
    const hook = scene.open({ dryRun: true });
    for (const [answer] of [await hook.take([alert()]), await hook.take([alert()])]) {
      assert.deepEqual([answer?.what, answer?.operation], ['planned', null]);
      assert.equal(answer?.why, 'restart container/core; first this; interrupts a session');
    }
    assert.deepEqual(scene.kept, []);
    assert.ok(scene.asked.every(({ dryRun }) => dryRun));
  });
});

describe('what is remembered', () => {
  it('is bounded, and drops the oldest', async () => {
    const scene = new Scene();
    const hook = scene.open();
    for (let index = 0; index < 1005; index += 1) {
      await hook.take([alert({ fingerprint: index.toString(16) })]);
      scene.operations = [];
    }
    assert.equal(scene.kept.length, 1000);
    assert.equal(scene.kept[0]?.key, '5 2025-01-02T03:04:05.678Z');
  });

  it('makes every firing act at most once, over any order of deliveries, ends and restarts', async () => {
    const step = fc.oneof(
      fc.record({
        fingerprint: fc.constantFrom('a', 'b', 'c'),
        container: fc.constantFrom('core', 'koko'),
        startsAt: fc.constantFrom('2025-01-02T03:04:05Z', '2025-01-02T05:04:05Z'),
      }),
      fc.constantFrom('end' as const, 'restart' as const),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const scene = new Scene();
        let hook = scene.open();
        for (const each of steps) {
          if (each === 'end') scene.endAll();
          else if (each === 'restart') {
            scene.operations = [];
            hook = scene.open({ earlier: scene.kept });
          } else await hook.take([alert(each)]);
        }
        const reasons = scene.asked.map(({ reason }) => reason);
        assert.equal(new Set(reasons).size, reasons.length);
      }),
      { numRuns: 200 },
    );
  });
});
