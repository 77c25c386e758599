/**
 * Remembers every container that Docker was seen to have, since when each is in its state, and whether Docker answers.
 * It looks at nothing itself; what state a container is in, detector/container says, and what is done about it, the board of heals.
 */
import { earliest, type Moment } from '../clock.ts';
import type { ContainerState } from '../detector/container.ts';
import type { ContainerFacts } from '../detector/containerFacts.ts';
import { unreachable } from '../errors.ts';
import type { Action } from '../reconciler/action.ts';
import type { HealNews } from '../reconciler/healNews.ts';
import { ContainerRoots } from './containerRoots.ts';
import { byProjectAndName, summarize } from './containerSummary.ts';
import { viewContainer } from './containerPicture.ts';
import { DockerPresence } from './dockerPresence.ts';
import { DockerRestart } from './dockerRestart.ts';
import type { ContainersSummary, ContainerView, DockerView } from './door.ts';
import type { HealBoard } from './healBoard.ts';
import type { Seen } from './healEntry.ts';
import { LookAgain } from './lookAgain.ts';
import type { ContainerObservation } from './observation.ts';
import type { Report } from './publisher.ts';
import { awaitProbes, seeContainer, verdictOn, type SeenContainer } from './seenContainer.ts';

export interface ContainerBoardSettings {
  /** Container or service name → the names that it depends on. */
  readonly dependsOn: Readonly<Record<string, readonly string[]>>;
  readonly startedAt: Moment;
}

interface Entry extends SeenContainer {
  /** Null before it was first shown. */
  readonly view: ContainerView | null;
}

const SHORT_ID_LENGTH = 12;
const SICK: readonly ContainerState[] = ['unhealthy', 'ghost'];

export class ContainerBoard {
  readonly heals: HealBoard;
  readonly dockerRestart = new DockerRestart();
  readonly roots: ContainerRoots;
  readonly #report: Report;
  readonly #entries = new Map<string, Entry>();
  readonly #news = new Map<string, ContainerView>();
  /** Ids of those to be judged at the end of the turn: one by one, a thousand events took seconds. */
  readonly #unjudged = new Set<string>();
  readonly #looks = new LookAgain();
  /** As last judged. */
  readonly #judged = new Map<string, Seen>();
  /** Ids of those that may look different. */
  readonly #unshown = new Set<string>();
  #treatedVersion = 0;
  /** Null when something in it has changed since it was put in order. */
  #list: readonly ContainerView[] | null = null;
  #isOverviewNews = false;
  readonly #docker: DockerPresence;

  /** Ended with the first complete look: an empty list before it means nothing. */
  #isListed = false;

