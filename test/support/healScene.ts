/**
 * A board of containers on a scripted clock, over a Docker that is not there: what the board asks for is done to made-up containers.
 * It is as fast as the arithmetic, and tells of every deed, so that properties can be held over thousands of histories.
 */
import type { Moment } from '../../src/clock.ts';
import type { ContainerExamination, ContainerFacts } from '../../src/detector/containerFacts.ts';
import type { Action } from '../../src/reconciler/action.ts';
import type { HealNews } from '../../src/reconciler/healNews.ts';
import { HEAL_POLICY, type HealPolicy } from '../../src/reconciler/healRecord.ts';
import type { SelectionRules } from '../../src/reconciler/selection.ts';
import type { Treatment } from '../../src/reconciler/treatment.ts';
import { ContainerBoard } from '../../src/supervisor/containerBoard.ts';
import type { ContainerStoryView, ContainerView } from '../../src/supervisor/door.ts';
import { HealBoard } from '../../src/supervisor/healBoard.ts';
import type { KeptHealing } from '../../src/supervisor/healMemory.ts';
import { HealStory } from '../../src/supervisor/healStory.ts';
import { healthOf, idOf, madeUpContainer } from './madeUpContainer.ts';

export const UNTOUCHED: ContainerExamination = {
  sessions: { connections: 0, execs: 0, carriesLogin: false },
  isOwn: false,
  composeAtWork: null,
  bundleFile: 'a-bundle.json',
  gaps: [],
};

export interface Deed {
  readonly atMs: number;
  readonly name: string;
  readonly how: Treatment;
}

export interface SceneSettings {
  readonly dependsOn?: Readonly<Record<string, readonly string[]>>;
  readonly policy?: Partial<HealPolicy>;
  readonly selection?: Partial<SelectionRules>;
  readonly zombies?: { readonly most: number; readonly forMs: number } | null;
  readonly earlier?: KeptHealing;
  readonly startMs?: number;
}

const RELIST_EVERY_MS = 10_000;
const SELECT_ALL: SelectionRules = { select: 'all', projects: [], heal: [], observe: [], exclude: [] };

export function momentAt(monoMs: number): Moment {
  return { monoMs, wall: new Date(1_770_000_000_000 + monoMs).toISOString() };
}

export class HealScene {
  readonly told: string[] = [];
  readonly story: ContainerStoryView[] = [];
  readonly deeds: Deed[] = [];
  readonly examined: string[] = [];
  readonly healed: string[] = [];
  readonly zombies = new Map<string, number>();
  readonly board: ContainerBoard;
  /** What an examination of this container finds; else nothing stands against touching it. */
  readonly examinations = new Map<string, ContainerExamination | null>();
  /** What becomes of a treatment; else it works, and the container is healthy afterwards. */
  treat: (
    name: string,
    how: Treatment,
  ) => HealNews['kind'] | 'works' | 'unhealthy' | 'silent' | 'notDone' | 'stops' = () => 'works';
  kept: KeptHealing = { containers: [], maintenance: [] };
  nowMs: number;
  readonly #facts = new Map<string, ContainerFacts>();
  #pid = 10_000;
  #isUp = true;
  #listedAtMs = 0;
  #recheckAtMs: number | null = null;

  constructor(settings: SceneSettings = {}) {
    this.nowMs = settings.startMs ?? 0;
    const startedAt = momentAt(this.nowMs);
    const report = ({ event, facts }: { event: string; facts: Readonly<Record<string, unknown>> }): number =>
      this.told.push(`${event} ${typeof facts['container'] === 'string' ? facts['container'] : ''}`.trim());
    const story = new HealStory({ earlier: [], keep: (line) => this.story.push(line), report });
    const heals = new HealBoard(
      {
        policy: { ...HEAL_POLICY, ...settings.policy },
        selection: { ...SELECT_ALL, ...settings.selection },
        zombies: settings.zombies ?? null,
        startedAt,
      },
      {
        ...{ report, story },
        earlier: settings.earlier ?? { containers: [], maintenance: [] },
        keep: (kept) => (this.kept = kept),
        zombiesIn: (shortId) => this.zombies.get(shortId) ?? 0,
        onHealed: (container) => this.healed.push(container),
      },
    );
    this.board = new ContainerBoard({ dependsOn: settings.dependsOn ?? {}, startedAt }, { report, heals });
    this.board.take({ kind: 'docker', up: true, detail: 'Docker answers' }, startedAt);
  }

