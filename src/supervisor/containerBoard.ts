/**
 * Remembers every container that Docker was seen to have, since when each is in its state, and whether Docker answers.
 * It looks at nothing itself and restarts nothing; what state a container is in, detector/container says.
 */
import type { Moment } from '../clock.ts';
import {
  CONTAINER_STATES,
  judgeContainer,
  type ContainerState,
  type ContainerVerdict,
} from '../detector/container.ts';
import type { ContainerFacts } from '../detector/containerFacts.ts';
import { unreachable } from '../errors.ts';
import type { Action } from '../reconciler/action.ts';
import {
  ancestorsOf,
  dependencyGraph,
  sickRoots,
  type DependencyGraph,
  type Root,
} from '../reconciler/dependency.ts';
import { DockerPresence } from './dockerPresence.ts';
import type { ContainersSummary, ContainerView, DockerView } from './door.ts';
import type { ContainerObservation } from './observation.ts';
import type { Report } from './publisher.ts';

export interface ContainerBoardSettings {
  /** Container or service name → the names that it depends on. */
  readonly dependsOn: Readonly<Record<string, readonly string[]>>;
  readonly startedAt: Moment;
}

interface Entry {
  readonly facts: ContainerFacts;
  /** Since when Docker calls it running without a process of that pid; null while it has one. */
  readonly lifelessAt: Moment | null;
  /** Seen so again, long enough after. */
  readonly isGhost: boolean;
  /** Null before it was first judged. */
  readonly view: ContainerView | null;
}

/** A process that has just ended is gone before Docker says so; after so long it is not about to. */
const LIFELESS_FOR_MS = 2_000;
/** Of the overview; the list has them all. */
const MOST_SICK_TOLD = 100;
const SICK: readonly ContainerState[] = ['unhealthy', 'ghost'];

export class ContainerBoard {
  readonly #settings: ContainerBoardSettings;
  readonly #report: Report;
  readonly #entries = new Map<string, Entry>();
  readonly #news = new Map<string, ContainerView>();
  /** Ids of those to be judged at the end of the turn: one by one, a thousand events took seconds. */
  readonly #unjudged = new Set<string>();
  /** Id → name of the sick one that explains it. */
  #roots: ReadonlyMap<string, string | null> = new Map();
  #isOverviewNews = false;
  /** Null when who depends on whom must be worked out anew. */
  #graph: DependencyGraph | null = null;
  readonly #docker: DockerPresence;
  /** Ended with the first complete look: an empty list before it means nothing. */
  #isListed = false;

  constructor(settings: ContainerBoardSettings, report: Report) {
    this.#settings = settings;
    this.#report = report;
    this.#docker = new DockerPresence(settings.startedAt);
  }

  get docker(): DockerView {
    return this.#docker.view;
  }

  summary(): ContainersSummary {
    const views = this.list();
    const count = (state: ContainerState): number => views.filter((view) => view.state === state).length;
    return {
      total: views.length,
      listed: this.#isListed,
      byState: Object.fromEntries(CONTAINER_STATES.map((state) => [state, count(state)])) as Record<
        ContainerState,
        number
      >,
      sick: views.filter(({ state }) => SICK.includes(state)).slice(0, MOST_SICK_TOLD),
    };
  }