  constructor(settings: ContainerBoardSettings, { report, heals }: { report: Report; heals: HealBoard }) {
    const factsNow = (): ContainerFacts[] => [...this.#entries.values()].map(({ facts }) => facts);
    this.roots = new ContainerRoots(factsNow, settings.dependsOn);
    this.#report = report;
    this.heals = heals;
    this.#docker = new DockerPresence(settings.startedAt);
  }

  get docker(): DockerView {
    return this.#docker.view;
  }

  summary(): ContainersSummary {
    const listed = this.#isListed;
    return summarize(this.list(), { listed, problems: this.roots.graph.problems, heals: this.heals });
  }

  /** By project, then by name. */
  list(): readonly ContainerView[] {
    this.#list ??= [...this.#entries.values()]
      .map(({ view }) => view)
      .filter((view) => view !== null)
      .sort(byProjectAndName);
    return this.#list;
  }

  /** By the twelve digits that `docker ps` shows; null when it is not known. */
  nameOf(shortId: string): string | null {
    for (const [id, { facts }] of this.#entries) if (id.startsWith(shortId)) return facts.name;
    return null;
  }

  take(observation: ContainerObservation | HealNews, at: Moment): void {
    switch (observation.kind) {
      case 'dockerRestarted':
        this.dockerRestart.take(observation);
        break;
      case 'containerSignalled':
      case 'containerExamined':
      case 'containerTreated':
        this.heals.take(observation, at);
        break;
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

  /** By name or by the digits that `docker ps` shows; null when it is not known. */
  idOf(name: string): string | null {
    for (const [id, { facts }] of this.#entries)
      if (facts.name === name || id.slice(0, SHORT_ID_LENGTH) === name || id === name) return id;
    return null;
  }

  view(id: string): ContainerView | null {
    return this.#entries.get(id)?.view ?? null;
  }

  /** Null while it does not answer. */
  get dockerUpSinceMs(): number | null {
    return this.#docker.upSinceMs;
  }

  /** Judges those of which something was taken in. */
  settle(): void {
    const { treatedVersion } = this.heals;
    const isChange = this.#unjudged.size > 0 || treatedVersion !== this.#treatedVersion;
    this.#treatedVersion = treatedVersion;
    if (isChange) this.#judge();
  }

  /** What is to be done about them, and looks that would settle whether one is a ghost, or is probed no more. */
  decide(at: Moment): { actions: Action[]; recheckAtMs: number | null } {
    const dockerRestart = this.dockerRestart.takeAction();
    if (!this.#isListed) return { actions: dockerRestart, recheckAtMs: null };
    const heals = this.heals.decide(
      {
        dockerUpSinceMs: this.#docker.upSinceMs,
        seen: this.#judged,
        graph: this.roots.graph,
        rootOf: this.roots.all,
      },
      at,
    );
    const isUp = this.#docker.view.state === 'up';
    const looks = isUp ? this.#looks.decide(this.#entries, at.monoMs) : { actions: [], recheckAtMs: null };
    return {
      actions: [...dockerRestart, ...heals.actions, ...looks.actions],
      recheckAtMs: earliest([heals.recheckAtMs, looks.recheckAtMs]),
    };
  }

  /** Shows what has been judged and decided; true when something that the overview tells of has changed. */
  show(at: Moment): boolean {
    for (const id of this.heals.takeChanged()) this.#unshown.add(id);
    for (const id of this.#unshown) this.#show(id, at);
    this.#unshown.clear();
    const isNews = this.#isOverviewNews;
    this.#isOverviewNews = false;
    return isNews;
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
    this.#looks.forget(facts.id);
    this.#unjudged.add(facts.id);
  }

  #forget(ids: readonly string[]): void {
    for (const id of ids) {
      if (!this.#entries.delete(id)) continue;
      this.#list = null;
      this.#news.delete(id);
      this.#unjudged.delete(id);
      this.#judged.delete(id);
      this.#unshown.delete(id);
      this.#looks.forget(id);
      this.#isOverviewNews = true;
      this.#replan();
    }
  }

  /** Who depends on whom may have changed, for any of them. */
  #replan(): void {
    if (this.roots.forget()) for (const id of this.#entries.keys()) this.#unjudged.add(id);
  }

  #judge(): void {
    for (const id of this.#unjudged) {
      const entry = this.#entries.get(id);
      if (entry === undefined) continue;
      const { facts, lookedAt } = entry;
      const verdict = verdictOn(entry, this.#docker.awaySince);
      this.#judged.set(id, { facts, verdict, lookedAtMs: lookedAt.monoMs });
      this.#unshown.add(id);
    }
    this.#unjudged.clear();
    // Also of those that nothing new is known of: what explained them may be well again.
    const sick = [...this.#judged.values()].filter((seen) => this.#explains(seen)).map(({ facts }) => facts);
    for (const id of this.roots.find(sick)) this.#unshown.add(id);
  }

  /** One that is being treated still explains those that wait for it. */
  #explains({ facts, verdict }: Seen): boolean {
    return SICK.includes(verdict.state) || this.heals.isTreated(facts.id);
  }

  #show(id: string, at: Moment): void {
    const entry = this.#entries.get(id);
    const seen = this.#judged.get(id);
    if (entry === undefined || seen === undefined) return;
    const root = this.roots.all.get(id);
    const picture = {
      ...seen,
      heal: this.heals.entry(id),
      policy: this.heals.policy,
      dependsOn: this.#namesAbove(id),
      root: root === undefined ? null : (this.#entries.get(root)?.facts.name ?? null),
    };
    const { view } = entry;
    const next = viewContainer(picture, view, at);
    if (JSON.stringify(view) === JSON.stringify(next)) return;
    this.#entries.set(id, { ...entry, view: next });
    this.#list = null;
    this.#news.set(id, next);
    this.#isOverviewNews = true;
    if (view?.state !== next.state || view.reason !== next.reason) this.#tell(next);
  }

  #namesAbove(id: string): readonly string[] {
    const ids = [...(this.roots.graph.above.get(id) ?? [])];
    return ids.map((each) => this.#entries.get(each)?.facts.name ?? each).sort();
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
