/**
 * Remembers whether Docker answers, since when, and what its stream of events has missed.
 * It asks Docker nothing, and knows no container.
 */
import type { Moment } from '../clock.ts';
import type { DockerView } from './door.ts';

export class DockerPresence {
  #view: DockerView;
  #upSinceMs: number | null = null;

  constructor(startedAt: Moment) {
    const detail = 'Docker has not been asked yet';
    this.#view = { state: 'unknown', since: startedAt.wall, detail, reconnects: 0, missedChanges: 0 };
  }

  get view(): DockerView {
    return this.#view;
  }

  /** Null while it answers, and before it was asked. */
  get awaySince(): string | null {
    return this.#view.state === 'away' ? this.#view.since : null;
  }

  /** On the monotonic clock; null while it does not answer. */
  get upSinceMs(): number | null {
    return this.#upSinceMs;
  }

  /** What of it is new: whether it answers, or only the words that say why not. */
  note(up: boolean, detail: string, at: Moment): 'answer' | 'words' | 'nothing' {
    const state = up ? 'up' : 'away';
    const isChange = this.#view.state !== state;
    if (!isChange && this.#view.detail === detail) return 'nothing';
    if (isChange) this.#upSinceMs = up ? at.monoMs : null;
    this.#view = { ...this.#view, state, detail, since: isChange ? at.wall : this.#view.since };
    return isChange ? 'answer' : 'words';
  }

  noteReconnect(): void {
    this.#view = { ...this.#view, reconnects: this.#view.reconnects + 1 };
  }

  noteMissed(count: number): void {
    this.#view = { ...this.#view, missedChanges: this.#view.missedChanges + count };
  }
}
