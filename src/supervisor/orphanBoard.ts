/**
 * Remembers the living processes that outlived their parents, and asks for the end of those whose worker's life, or whose job's attempt, is over.
 * What is to be ended is decided by reconciler/orphan; the rest is only known.
 */
import type { Moment } from '../clock.ts';
import type { Action } from '../reconciler/action.ts';
import { END_AGAIN_MS, mustEnd, type GoingOn, type KnownOrphan, type Orphan } from '../reconciler/orphan.ts';

export class OrphanBoard {
  readonly #known = new Map<number, KnownOrphan>();

  noteAdopted(orphan: Orphan, at: Moment): void {
    this.#known.set(orphan.pid, { orphan, since: at, endAskedAtMs: null });
  }

  noteReaped(pid: number): void {
    this.#known.delete(pid);
  }

  decide(goingOn: GoingOn, nowMs: number): { actions: Action[]; recheckAtMs: number | null } {
    const due = [...this.#known.values()].filter((known) => mustEnd(known, goingOn, nowMs));
    for (const known of due) this.#known.set(known.orphan.pid, { ...known, endAskedAtMs: nowMs });
    const actions = due.map(({ orphan }): Action => ({ kind: 'endOrphan', orphan }));
    const isWaiting = [...this.#known.values()].some(({ endAskedAtMs }) => endAskedAtMs !== null);
    return { actions, recheckAtMs: isWaiting ? nowMs + END_AGAIN_MS : null };
  }
}
