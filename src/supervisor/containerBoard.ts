/**
 * Remembers every container that Docker was seen to have, since when each is in its state, and whether Docker answers.
 * It looks at nothing itself and restarts nothing; what state a container is in, detector/container says.
 */
import type { Moment } from '../clock.ts';
import { CONTAINER_STATES, type ContainerState, type ContainerVerdict } from '../detector/container.ts';
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
import { awaitProbes, lookDueAtMs, seeContainer, verdictOn, type SeenContainer } from './seenContainer.ts';

export interface ContainerBoardSettings {
  /** Container or service name → the names that it depends on. */
  readonly dependsOn: Readonly<Record<string, readonly string[]>>;
  readonly startedAt: Moment;
}

interface Entry extends SeenContainer {
  /** Null before it was first judged. */
  readonly view: ContainerView | null;
}

/** A look that was asked for may take long, as with a daemon that hangs. */
const LOOK_AGAIN_MS = 2_000;
/** Of the overview; the list has them all. */
const MOST_SICK_TOLD = 100;
const MOST_PROBLEMS_TOLD = 20;
const SICK: readonly ContainerState[] = ['unhealthy', 'ghost'];

export class ContainerBoard {
  readonly #settings: ContainerBoardSettings;
  readonly #report: Report;
  readonly #entries = new Map<string, Entry>();
  readonly #news = new Map<string, ContainerView>();
  /** Ids of those to be judged at the end of the turn: one by one, a thousand events took seconds. */
  readonly #unjudged = new Set<string>();
  /** Until the look comes. */
  readonly #lookAskedAtMs = new Map<string, number>();
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
      problems: this.#graphNow().problems.slice(0, MOST_PROBLEMS_TOLD),
      byState: Object.fromEntries(CONTAINER_STATES.map((state) => [state, count(state)])) as Record<
        ContainerState,
        number
      >,
      sick: views.filter(({ state }) => SICK.includes(state)).slice(0, MOST_SICK_TOLD),
      maintenance: [],
      brake: null,
    };
  }

  /** By project, then by name. */
  list(): readonly ContainerView[] {
    return [...this.#entries.values()]
      .map(({ view }) => view)
      .filter((view) => view !== null)
      .sort(byProjectAndName);
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

  /** Looks at those of which a look would settle whether they are ghosts, or are probed no more. */
  decide(nowMs: number): { actions: Action[]; recheckAtMs: number | null } {
    if (this.#docker.view.state !== 'up') return { actions: [], recheckAtMs: null };
    const actions: Action[] = [];
    let recheckAtMs: number | null = null;
    for (const [id, entry] of this.#entries) {
      const lookAtMs = lookDueAtMs(entry);
      if (lookAtMs === null) continue;
      const dueAtMs = Math.max(lookAtMs, (this.#lookAskedAtMs.get(id) ?? -Infinity) + LOOK_AGAIN_MS);
      if (nowMs >= dueAtMs) {
        this.#lookAskedAtMs.set(id, nowMs);
        actions.push({ kind: 'lookContainer', id });
      } else recheckAtMs = Math.min(recheckAtMs ?? Infinity, dueAtMs);
    }
    return { actions, recheckAtMs };
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
    for (const [id, entry] of this.#entries) {
      this.#entries.set(id, { ...entry, ...(up ? awaitProbes(entry, at) : {}) });
      this.#unjudged.add(id);
    }
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
    // The same object: it was not looked at again.
    if (before?.facts === facts) return;
    if (before === undefined || placeOf(before.facts) !== placeOf(facts)) this.#replan();
    const seen = seeContainer(before ?? null, facts, at);
    this.#entries.set(facts.id, { ...seen, view: before?.view ?? null });
    this.#lookAskedAtMs.delete(facts.id);
    this.#unjudged.add(facts.id);
  }

  #forget(ids: readonly string[]): void {
    for (const id of ids) {
      if (!this.#entries.delete(id)) continue;
      this.#news.delete(id);
      this.#unjudged.delete(id);
      this.#lookAskedAtMs.delete(id);
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
      zombies: 0,
      heal: {
        selection: 'unselected',
        because: '',
        plan: '',
        restarts: 0,
        budget: 0,
        perMs: 0,
        quarantinedSince: null,
      },
    };
    if (JSON.stringify(view) === JSON.stringify(next)) return;
    this.#entries.set(id, { ...entry, view: next });
    this.#news.set(id, next);
    this.#isOverviewNews = true;
    if (!isSame) this.#tell(next);
  }

  #verdictOf(id: string): ContainerVerdict | null {
    const entry = this.#entries.get(id);
    return entry === undefined ? null : verdictOn(entry, this.#docker.awaySince);
  }

  #graphNow(): DependencyGraph {
    this.#graph ??= dependencyGraph(
      [...this.#entries.values()].map((entry) => entry.facts),
      this.#settings.dependsOn,
    );
    return this.#graph;
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

/** All that others may depend on it by. */
function placeOf({ name, project, service, dependsOnLabel, shares }: ContainerFacts): string {
  return JSON.stringify([name, project, service, dependsOnLabel, shares]);
}

function byProjectAndName(one: ContainerView, other: ContainerView): number {
  const keyOf = ({ project, name }: ContainerView): string => `${project ?? '\uffff'} ${name}`;
  return keyOf(one) < keyOf(other) ? -1 : 1;
}
