/**
 * What the page works out of plans: the verdict on each host, how many there are of each, and what of it can be applied.
 * It plans nothing: every verdict is the supervisor's.
 */
import type { JobView } from '../../supervisor/door.ts';

/** `waiting`: the host has not answered; `unplanned`: it never will, and the reason says why. */
export const VERDICTS = [
  'create',
  'change',
  'unchanged',
  'conflict',
  'blocked',
  'unplanned',
  'waiting',
] as const;

export type ShownVerdict = (typeof VERDICTS)[number];

/** `drift`: somebody changed it on the host since the last push. */
export const PLAN_FILTERS = [...VERDICTS, 'drift'] as const;

/** The supervisor's own limits; test/page/planFacts.test.ts holds these to them. */
export const PLAN_LASTS_MS = 24 * 3_600_000;
export const UNASKED_PAIRS = 50;

const FINAL = ['done', 'failed', 'cancelled', 'unknown'];

export function isOpen({ state }: Pick<JobView, 'state'>): boolean {
  return !FINAL.includes(state);
}

export function verdictOf(job: JobView): ShownVerdict {
  if (isOpen(job)) return 'waiting';
  return job.result?.plan?.verdict ?? 'unplanned';
}

export function isDrift({ result }: JobView): boolean {
  return result?.plan?.isDrift === true;
}

/** In the order of VERDICTS, only those that there are. */
export function countVerdicts(jobs: readonly JobView[]): readonly (readonly [ShownVerdict, number])[] {
  const found = jobs.map(verdictOf);
  return VERDICTS.map(
    (verdict) => [verdict, found.filter((each) => each === verdict).length] as const,
  ).filter(([, count]) => count > 0);
}

/** The hosts where something would be done. */
export function applicable(jobs: readonly JobView[]): readonly JobView[] {
  return jobs.filter((job) => ['create', 'change'].includes(verdictOf(job)));
}

export interface PlanFilter {
  /** One of PLAN_FILTERS, or empty for all. */
  readonly verdict: string;
  readonly text: string;
}

export function fitsPlan(job: JobView, { verdict, text }: PlanFilter): boolean {
  const isKind = verdict === '' || (verdict === 'drift' ? isDrift(job) : verdictOf(job) === verdict);
  const { host, account, result } = job;
  const said = `${host} ${account?.name ?? ''} ${result?.reason ?? ''} ${result?.detail ?? ''}`;
  return isKind && said.toLowerCase().includes(text.trim().toLowerCase());
}

/** Refused because the host was no longer as its plan said. */
export function changedSince(jobs: readonly JobView[]): readonly JobView[] {
  return jobs.filter(({ result }) => ['HostChangedSincePlan', 'PlanDiffers'].includes(result?.reason ?? ''));
}
