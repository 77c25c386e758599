/**
 * Says where each queued job stands and what it waits for, and whether anybody serves the queue.
 * It reads what the boards know and changes nothing.
 */
import { withoutSealed, type JobRecord } from '../push/job.ts';
import { looksOut, mostLooks, onlyLooks } from '../reconciler/dispatch.ts';
import type { OpenJob } from '../reconciler/jobFlow.ts';
import type { JobView, Snapshot, WorkerView } from './door.ts';

export interface QueueFacts {
  readonly workers: readonly WorkerView[];
  readonly redis: Snapshot['redis'];
  readonly open: readonly OpenJob[];
  /** RFC 3339: since when jobs wait and nobody takes any; null while that is not long. */
  readonly stillSince: string | null;
  /** A sentence, where another supervisor keeps the queue, and whether our workers may take from it; null where we keep it. */
  readonly keeper: { readonly sentence: string; readonly mayTake: boolean } | null;
}

/** The job as people see it. */
export function viewJob(job: JobRecord, facts: QueueFacts): JobView {
  const shown = withoutSealed(job);
  if (job.state !== 'queued') return { ...shown, position: null, waitingFor: null };
  const position = placesOf(facts.open).positions.get(job.id) ?? null;
  return { ...shown, position, waitingFor: waitingFor(job, facts) };
}

interface Places {
  /** Of the queued jobs, 1 = next. */
  readonly positions: ReadonlyMap<string, number>;
  readonly firstOfHost: ReadonlyMap<string, JobRecord>;
  /** Checks and plans that hold a slot or are about to, and the jobs that have not left for the queue. */
  readonly looksOut: number;
  readonly heldBack: ReadonlySet<string>;
}

/** One pass for all jobs of a turn: counted anew for each job, a push to 5,000 hosts held the loop for seconds. */
const placesOfList = new WeakMap<readonly OpenJob[], Places>();

function placesOf(open: readonly OpenJob[]): Places {
  const counted = placesOfList.get(open);
  if (counted !== undefined) return counted;
  const positions = new Map<string, number>();
  const firstOfHost = new Map<string, JobRecord>();
  const heldBack = new Set<string>();
  for (const { job, place } of open) {
    if (place.at === 'home') heldBack.add(job.id);
    if (job.state === 'queued') positions.set(job.id, positions.size + 1);
    if (!firstOfHost.has(job.host)) firstOfHost.set(job.host, job);
  }
  const places = { positions, firstOfHost, heldBack, looksOut: looksOut(open) };
  placesOfList.set(open, places);
  return places;
}

function waitingFor(job: JobRecord, facts: QueueFacts): string {
  if (!facts.redis.up) return `Redis, away since ${facts.redis.since}: ${facts.redis.detail}`;
  const places = placesOf(facts.open);
  const ahead = places.firstOfHost.get(job.host);
  if (ahead !== undefined && ahead.id !== job.id) {
    return `job ${ahead.id} on the same host (${job.host} takes one job at a time), ${ahead.state} since ${ahead.since}`;
  }
  const taking = facts.workers.filter(takesJobs);
  if (taking.length === 0) return `a worker: ${nobodyServes(facts.workers)}`;
  const most = mostLooks(taking.reduce((sum, { slots }) => sum + slots, 0));
  if (onlyLooks(job.kind) && places.heldBack.has(job.id) && places.looksOut >= most) {
    return `another check or plan to end: at most half of the slots (${String(most)}) are theirs, so that hosts that hang keep no push waiting`;
  }
  const free = taking.reduce((sum, worker) => sum + worker.slots - worker.jobs.length + worker.riders, 0);
  if (free <= 0) return 'a free slot: all slots of all workers are taken';
  return facts.stillSince === null
    ? 'a worker to take it, which is about to happen'
    : `a worker to take it: nobody has taken anything off the queue since ${facts.stillSince}, though slots are free`;
}

/** Whether somebody takes jobs right now, and a sentence about it. */
export function describeService(facts: Pick<QueueFacts, 'workers' | 'redis' | 'keeper'>): {
  served: boolean;
  detail: string;
} {
  if (!facts.redis.up)
    return { served: false, detail: `Redis is away since ${facts.redis.since}: ${facts.redis.detail}` };
  if (facts.keeper?.mayTake === false) return { served: false, detail: facts.keeper.sentence };
  const taking = facts.workers.filter(takesJobs);
  if (taking.length === 0)
    return { served: false, detail: `no worker takes jobs: ${nobodyServes(facts.workers)}` };
  const slots = taking.reduce((sum, worker) => sum + worker.slots, 0);
  const detail = `${String(taking.length)} of ${String(facts.workers.length)} workers take jobs, ${String(slots)} slots`;
  return { served: true, detail: facts.keeper === null ? detail : `${detail}. ${facts.keeper.sentence}` };
}

export function takesJobs(worker: WorkerView): boolean {
  return (worker.state === 'up' || worker.state === 'late') && worker.wish === 'run';
}

const NAMES_SHOWN = 3;

/** The workers in groups of one state, each with the time since which all of the group are in it, and what a person can do. */
function nobodyServes(workers: readonly WorkerView[]): string {
  const groups = new Map<string, WorkerView[]>();
  for (const worker of workers)
    groups.set(situationOf(worker), [...(groups.get(situationOf(worker)) ?? []), worker]);
  const texts = [...groups].map(
    ([situation, members]) => `${namesOf(members)} ${situation}${sinceOf(members)}`,
  );
  const held = workers.some((worker) => worker.wish !== 'run');
  return texts.join('; ') + (held ? '. garrison start NAME lets one take jobs' : '');
}

function situationOf(worker: WorkerView): string {
  if (worker.wish === 'quiet' && worker.state === 'up') return 'quiet, as a person asked';
  return worker.wish === 'stop' && worker.state === 'stopped' ? 'stopped by a person' : worker.state;
}

function namesOf(workers: readonly WorkerView[]): string {
  const names = workers.map((worker) => worker.name);
  const more = names.length - NAMES_SHOWN;
  return more > 0 ? `${names.slice(0, NAMES_SHOWN).join(', ')} and ${String(more)} more` : names.join(', ');
}

/** A quiet worker's `since` tells since when it is up, not since when it is quiet: better nothing than that. */
function sinceOf(workers: readonly WorkerView[]): string {
  if (workers.some((worker) => worker.state === 'up')) return '';
  const latest =
    workers
      .map((worker) => worker.since)
      .sort()
      .at(-1) ?? '';
  return ` since ${latest}`;
}
