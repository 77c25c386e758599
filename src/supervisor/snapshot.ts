/**
 * Puts the whole state together as people see it: who, since when, Redis, the queue, every worker and host.
 * It reads what it is given and judges nothing.
 */
import type { Moment } from '../clock.ts';
import { isFinal } from '../push/job.ts';
import type { FleetView } from './fleetBoard.ts';
import type { Snapshot } from './door.ts';
import { describeService, type QueueFacts } from './waiting.ts';

export interface Parts {
  readonly settings: { readonly host: string; readonly version: string; readonly startedAt: Moment };
  readonly state: Snapshot['state'];
  readonly facts: QueueFacts;
  readonly canary: Snapshot['queue']['canary'];
  readonly hosts: Snapshot['hosts'];
  readonly zombies: Snapshot['zombies'];
  readonly docker: Snapshot['docker'];
  readonly containers: Snapshot['containers'];
  readonly home: NonNullable<Snapshot['home']>;
  readonly grants: NonNullable<Snapshot['grants']>;
  readonly fleet: FleetView | null;
  /** Where another keeps the queue: as that one last said. */
  readonly queueOfLead: { readonly waiting: number; readonly running: number } | null;
  readonly spare: NonNullable<Snapshot['spare']> | null;
  readonly at: Moment;
}

export function snapshotOf({ settings, state, facts, canary, hosts, at, ...others }: Parts): Snapshot {
  const open = facts.open.filter((entry) => !isFinal(entry.job.state));
  const waiting = open.filter((entry) => entry.job.state === 'queued');
  const oldest = waiting[0]?.job.createdAt;
  return {
    observedAt: at.wall,
    host: settings.host,
    version: settings.version,
    pid: process.pid,
    startedAt: settings.startedAt.wall,
    state,
    redis: facts.redis,
    queue: {
      waiting: others.queueOfLead?.waiting ?? waiting.length,
      running: others.queueOfLead?.running ?? open.length - waiting.length,
      oldestWaitingMs: oldest === undefined ? null : Math.max(0, Date.parse(at.wall) - Date.parse(oldest)),
      canary,
      ...describeService(facts),
    },
    workers: facts.workers,
    hosts,
    zombies: others.zombies,
    docker: others.docker,
    containers: others.containers,
    home: others.home,
    grants: others.grants,
    ...(others.fleet === null ? {} : { fleet: others.fleet }),
    spare: others.spare,
  };
}
