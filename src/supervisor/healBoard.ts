/**
 * Remembers of every container what was done about it, has reconciler/heal decide what is next, and makes actions of that.
 * It touches no container, and believes only what is seen of one: what Docker answers to a deed proves nothing.
 */
import { earliest, type Moment } from '../clock.ts';
import { unreachable } from '../errors.ts';
import type { Action } from '../reconciler/action.ts';
import { followUpsOf } from '../reconciler/followUp.ts';
import { decideHeals, type Ask, type Patient } from '../reconciler/heal.ts';
import type { HealNews } from '../reconciler/healNews.ts';
import { cleared, NO_TREATMENT, seenRunning, seenWell, type HealPolicy } from '../reconciler/healRecord.ts';
import { selectionOf, type SelectionRules } from '../reconciler/selection.ts';
import type { ContainerStoryView, HealCounts, MaintenanceView } from './door.ts';
import { HealBrake } from './healBrake.ts';
import { expireAsk, noteAsk } from './healAsks.ts';
import { carryOut, noteTreated, tellSickness, verify, type Course } from './healCourse.ts';
import {
  byName,
  isEnded,
  isOfInterest,
  isRunning,
  isSettled,
  isWell,
  newEntry,
  patientOf,
  update,
  type Entry,
  type Seen,
  type World,
  type ZombieRule,
} from './healEntry.ts';
import { HealLedger, type AskEnd } from './healLedger.ts';
import { keptContainers, recordOf, type KeptHealing } from './healMemory.ts';
import type { HealStory } from './healStory.ts';
import { endMaintenances, Maintenance } from './maintenance.ts';
import type { Report } from './publisher.ts';

export interface HealSettings {
  readonly policy: HealPolicy;
  readonly selection: SelectionRules;
  /** Null for never. */
  readonly zombies: ZombieRule | null;
  readonly startedAt: Moment;
}

export interface HealParts {
  readonly story: HealStory;
  readonly report: Report;
  readonly earlier: KeptHealing;
  /** Keeps it over a restart of the supervisor. */
  readonly keep: (kept: KeptHealing) => void;
  /** By the id that `docker ps` shows. */
  readonly zombiesIn: (shortId: string) => number;
  /** A container is well again, so long after it was first seen sick. */
  readonly onHealed: (container: string, tookMs: number) => void;
}

const SHORT_ID_LENGTH = 12;

export class HealBoard {
  readonly #settings: HealSettings;
  readonly #parts: HealParts;
  readonly #maintenance = new Maintenance();
  readonly #ledger: HealLedger;
  readonly #course: Course;
  /** Of containers that were not seen yet in this life of the supervisor. */
  readonly #earlier: Map<string, KeptHealing['containers'][number]>;
  #world: World | null = null;
  #nextToken = 1;
  readonly #brake: HealBrake;

