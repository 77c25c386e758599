/**
 * Remembers which zombies there are and since when, whose each is, and how many Garrison has reaped.
 * It reaps nothing and looks at nothing itself; whose a zombie is and what to do, detector/zombie.ts says.
 */
import type { Moment } from '../clock.ts';
import {
  judgeZombie,
  REAPED_KINDS,
  ZOMBIE_OWNERS,
  type Kinship,
  type ReapedKind,
  type SeenZombie,
  type ZombieParent,
  type ZombieVerdict,
} from '../detector/zombie.ts';
import type { SweptZombie, ZombieSummary, ZombieView } from './door.ts';
import type { ZombieObservation } from './observation.ts';

export interface ZombieBoardSettings {
  readonly ownPid: number;
  /** The worker of ours that lives as this very process. */
  readonly workerOf: (pid: number, startTicks: number) => string | null;
  /** By the id that `docker ps` shows; null where Docker does not tell. */
  readonly nameOfContainer: (shortId: string) => string | null;
}

export interface Sweep {
  readonly reaped: readonly SweptZombie[];
  /** As many as are listed. */
  readonly left: readonly SweptZombie[];
}

interface Entry {
  readonly zombie: SeenZombie;
  readonly since: Moment;
  readonly looks: number;
  /** As it was at the last look. */
  readonly kinship: Kinship;
}

interface Reaped {
  readonly atMs: number;
  readonly pid: number;
  readonly name: string;
  readonly kind: ReapedKind;
}

/** All are counted, so many are listed: nobody reads on, and an answer must stay an answer. */
export const MOST_LISTED = 1_000;
const REAPED_REMEMBERED = 1_000;

