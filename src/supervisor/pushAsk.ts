/**
 * What people ask of pushes.
 * It holds types only.
 */
import type { AccountWish } from '../push/account.ts';
import type { JobKind } from '../push/job.ts';
import type { PlannedKind } from '../push/plan.ts';
import type { Asker } from './door.ts';

export interface PushRequest extends Asker {
  readonly kind: JobKind;
  /** Of a `plan`: what it plans. */
  readonly planOf?: PlannedKind;
  /** The plan that is applied, by its push id: its account and its hosts hold, and `account` and `hosts` are not looked at. */
  readonly plan?: string;
  readonly account: AccountWish | null;
  readonly hosts: readonly string[];
  readonly reason: string | null;
  readonly dryRun: boolean;
}
