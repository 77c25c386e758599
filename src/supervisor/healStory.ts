/**
 * Remembers what was seen of containers and done about them, in order, and has each line kept and told once.
 * It judges nothing: every sentence is given to it.
 */
import type { HealEvent } from '../reconciler/healRecord.ts';
import type { ContainerStoryView } from './door.ts';
import type { Report, ReportLine } from './publisher.ts';

export interface HealStoryParts {
  /** Of earlier lives of the supervisor, oldest first. */
  readonly earlier: readonly ContainerStoryView[];
  /** Takes a line to the journal. */
  readonly keep: (line: ContainerStoryView) => void;
  readonly report: Report;
}

const MOST_LINES = 2_000;

const LEVELS: Readonly<Record<HealEvent, ReportLine['level']>> = {
  sick: 'warn',
  examined: 'debug',
  treated: 'warn',
  restarted: 'info',
  healed: 'info',
  recovered: 'info',
  healFailed: 'warn',
  quarantined: 'warn',
  quarantineCleared: 'info',
  paged: 'error',
  observed: 'warn',
  asked: 'info',
};

export class HealStory {
  readonly #parts: HealStoryParts;
  #lines: ContainerStoryView[];

  constructor(parts: HealStoryParts) {
    this.#parts = parts;
    this.#lines = [...parts.earlier];
  }

  tell(line: ContainerStoryView): void {
    this.#lines.push(line);
    if (this.#lines.length > MOST_LINES * 1.1) this.#lines = this.#lines.slice(-MOST_LINES);
    this.#parts.keep(line);
    const { container, event: what, detail, actor, bundleFile } = line;
    this.#parts.report({
      level: LEVELS[what],
      event: 'container',
      facts: { container, what, actor, bundleFile, detail: `${container}: ${detail}` },
    });
  }

  /** Oldest first. */
  of(container: string): readonly ContainerStoryView[] {
    return this.#lines.filter((line) => line.container === container);
  }
}
