/**
 * Remembers that a person asked for the Docker daemon to be restarted, and what systemd said of it.
 * It asks for that once, and for nobody but a person.
 */
import type { Moment } from '../clock.ts';
import type { Action } from '../reconciler/action.ts';
import type { HealNews } from '../reconciler/healNews.ts';

/** systemd itself may take a minute and a half. */
const BACK_WITHIN_MS = 240_000;

export class DockerRestart {
  #askedAt: Moment | null = null;
  #isDue = false;
  #answer: { readonly isDone: boolean; readonly detail: string } | null = null;

  /** False when one is under way. */
  ask(at: Moment): boolean {
    if (this.#askedAt !== null && this.#answer === null) return false;
    this.#askedAt = at;
    this.#answer = null;
    this.#isDue = true;
    return true;
  }

  take({ isDone, detail }: Extract<HealNews, { kind: 'dockerRestarted' }>): void {
    this.#answer = { isDone, detail };
  }

  takeAction(): Action[] {
    if (!this.#isDue) return [];
    this.#isDue = false;
    return [{ kind: 'restartDocker' }];
  }

  /** Null while it goes on; done when Docker answers again, in a stretch that began after it was asked for. */
  endOf(
    upSinceMs: number | null,
    nowMs: number,
  ): { readonly state: 'done' | 'failed'; readonly detail: string } | null {
    if (this.#answer === null || this.#askedAt === null) return null;
    if (!this.#answer.isDone) return { state: 'failed', detail: this.#answer.detail };
    const isBack = upSinceMs !== null && upSinceMs >= this.#askedAt.monoMs;
    if (!isBack && nowMs - this.#askedAt.monoMs > BACK_WITHIN_MS)
      return { state: 'failed', detail: `${this.#answer.detail}, and Docker does not answer yet` };
    return isBack ? { state: 'done', detail: `${this.#answer.detail}; Docker answers again` } : null;
  }
}