export class ZombieBoard {
  readonly #settings: ZombieBoardSettings;
  #entries = new Map<string, Entry>();
  #summary: ZombieSummary = {
    observedAt: null,
    total: 0,
    byOwner: noneOf(ZOMBIE_OWNERS),
    lasting: 0,
    reaped: noneOf(REAPED_KINDS),
    limited: null,
  };
  #begunAt: Moment | null = null;
  #takenAt: Moment | null = null;
  #sweepAskedAt: Moment | null = null;
  #told = '';
  #reaped: Reaped[] = [];
  #byContainer: ReadonlyMap<string, number> = new Map();

  constructor(settings: ZombieBoardSettings) {
    this.#settings = settings;
  }

  get summary(): ZombieSummary {
    return this.#summary;
  }

  /** True when something has changed that people are to be told of. */
  take(observation: ZombieObservation, at: Moment): boolean {
    switch (observation.kind) {
      case 'zombies':
        return this.#takeLook(observation, at);
      case 'reaped':
        this.#takeReaped(observation, at);
        return false;
      case 'sweepAsked':
        this.#sweepAskedAt = at;
        return false;
    }
  }

  /** The longest dead first. */
  list(): ZombieView[] {
    const verdictOf = this.#judge();
    const oldest = [...this.#entries.values()].sort(
      (a, b) => a.since.monoMs - b.since.monoMs || a.zombie.pid - b.zombie.pid,
    );
    return oldest.slice(0, MOST_LISTED).map((entry) => this.#viewOf(entry, verdictOf(entry)));
  }

  find(pid: number): ZombieView | null {
    for (const entry of this.#entries.values())
      if (entry.zombie.pid === pid) return this.#viewOf(entry, this.#judge()(entry));
    return null;
  }

  /** By the id that `docker ps` shows: those that last and whose parent lives in that container. */
  countIn(shortId: string): number {
    return this.#byContainer.get(shortId) ?? 0;
  }

  /** What has become of all zombies since a sweep was asked for; null until a look is done that began after it. */
  sweepSince(asked: Moment): Sweep | null {
    if (this.#begunAt === null || this.#begunAt.monoMs < asked.monoMs) return null;
    const reaped = this.#reaped.filter(({ atMs }) => atMs >= asked.monoMs);
    return {
      reaped: reaped.map(({ pid, name, kind }) => ({
        pid,
        name,
        outcome: 'reaped',
        owner: kind === 'worker' ? 'worker' : 'own',
        why: '',
      })),
      left: this.list().map(({ pid, name, owner, advice }) => ({
        pid,
        name,
        outcome: 'left',
        owner,
        why: advice,
      })),
    };
  }

  #takeLook(look: Extract<ZombieObservation, { kind: 'zombies' }>, at: Moment): boolean {
    this.#entries = this.#withLook(look);
    this.#begunAt = look.begunAt;
    this.#takenAt = at;
    const byOwner = noneOf(ZOMBIE_OWNERS);
    const lasting = noneOf(ZOMBIE_OWNERS);
    const verdictOf = this.#judge();
    const byContainer = new Map<string, number>();
    for (const entry of this.#entries.values()) {
      const { owner, container } = verdictOf(entry);
      byOwner[owner] += 1;
      if (entry.looks < 2) continue;
      lasting[owner] += 1;
      if (container !== null) byContainer.set(container, (byContainer.get(container) ?? 0) + 1);
    }
    this.#byContainer = byContainer;
    this.#summary = {
      ...this.#summary,
      observedAt: look.begunAt.wall,
      total: this.#entries.size,
      byOwner,
      lasting: ZOMBIE_OWNERS.reduce((sum, owner) => sum + lasting[owner], 0),
      limited: look.limited,
    };
    return this.#isNews(JSON.stringify([lasting, look.limited]), look.begunAt);
  }

  #withLook({ seen, begunAt }: Extract<ZombieObservation, { kind: 'zombies' }>): Map<string, Entry> {
    const kinships = new Map<ZombieParent | null, Kinship>();
    const entries = new Map<string, Entry>();
    for (const zombie of seen) {
      const key = `${String(zombie.pid)}@${String(zombie.startTicks)}`;
      const known = this.#entries.get(key);
      const kinship = kinships.get(zombie.parent) ?? this.#kinshipOf(zombie.parent);
      kinships.set(zombie.parent, kinship);
      entries.set(key, {
        zombie,
        kinship,
        looks: (known?.looks ?? 0) + 1,
        since: known?.since ?? begunAt,
      });
    }
    return entries;
  }

  /** Of what comes and goes between two looks nobody is told; of a sweep's end, whoever asked for it. */
  #isNews(digest: string, begunAt: Moment): boolean {
    const sweepDone = this.#sweepAskedAt !== null && begunAt.monoMs >= this.#sweepAskedAt.monoMs;
    if (sweepDone) this.#sweepAskedAt = null;
    const changed = digest !== this.#told;
    this.#told = digest;
    return changed || sweepDone;
  }

  #takeReaped(
    { pid, command, orphanKind }: Extract<ZombieObservation, { kind: 'reaped' }>,
    at: Moment,
  ): void {
    const { reaped } = this.#summary;
    this.#summary = {
      ...this.#summary,
      reaped: { ...reaped, [orphanKind]: reaped[orphanKind] + 1 },
    };
    this.#reaped.push({ atMs: at.monoMs, pid, name: command, kind: orphanKind });
    if (this.#reaped.length > 2 * REAPED_REMEMBERED) this.#reaped = this.#reaped.slice(-REAPED_REMEMBERED);
  }

  #kinshipOf(parent: ZombieParent | null): Kinship {
    if (parent === null) return { kind: 'other' };
    if (parent.pid === this.#settings.ownPid) return { kind: 'us' };
    const worker = this.#settings.workerOf(parent.pid, parent.startTicks);
    return worker === null ? { kind: 'other' } : { kind: 'worker', worker };
  }

  /** Thousands have the same parent: one verdict, and one text, serves all that are equally old to the minute. */
  #judge(): (entry: Entry) => ZombieVerdict {
    const atMs = this.#takenAt?.monoMs ?? 0;
    const verdicts = new Map<string, ZombieVerdict>();
    return ({ zombie, kinship, since }) => {
      const ageMs = Math.max(0, atMs - since.monoMs);
      const { parent, parentPid } = zombie;
      const key = [parentPid, parent?.startTicks, Math.floor(ageMs / 60_000)].join(' ');
      const verdict = verdicts.get(key) ?? judgeZombie(zombie, kinship, ageMs);
      verdicts.set(key, verdict);
      return verdict;
    };
  }

  #viewOf({ zombie, since }: Entry, { owner, container, next, advice }: ZombieVerdict): ZombieView {
    const { pid, command, parentPid, parent } = zombie;
    const containerName = container === null ? null : this.#settings.nameOfContainer(container);
    return {
      pid,
      name: command,
      since: since.wall,
      parent: {
        pid: parentPid,
        name: parent?.command ?? '',
        ...(container === null ? {} : { container }),
        ...(containerName === null ? {} : { containerName }),
      },
      owner,
      next,
      advice,
    };
  }
}

function noneOf<Word extends string>(words: readonly Word[]): Record<Word, number> {
  return Object.fromEntries(words.map((word) => [word, 0])) as Record<Word, number>;
}
