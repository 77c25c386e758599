/**
 * Joins what this supervisor knows of itself to the other supervisors of its queue: every other second it says how it stands, and hears the others.
 * It judges nobody.
 */
import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { monoMs, wallTime } from './clock.ts';
import type { GarrisonConfig } from './config.ts';
import type { FleetLink } from './driver/fleetLink.ts';
import { homeId } from './driver/ownership.ts';
import type { MemberNews } from './push/fleetMessage.ts';
import type { Supervisor } from './supervisor/supervisor.ts';
import { takesJobs } from './supervisor/waiting.ts';

export interface OwnLife {
  readonly homeId: string;
  readonly life: string;
}

const EXCHANGE_EVERY_MS = 2_000;

/** Other supervisors may work off the same queue. */
export function isShared({ redis }: GarrisonConfig): boolean {
  return redis.mode !== 'embedded' && redis.shared;
}

/** Null where no other supervisor may work off this queue. */
export function ownLife(config: GarrisonConfig): OwnLife | null {
  if (!isShared(config)) return null;
  return { homeId: homeId(config.home), life: randomBytes(8).toString('hex') };
}

/** Begins with the supervisor's turns and ends with them; while Redis is away nothing is said. */
export function speakInFleet(
  link: FleetLink,
  supervisor: Supervisor,
  { config, self }: { readonly config: GarrisonConfig; readonly self: OwnLife },
): void {
  let seq = 0;
  let nextAtMs = 0;
  let isUnderWay = false;
  supervisor.onTurn(() => {
    if (isUnderWay || monoMs() < nextAtMs || !supervisor.redis.state.up) return;
    isUnderWay = true;
    nextAtMs = monoMs() + EXCHANGE_EVERY_MS;
    seq += 1;
    void link
      .exchange(newsOf(supervisor, { config, self, seq }))
      // That Redis does not answer is told by its own watch.
      .catch(() => undefined)
      .finally(() => {
        isUnderWay = false;
      });
  });
}

function newsOf(
  supervisor: Supervisor,
  { config, self, seq }: { readonly config: GarrisonConfig; readonly self: OwnLife; readonly seq: number },
): MemberNews {
  const { host, version, startedAt, state, queue, workers } = supervisor.snapshot();
  const taking = workers.filter(takesJobs);
  return {
    ...self,
    ...{ seq, version, startedAt, state, name: host, at: wallTime(), detail: queue.detail },
    where: `${config.home} on ${hostname()}`,
    epoch: supervisor.fleet.epoch,
    ...{ waiting: queue.waiting, running: queue.running },
    slots: taking.reduce((sum, { slots }) => sum + slots, 0),
    workers: workers.map(({ name, state, since, detail, jobs }) => ({ name, state, since, detail, jobs })),
  };
}
