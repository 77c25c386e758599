/**
 * The requests that make plans and apply them, from a wish that a job carries.
 * It makes no request by itself, and says a take-over only with the name that somebody has typed.
 */
import type { Choice, JobView } from '../../supervisor/door.ts';

export type Wish = NonNullable<JobView['account']>;

export interface Chosen {
  readonly choice: Choice;
  /** As it was typed; of a take-over only. */
  readonly typed: string | null;
  /** It may be an account that can become root. */
  readonly isPrivileged: boolean;
}

interface Planned {
  readonly planOf: 'push' | 'revoke';
  readonly wish: Wish;
  readonly hosts: readonly string[];
  readonly reason: string | null;
}

/** The body of `POST /api/v1/pushes`: a plan of this wish, with another choice where one is given. */
export function planBody({ planOf, wish, hosts, reason }: Planned, chosen: Chosen | null = null): object {
  const account = planOf === 'revoke' ? { name: wish.name } : accountBody(wish, chosen);
  return { kind: 'plan', planOf, account, hosts, ...(reason === null ? {} : { reason }) };
}

interface Undone {
  readonly undoOf: string;
  /** None for all where that push changed something. */
  readonly hosts: readonly string[];
  readonly reason: string | null;
}

/** The undo of a push where the account's name was typed; without it, the plan of that undo. */
export function undoBody({ undoOf, hosts, reason }: Undone, typed: string | null = null): object {
  const kind = typed === null ? { kind: 'plan', planOf: 'undo' } : { kind: 'undo', confirm: typed };
  return { ...kind, undoOf, hosts, ...(reason === null ? {} : { reason }) };
}

function accountBody(wish: Wish, chosen: Chosen | null): object {
  const { name, keys } = wish;
  if (chosen?.choice === 'keysOnly') return { name, keys, claim: 'keysOnly' };
  const { groups, shell, comment } = wish;
  const whole = {
    ...{ name, keys, groups, sudo: sudoText(wish) },
    ...(shell === null ? {} : { shell }),
    ...(comment === '' ? {} : { comment }),
  };
  if (chosen === null) return wish.claim === 'takeOver' ? whole : { ...whole, ...claimOf(wish) };
  if (chosen.choice === 'adopt') return { ...whole, claim: 'adopt' };
  const named = chosen.isPrivileged ? { privileged: chosen.typed } : {};
  return { ...whole, claim: 'takeOver', confirmed: chosen.typed, ...named };
}

/** What was chosen before holds, but for a take-over, which is typed anew. */
function claimOf({ claim }: Wish): object {
  return claim === undefined || claim === 'none' ? {} : { claim };
}

function sudoText({ sudo }: Wish): string {
  switch (sudo.kind) {
    case 'none':
    case 'all':
      return sudo.kind;
    case 'commands':
      return sudo.commands.join(',');
  }
}
