/**
 * Hands what other supervisors say, and every change of who keeps the queue, to the boards that it concerns.
 * It remembers nothing, and takes a word about a worker only from the supervisor whose worker that is.
 */
import type { Moment } from '../clock.ts';
import { unreachable } from '../errors.ts';
import type { Action } from '../reconciler/action.ts';
import type { CanaryWatch } from './canaryWatch.ts';
import type { FleetBoard } from './fleetBoard.ts';
import type { JobBoard } from './jobBoard.ts';
import type { FleetObservation, JobObservation } from './observation.ts';
import type { Publisher, Report } from './publisher.ts';
import type { Relay } from './relay.ts';

interface FleetParts {
  readonly fleet: FleetBoard;
  readonly relay: Relay;
  readonly jobs: JobBoard;
  readonly canary: CanaryWatch;
  readonly publisher: Publisher;
  readonly report: Report;
}

export function takeInFleet(parts: FleetParts, observation: FleetObservation, at: Moment): Action[] {
  const { fleet, jobs, relay } = parts;
  switch (observation.kind) {
    case 'stoodDown':
      standDown(parts, observation, at);
      return [];
    case 'leads':
      fleet.take({ kind: 'keepsQueue', epoch: observation.epoch }, at);
      tellSeat(parts);
      return relay.stepUp();
    case 'members': {
      const ended = fleet.note(observation.members, at);
      return ended.flatMap((member) => jobs.apply({ kind: 'memberGone', member }, at));
    }
    case 'fleetSaid':
      return hear(parts, observation, at);
    default:
      return unreachable(observation);
  }
}

function standDown(
  parts: FleetParts,
  { lead }: Extract<FleetObservation, { kind: 'stoodDown' }>,
  at: Moment,
): void {
  const { fleet, jobs, relay } = parts;
  relay.adopt(jobs.stepDown(), at);
  const { kind } = fleet.seat;
  fleet.take(
    lead === null ? { kind: 'unknown' } : { kind: 'standsBy', leadId: lead.homeId, where: lead.where },
    at,
  );
  if (kind !== fleet.seat.kind) tellSeat(parts);
}

function tellSeat({ fleet, publisher, report }: FleetParts): void {
  report({ level: 'info', event: 'seat', facts: { seat: fleet.seat.kind, detail: fleet.sentence() } });
  publisher.touchOverview();
}

/** What an earlier life of another said, or one that nobody knows, moves nothing. */
function hear(
  parts: FleetParts,
  { from, message }: Extract<FleetObservation, { kind: 'fleetSaid' }>,
  at: Moment,
): Action[] {
  const { fleet, relay } = parts;
  switch (message.type) {
    case 'grant':
    case 'answer':
      return fleet.leadId === from.homeId ? relay.hear(message, from.homeId, at) : [];
    case 'poke':
      return [{ kind: 'pokeWorkers' }];
    case 'said': {
      const worker = fleet.speaker(from, message.worker);
      if (worker === null || fleet.seat.kind !== 'keepsQueue') return [];
      const { incarnation, message: word } = message;
      return toBoards(parts, { kind: 'said', worker, incarnation, member: from, message: word }, at);
    }
    case 'workerGone':
      if (fleet.seat.kind !== 'keepsQueue') return [];
      parts.canary.noteHolderDeath(message.incarnation, at);
      return toBoards(
        parts,
        { kind: 'workerGone', worker: message.worker, incarnation: message.incarnation },
        at,
      );
    case 'noTask':
      return fleet.seat.kind === 'keepsQueue' ? toBoards(parts, { ...message, kind: 'noTask' }, at) : [];
    default:
      // A later Garrison may know words that this one does not.
      return [];
  }
}

/** What concerns the canary goes to its watch, all else to the board of the jobs. */
export function toBoards(
  { canary, jobs }: Pick<FleetParts, 'canary' | 'jobs'>,
  observation: JobObservation,
  at: Moment,
): Action[] {
  return canary.apply(observation, at) ?? jobs.apply(observation, at);
}
