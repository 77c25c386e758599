/**
 * What people ask of pushes: one by name or by plan, or all that the grants want.
 * It holds types only.
 */
import type { AccountWish } from '../push/account.ts';
import type { JobKind, PushSecrets } from '../push/job.ts';
import type { PlannedKind } from '../push/plan.ts';
import type { Asker } from './door.ts';

export interface PushRequest extends Asker {
  readonly kind: JobKind;
  /** Of a `plan`: what it plans. */
  readonly planOf?: PlannedKind;
  /** The plan that is applied, by its push id: its account and its hosts hold, and `account` and `hosts` are not looked at. */
  readonly plan?: string;
  /** Of an undo, and of the plan of one: the push that it takes back; its account holds, and its hosts where `hosts` names none. */
  readonly undoOf?: string;
  /** Of an undo: the account's name, said once more by whoever wants it. */
  readonly confirm?: string;
  /** Wanted by grants: it runs only while they still say the same. */
  readonly granted?: boolean;
  readonly account: AccountWish | null;
  /** Of an account that a password is wished for; sealed before anything is kept. */
  readonly secrets?: PushSecrets;
  readonly hosts: readonly string[];
  readonly reason: string | null;
  readonly dryRun: boolean;
}

export interface SyncRequest extends Asker {
  /** Null for every host that a grant names. */
  readonly hosts: readonly string[] | null;
  readonly reason: string | null;
  /** Only look. */
  readonly plan: boolean;
  /** How many account × host pairs the person was shown and said yes to; null where nobody was asked. */
  readonly confirmed: number | null;
}
