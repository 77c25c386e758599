/**
 * Sends jobs along with one of their host that a worker has in hand, once their place in the host's order is drawn.
 * It decides neither who goes along (reconciler/riders) nor who may still run (granting).
 */
import type { Moment } from '../clock.ts';
import type { Action } from '../reconciler/action.ts';
import { afterDispatch, afterMissedRide } from '../reconciler/jobFlow.ts';
import { decideRiders } from '../reconciler/riders.ts';
import { sameIncarnation } from '../heartbeat.ts';
import type { Granting } from './granting.ts';
import { tell, type Holder, type Holders } from './holders.ts';
import type { OpenJobs } from './openJobs.ts';

interface Attempt {
  readonly jobId: string;
  readonly attempt: number;
}

/** With whom it goes, and in whose hands that one is. */
interface Seat {
  readonly lead: Attempt;
  readonly holder: Holder;
}

export class RiderDesk {
  readonly #jobs: OpenJobs;
  readonly #holders: Holders;
  readonly #granting: Granting;
  readonly #seats = new Map<string, Seat & { readonly attempt: number }>();

  constructor(jobs: OpenJobs, holders: Holders, granting: Granting) {
    this.#jobs = jobs;
    this.#holders = holders;
    this.#granting = granting;
  }

  /** `taking`: the workers that may be given more. */
  decide(taking: ReadonlySet<string>, at: Moment): Action[] {
    const isLead = (jobId: string): boolean => {
      const holder = this.#holders.get(jobId);
      return holder !== null && holder.token !== null && taking.has(holder.worker);
    };
    return decideRiders(this.#jobs.all(), { nowMs: at.monoMs, isLead }).flatMap(({ open, leadId }) => {
      const holder = this.#holders.get(leadId);
      if (holder === null) return [];
      const { job } = this.#jobs.set(afterDispatch(open, at));
      const { attempt } = job;
      this.#seats.set(job.id, { lead: { jobId: leadId, attempt: holder.attempt }, holder, attempt });
      return [{ kind: 'draw', job }];
    });
  }

  /** Its place is drawn. */
  sendAlong(drawn: Attempt, at: Moment): Action[] {
    const seat = this.#take(drawn, at);
    if (seat === null) return [];
    const { holder } = seat;
    const { worker, incarnation } = holder;
    const hands = { worker, incarnation, attempt: drawn.attempt, token: null };
    const granted = this.#granting.grant(hands, drawn.jobId, at);
    return 'task' in granted ? [tell(holder, { type: 'ride', ...granted })] : granted.instead;
  }

  /** Its place could not be drawn. */
  forget(jobId: string): void {
    this.#seats.delete(jobId);
  }

  /** Null where it goes along with nobody, or can no longer: then it goes home. */
  #take(drawn: Attempt, at: Moment): Seat | null {
    const seat = this.#seats.get(drawn.jobId);
    if (seat?.attempt !== drawn.attempt) return null;
    this.#seats.delete(drawn.jobId);
    const { jobId } = seat.lead;
    const holder = this.#holders.get(jobId);
    const isThere = holder !== null && sameIncarnation(holder.incarnation, seat.holder.incarnation);
    if (isThere && holder.attempt === seat.lead.attempt && this.#jobs.get(jobId)?.place.at === 'worker')
      return seat;
    this.#jobs.move(drawn, (open) => afterMissedRide(open, at));
    return null;
  }
}
