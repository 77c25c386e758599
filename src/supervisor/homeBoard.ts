/**
 * Remembers of the home folder what was set aside as damaged, and what cannot be written since when and why.
 * It touches no file: whoever reads or writes one says how that went.
 */
import type { Moment } from '../clock.ts';
import { lossOf } from '../detector/loss.ts';
import type { SetAside } from '../setAside.ts';
import type { HomeView, SetAsideView } from './door.ts';
import type { Report } from './publisher.ts';

export interface HomeBoardParts {
  /** By earlier starts. */
  readonly earlier: readonly SetAside[];
  /** Does what was set aside still lie there? A person moves it away when it has been seen to. */
  readonly isThere: (as: string) => boolean;
}

export class HomeBoard {
  readonly #isThere: HomeBoardParts['isThere'];
  readonly #setAside: SetAsideView[];
  readonly #unwritable = new Map<string, HomeView['unwritable'][number]>();
  readonly #untold: SetAsideView[] = [];
  #brokenLines = 0;
  #report: Report | null = null;

  constructor({ earlier, isThere }: HomeBoardParts) {
    this.#isThere = isThere;
    this.#setAside = earlier.map(viewOf);
  }

  /** What was set aside before there was anybody to tell is told now. */
  tellWith(report: Report): void {
    this.#report = report;
    for (const view of this.#untold.splice(0)) this.#tell(view);
    const lines = this.#brokenLines === 1 ? '1 line' : `${String(this.#brokenLines)} lines`;
    if (this.#brokenLines > 0)
      this.#say('warn', 'journalDamaged', `${lines} of journal.jsonl cannot be read and are passed over`);
  }

  /** `lost`: what is known more exactly than the name tells. */
  noteSetAside(done: SetAside, lost?: string): void {
    const known = viewOf(done);
    const view = lost === undefined ? known : { ...known, lost };
    this.#setAside.push(view);
    this.#tell(view);
  }

  /** `why` null: it was written. */
  noteWrite(name: string, why: string | null, at: Moment): void {
    const before = this.#unwritable.get(name);
    if (why === null) {
      if (this.#unwritable.delete(name) && before !== undefined)
        this.#say('info', 'homeWritable', `${name} is written again; it could not be since ${before.since}`);
      return;
    }
    this.#unwritable.set(name, { name, since: before?.since ?? at.wall, why });
    if (before === undefined) this.#say('error', 'homeUnwritable', `${name} cannot be written: ${why}`);
  }

  /** Of the journal, at the start. */
  noteBrokenLines(count: number): void {
    this.#brokenLines = count;
  }

  /** The home folder takes new files again. */
  noteWritable(): void {
    for (const { name, since } of this.#unwritable.values())
      this.#say('info', 'homeWritable', `${name} can be written again; it could not be since ${since}`);
    this.#unwritable.clear();
  }

  get isUnwritable(): boolean {
    return this.#unwritable.size > 0;
  }

  get view(): HomeView {
    return {
      setAside: this.#setAside.filter(({ as }) => this.#isThere(as)),
      unwritable: [...this.#unwritable.values()],
    };
  }

  #tell(view: SetAsideView): void {
    if (this.#report === null) {
      this.#untold.push(view);
      return;
    }
    const { name, as, why, lost, next } = view;
    const detail = `${name} ${why ?? 'was damaged'}: it is now ${as}. ${lost} Next: ${next}`;
    this.#report({ level: 'warn', event: 'setAside', facts: { file: name, as, detail } });
  }

  #say(level: 'info' | 'warn' | 'error', event: string, detail: string): void {
    this.#report?.({ level, event, facts: { detail } });
  }
}

function viewOf(done: SetAside): SetAsideView {
  return { ...done, ...lossOf(done.name) };
}