  /** By project, then by name. */
  list(): readonly ContainerView[] {
    return [...this.#entries.values()]
      .map(({ view }) => view)
      .filter((view) => view !== null)
      .sort(byProjectAndName);
  }

  /** Sentences: what was written of dependencies and could not be used. */
  problems(): readonly string[] {
    return this.#graphNow().problems;
  }

  /** By the twelve digits that `docker ps` shows; null when it is not known. */
  nameOf(shortId: string): string | null {
    for (const [id, { facts }] of this.#entries) if (id.startsWith(shortId)) return facts.name;
    return null;
  }

  take(observation: ContainerObservation, at: Moment): void {
    switch (observation.kind) {
      case 'docker':
        this.#noteDocker(observation.up, observation.detail, at);
        break;
      case 'dockerReconnected':
        this.#docker.noteReconnect();
        break;
      case 'containersListed':
        this.#noteListed(observation.facts, observation.missed, at);
        break;
      case 'containerSeen':
        this.#noteSeen(observation.facts, at);
        break;
      case 'containerGone':
        this.#forget([observation.id]);
        break;
      default:
        unreachable(observation);
    }
  }

  /** Judges those of which something was taken in; true when something that the overview tells of has changed. */
  settle(at: Moment): boolean {
    if (this.#unjudged.size > 0) this.#judge(at);
    const isNews = this.#isOverviewNews;
    this.#isOverviewNews = false;
    return isNews;
  }

  /** Looks again at those whose process is not there, until it is known whether Docker's view of them is stale. */
  decide(nowMs: number): { actions: Action[]; recheckAtMs: number | null } {
    if (this.#docker.view.state !== 'up') return { actions: [], recheckAtMs: null };
    const unsettled = [...this.#entries.values()].filter(
      ({ lifelessAt, isGhost }) => lifelessAt !== null && !isGhost,
    );
    const dueAtMs = ({ lifelessAt }: Entry): number => (lifelessAt?.monoMs ?? 0) + LIFELESS_FOR_MS;
    const due = unsettled.filter((entry) => nowMs >= dueAtMs(entry));
    const later = unsettled.filter((entry) => nowMs < dueAtMs(entry)).map(dueAtMs);
    return {
      actions: due.map(({ facts }) => ({ kind: 'lookContainer', id: facts.id })),
      recheckAtMs: later.length === 0 ? null : Math.min(...later),
    };
  }

  /** Those that look different from when this was last asked, in their last state; each was told of once in the log. */
  takeNews(): readonly ContainerView[] {
    const news = [...this.#news.values()];
    this.#news.clear();
    return news;
  }

  #noteDocker(up: boolean, detail: string, at: Moment): void {
    const news = this.#docker.note(up, detail, at);
    if (news === 'nothing') return;
    this.#isOverviewNews = true;
    if (news === 'words') return;
    for (const id of this.#entries.keys()) this.#unjudged.add(id);
    // Without Docker from the start nothing is amiss: the machine may have none.
    if (up || this.#isListed)
      this.#report({
        level: up ? 'info' : 'error',
        event: up ? 'dockerUp' : 'dockerAway',
        facts: { detail },
      });
  }

  #noteListed(facts: readonly ContainerFacts[], missed: number, at: Moment): void {
    if (!this.#isListed) this.#isOverviewNews = true;
    this.#isListed = true;
    this.#docker.noteMissed(missed);
    const listed = new Set(facts.map(({ id }) => id));
    this.#forget([...this.#entries.keys()].filter((id) => !listed.has(id)));
    for (const each of facts) this.#noteSeen(each, at);
  }

  #noteSeen(facts: ContainerFacts, at: Moment): void {
    const before = this.#entries.get(facts.id);
    // The same object: nothing of it was looked at again.
    if (before?.facts === facts && before.lifelessAt === null) return;
    const lifelessAt = isLifeless(facts) ? (sameLife(before, facts) ?? at) : null;
    const isGhost = lifelessAt !== null && at.monoMs - lifelessAt.monoMs >= LIFELESS_FOR_MS;
    if (before === undefined || placeOf(before.facts) !== placeOf(facts)) this.#replan();
    this.#entries.set(facts.id, { facts, lifelessAt, isGhost, view: before?.view ?? null });
    this.#unjudged.add(facts.id);
  }

  #forget(ids: readonly string[]): void {
    for (const id of ids) {
      if (!this.#entries.delete(id)) continue;
      this.#news.delete(id);
      this.#unjudged.delete(id);
      this.#isOverviewNews = true;
      this.#replan();
    }
  }

  /** Who depends on whom may have changed, for any of them. */
  #replan(): void {
    if (this.#graph === null) return;
    this.#graph = null;
    for (const id of this.#entries.keys()) this.#unjudged.add(id);
  }

  #judge(at: Moment): void {
    const verdicts = new Map([...this.#unjudged].map((id) => [id, this.#verdictOf(id)]));
    const isSick = ({ facts, view }: Entry): boolean =>
      SICK.includes((verdicts.get(facts.id) ?? view)?.state ?? 'unknown');
    this.#findRoots([...this.#entries.values()].filter(isSick).map(({ facts }) => facts));
    for (const id of this.#unjudged) this.#show(id, verdicts.get(id) ?? this.#verdictOf(id), at);
    this.#unjudged.clear();
  }

  /** Also of those that nothing new is known of: what explained them may be well again. */
  #findRoots(sick: readonly ContainerFacts[]): void {
    const graph = this.#graphNow();
    const roots = sick.length === 0 ? [] : sickRoots(graph, sick);
    const found = new Map(sick.map(({ id }) => [id, this.#rootOf(id, roots, graph)]));
    for (const id of new Set([...found.keys(), ...this.#roots.keys()]))
      if (found.get(id) !== this.#roots.get(id) && this.#entries.has(id)) this.#unjudged.add(id);
    this.#roots = found;
  }

  #show(id: string, verdict: ContainerVerdict | null, at: Moment): void {
    const entry = this.#entries.get(id);
    if (entry === undefined || verdict === null) return;
    const { view, facts } = entry;
    const isSame = view?.state === verdict.state && view.reason === verdict.reason;
    const next: ContainerView = {
      name: facts.name,
      state: verdict.state,
      reason: verdict.reason,
      since: isSame ? view.since : (verdict.since ?? at.wall),
      detail: verdict.detail,
      id: id.slice(0, 12),
      project: facts.project,
      service: facts.service,
      image: facts.image,
      dependsOn: this.#namesAbove(id),
      root: this.#roots.get(id) ?? null,
    };
    if (JSON.stringify(view) === JSON.stringify(next)) return;
    this.#entries.set(id, { ...entry, view: next });
    this.#news.set(id, next);
    this.#isOverviewNews = true;
    if (!isSame) this.#tell(next);
  }

  #verdictOf(id: string): ContainerVerdict | null {
    const entry = this.#entries.get(id);
    if (entry === undefined) return null;
    const { facts, isGhost, lifelessAt } = entry;
    const lifelessSince = isGhost ? (lifelessAt?.wall ?? null) : null;
    return judgeContainer({ facts, dockerAwaySince: this.#docker.awaySince, lifelessSince });
  }

  #graphNow(): DependencyGraph {
    const facts = [...this.#entries.values()].map((entry) => entry.facts);
    return (this.#graph ??= dependencyGraph(facts, this.#settings.dependsOn));
  }

  #namesAbove(id: string): readonly string[] {
    const ids = [...(this.#graphNow().above.get(id) ?? [])];
    return ids.map((each) => this.#entries.get(each)?.facts.name ?? each).sort();
  }

  #rootOf(id: string, roots: readonly Root[], graph: DependencyGraph): string | null {
    const above = ancestorsOf(graph, id);
    const root = roots.find((each) => each.id === id) ?? roots.find((each) => above.has(each.id));
    return root === undefined ? null : (this.#entries.get(root.id)?.facts.name ?? null);
  }

  #tell({ name, state, reason, detail }: ContainerView): void {
    // All of them turn unknown together, which is said once, of Docker.
    if (reason === 'DockerAway') return;
    this.#report({
      level: SICK.includes(state) ? 'warn' : state === 'healthy' ? 'info' : 'debug',
      event: 'containerState',
      facts: { container: name, state, reason, detail },
    });
  }
}

function isLifeless({ status, process }: ContainerFacts): boolean {
  return status === 'running' && (process === 'gone' || process === 'zombie');
}

/** Since when this very start of it has had no process. */
function sameLife(before: Entry | undefined, { pid, startedAt }: ContainerFacts): Moment | null {
  return before?.facts.pid === pid && before.facts.startedAt === startedAt ? before.lifelessAt : null;
}

/** All that others may depend on it by. */
function placeOf({ name, project, service, dependsOnLabel, shares }: ContainerFacts): string {
  return JSON.stringify([name, project, service, dependsOnLabel, shares]);
}

function byProjectAndName(one: ContainerView, other: ContainerView): number {
  const keyOf = ({ project, name }: ContainerView): string => `${project ?? '\uffff'} ${name}`;
  return keyOf(one) < keyOf(other) ? -1 : 1;
}
