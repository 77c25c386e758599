/**
 * Writes into the journal, once for each push, that its last job has ended and how: the timeline tells of it, and a push to ten thousand hosts is one line.
 * It decides nothing and holds nothing up: what cannot be read of a push is not told.
 */
import { isFinal, type JobRecord, type PushRecord } from '../push/job.ts';
import type { JobView } from './door.ts';
import type { Surroundings } from './ports.ts';
import type { Supervisor } from './supervisor.ts';

const NAMED = 5;
/** Only what ends in the same moment can be told twice. */
const REMEMBERED = 100;

export function followPushEnds(
  supervisor: Pick<Supervisor, 'onChange' | 'openJobs' | 'viewsOf'>,
  around: Pick<Surroundings, 'memory' | 'note'>,
): void {
  const told = new Told();
  /** Pushes of which a job has ended in this turn: looked at once, when ten thousand end together, too. */
  const ended = new Set<string>();
  // One that has ended is among them until its end is kept.
  const openPushes = (): ReadonlySet<string> =>
    new Set(supervisor.openJobs().flatMap(({ pushId, state }) => (isFinal(state) ? [] : [pushId])));
  const end = async (pushId: string): Promise<void> => {
    const push = await around.memory.push(pushId).catch(() => null);
    if (push === null) return;
    const jobs = supervisor.viewsOf(await around.memory.jobsOf(push));
    if (jobs.every(({ state }) => isFinal(state)) && told.isNew(pushId, jobs))
      around.note(pushEnd(push, jobs));
  };
  const look = (): void => {
    const pushIds = [...ended];
    ended.clear();
    const open = openPushes();
    for (const pushId of pushIds) if (!open.has(pushId)) end(pushId).catch(() => undefined);
  };
  supervisor.onChange((change) => {
    if (change.type !== 'jobEnded') return;
    if (ended.size === 0) queueMicrotask(look);
    ended.add(change.job.pushId);
  });
}

/** Two jobs that end in the same moment each find that none is open any more; a retry is another end. */
class Told {
  readonly #ends = new Map<string, number>();

  isNew(pushId: string, jobs: readonly JobRecord[]): boolean {
    // Each change of any of them raises it, and of ten thousand it is one number.
    const end = jobs.reduce((sum, { revision }) => sum + revision, 0);
    if (this.#ends.get(pushId) === end) return false;
    this.#ends.delete(pushId);
    this.#ends.set(pushId, end);
    for (const oldest of this.#ends.keys()) {
      if (this.#ends.size <= REMEMBERED) break;
      this.#ends.delete(oldest);
    }
    return true;
  }
}

/** The journal's line. */
export function pushEnd(
  push: Pick<PushRecord, 'id' | 'kind' | 'accountName' | 'actor'>,
  jobs: readonly (JobRecord | JobView)[],
): { readonly event: 'pushEnded'; readonly [fact: string]: unknown } {
  const outcomes = new Map<string, number>();
  for (const { state, result } of jobs) {
    const outcome = state === 'cancelled' ? state : (result?.outcome ?? state);
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  }
  const counts = [...outcomes].map(([outcome, count]) => `${String(count)} ${outcome}`).join(', ');
  const bad = jobs.filter(({ state }) => state !== 'done');
  const lost = jobs.filter(({ lostAttempts }) => lostAttempts > 0);
  return {
    event: 'pushEnded',
    id: push.id,
    kind: push.kind,
    account: push.accountName,
    actor: push.actor,
    state: bad.length === 0 ? 'done' : 'failed',
    detail: [counts, ...sentenceOf('not done', bad), ...lostSentence(lost)].join('; '),
  };
}

function sentenceOf(title: string, jobs: readonly JobRecord[]): string[] {
  if (jobs.length === 0) return [];
  const names = jobs.slice(0, NAMED).map(({ host, result, worker }) => {
    const why = [result?.reason, worker].filter((each) => each !== null && each !== undefined).join(' by ');
    return why === '' ? host : `${host} (${why})`;
  });
  const more = jobs.length - names.length;
  return [`${title}: ${names.join(', ')}${more > 0 ? ` and ${String(more)} more` : ''}`];
}

function lostSentence(lost: readonly JobRecord[]): string[] {
  if (lost.length === 0) return [];
  const names = lost.slice(0, NAMED).map(({ host, lostAttempts }) => `${host} ${String(lostAttempts)}×`);
  return [`tried again because a worker ended: ${names.join(', ')}`];
}
