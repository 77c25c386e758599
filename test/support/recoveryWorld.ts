/**
 * A made-up world for the planner of recoveries: situations from parts, and what becomes of one when its decisions are followed.
 * It has no clock and no part of Garrison but the planner's own types.
 */
import fc from 'fast-check';
import { CONTAINER_STATES } from '../../src/detector/container.ts';
import type { RecoveryDecision, RecoveryStep } from '../../src/reconciler/recovery.ts';
import type { ContainerSituation, Situation, WorkerSituation } from '../../src/reconciler/situation.ts';

export function workerIn(name: string, change: Partial<WorkerSituation> = {}): WorkerSituation {
  return {
    ...{ name, state: 'up', reason: 'Beating', wish: 'run', detail: 'it beats', jobs: [] },
    ...change,
  };
}

export function containerIn(name: string, change: Partial<ContainerSituation> = {}): ContainerSituation {
  return {
    ...{ id: name, name, image: 'jms/core:v1', project: 'jms', state: 'healthy', detail: 'no answer' },
    ...{ ailment: null, leftStopped: false, root: null, above: [], isPlaced: true },
    ...{ selection: 'heal', because: 'containers.select is all', quarantine: null, maintenanceUntil: null },
    ...{ treatedBy: null, heldBy: null, recoversUntilMs: -Infinity, recoverMs: 10_000 },
    ...change,
  };
}

/** Sick, explained by itself unless something else is said. */
export function sick(name: string, change: Partial<ContainerSituation> = {}): ContainerSituation {
  return containerIn(name, { state: 'unhealthy', ailment: 'unhealthy', root: name, ...change });
}

export function situation(change: Partial<Situation> = {}): Situation {
  return {
    workers: [workerIn('push-1'), workerIn('push-2')],
    redis: { up: true, detail: 'answers', isOurs: true },
    isCanaryLate: false,
    docker: { state: 'up', detail: 'Docker answers' },
    containers: [],
    agreedTo: new Set((change.containers ?? []).map(({ id }) => id)),
    ...{ done: [], nowMs: 0, isPatienceOver: false },
    ...change,
  };
}

const WORKERS = ['push-1', 'push-2', 'push-3'];
const NAMES = ['core', 'koko', 'lion', 'nginx', 'redis'];
const { boolean, constantFrom, record, subarray } = fc;

const aWorker = (name: string): fc.Arbitrary<WorkerSituation> =>
  record({
    state: constantFrom(
      ...(['starting', 'up', 'late', 'hung', 'draining', 'backoff', 'failed', 'stopped', 'unknown'] as const),
    ),
    reason: constantFrom(
      ...(['Beating', 'LoopBlocked', 'Uninterruptible', 'CrashLoop', 'BrokerAway'] as const),
    ),
    wish: constantFrom(...(['run', 'run', 'quiet', 'stop'] as const)),
  }).map((change) => workerIn(name, change));

/** Each depends on some of those before it. */
const aContainer = (name: string, index: number): fc.Arbitrary<ContainerSituation> =>
  record({
    state: constantFrom(...CONTAINER_STATES),
    ailment: constantFrom(...([null, 'unhealthy', 'unhealthy', 'unprobed', 'ghost', 'zombies'] as const)),
    leftStopped: fc.integer({ min: 0, max: 9 }).map((dice) => dice === 0),
    above: subarray(NAMES.slice(0, index)),
    isPlaced: boolean(),
    selection: constantFrom(...(['heal', 'heal', 'observe', 'never', 'unselected'] as const)),
    quarantine: constantFrom(null, null, 'it was restarted 3 times'),
    maintenanceUntil: constantFrom(null, null, null, '2026-01-01T00:00:00Z'),
    treatedBy: constantFrom(null, null, 'garrison'),
    recoversUntilMs: constantFrom(-Infinity, 5_000),
  }).map((change) => {
    // What is stopped or paused is not sick: Docker runs no health check in it.
    const rests = change.state === 'stopped' || change.state === 'paused';
    const ailment = rests ? null : change.ailment;
    const leftStopped = change.leftStopped && change.state === 'stopped';
    return containerIn(name, { ...change, ailment, leftStopped });
  });

export const anySituation: fc.Arbitrary<Situation> = record({
  workers: fc.tuple(...WORKERS.map(aWorker)),
  redis: record({ up: boolean(), detail: fc.constant('no answer'), isOurs: boolean() }),
  isCanaryLate: boolean(),
  docker: record({
    state: constantFrom(...(['up', 'up', 'away', 'unknown'] as const)),
    detail: fc.constant('it hangs'),
  }),
  containers: fc.tuple(...NAMES.map(aContainer)),
  agreedTo: subarray(NAMES).map((names) => new Set(names)),
}).map((parts) => settle({ ...situation(), ...parts }));

/** Roots and what holds whom, as the boards would have them. */
function settle(at: Situation): Situation {
  const { containers } = at;
  const isSick = (id: string): boolean => containers.some((each) => each.id === id && each.ailment !== null);
  return {
    ...at,
    containers: containers.map((each) => {
      const above = each.above.map((id) => containers.find((other) => other.id === id)!);
      const unwell = above.find(({ state, ailment }) => state !== 'healthy' || ailment !== null);
      const root = each.ailment === null ? null : (each.above.find(isSick) ?? each.id);
      return { ...each, root, heldBy: unwell === undefined ? null : `${unwell.name} is ${unwell.state}` };
    }),
  };
}

/** What a history does with each step: does it cure, and what goes wrong besides. */
export interface Fate {
  readonly cures: boolean;
  /** Becomes sick after it. */
  readonly sickens: string;
  readonly hangs: string;
  readonly losesRedis: boolean;
}

export const anyFate: fc.Arbitrary<Fate> = record({
  cures: boolean(),
  sickens: constantFrom(...NAMES, 'nobody', 'nobody', 'nobody'),
  hangs: constantFrom(...WORKERS, 'nobody', 'nobody', 'nobody'),
  losesRedis: constantFrom(true, false, false, false),
});

export function follow(at: Situation, decision: RecoveryDecision, fate: Fate): Situation {
  if (decision.kind === 'wait')
    return decision.untilMs === null ? { ...at, isPatienceOver: true } : { ...at, nowMs: decision.untilMs };
  if (decision.kind !== 'step') return at;
  const after = fate.cures ? cure(at, decision) : at;
  const { stage, verb, target } = decision;
  const outcome = fate.cures ? ('cured' as const) : ('failed' as const);
  const done = [...at.done, { stage, verb, target, outcome, detail: 'so it went', endedAtMs: at.nowMs }];
  return settle({
    ...after,
    done,
    isPatienceOver: false,
    redis: { ...after.redis, up: after.redis.up && !fate.losesRedis },
    workers: after.workers.map((each) =>
      each.name === fate.hangs && each.wish === 'run' ? { ...each, state: 'hung' as const } : each,
    ),
    containers: after.containers.map((each) =>
      each.name === fate.sickens && each.state === 'healthy'
        ? { ...each, state: 'unhealthy' as const, ailment: 'unhealthy' as const }
        : each,
    ),
  });
}

function cure(at: Situation, { target }: RecoveryStep): Situation {
  return {
    ...at,
    redis: target === 'queue/redis' ? { ...at.redis, up: true } : at.redis,
    workers: at.workers.map((each) =>
      target === `worker/${each.name}` ? { ...each, state: 'up' as const } : each,
    ),
    containers: at.containers.map((each) =>
      target === `container/${each.name}`
        ? { ...each, state: 'healthy' as const, ailment: null, leftStopped: false }
        : each,
    ),
  };
}
