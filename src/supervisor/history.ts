/**
 * Tells of the past: the journal read backwards as one timeline, the figures of seven days, beats, a container's last health checks.
 * It keeps nothing itself, and a search that finds nothing stops after so much of the journal and says how far it came.
 */
import { momentBefore, now } from '../clock.ts';
import { GarrisonError } from '../errors.ts';
import type { HealRecord } from '../reconciler/healRecord.ts';
import type {
  BeatsView,
  ContainerHealthView,
  EvidenceBundle,
  HistoryDoor,
  SamplesQuery,
  SamplesView,
  TimelineEntry,
  TimelineListing,
  TimelineQuery,
  WhyView,
} from './historyDoor.ts';
import { bundleOf } from './evidenceBundle.ts';
import type { Surroundings } from './ports.ts';
import type { Supervisor } from './supervisor.ts';
import { aboutText, timelineEntryOf, type KindOfName } from './timelineEntry.ts';
import { tellWhy } from './whyStory.ts';

/** Of the journal for one answer, some 3,000 lines: read within 50 ms also when nothing is found. Who searches follows nextCursor. */
const MOST_BYTES = 512 * 1024;

type Needs = Pick<Surroundings, 'past' | 'samples' | 'beats' | 'readAutopsy' | 'hosts'>;

export class History implements HistoryDoor {
  readonly #supervisor: Supervisor;
  readonly #around: Needs;

  constructor(supervisor: Supervisor, around: Needs) {
    this.#supervisor = supervisor;
    this.#around = around;
  }

  async timeline(query: TimelineQuery): Promise<TimelineListing> {
    const { past } = this.#around;
    const kindOfName = this.#kindsOfNames();
    const items: TimelineEntry[] = [];
    let searchedBackTo: string | null = null;
    let damaged = 0;
    let bytes = 0;
    let cursor = query.before ?? null;
    do {
      const stretch = await past.before(cursor);
      damaged += stretch.damaged;
      bytes += stretch.bytes;
      for (const [index, { id, entry }] of stretch.lines.entries()) {
        searchedBackTo = entry.at;
        const told = timelineEntryOf(id, entry, kindOfName);
        if (isWanted(told, query)) items.push(told);
        const isLast = index === stretch.lines.length - 1 && stretch.next === null;
        if (items.length >= query.limit)
          return { items, nextCursor: isLast ? null : id, searchedBackTo, damaged };
      }
      // Not at the first line that is older: clocks are set back.
      const isOlder = stretch.lines.length > 0 && stretch.lines.every(({ entry }) => isBefore(entry, query));
      cursor = isOlder ? null : stretch.next;
    } while (cursor !== null && bytes < MOST_BYTES);
    return { items, nextCursor: cursor, searchedBackTo, damaged };
  }

  async evidence(id: string): Promise<{ file: string; document: unknown }> {
    const line = await this.#around.past.line(id);
    const file = line === null ? null : timelineEntryOf(id, line, () => null).evidenceFile;
    const document = file === null ? null : await this.#around.readAutopsy(file);
    if (file !== null && document !== null) return { file, document };
    const why = file === null ? 'nothing was kept before it' : `${file} was kept and is gone`;
    throw new GarrisonError('NOT_FOUND', `there is no evidence of that entry: ${why}`, {
      cure: 'retention.incidents says how long evidence is kept.',
    });
  }

  why(name: string): Promise<WhyView> {
    const { past, hosts } = this.#around;
    const { containers } = this.#supervisor;
    const names = [
      ...this.#supervisor.snapshot().workers.map((worker) => worker.name),
      ...containers.list().map((container) => container.name),
      ...hosts.list().map((host) => host.name),
    ];
    return tellWhy(name, past, { kindOfName: this.#kindsOfNames(), names });
  }

  async bundle(name: string): Promise<EvidenceBundle> {
    return bundleOf(await this.why(name), (file) => this.#around.readAutopsy(file));
  }

  samples(query: SamplesQuery): SamplesView {
    return this.#around.samples.view(query, Date.parse(now().wall));
  }

  beats(worker: string): BeatsView {
    if (this.#supervisor.wishOf(worker) === null)
      throw new GarrisonError('NOT_FOUND', `there is no worker named ${worker}`, {
        cure: 'garrison get workers',
      });
    return this.#around.beats.view(worker, now());
  }

  containerHealth(name: string): ContainerHealthView {
    const { containers } = this.#supervisor;
    const id = containers.idOf(name);
    const entry = id === null ? null : containers.heals.entry(id);
    if (entry === null)
      throw new GarrisonError('NOT_FOUND', `there is no container named ${name}`, {
        cure: 'garrison get containers',
      });
    const { facts } = entry.seen;
    const { health, healthCheck: check, startedAt, finishedAt, exitCode, restartPolicy } = facts;
    return {
      container: facts.name,
      status: health?.status ?? null,
      failingStreak: health?.failingStreak ?? 0,
      check,
      probes: health?.probes ?? [],
      ...{ startedAt, finishedAt, exitCode, restartPolicy },
      budgetFreedAt: freedAt(entry.record, containers.heals.policy.budget.perMs),
    };
  }

  #kindsOfNames(): KindOfName {
    const { containers } = this.#supervisor;
    return (name) => {
      if (this.#supervisor.wishOf(name) !== null) return 'worker';
      return containers.idOf(name) === null ? null : 'container';
    };
  }
}

function freedAt({ restartsAtMs }: HealRecord, perMs: number): string | null {
  const at = now();
  const oldestMs = restartsAtMs.find((eachMs) => eachMs + perMs > at.monoMs);
  return oldestMs === undefined ? null : momentBefore(at, at.monoMs - oldestMs - perMs).wall;
}

function isBefore({ at }: { readonly at: string }, { fromMs }: TimelineQuery): boolean {
  return fromMs !== undefined && Date.parse(at) < fromMs;
}

function isWanted(entry: TimelineEntry, query: TimelineQuery): boolean {
  const { kind, about, wantedOnly, toMs } = query;
  if (kind !== undefined && entry.kind !== kind) return false;
  if (about !== undefined && (entry.about === null || aboutText(entry.about) !== about)) return false;
  if (wantedOnly === true && (entry.actor === null || entry.actor === 'garrison')) return false;
  if (isBefore(entry, query) || (toMs !== undefined && Date.parse(entry.at) >= toMs)) return false;
  const { sentence, event, actor, reason, from } = entry;
  const isSaid = (wanted: string | undefined, ...texts: readonly (string | null)[]): boolean =>
    wanted === undefined || texts.join(' ').toLowerCase().includes(wanted.toLowerCase());
  return isSaid(query.q, sentence, event, actor, reason, from) && isSaid(query.actor, actor);
}
