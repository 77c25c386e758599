/**
 * What people ask of pushes.
 * It holds types only.
 */
import type { AccountWish } from '../push/account.ts';
import type { JobKind } from '../push/job.ts';
import type { Asker } from './door.ts';

export interface PushRequest extends Asker {
  readonly kind: JobKind;
  readonly account: AccountWish | null;
  readonly hosts: readonly string[];
  readonly reason: string | null;
  readonly dryRun: boolean;
}