  /** As a complete look shows them. */
  list(...facts: readonly ContainerFacts[]): void {
    for (const each of facts) this.#facts.set(each.name, each);
    this.board.take(
      { kind: 'containersListed', facts: [...this.#facts.values()], missed: 0 },
      momentAt(this.nowMs),
    );
    this.turn();
  }

  facts(name: string): ContainerFacts {
    return this.#facts.get(name) ?? madeUpContainer(name);
  }

  /** Something has become of it, and was looked at. */
  become(name: string, change: Partial<ContainerFacts>): void {
    const facts = { ...this.facts(name), ...change };
    this.#facts.set(name, facts);
    this.board.take({ kind: 'containerSeen', facts }, momentAt(this.nowMs));
    this.turn();
  }

  sicken(name: string): void {
    this.become(name, { health: healthOf('unhealthy', 1, { output: 'no answer' }) });
  }

  recover(name: string): void {
    this.become(name, { health: healthOf('healthy', 0) });
  }

  news(news: Exclude<HealNews, { kind: 'dockerRestarted' }>): void {
    this.board.take(news, momentAt(this.nowMs));
    this.turn();
  }

  docker(up: boolean): void {
    this.#isUp = up;
    this.board.take(
      { kind: 'docker', up, detail: up ? 'Docker answers' : 'connection refused' },
      momentAt(this.nowMs),
    );
    this.turn();
  }

  ask(name: string, how: 'restart' | 'start' | 'stop' | 'heal', actor = 'wang'): number {
    const token = this.board.heals.ask(idOf(name), { how, actor, reason: null }, momentAt(this.nowMs));
    this.turn();
    return token;
  }

  /** The clock goes on, and the board is asked whenever it wanted to be. */
  pass(ms: number): void {
    const endMs = this.nowMs + ms;
    for (let steps = 0; ; steps += 1) {
      const nextMs = Math.min(endMs, this.#recheckAtMs ?? Infinity, this.nowMs + 1_000);
      this.nowMs = Math.max(nextMs, Math.min(this.nowMs + 1, endMs));
      if (this.nowMs - this.#listedAtMs >= RELIST_EVERY_MS) this.#relist();
      this.turn();
      if (this.nowMs >= endMs) return;
      if (steps > 1_000_000) throw new Error('the board asks to be asked again without end');
    }
  }

  turn(): void {
    const at = momentAt(this.nowMs);
    this.board.settle();
    const { actions, recheckAtMs } = this.board.decide(at);
    this.board.show(at);
    this.#recheckAtMs = recheckAtMs;
    for (const action of actions) this.#perform(action);
    if (actions.length > 0) this.turn();
  }

  view(name: string): ContainerView {
    const found = this.board.list().find((each) => each.name === name);
    if (found === undefined) throw new Error(`no ${name}`);
    return found;
  }

  /** `restart core`, in order. */
  done(): string[] {
    return this.deeds.map(({ how, name }) => `${how} ${name}`);
  }

  /** `sick core`, in order. */
  events(): string[] {
    return this.story.map(({ event, container }) => `${event} ${container}`);
  }

  /** Docker goes on probing what runs, with the same outcome. */
  #relist(): void {
    this.#listedAtMs = this.nowMs;
    if (!this.#isUp) return;
    for (const [name, facts] of this.#facts) {
      const { health } = facts;
      if (facts.status !== 'running' || health === null) continue;
      const endedAt = momentAt(this.nowMs).wall;
      const probes = [...health.probes.slice(0, -1), { ...health.probes.at(-1)!, endedAt }];
      this.#facts.set(name, { ...facts, health: { ...health, probes } });
    }
    const facts = [...this.#facts.values()];
    this.board.take({ kind: 'containersListed', facts, missed: 0 }, momentAt(this.nowMs));
  }

  #named(id: string): ContainerFacts {
    for (const facts of this.#facts.values()) if (facts.id === id) return facts;
    throw new Error(`something is done to ${id}, which is not there`);
  }

  #perform(action: Action): void {
    const at = momentAt(this.nowMs);
    if (action.kind === 'lookContainer')
      this.board.take({ kind: 'containerSeen', facts: { ...this.#named(action.id) } }, at);
    if (action.kind === 'examineContainer') {
      const { name } = this.#named(action.id);
      this.examined.push(name);
      const found = this.examinations.get(name);
      const examination = found === undefined ? UNTOUCHED : found;
      this.board.take({ kind: 'containerExamined', id: action.id, examination, detail: '' }, at);
    }
    if (action.kind === 'treatContainer') this.#treat(action, at);
  }

  #treat({ id, how }: Extract<Action, { kind: 'treatContainer' }>, at: Moment): void {
    const facts = this.#named(id);
    this.deeds.push({ atMs: this.nowMs, name: facts.name, how });
    const outcome = this.treat(facts.name, how);
    if (outcome === 'silent') return;
    if (outcome === 'notDone') {
      this.board.take(
        { kind: 'containerTreated', id, how, outcome: 'notDone', detail: 'it was changed' },
        at,
      );
      return;
    }
    const isEnd = how === 'stop' || outcome === 'stops';
    const next: ContainerFacts = isEnd
      ? { ...facts, status: 'exited', pid: 0, health: null, exitCode: 143 }
      : {
          ...facts,
          status: 'running',
          process: 'alive',
          pid: (this.#pid += 1),
          startedAt: new Date(1_770_000_000_000 + this.nowMs).toISOString(),
          health: outcome === 'unhealthy' ? healthOf('unhealthy', 1) : healthOf('healthy', 0),
        };
    this.#facts.set(facts.name, next);
    const isDone = outcome !== 'stops' || how === 'stop';
    this.board.take(
      {
        kind: 'containerTreated',
        id,
        how,
        outcome: isDone ? 'answered' : 'failed',
        detail: isDone ? '' : 'Docker answered with 500',
      },
      at,
    );
    this.board.take({ kind: 'containerSeen', facts: next }, at);
  }
}
