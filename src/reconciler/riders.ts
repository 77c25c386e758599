/**
 * Decides which open jobs go along with one of their host that a worker has taken from the queue: over its connection, after it.
 * It carries nothing out; the order of a host is kept, and what goes along never was on the queue.
 */
import { onlyLooks } from './dispatch.ts';
import type { OpenJob, Place } from './jobFlow.ts';

/** A host with more work than this gives its slot back in between, so that others have their turn. */
export const MOST_ON_ONE_CONNECTION = 16;

export interface RiderQuestion {
  readonly nowMs: number;
  /** The worker took it from the queue, and may still be given more. */
  readonly isLead: (jobId: string) => boolean;
}

export interface Rider {
  readonly open: OpenJob;
  /** The job whose connection it goes over. */
  readonly leadId: string;
}

/**
 * Those that come right after the lead in its host's order, up to the first that must not: one that may not run yet, is of the other
 * class, or was at work when a worker died. That one goes alone, since it may be what kills them.
 */
export function decideRiders(openInOrder: readonly OpenJob[], { nowMs, isLead }: RiderQuestion): Rider[] {
  const convoys = new Map<string, Convoy>();
  const riders: Rider[] = [];
  for (const open of openInOrder) {
    const convoy = convoys.get(open.job.host);
    if (convoy === undefined) {
      convoys.set(open.job.host, convoyOf(open, isLead));
    } else if (convoy.room > 0) {
      const step = stepOf(open, convoy, nowMs);
      convoy.room -= step === 'closes' ? convoy.room : step === 'passes' ? 0 : 1;
      if (step === 'rides') riders.push({ open, leadId: convoy.lead.id });
    }
  }
  return riders;
}

interface Convoy {
  readonly lead: OpenJob['job'];
  readonly place: Place;
  room: number;
}

/** The oldest open one of its host; with room for nobody where it is no lead. */
function convoyOf({ job, place }: OpenJob, isLead: RiderQuestion['isLead']): Convoy {
  const leads = place.at === 'worker' && isAboveSuspicion(job) && isLead(job.id);
  return { lead: job, place, room: leads ? MOST_ON_ONE_CONNECTION - 1 : 0 };
}

function stepOf(
  { job, place }: OpenJob,
  { lead, place: leadPlace }: Convoy,
  nowMs: number,
): 'rides' | 'isAlong' | 'passes' | 'closes' {
  switch (place.at) {
    case 'keeping':
      return 'passes';
    case 'leaving':
      return 'isAlong';
    case 'worker':
      return leadPlace.at === 'worker' && place.nonce === leadPlace.nonce ? 'isAlong' : 'closes';
    case 'queue':
      return 'closes';
    case 'home': {
      const mayRun = place.notBeforeMs <= nowMs && !job.cancelRequested && isAboveSuspicion(job);
      return mayRun && onlyLooks(job.kind) === onlyLooks(lead.kind) ? 'rides' : 'closes';
    }
  }
}

function isAboveSuspicion({ lostAttempts }: OpenJob['job']): boolean {
  return lostAttempts === 0;
}
