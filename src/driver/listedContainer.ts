/**
 * Reads one entry of Docker's list of containers for the one thing it is good for: has anything changed since the last list?
 * It never stands in for an inspect.
 */
import { createHash } from 'node:crypto';
import { isContainerId, objectIn, textIn } from './containerFacts.ts';

export interface ListedContainer {
  readonly id: string;
  /** Differs when anything but the time it has been so does. */
  readonly signature: string;
  /** How long it has been so, as roughly as the list says it; it falls when it came to be so anew. Null when it says nothing. */
  readonly forSeconds: number | null;
  /** Changes in ways that no list and no event tells, as a growing streak of failed probes. */
  readonly isRestless: boolean;
}

/** Null for what is no container. */
export function listedContainer(entry: unknown): ListedContainer | null {
  const { Id, Names, Image, ImageID, Labels, State, Status } = objectIn(entry);
  if (!isContainerId(Id)) return null;
  const state = textIn(State);
  const status = textIn(Status);
  const same = [Names, Image, ImageID, Object.entries(objectIn(Labels)).sort(), state, withoutTime(status)];
  return {
    id: Id,
    signature: createHash('sha1').update(JSON.stringify(same)).digest('base64'),
    forSeconds: secondsIn(status),
    isRestless: RESTLESS_STATES.includes(state) || /\((?:unhealthy|health: \w+)\)/.test(status),
  };
}

/** Did it come to be as it is once more between the two? */
export function hasChanged(before: ListedContainer, now: ListedContainer): boolean {
  if (before.signature !== now.signature) return true;
  return before.forSeconds !== null && now.forSeconds !== null && now.forSeconds < before.forSeconds;
}

const RESTLESS_STATES = ['restarting', 'removing', 'dead'];
const UNIT_SECONDS: Readonly<Record<string, number>> = {
  second: 1,
  minute: 60,
  hour: 3600,
  day: 86_400,
  week: 604_800,
  month: 2_592_000,
  year: 31_536_000,
};
/** `Less than a second`, `44 seconds`, `About a minute`, `About an hour`, `3 weeks`. */
const TIME = /(Less than an?|About an?|\d+) (second|minute|hour|day|week|month|year)s?/;

/** `Up 3 hours (healthy)`, `Exited (137) 5 minutes ago`: what changes with every list says nothing. */
function withoutTime(status: string): string {
  return status.replace(TIME, '');
}

function secondsIn(status: string): number | null {
  const [, count = '', unit = ''] = TIME.exec(status) ?? [];
  const seconds = UNIT_SECONDS[unit];
  if (seconds === undefined) return null;
  if (count.startsWith('Less')) return 0;
  return count.startsWith('About') ? seconds : Number(count) * seconds;
}
