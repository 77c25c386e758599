/**
 * Looks at what everybody is shown, remembers of which conditions people were told, and hands on what they are to be told now.
 * It sends nothing, and asks nobody: a message says what the page says.
 */
import type { Moment } from '../clock.ts';
import { momentBefore } from '../clock.ts';
import { conditionsOf } from '../reconciler/condition.ts';
import {
  decideNotices,
  rememberTold,
  toldOf,
  type Notice,
  type NoticeMemory,
  type Told,
} from '../reconciler/notice.ts';
import type { ContainerView, Snapshot } from './door.ts';

export interface KeptNotice extends Omit<Told, 'at'> {
  readonly key: string;
  /** RFC 3339. */
  readonly at: string;
}

export interface NoticeWatchParts {
  readonly snapshot: () => Snapshot;
  readonly containers: () => readonly ContainerView[];
  readonly earlier: readonly KeptNotice[];
  readonly keep: (told: readonly KeptNotice[]) => void;
  readonly tell: (notice: Notice) => void;
  readonly startedAt: Moment;
}

export class NoticeWatch {
  readonly #parts: NoticeWatchParts;
  #memory: NoticeMemory;

  constructor(parts: NoticeWatchParts) {
    this.#parts = parts;
    this.#memory = rememberTold(
      parts.earlier.map(({ key, at, ...told }) => [key, { ...told, at: earlierMoment(at, parts.startedAt) }]),
      parts.startedAt,
    );
  }

  look(at: Moment): void {
    const { snapshot, containers, tell, keep } = this.#parts;
    const view = snapshot();
    // An end or a start is no news: who did it knows.
    if (view.state !== 'running') return;
    const { memory, notices } = decideNotices(this.#memory, conditionsOf(view, containers()), at);
    this.#memory = memory;
    if (notices.length === 0) return;
    for (const notice of notices) tell(notice);
    keep(toldOf(memory).map(([key, told]) => ({ key, ...told, at: told.at.wall })));
  }
}

/** The clock of the last life is gone; by the wall clock it was never later than now. */
function earlierMoment(wall: string, startedAt: Moment): Moment {
  const agoMs = Math.max(0, Date.parse(startedAt.wall) - Date.parse(wall));
  return momentBefore(startedAt, agoMs);
}
