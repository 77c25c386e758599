/**
 * Says which containers must be looked at before the next complete look: those of which one would settle whether they are ghosts, or probed no more.
 * It looks at nothing itself, and asks for no look twice within a while.
 */
import type { Action } from '../reconciler/action.ts';
import { lookDueAtMs, type SeenContainer } from './seenContainer.ts';

/** A look that was asked for may take long, as with a daemon that hangs. */
const LOOK_AGAIN_MS = 2_000;

export class LookAgain {
  /** Until the look comes. */
  readonly #askedAtMs = new Map<string, number>();

  /** It was looked at, or is gone. */
  forget(id: string): void {
    this.#askedAtMs.delete(id);
  }

  decide(
    entries: ReadonlyMap<string, SeenContainer>,
    nowMs: number,
  ): { actions: Action[]; recheckAtMs: number | null } {
    const actions: Action[] = [];
    let recheckAtMs: number | null = null;
    for (const [id, entry] of entries) {
      const lookAtMs = lookDueAtMs(entry);
      if (lookAtMs === null) continue;
      const dueAtMs = Math.max(lookAtMs, (this.#askedAtMs.get(id) ?? -Infinity) + LOOK_AGAIN_MS);
      if (nowMs >= dueAtMs) {
        this.#askedAtMs.set(id, nowMs);
        actions.push({ kind: 'lookContainer', id });
      } else recheckAtMs = Math.min(recheckAtMs ?? Infinity, dueAtMs);
    }
    return { actions, recheckAtMs };
  }
}
