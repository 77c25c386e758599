/**
 * One metric with many series: each subject's lines are written once per change, and a scrape joins what is there.
 * It keeps no value of its own, and what is gone is shown at 0 for a while before it goes, so that nobody's last word stays in a graph.
 */

export type FamilyType = 'gauge' | 'counter';

/** Values of the labels, in the order of their names. */
export type Series = readonly [labels: readonly string[], value: number];

export interface FamilySettings<T> {
  readonly name: string;
  readonly help: string;
  readonly type: FamilyType;
  readonly labelNames: readonly string[];
  /** What its series belong to; two of one name are one. */
  readonly subject: (thing: T) => string;
  /** While this is the same, so are its series. */
  readonly stamp: (thing: T) => unknown;
  readonly series: (thing: T) => readonly Series[];
  /** A counter that fell to 0 would look as if it had begun anew, and a time of 0 as very long ago. */
  readonly whenGone: 'zero' | 'asItWas';
}

interface Subject {
  readonly stamp: unknown;
  readonly series: readonly Series[];
  readonly text: string;
  round: number;
  /** Null while it is there. */
  gone: { readonly sinceMs: number; scrapes: number } | null;
}

/** Prometheus looks back so far. */
export const GONE_SHOWN_MS = 5 * 60_000;
export const GONE_SHOWN_SCRAPES = 2;

export class SeriesFamily<T> {
  readonly settings: FamilySettings<T>;
  readonly #head: string;
  readonly #subjects = new Map<string, Subject>();
  /** Null when something has changed since it was joined. */
  #bytes: Buffer | null = null;
  #round = 0;

  constructor(settings: FamilySettings<T>) {
    const { name, help, type } = settings;
    this.settings = settings;
    this.#head = `# HELP ${name} ${help}\n# TYPE ${name} ${type}`;
  }

  /** All that there is now; called once for each scrape. */
  fill(things: readonly T[], nowMs: number): void {
    this.#round += 1;
    for (const thing of things) this.#put(thing);
    if (this.#subjects.size > 0) this.#retire(nowMs);
  }

  /** Encoded once per change: a text of half a megabyte is as dear to encode as to write. */
  bytes(): Buffer {
    this.#bytes ??= Buffer.from(`${[this.#head, ...this.#texts()].join('\n')}\n`);
    return this.#bytes;
  }

  *#texts(): Iterable<string> {
    for (const { text } of this.#subjects.values()) if (text !== '') yield text;
  }

  #put(thing: T): void {
    const { subject, stamp, series } = this.settings;
    const key = subject(thing);
    const known = this.#subjects.get(key);
    const now = stamp(thing);
    if (known?.gone === null && Object.is(known.stamp, now)) {
      known.round = this.#round;
      return;
    }
    this.#set(key, { stamp: now, series: series(thing), gone: null });
  }

  #retire(nowMs: number): void {
    for (const [key, subject] of this.#subjects) {
      if (subject.round === this.#round) continue;
      const { gone } = subject;
      if (gone === null) this.#set(key, this.#atItsEnd(subject, nowMs));
      else if (gone.scrapes >= GONE_SHOWN_SCRAPES && nowMs - gone.sinceMs >= GONE_SHOWN_MS) {
        this.#subjects.delete(key);
        this.#bytes = null;
      } else gone.scrapes += 1;
    }
  }

  #atItsEnd({ series }: Subject, nowMs: number): Pick<Subject, 'stamp' | 'series' | 'gone'> {
    const last =
      this.settings.whenGone === 'asItWas' ? series : series.map(([labels]): Series => [labels, 0]);
    return { stamp: null, series: last, gone: { sinceMs: nowMs, scrapes: 1 } };
  }

  #set(key: string, { stamp, series, gone }: Pick<Subject, 'stamp' | 'series' | 'gone'>): void {
    const text = series.map((each) => this.#line(each)).join('\n');
    if (this.#subjects.get(key)?.text !== text) this.#bytes = null;
    this.#subjects.set(key, { stamp, series, text, gone, round: this.#round });
  }

  #line([values, value]: Series): string {
    const { name, labelNames } = this.settings;
    if (labelNames.length === 0) return `${name} ${String(value)}`;
    const labels = labelNames.map((label, index) => `${label}="${escaped(values[index] ?? '')}"`);
    return `${name}{${labels.join(',')}} ${String(value)}`;
  }
}

const TO_ESCAPE = /[\\"\n]/;

/** As the exposition format wants it. */
function escaped(text: string): string {
  if (!TO_ESCAPE.test(text)) return text;
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