  constructor(settings: HealSettings, parts: HealParts) {
    this.#settings = settings;
    this.#parts = parts;
    this.#earlier = new Map(parts.earlier.containers.map((kept) => [kept.id, kept]));
    this.#maintenance.restore(parts.earlier.maintenance, settings.startedAt);
    this.#ledger = new HealLedger(parts.story);
    this.#brake = new HealBrake(parts.report);
    this.#course = {
      ledger: this.#ledger,
      policy: settings.policy,
      onRestarted: (entry) => this.#addFollowUps(entry),
      onHealed: ({ seen }, tookMs) => parts.onHealed(seen.facts.name, tookMs),
    };
  }

  /** A sentence while so much is sick that nothing is restarted. */
  get brake(): string | null {
    return this.#brake.sentence;
  }

  get policy(): HealPolicy {
    return this.#settings.policy;
  }

  get maintenance(): readonly MaintenanceView[] {
    return this.#maintenance.views();
  }

  entries(): readonly Readonly<Entry>[] {
    return [...this.#ledger.entries.values()];
  }

  entry(id: string): Readonly<Entry> | null {
    return this.#ledger.entries.get(id) ?? null;
  }

  /** Changes when a treatment begins or ends. */
  get treatedVersion(): number {
    return this.#ledger.treatedVersion;
  }

  isTreated(id: string): boolean {
    const underWay = this.#ledger.entries.get(id)?.record.underWay ?? null;
    return underWay !== null && underWay.how !== 'stop';
  }

  /** As the next decision on it would see it; null when it is not known. */
  patient(id: string): Patient | null {
    const entry = this.#ledger.entries.get(id);
    return entry === undefined || this.#world === null ? null : this.#patientOf(entry, this.#world);
  }

  counts(): readonly HealCounts[] {
    return this.#ledger.counts();
  }

  story(name: string): readonly ContainerStoryView[] {
    return this.#parts.story.of(name);
  }

  /** Ids of those that look different since this was last asked. */
  takeChanged(): readonly string[] {
    return this.#ledger.takeChanged();
  }

  /** The number by which its end is asked for. */
  ask(id: string, ask: Ask & { readonly reason: string | null }, at: Moment): number {
    const token = this.#nextToken++;
    noteAsk(this.#ledger, this.#ledger.entries.get(id) ?? null, {
      ask: { ...ask, token, askedAtMs: at.monoMs },
      at,
    });
    return token;
  }

  /** Null while it goes on. */
  askEnd(token: number): AskEnd | null {
    return this.#ledger.askEnd(token);
  }

  clearQuarantine(id: string, actor: string, at: Moment): void {
    const entry = this.#ledger.entries.get(id);
    if (entry === undefined) return;
    this.#ledger.setRecord(entry, cleared(entry.record));
    entry.toldOf = null;
    const detail = 'its quarantine was cleared: it has a whole budget of restarts again';
    this.#ledger.tell(entry, at, { event: 'quarantineCleared', detail, actor });
  }

  beginMaintenance(
    view: Pick<MaintenanceView, 'scope' | 'actor' | 'reason'>,
    forMs: number,
    at: Moment,
  ): void {
    this.#maintenance.begin(view, forMs, at);
    this.#ledger.touch();
  }

  /** False when that scope is in none. */
  endMaintenance(scope: string): boolean {
    this.#ledger.touch();
    return this.#maintenance.end(scope);
  }

  take(news: Exclude<HealNews, { kind: 'dockerRestarted' }>, at: Moment): void {
    const entry = this.#ledger.entries.get(news.id);
    if (entry === undefined) return;
    switch (news.kind) {
      case 'containerSignalled':
        entry.signalledAtMs = at.monoMs;
        break;
      case 'containerExamined': {
        const { examination, detail } = news;
        // At worst it is the next life's, and is asked for again.
        if (entry.isExaminedInVain) {
          entry.isExaminedInVain = false;
          break;
        }
        entry.examined = { examination, detail, atMs: at.monoMs };
        this.#ledger.tell(entry, at, {
          event: 'examined',
          detail: detail || 'what could be seen of it was kept',
        });
        break;
      }
      case 'containerTreated':
        noteTreated(this.#course, entry, { news, at });
        break;
      default:
        unreachable(news);
    }
  }

  /** What is to be done now, and when to ask again. */
  decide(world: World, at: Moment): { actions: Action[]; recheckAtMs: number | null } {
    this.#world = world;
    const { entries } = this.#ledger;
    for (const [id, entry] of entries) {
      if (world.seen.has(id)) expireAsk(this.#ledger, entry, at.monoMs);
      else this.#ledger.forget(id, 'it was removed meanwhile');
    }
    for (const one of world.seen.values()) if (!this.#isSettled(one)) this.#takeIn(one, world, at);
    if (endMaintenances(this.#maintenance, this.#parts.report, at.monoMs)) this.#ledger.touch();
    const actions: Action[] = [];
    const { dockerUpSinceMs } = world;
    const times = dockerUpSinceMs === null ? [] : this.#proceed(world, { dockerUpSinceMs, at, actions });
    if (this.#ledger.takeUnkept())
      this.#parts.keep({
        containers: [...keptContainers(entries.values(), at), ...this.#earlier.values()],
        maintenance: this.maintenance,
      });
    return { actions, recheckAtMs: earliest([...times, this.#maintenance.nextEndMs]) };
  }

  /** Of most of a thousand nothing is new. */
  #isSettled(one: Seen): boolean {
    return isSettled(this.#ledger.entries.get(one.facts.id), one, this.#zombiesIn(one.facts.id));
  }

  #zombiesIn(id: string): number {
    return this.#parts.zombiesIn(id.slice(0, SHORT_ID_LENGTH));
  }

  #takeIn(one: Seen, { rootOf }: World, at: Moment): void {
    const { zombies, policy } = this.#settings;
    const { id } = one.facts;
    const entry = this.#entryOf(one);
    const wasSick = entry.sickSinceMs !== null;
    this.#ledger.setZombies(entry, this.#zombiesIn(id));
    if (entry.seen.facts.name !== one.facts.name)
      entry.selection = selectionOf(one.facts, this.#settings.selection);
    update(entry, { seen: one, isRoot: rootOf.get(id) === id, nowMs: at.monoMs }, zombies);
    if (entry.record.underWay === null) {
      const record = isEnded(one) ? entry.record : seenRunning(entry.record);
      this.#ledger.setRecord(entry, seenWell(record, isWell(one), { policy, nowMs: at.monoMs }));
    }
    if (!isOfInterest(entry)) this.#ledger.setPlan(entry, { text: '', dueAtMs: null }, at);
    tellSickness(this.#ledger, entry, { wasSick, at });
  }

  #entryOf(one: Seen): Entry {
    const { entries } = this.#ledger;
    const { id } = one.facts;
    const known = entries.get(id);
    if (known !== undefined) return known;
    const { policy, selection, startedAt } = this.#settings;
    const kept = this.#earlier.get(id);
    this.#earlier.delete(id);
    const record = kept === undefined ? NO_TREATMENT : recordOf(kept, policy, startedAt);
    const entry = newEntry(one, record, selectionOf(one.facts, selection));
    entries.set(id, entry);
    return entry;
  }

  #proceed(
    world: World,
    { dockerUpSinceMs, at, actions }: { dockerUpSinceMs: number; at: Moment; actions: Action[] },
  ): (number | null)[] {
    const entries = [...this.#ledger.entries.values()].filter(isOfInterest).sort(byName);
    const verified = entries.map((entry) => verify(this.#course, entry, { dockerUpSinceMs, at }));
    const patients = entries.map((entry) => this.#patientOf(entry, world));
    const recovering = patients.filter(({ recoversUntilMs }) => recoversUntilMs > at.monoMs);
    this.#brake.look(this.#ledger.entries, world, new Set(recovering.map(({ facts }) => facts.id)));
    const rules = { policy: this.#settings.policy, brake: this.#brake.sentence };
    const intents = decideHeals(patients, rules, at.monoMs);
    const carriedOut = entries.map((entry) => {
      const intent = intents.get(entry.seen.facts.id);
      return intent === undefined ? null : carryOut(this.#course, entry, { intent, at, actions });
    });
    return [...verified, ...carriedOut];
  }

  #patientOf(entry: Entry, { graph }: World): Patient {
    const maintenanceUntil = this.#maintenance.untilOf(entry.seen.facts);
    return patientOf(entry, { entries: this.#ledger.entries, graph, policy: this.policy, maintenanceUntil });
  }

  #addFollowUps({ seen }: Entry): void {
    if (this.#world === null) return;
    for (const { id, because } of followUpsOf(seen.facts, this.#world.graph)) {
      const dependent = this.#ledger.entries.get(id);
      if (dependent === undefined) continue;
      const { startedAt } = dependent.seen.facts;
      const isOlder = Date.parse(startedAt) < Date.parse(seen.facts.startedAt);
      if (isRunning(dependent.seen) && isOlder) dependent.followUp = { because, startedAt };
    }
  }
}
