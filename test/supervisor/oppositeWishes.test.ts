/** Two operators who want opposite things of one worker, or of one container: each is told the true end of what was asked. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Wish } from '../../src/reconciler/worker.ts';
import type { OperationRequest, OperationView, Verb, WorkerView } from '../../src/supervisor/door.ts';
import { Operations } from '../../src/supervisor/operations.ts';
import type { Surroundings } from '../../src/supervisor/ports.ts';
import type { Supervisor } from '../../src/supervisor/supervisor.ts';
import { worker } from '../support/fakeDoor.ts';

interface Desk {
  ask(actor: string, verb: Verb, more?: Partial<OperationRequest>): Promise<OperationView>;
  /** The worker, as it is from now on. */
  become(view: Partial<WorkerView>, isTold?: boolean): void;
  end(asked: OperationView): readonly [string, string];
  wish(): Wish;
  readonly noted: Record<string, unknown>[];
}

/** The real operations; the worker becomes what a test says. */
function desk(first: Partial<WorkerView> = {}): Desk {
  const views = new Map(['push-1', 'push-2'].map((name) => [name, worker(name)]));
  const wishes = new Map<string, Wish>();
  const noted: Record<string, unknown>[] = [];
  let changed: (change: { type: string }) => void = () => undefined;
  const become = (more: Partial<WorkerView>, isTold = true): void => {
    views.set('push-1', worker('push-1', { wish: wishes.get('push-1')?.worker ?? 'run', ...more }));
    if (isTold) changed({ type: 'worker' });
  };
  const supervisor = {
    containers: { list: () => [], idOf: () => null },
    worker: (name: string) => views.get(name) ?? null,
    snapshot: () => ({ workers: [...views.values()] }),
    wishOf: (name: string) => wishes.get(name) ?? null,
    setWish: (name: string, wish: Wish) => {
      wishes.set(name, wish);
      views.set(name, { ...views.get(name)!, wish: wish.worker });
    },
    onChange: (listener: typeof changed) => (changed = listener),
    onTurn: () => undefined,
  } as unknown as Supervisor;
  let ids = 0;
  const around = {
    audit: () => undefined,
    note: (fact: Record<string, unknown>) => noted.push(fact),
    newId: () => `o-${String((ids += 1))}`,
    keepWishes: () => undefined,
  } as unknown as Surroundings;
  const operations = new Operations(supervisor, around, () => undefined);
  const base = { target: 'worker/push-1', reason: null, ifIncarnation: null, dryRun: false, forMs: null };
  views.set('push-1', worker('push-1', first));
  return {
    ask: (actor, verb, more = {}) => operations.submit({ ...base, actor, verb, ...more }),
    become,
    end: ({ id }) => [operations.find(id).state, operations.find(id).detail],
    wish: () => wishes.get('push-1')!,
    noted,
  };
}

const BUSY = { jobs: ['j-1'] } as const;
const NEXT = { pid: 9, startTicks: 9, nonce: 'next' } as const;
const AT_REST = { state: 'stopped', incarnation: null } as const;

describe('of one worker', () => {
  /** The first is asked for by alice, the second by bob; then whether the first is overruled. */
  const pairs: readonly (readonly [Verb, Verb, boolean])[] = [
    ['stop', 'start', true],
    ['stop', 'restart', true],
    ['stop', 'stop', false],
    ['start', 'stop', true],
    ['start', 'quiet', true],
    ['start', 'restart', false],
    ['start', 'start', false],
    ['quiet', 'start', true],
    ['quiet', 'stop', true],
    ['quiet', 'restart', false],
    ['quiet', 'quiet', false],
    ['restart', 'stop', true],
    ['restart', 'quiet', true],
    ['restart', 'start', false],
    ['restart', 'restart', false],
  ];
  for (const [first, second, isOverruled] of pairs)
    it(`${second} of bob ${isOverruled ? 'ends' : 'leaves'} ${first} of alice`, async () => {
      // Nothing of what is asked for is true yet.
      const at = desk({ state: 'late', ...BUSY });
      const asked = await at.ask('local:alice', first);
      assert.equal(at.end(asked)[0], 'running');
      const other = await at.ask('local:bob', second, { target: 'push-1' });
      const [state, detail] = at.end(asked);
      assert.equal(state, isOverruled ? 'failed' : 'running');
      assert.equal(at.end(other)[0], 'running');
      if (!isOverruled) return;
      const words = `superseded by ${other.id} of local:bob, who asked to ${second} push-1 before this ${first} was done`;
      assert.equal(detail, words);
      const { event, id, actor, state: noted } = at.noted.at(-1)!;
      assert.deepEqual([event, id, actor, noted], ['operationEnded', asked.id, 'local:alice', 'failed']);
    });

  it('what has come true before the other asks is done, not superseded', async () => {
    const at = desk(BUSY);
    const stop = await at.ask('local:alice', 'stop');
    at.become(AT_REST);
    const start = await at.ask('local:bob', 'start');
    assert.deepEqual(at.end(stop), ['done', 'push-1 is stopped']);
    at.become({ incarnation: NEXT });
    assert.equal(at.end(start)[0], 'done');
  });

  it('the same without a change in between: it is looked at when the other asks', async () => {
    const at = desk({ wish: 'quiet', reason: 'Quiet' });
    const start = await at.ask('local:alice', 'start');
    at.become({ wish: 'run' }, false);
    const stop = await at.ask('local:bob', 'stop');
    assert.equal(at.end(start)[0], 'done');
    assert.equal(at.end(stop)[0], 'running');
  });

  it('a restart goes on when another starts the same worker, and is done as what it was', async () => {
    const at = desk(BUSY);
    const restart = await at.ask('local:alice', 'restart');
    const { recycle } = at.wish();
    assert.notEqual(recycle, null);
    await at.ask('local:bob', 'start');
    assert.deepEqual(at.wish().recycle, recycle);
    at.become({ incarnation: NEXT });
    assert.deepEqual(at.end(restart), ['done', 'push-1 is up as pid 9']);
  });

  it('a dry run, another worker and a refusal supersede nothing', async () => {
    const at = desk(BUSY);
    const stop = await at.ask('local:alice', 'stop');
    await at.ask('local:bob', 'start', { dryRun: true });
    await at.ask('local:bob', 'start', { target: 'push-2' });
    await assert.rejects(at.ask('local:bob', 'start', { ifIncarnation: '1-2-x' }));
    await assert.rejects(at.ask('local:bob', 'quiet'));
    assert.equal(at.end(stop)[0], 'running');
  });
});
