/**
 * The part of a turn that is about the queue: of the supervisor that keeps it, what leaves next; of any other, what is passed on to that one.
 * It remembers nothing: the boards do.
 */
import type { Moment } from '../clock.ts';
import type { Action } from '../reconciler/action.ts';
import type { SupervisorParts } from './supervisorParts.ts';
import type { HeldJobs } from './workerView.ts';

type QueueParts = Pick<
  SupervisorParts,
  'workers' | 'jobs' | 'redis' | 'canary' | 'fleet' | 'relay' | 'observer'
>;

interface Decided {
  readonly actions: readonly Action[];
  readonly recheckTimes: readonly (number | null)[];
}

/** `oldestLeftAtMs`: when the first of the jobs on the queue left for it; null when none is there. */
export function decideQueue(parts: QueueParts, oldestLeftAtMs: number | null, at: Moment): Decided {
  const { workers, jobs, redis, canary, fleet, observer, relay } = parts;
  if (fleet.seat.kind === 'standsBy') {
    const { actions, recheckAtMs } = relay.decide(fleet.leadId, at);
    return { actions, recheckTimes: [recheckAtMs] };
  }
  const { up } = redis.state;
  const forFleet = fleet.decide(at, observer.awareness);
  const lost = forFleet.gone.flatMap((member) => jobs.apply({ kind: 'memberGone', member }, at));
  const taking = workers.taking();
  const slots = taking.slots + fleet.slots(at, observer.awareness);
  const forJobs = jobs.decide(up, slots, at);
  const mayRun = up && redis.everUp && slots > 0;
  const forCanary = canary.decide({ mayRun, oldestLeftAtMs, at });
  const riders = mayRun ? jobs.decideRiders(taking.names, at) : [];
  const pokes = forJobs.actions.some(({ kind }) => kind === 'dispatch') ? pokeOthers(parts, at) : [];
  return {
    actions: [...lost, ...riders, ...forJobs.actions, ...forCanary.actions, ...pokes],
    recheckTimes: [forFleet.recheckAtMs, forJobs.recheckAtMs, forCanary.recheckAtMs],
  };
}

/** What a worker of ours holds, whoever granted it. */
export function handOf({ fleet, jobs, relay }: QueueParts, worker: string): HeldJobs {
  const isRelayed = fleet.seat.kind === 'standsBy';
  return isRelayed ? { jobs: relay.heldBy(worker), riders: 0 } : jobs.handOf(worker);
}

function pokeOthers({ fleet, observer }: QueueParts, at: Moment): Action[] {
  return fleet
    .heard(at, observer.awareness)
    .map((homeId) => ({ kind: 'tellMember', homeId, message: { type: 'poke' } }));
}
