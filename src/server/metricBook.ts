/**
 * Holds every metric of one supervisor by name, type and labels, and writes them all down for a scrape.
 * Where a metric's values come from, the files that define it say.
 */
import { Histogram, Registry } from 'prom-client';
import { monoMs } from '../clock.ts';
import type { Tally } from './tally.ts';
import { SeriesFamily, type FamilySettings, type Series } from './seriesFamily.ts';

export interface MetricDescription {
  readonly name: string;
  readonly type: 'gauge' | 'counter' | 'histogram';
  readonly labelNames: readonly string[];
}

type Many<T> = Pick<FamilySettings<T>, 'name' | 'help' | 'labelNames' | 'subject' | 'series'> &
  Partial<Pick<FamilySettings<T>, 'stamp' | 'whenGone'>>;

interface One<T> {
  readonly name: string;
  readonly help: string;
  readonly labelNames?: readonly string[];
  readonly series: (source: T) => readonly Series[];
}

/** Reads its source anew at each scrape. */
export interface Filled {
  fill(nowMs: number): void;
  bytes(): Buffer;
}

const PREFIX = 'garrison_';

export class MetricBook {
  readonly #descriptions: MetricDescription[] = [];
  readonly #families: Filled[] = [];
  readonly #registry = new Registry();
  readonly #beforeScrape: (() => void)[] = [];
  readonly #endings: (() => void)[] = [];
  readonly #clock: () => number;

  constructor(clock: () => number = monoMs) {
    this.#clock = clock;
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  descriptions(): readonly MetricDescription[] {
    return this.#descriptions;
  }

  /** Called at each scrape, before anything is read. */
  beforeScrape(prepare: () => void): void {
    this.#beforeScrape.push(prepare);
  }

  atEnd(end: () => void): void {
    this.#endings.push(end);
  }

  /** Series of things that come and go; `read` gives those that are there. */
  many<T>(type: 'gauge' | 'counter', settings: Many<T>, read: () => readonly T[]): void {
    const whole: FamilySettings<T> = {
      stamp: () => Symbol('always'),
      whenGone: type === 'gauge' ? 'zero' : 'asItWas',
      ...settings,
      type,
      name: `${PREFIX}${settings.name}`,
    };
    const family = new SeriesFamily(whole);
    this.#describe(whole);
    this.#families.push({
      fill: (nowMs) => {
        family.fill(read(), nowMs);
      },
      bytes: () => family.bytes(),
    });
  }

  /** Series that are always the same ones. */
  one<T>(type: 'gauge' | 'counter', { labelNames = [], ...settings }: One<T>, read: () => T): void {
    this.many<T>(type, { ...settings, labelNames, subject: () => '', whenGone: 'asItWas' }, () => [read()]);
  }

  /** What is counted by events. */
  tally(settings: Pick<Many<Tally>, 'name' | 'help' | 'labelNames'>, tally: Tally): void {
    const read = (): readonly Tally[] => [tally];
    const series = (): readonly Series[] => tally.series();
    this.many('counter', { ...settings, series, subject: () => '', stamp: () => tally.version }, read);
  }

  histogram<Label extends string>(settings: {
    readonly name: string;
    readonly help: string;
    readonly labelNames: readonly Label[];
    readonly buckets: number[];
  }): Histogram<Label> {
    const name = `${PREFIX}${settings.name}`;
    this.#describe({ ...settings, name, type: 'histogram' });
    return new Histogram({ ...settings, name, registers: [this.#registry] });
  }

  /** The whole answer to a scrape. */
  async bytes(): Promise<Buffer> {
    for (const prepare of this.#beforeScrape) prepare();
    const nowMs = this.#clock();
    for (const family of this.#families) family.fill(nowMs);
    const ours = this.#families.map((family) => family.bytes());
    return Buffer.concat([...ours, Buffer.from(await this.#registry.metrics())]);
  }

  end(): void {
    for (const end of this.#endings.splice(0)) end();
  }

  #describe({ name, type, labelNames }: MetricDescription): void {
    this.#descriptions.push({ name, type, labelNames });
  }
}
