/**
 * A past that tests make up: the timeline's entries are a real journal's lines, read as the real ones are; beats, samples and health are what a test puts there.
 * It never runs anything.
 */
import { GarrisonError } from '../../src/errors.ts';
import { JournalReader } from '../../src/driver/journalReader.ts';
import { History } from '../../src/supervisor/history.ts';
import { HistorySamples } from '../../src/supervisor/historySamples.ts';
import type {
  BeatsView,
  ContainerHealthView,
  EvidenceBundle,
  HistoryDoor,
  SamplesQuery,
  SamplesView,
  TimelineListing,
  TimelineQuery,
  WhyView,
} from '../../src/supervisor/historyDoor.ts';
import type { Supervisor } from '../../src/supervisor/supervisor.ts';

export function beatsView(worker: string, more: Partial<BeatsView> = {}): BeatsView {
  return {
    worker,
    everyMs: 1_000,
    windowMs: 300_000,
    lateAfterMs: 3_900,
    hungAfterMs: 10_000,
    from: '2025-01-02T03:00:00.000Z',
    to: '2025-01-02T03:05:00.000Z',
    items: [],
    ...more,
  };
}

export function containerHealth(name: string, more: Partial<ContainerHealthView> = {}): ContainerHealthView {
  return {
    container: name,
    status: null,
    failingStreak: 0,
    check: null,
    probes: [],
    startedAt: '2025-01-02T03:04:05.678Z',
    finishedAt: '0001-01-01T00:00:00Z',
    exitCode: 0,
    restartPolicy: 'no',
    budgetFreedAt: null,
    ...more,
  };
}

interface Named {
  readonly name: string;
}

export class FakeHistory implements HistoryDoor {
  /** Home folder of a journal; null for none. */
  journalHome: string | null = null;
  now: () => { workers: readonly Named[]; containers: readonly Named[] } = () => ({
    workers: [],
    containers: [],
  });
  /** By the evidence's file. */
  kept: Record<string, unknown> = {};
  beatsOf: Record<string, BeatsView> = {};
  health: Record<string, ContainerHealthView> = {};
  readonly figures = new HistorySamples();

  async timeline(query: TimelineQuery): Promise<TimelineListing> {
    if (this.journalHome === null) return { items: [], nextCursor: null, searchedBackTo: null, damaged: 0 };
    return this.#over(this.journalHome).timeline(query);
  }

  async evidence(id: string): Promise<{ file: string; document: unknown }> {
    return this.#over(this.journalHome ?? '').evidence(id);
  }

  async why(name: string): Promise<WhyView> {
    return this.#over(this.journalHome ?? '').why(name);
  }

  async bundle(name: string): Promise<EvidenceBundle> {
    return this.#over(this.journalHome ?? '').bundle(name);
  }

  samples(query: SamplesQuery): SamplesView {
    return this.#over('').samples(query);
  }

  beats(worker: string): BeatsView {
    return given(this.beatsOf[worker], worker);
  }

  containerHealth(name: string): ContainerHealthView {
    return given(this.health[name], name);
  }

  #over(home: string): History {
    const { workers, containers } = this.now();
    const supervisor = {
      wishOf: (name: string) => (workers.some((each) => each.name === name) ? {} : null),
      snapshot: () => ({ workers }),
      containers: {
        idOf: (name: string) => (containers.some((each) => each.name === name) ? name : null),
        list: () => containers,
      },
    } as unknown as Supervisor;
    return new History(supervisor, {
      past: new JournalReader(home),
      hosts: { list: () => [] } as never,
      samples: this.figures,
      beats: { view: () => beatsView('') } as never,
      readAutopsy: async (file) => this.kept[file] ?? null,
    });
  }
}

function given<T>(value: T | undefined, name: string): T {
  if (value === undefined) throw new GarrisonError('NOT_FOUND', `there is no ${name}`);
  return value;
}
