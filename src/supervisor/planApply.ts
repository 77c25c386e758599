/**
 * Turns a finished plan into the push or revoke that applies it: for each host where something is to be done, a job bound to what was planned.
 * It never applies what the plan refused, and reads nothing by itself.
 */
import { GarrisonError } from '../errors.ts';
import { isFinal, type JobRecord, type PlanAgreed, type PushRecord } from '../push/job.ts';
import { changeCodes, type AppliedKind } from '../push/plan.ts';

export interface PlannedPush {
  readonly kind: AppliedKind;
  readonly account: JobRecord['account'];
  /** It was made for the grants, and is applied only while they still want the same. */
  readonly granted: boolean;
  /** Host by host, what must be found there again. */
  readonly agreed: ReadonlyMap<string, PlanAgreed>;
}

/** A plan is as good as the moment it was made at; the digest finds out what changed, this only keeps old ones from being dug up. */
export const PLAN_LASTS_MS = 24 * 3_600_000;

/** Throws CONFLICTING_STATE where nothing can be applied, and says why. */
export function planToApply(push: PushRecord, jobs: readonly JobRecord[], nowWall: string): PlannedPush {
  const refuse = (why: string, cure: string): GarrisonError =>
    new GarrisonError('CONFLICTING_STATE', `plan ${push.id} cannot be applied: ${why}`, { cure });
  if (push.kind !== 'plan')
    throw new GarrisonError('USAGE', `${push.id} is a ${push.kind}, not a plan`, {
      cure: 'Make one with garrison plan ACCOUNT --to HOST.',
    });
  const { planOf: kind = 'push' } = push;
  if (kind === 'undo')
    throw new GarrisonError(
      'USAGE',
      `${push.id} is the plan of an undo, which needs none to be carried out`,
      {
        cure: `Run garrison undo ${push.undoOf ?? 'PUSH'}.`,
      },
    );
  const open = jobs.filter((job) => !isFinal(job.state));
  if (open.length > 0)
    throw refuse(
      `${open.map((job) => job.host).join(', ')} has not answered yet`,
      'Wait until it has ended.',
    );
  if (Date.parse(nowWall) - Date.parse(push.createdAt) > PLAN_LASTS_MS)
    throw refuse(`it was made at ${push.createdAt}, more than a day ago`, 'Make a new one.');
  const agreed = new Map(jobs.flatMap((job) => agreementOf(job)));
  if (agreed.size === 0)
    throw refuse(
      'on none of its hosts would anything be done',
      `garrison describe push ${push.id} says why.`,
    );
  const granted = jobs.every((job) => job.granted === true);
  return { kind, account: jobs[0]?.account ?? null, granted, agreed };
}

function agreementOf({ host, result }: JobRecord): [string, PlanAgreed][] {
  const plan = result?.plan ?? null;
  if (plan === null || (plan.verdict !== 'create' && plan.verdict !== 'change')) return [];
  return [[host, { digest: plan.digest, changes: changeCodes(plan.changes) }]];
}
