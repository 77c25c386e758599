/**
 * Hands each observation to the board that it concerns, and brings back what must be done at once.
 * It remembers nothing and decides nothing.
 */
import { monoMs, type Moment } from '../clock.ts';
import type { Action } from '../reconciler/action.ts';
import type { ContainerBoard } from './containerBoard.ts';
import type { CanaryWatch } from './canaryWatch.ts';
import type { FleetBoard } from './fleetBoard.ts';
import { takeInFleet, toBoards } from './fleetIntake.ts';
import type { JobBoard } from './jobBoard.ts';
import type { JobObservation, Observation, ZombieObservation } from './observation.ts';
import type { OrphanBoard } from './orphanBoard.ts';
import type { Publisher, Report } from './publisher.ts';
import type { Refusals } from './refusals.ts';
import type { RedisWatch } from './redisWatch.ts';
import type { Relay } from './relay.ts';
import type { WorkerBoard } from './workerBoard.ts';
import type { ZombieBoard } from './zombieBoard.ts';

export interface Boards {
  readonly fleet: FleetBoard;
  readonly relay: Relay;
  readonly workers: WorkerBoard;
  readonly jobs: JobBoard;
  readonly redis: RedisWatch;
  readonly canary: CanaryWatch;
  readonly orphans: OrphanBoard;
  readonly zombies: ZombieBoard;
  readonly containers: ContainerBoard;
  readonly publisher: Publisher;
  readonly refusals: Refusals;
  readonly report: Report;
}

export interface Seen {
  readonly observation: Observation;
  readonly at: Moment;
}

/** So long a turn takes observations in; what is left has the next one. */
const TAKING_IN_MS = 10;
const LOOKS_AT_CLOCK_EVERY = 50;

/** Those of the inbox in their order, and out of it, as many as there is time for: what ten thousand jobs bring must not hold up the rest. */
export function takeInSome(boards: Boards, inbox: Seen[]): Action[] {
  const untilMs = monoMs() + TAKING_IN_MS;
  const actions: Action[] = [];
  let taken = 0;
  for (const { observation, at } of inbox) {
    if (taken > 0 && taken % LOOKS_AT_CLOCK_EVERY === 0 && monoMs() > untilMs) break;
    // No spread: one observation may bring more actions than a call takes arguments.
    for (const action of takeIn(boards, observation, at)) actions.push(action);
    taken += 1;
  }
  inbox.splice(0, taken);
  return actions;
}

function takeIn(boards: Boards, observation: Observation, at: Moment): Action[] {
  const { redis, orphans, refusals, publisher } = boards;
  switch (observation.kind) {
    case 'worker':
      return takeInWorker(boards, observation, at);
    case 'job':
      return takeInJob(boards, observation.observation, at);
    case 'redis':
      redis.note(observation, at);
      return [];
    case 'redisExited':
      redis.noteExit(observation, at);
      return [];
    case 'adopted':
      orphans.noteAdopted(observation.orphan, at);
      return [];
    case 'reaped':
    case 'zombies':
    case 'sweepAsked':
      return takeInZombies(boards, observation, at);
    case 'refused':
      refusals.note(observation, at);
      return [];
    case 'hosts':
      publisher.touchOverview();
      return [];
    case 'stoodDown':
    case 'leads':
    case 'members':
    case 'fleetSaid':
      return takeInFleet(boards, observation, at);
    case 'actionFailed':
      takeInFailure(boards, observation, at);
      return [];
    default:
      boards.containers.take(observation, at);
      return [];
  }
}

function takeInFailure(
  { redis, report }: Boards,
  { action, detail }: Extract<Observation, { kind: 'actionFailed' }>,
  at: Moment,
): void {
  if (action === 'spawnRedis') redis.noteSpawnFailure(detail, at);
  report({ level: 'error', event: 'actionFailed', facts: { action, detail } });
}

function takeInJob(boards: Boards, observation: JobObservation, at: Moment): Action[] {
  const { fleet, relay } = boards;
  const isOurs =
    observation.kind === 'workerGone' || (observation.kind === 'said' && observation.member === undefined);
  if (isOurs && fleet.seat.kind === 'standsBy') return relay.take(observation, fleet.leadId, at);
  if (observation.kind === 'said' && observation.member === undefined) relay.noteBeat(observation, at);
  return toBoards(boards, observation, at);
}

function takeInWorker(
  boards: Boards,
  { worker, observation: seen }: Extract<Observation, { kind: 'worker' }>,
  at: Moment,
): Action[] {
  boards.workers.observe(worker, seen, at);
  if (seen.kind === 'beat') boards.publisher.loopLag('worker', seen.beat.loopDelayP99Ms);
  if (seen.kind === 'exited') boards.canary.noteHolderDeath(seen.incarnation, at);
  // Its jobs are free only once nothing that it had started can still write to a host.
  return seen.kind === 'gone'
    ? takeInJob(boards, { kind: 'workerGone', worker, incarnation: seen.incarnation }, at)
    : [];
}

function takeInZombies(
  { orphans, zombies, publisher }: Boards,
  observation: ZombieObservation,
  at: Moment,
): Action[] {
  if (observation.kind === 'reaped') orphans.noteReaped(observation.pid);
  if (zombies.take(observation, at)) publisher.touchOverview();
  return observation.kind === 'sweepAsked' ? [{ kind: 'sweepZombies' }] : [];
}
