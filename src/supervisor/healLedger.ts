/**
 * Holds what is remembered of every container's healing: its entry, what was told, counted and asked, and what has changed.
 * It decides nothing; whoever changes an entry does so through here, so that no change goes unseen.
 */
import type { Moment } from '../clock.ts';
import type { HealEvent, HealOutcome, HealRecord } from '../reconciler/healRecord.ts';
import type { Treatment } from '../reconciler/treatment.ts';
import type { HealCounts } from './door.ts';
import type { Entry, PendingAsk } from './healEntry.ts';
import type { HealStory } from './healStory.ts';

/** How what a person asked for has ended. */
export interface AskEnd {
  readonly state: 'done' | 'failed';
  readonly detail: string;
}

/** Operations read each at once. */
const ENDS_REMEMBERED = 500;

export class HealLedger {
  readonly entries = new Map<string, Entry>();
  readonly #story: HealStory;
  readonly #changed = new Set<string>();
  readonly #counts = new Map<string, HealCounts>();
  readonly #ends = new Map<number, AskEnd>();
  #isUnkept = false;
  #treatedVersion = 0;

  constructor(story: HealStory) {
    this.#story = story;
  }

  tell(
    { seen, examined }: Entry,
    at: Moment,
    line: { readonly event: HealEvent; readonly detail: string; readonly actor?: string },
  ): void {
    const bundleFile = WITH_EVIDENCE.includes(line.event)
      ? (examined?.examination?.bundleFile ?? null)
      : null;
    const { event, detail, actor = 'garrison' } = line;
    this.#story.tell({ at: at.wall, container: seen.facts.name, event, detail, actor, bundleFile });
  }

  setRecord(entry: Entry, record: HealRecord): void {
    if (entry.record === record) return;
    if ((entry.record.underWay === null) !== (record.underWay === null)) this.#treatedVersion += 1;
    entry.record = record;
    this.#isUnkept = true;
    this.#changed.add(entry.seen.facts.id);
  }

  /** With the hour at which it is due, where that is known: it is worked out once, so that no clock makes it flicker. */
  setPlan(
    entry: Entry,
    { text, dueAtMs }: { readonly text: string; readonly dueAtMs: number | null },
    at: Moment,
  ): void {
    if (entry.planned?.text === text && entry.planned.dueAtMs === dueAtMs) return;
    entry.planned = { text, dueAtMs };
    const due = dueAtMs === null ? '' : ` (${wallOf(dueAtMs, at)})`;
    entry.plan = `${text}${due}`;
    this.#changed.add(entry.seen.facts.id);
  }

  /** Changes when a treatment begins or ends. */
  get treatedVersion(): number {
    return this.#treatedVersion;
  }

  setZombies(entry: Entry, count: number): void {
    if (entry.zombies === count) return;
    entry.zombies = count;
    this.#changed.add(entry.seen.facts.id);
  }

  /** Something is to be kept that is in no entry. */
  touch(): void {
    this.#isUnkept = true;
  }

  count({ seen }: Entry, action: Treatment, outcome: HealOutcome): void {
    const container = seen.facts.name;
    const key = `${container} ${action} ${outcome}`;
    const count = (this.#counts.get(key)?.count ?? 0) + 1;
    this.#counts.set(key, { container, action, outcome, count });
  }

  counts(): readonly HealCounts[] {
    return [...this.#counts.values()];
  }

  endAsk(ask: Pick<PendingAsk, 'token'>, end: AskEnd): void {
    this.#ends.set(ask.token, end);
    for (const oldest of this.#ends.keys()) {
      if (this.#ends.size <= ENDS_REMEMBERED) break;
      this.#ends.delete(oldest);
    }
  }

  /** Null while it goes on. */
  askEnd(token: number): AskEnd | null {
    return this.#ends.get(token) ?? null;
  }

  forget(id: string, why: string): void {
    const entry = this.entries.get(id);
    if (entry === undefined) return;
    this.entries.delete(id);
    this.#changed.delete(id);
    this.#isUnkept = true;
    for (const ask of [entry.ask, entry.servedAsk])
      if (ask !== null) this.endAsk(ask, { state: 'failed', detail: why });
  }

  /** Ids of those that look different since this was last asked. */
  takeChanged(): readonly string[] {
    const changed = [...this.#changed];
    this.#changed.clear();
    return changed;
  }

  /** True once, when something must be kept on disk. */
  takeUnkept(): boolean {
    const isUnkept = this.#isUnkept;
    this.#isUnkept = false;
    return isUnkept;
  }
}

/** RFC 3339 in whole seconds: when the monotonic clock will say so. */
function wallOf(atMs: number, now: Moment): string {
  const wall = new Date(Date.parse(now.wall) + (atMs - now.monoMs)).toISOString();
  return wall.replace(/\.\d+Z$/, 'Z');
}

/** Those that are told right after an examination, which says what was seen just before. */
const WITH_EVIDENCE: readonly HealEvent[] = ['examined', 'treated'];
