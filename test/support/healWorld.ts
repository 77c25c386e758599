/**
 * A made-up Docker with people around it, under the real boards, on a scripted clock: events arrive late, calls hang, Garrison is restarted.
 * Each deed is held against healOracle in the moment in which it would be done.
 */
import type { Moment } from '../../src/clock.ts';
import type { ContainerFacts } from '../../src/detector/containerFacts.ts';
import type { Action } from '../../src/reconciler/action.ts';
import type { ContainerBoard } from '../../src/supervisor/containerBoard.ts';
import type { ContainerView } from '../../src/supervisor/door.ts';
import type { KeptHealing } from '../../src/supervisor/healMemory.ts';
import type { Becoming, Outcome, Spec, Step } from './healHistory.ts';
import { boardOver } from './healBoards.ts';
import { broken, type Truth } from './healOracle.ts';
import { momentAt, UNTOUCHED } from './healScene.ts';
import { isEnded, lifeOf, newSim, truthOf, type Deed, type Sim } from './healSims.ts';
import { healthOf, idOf } from './madeUpContainer.ts';

type Treat = Extract<Action, { kind: 'treatContainer' }>;

const RELIST_MS = 20_000;

export class HealWorld {
  readonly sims = new Map<string, Sim>();
  readonly broken: string[] = [];
  readonly done: string[] = [];
  nowMs = 0;
  examinations = 0;
  turns = 0;
  #board!: ContainerBoard;
  #kept: KeptHealing = { containers: [], maintenance: [] };
  #recheckAtMs: number | null = null;
  #listedAtMs = 0;
  #isUp = true;
  #life = 0;
  #pid = 10_000;
  #queue: { atMs: number; order: number; life: number | null; run: () => void }[] = [];
  #order = 0;
  readonly #maintenance = new Map<string, number>();
  #asks: { name: string; how: string; token: number }[] = [];

  constructor(specs: readonly Spec[]) {
    for (const spec of specs) this.sims.set(spec.name, newSim(spec, specs));
    this.#openBoard();
  }

  take(step: Step): void {
    const names = [...this.sims.keys()];
    const name = 'i' in step ? names[step.i % Math.max(1, names.length)] : undefined;
    if ('i' in step && name === undefined) return;
    switch (step.kind) {
      case 'pass': {
        this.pass(step.ms);
        return;
      }
      case 'become': {
        this.become(name!, step.what);
        return;
      }
      case 'sickAll':
        for (const each of names.slice(0, step.count)) this.become(each, 'sick');
        return;
      case 'docker': {
        this.#docker(step.up);
        return;
      }
      case 'garrison': {
        this.#restartGarrison(step.downMs, () => {
          for (const { i, what } of step.meanwhile) this.become(names[i % names.length]!, what);
        });
        return;
      }
      case 'maintenance': {
        this.#beginMaintenance(this.#scope(step.scope), step.forMs);
        return;
      }
      case 'maintenanceOff':
        this.#maintenance.delete(this.#scope(step.scope));
        this.#board.heals.endMaintenance(this.#scope(step.scope));
        {
          this.#turn();
          return;
        }
      case 'ask': {
        this.#ask(name!, step.how);
        return;
      }
      case 'clear': {
        this.#clear(name!);
        return;
      }
      case 'outcome':
        this.#sim(name!).outcomes = [step.outcome];
        return;
      case 'compose':
        this.#sim(name!).compose = step.isAtWork;
        return;
      case 'examining':
        this.#sim(name!).examining = step.mode;
        return;
      case 'zombies': {
        this.#setZombies(name!, step.count);
        return;
      }
    }
  }

  pass(ms: number): void {
    const endMs = this.nowMs + ms;
    while (this.nowMs < endMs) {
      const due = Math.min(...this.#queue.map(({ atMs }) => atMs), this.#recheckAtMs ?? Infinity);
      const nextMs = Math.min(endMs, due, this.#listedAtMs + RELIST_MS);
      this.nowMs = Math.max(nextMs, Math.min(this.nowMs + 1, endMs));
      this.#deliver();
      if (this.nowMs - this.#listedAtMs >= RELIST_MS) this.#list();
      this.#turn();
    }
  }

  view(name: string): ContainerView | null {
    return this.#board.list().find((each) => each.name === name) ?? null;
  }

  become(name: string, what: Becoming): void {
    const sim = this.sims.get(name);
    if (sim === undefined) return;
    const { facts } = sim;
    const runs = facts.status === 'running';
    const isProbed = runs && facts.healthCheck !== null;
    switch (what) {
      case 'sick':
        if (isProbed) this.#change(sim, { health: healthOf('unhealthy', 1, { output: 'no answer' }) });
        return;
      case 'well':
        if (isProbed) this.#change(sim, { health: healthOf('healthy', 0) });
        return;
      case 'starting':
        if (isProbed) this.#change(sim, { health: healthOf('starting', 1) });
        return;
      case 'unprobed': {
        const output = 'cannot exec in a stopped state';
        if (isProbed) this.#change(sim, { health: healthOf('unhealthy', -1, { output }) });
        return;
      }
      case 'exits':
        if (runs) this.#end(sim, sim.deed?.owes === true ? 'treatment' : 'itself');
        return;
      case 'stoppedByPerson':
      case 'stoppedSlowlyByPerson': {
        this.#personStops(sim, what === 'stoppedByPerson' ? 100 : 8_000);
        return;
      }
      case 'startedByPerson':
        if (isEnded(facts)) this.#newLife(sim, healthOf('healthy', 0));
        return;
      case 'restartedByPerson':
        if (!runs || sim.deed?.isAtWork === true) return;
        this.#signal(sim);
        {
          this.#newLife(sim, healthOf('healthy', 0));
          return;
        }
      case 'paused':
        if (runs && sim.deed?.isAtWork !== true) this.#change(sim, { status: 'paused' });
        return;
      case 'unpaused':
        if (facts.status === 'paused') this.#change(sim, { status: 'running' });
        return;
      case 'ghost':
        if (!runs || sim.deed?.isAtWork === true) return;
        {
          this.#change(sim, { process: 'gone' });
          return;
        }
      case 'unghost':
        if (!runs) return;
        {
          this.#change(sim, { process: 'alive' });
          return;
        }
      case 'removed':
        this.sims.delete(name);
        this.#tell(() => this.#board.take({ kind: 'containerGone', id: facts.id }, this.#at()));
    }
  }

  // Garrison.

  #openBoard(): void {
    const startedAt = this.#at();
    this.#board = boardOver(this.sims, {
      startedAt,
      earlier: this.#kept,
      keep: (kept) => (this.#kept = kept),
    });
    this.#board.take({ kind: 'docker', up: this.#isUp, detail: 'Docker answers' }, startedAt);
    if (this.#isUp) this.#list();
    this.#turn();
  }

  #restartGarrison(downMs: number, meanwhile: () => void): void {
    const endMs = this.nowMs + downMs;
    this.#life += 1;
    this.#asks = [];
    this.#recheckAtMs = null;
    for (const sim of this.sims.values()) {
      sim.examined = null;
      sim.signalledAtMs = -Infinity;
      sim.ghostSinceMs = null;
      sim.wellSinceMs = -Infinity;
    }
    meanwhile();
    for (;;) {
      const due = this.#queue.filter(({ atMs, life }) => atMs <= endMs && life === null);
      const next = due.sort(inOrder)[0];
      if (next === undefined) break;
      this.nowMs = Math.max(this.nowMs, next.atMs);
      this.#queue = this.#queue.filter((each) => each !== next);
      next.run();
    }
    this.nowMs = endMs;
    for (const [scope, untilMs] of this.#maintenance) if (untilMs <= endMs) this.#maintenance.delete(scope);
    this.#openBoard();
  }

  #turn(): void {
    this.turns += 1;
    for (let again = 0; ; again += 1) {
      if (again > 50) throw new Error('the board acts without end in one moment');
      this.#board.settle();
      const { actions, recheckAtMs } = this.#board.decide(this.#at());
      this.#board.show(this.#at());
      if (recheckAtMs !== null && recheckAtMs <= this.nowMs && actions.length === 0)
        this.broken.push(
          `it asks to be asked again at ${String(recheckAtMs)}, and it is ${String(this.nowMs)}`,
        );
      this.#recheckAtMs = recheckAtMs;
      this.#asks = this.#asks.filter(({ token }) => this.#board.heals.askEnd(token) === null);
      if (actions.length === 0) return;
      for (const action of actions) this.#perform(action);
    }
  }

  #perform(action: Action): void {
    if (action.kind === 'lookContainer') {
      const sim = this.#byId(action.id);
      if (sim !== null && this.#isUp) this.#later(30, () => this.#show(sim));
    }
    if (action.kind === 'examineContainer') this.#examine(action.id);
    if (action.kind === 'treatContainer') this.#treat(action);
  }

  #examine(id: string): void {
    const sim = this.#byId(id);
    this.examinations += 1;
    if (sim === null) return;
    sim.examinations += 1;
    const { examining } = sim;
    if (examining === 'hangs') return;
    const isKnown = examining !== 'fails' && this.#isUp;
    const examined = { life: lifeOf(sim.facts), begunAtMs: this.nowMs, isKnown, compose: sim.compose };
    const { special } = sim.spec;
    this.#later(examining === 'slow' ? 3_000 : 20, () => {
      sim.examined = examined;
      const examination = {
        ...UNTOUCHED,
        isOwn: special === 'own',
        sessions: { ...UNTOUCHED.sessions, carriesLogin: special === 'login' },
        composeAtWork: examined.compose ? 'docker compose up -d' : null,
      };
      this.#board.take(
        { kind: 'containerExamined', id, examination: isKnown ? examination : null, detail: '' },
        this.#at(),
      );
    });
  }

  // Docker.

  #treat(action: Treat): void {
    const sim = this.#byId(action.id);
    if (sim === null) return;
    const { how, before, id } = action;
    const { facts } = sim;
    const outcome = sim.outcomes.length > 1 ? sim.outcomes.shift()! : sim.outcomes[0]!;
    const isSame =
      facts.status === before.status && facts.pid === before.pid && facts.startedAt === before.startedAt;
    if (!isSame || outcome === 'notDone' || sim.deed?.isAtWork === true) {
      this.#later(20, () => this.#answer(id, how, 'notDone'));
      return;
    }
    this.#judge(sim, action);
    if (!this.#isUp) {
      this.#later(20, () => this.#answer(id, how, 'failed'));
      return;
    }
    this.#begin(sim, action, outcome);
  }

  #judge(sim: Sim, { how }: Treat): void {
    const { name, project } = sim.spec;
    const isAsked = this.#asks.some((ask) => ask.name === name && (ask.how === how || ask.how === 'heal'));
    const scopes = ['all', `container/${name}`, `project/${project ?? ''}`];
    const found = broken({
      ...{ name, how, isAsked, nowMs: this.nowMs, isDockerUp: this.#isUp },
      isInMaintenance: scopes.some((scope) => (this.#maintenance.get(scope) ?? 0) > this.nowMs),
      restartsAtMs: sim.restartsAtMs,
      all: new Map([...this.sims].map(([each, other]) => [each, truthOf(other)])),
    });
    const who = isAsked ? 'asked' : 'unasked';
    this.done.push(`${who} ${how} ${name} at ${String(this.nowMs)}`);
    for (const why of found) this.broken.push(`${who} ${how} ${name} at ${String(this.nowMs)}: ${why}`);
    if (how === 'restart' || how === 'killAndStart') sim.restartsAtMs.push(this.nowMs);
    sim.deeds += 1;
  }

  #begin(sim: Sim, { id, how }: Treat, outcome: Outcome): void {
    const isNewEnd = sim.facts.status === 'running' && how !== 'start' && how !== 'stop';
    const owes = isNewEnd || (how === 'start' && sim.endedBy === 'treatment');
    const deed: Deed = { how, owes, life: lifeOf(sim.facts), isAtWork: true };
    sim.deed = deed;
    const end = (ms: number, run: () => void): void =>
      this.#anyway(ms, () => {
        deed.isAtWork = false;
        if (this.sims.get(sim.spec.name) === sim) run();
      });
    if (outcome === 'silent') return void (deed.isAtWork = false);
    if (outcome === 'failsUntouched' || outcome === 'answersAndDoesNothing') {
      end(500, () => this.#answer(id, how, outcome === 'failsUntouched' ? 'failed' : 'answered'));
      return;
    }
    if (how !== 'start') this.#signal(sim);
    if (how === 'stop') {
      end(400, () => {
        this.#end(sim, 'person');
        this.#answer(id, how, 'answered');
      });
      return;
    }
    if (outcome === 'late') this.#later(1_500, () => this.#answer(id, how, 'tooLate'));
    const takes = outcome === 'slow' ? 9_000 : outcome === 'late' ? 9_500 : 400;
    end(takes, () => this.#finish(sim, { how, outcome, owes }));
  }

  #finish(
    sim: Sim,
    { how, outcome, owes }: { readonly how: Treat['how']; readonly outcome: Outcome; readonly owes: boolean },
  ): void {
    const { id } = sim.facts;
    if (outcome === 'stops') {
      if (!isEnded(sim.facts)) this.#end(sim, owes ? 'treatment' : 'itself');
      this.#answer(id, how, 'failed');
      return;
    }
    const word =
      outcome === 'unhealthy' || outcome === 'slow' || outcome === 'neverHealthy' ? 'starting' : 'healthy';
    this.#newLife(sim, healthOf(word, word === 'healthy' ? 0 : 1));
    if (outcome !== 'late') this.#answer(id, how, 'answered');
    const life = lifeOf(sim.facts);
    const then = (ms: number, run: () => void): void =>
      this.#anyway(ms, () => {
        if (lifeOf(sim.facts) === life && sim.facts.status === 'running') run();
      });
    if (outcome === 'unhealthy') then(3_000, () => this.become(sim.spec.name, 'sick'));
    // Docker decides in the end, later than is waited for.
    if (outcome === 'neverHealthy') then(150_000, () => this.become(sim.spec.name, 'sick'));
    if (outcome === 'slow') then(12_000, () => this.become(sim.spec.name, 'well'));
    if (outcome === 'exits')
      then(150, () => this.#end(sim, owes && sim.deed !== null ? 'treatment' : 'itself'));
  }

  #answer(id: string, how: Treat['how'], outcome: 'answered' | 'notDone' | 'failed' | 'tooLate'): void {
    const life = this.#life;
    this.#anyway(1, () => {
      if (life === this.#life)
        this.#board.take({ kind: 'containerTreated', id, how, outcome, detail: 'a word' }, this.#at());
    });
  }

  #newLife(sim: Sim, health: ContainerFacts['health']): void {
    this.#pid += 1;
    sim.endedBy = null;
    sim.ghostSinceMs = null;
    sim.signalledAtMs = -Infinity;
    sim.startedAtMs = this.nowMs;
    sim.restartedByUsAtMs = null;
    this.#change(sim, {
      status: 'running',
      process: 'alive',
      pid: this.#pid,
      startedAt: momentAt(this.nowMs).wall,
      health: sim.spec.hasCheck ? health : null,
    });
  }

  #end(sim: Sim, by: Truth['endedBy']): void {
    sim.endedBy = by;
    sim.ghostSinceMs = null;
    this.#change(sim, { status: 'exited', pid: 0, health: null, exitCode: 143 });
  }

  #personStops(sim: Sim, takesMs: number): void {
    const { status } = sim.facts;
    if (sim.deed?.isAtWork === true) {
      this.#anyway(500, () => this.#personStops(sim, takesMs));
      return;
    }
    // Who stops what is down already wants it down.
    if (isEnded(sim.facts)) return;
    if (status !== 'running' && status !== 'paused') return;
    this.#signal(sim);
    const life = lifeOf(sim.facts);
    this.#anyway(takesMs, () => {
      if (lifeOf(sim.facts) !== life) return;
      // Nobody can tell whose stop it was that ended a life in the middle of a treatment of it.
      const isBoth = sim.deed?.owes === true && sim.deed.life === life;
      this.#end(sim, isBoth ? 'treatment' : 'person');
    });
  }

  #signal(sim: Sim): void {
    sim.signalledAtMs = this.nowMs;
    const { id } = sim.facts;
    this.#tell(() => this.#board.take({ kind: 'containerSignalled', id }, this.#at()));
  }

  #docker(up: boolean): void {
    if (this.#isUp === up) return;
    this.#isUp = up;
    this.#board.take(
      { kind: 'docker', up, detail: up ? 'Docker answers' : 'connection refused' },
      this.#at(),
    );
    if (up) this.#list();
    this.#turn();
  }

  #change(sim: Sim, change: Partial<ContainerFacts>): void {
    sim.facts = { ...sim.facts, ...change };
    this.#tell(() => this.#show(sim));
  }

  /** An event that wakes the board, unless Docker is away or nobody listens. */
  #tell(run: () => void): void {
    this.#later(10, () => {
      if (this.#isUp) run();
    });
  }

  #show(sim: Sim): void {
    if (this.sims.get(sim.spec.name) !== sim || !this.#isUp) return;
    this.#note(sim);
    this.#board.take({ kind: 'containerSeen', facts: { ...sim.facts } }, this.#at());
  }

  #list(): void {
    this.#listedAtMs = this.nowMs;
    if (!this.#isUp) return;
    for (const sim of this.sims.values()) {
      const { health } = sim.facts;
      const probes = (health?.probes ?? []).map((probe) => ({ ...probe, endedAt: this.#at().wall }));
      sim.facts = { ...sim.facts, health: health === null ? null : { ...health, probes } };
      this.#note(sim);
    }
    const facts = [...this.sims.values()].map((sim) => sim.facts);
    this.#board.take({ kind: 'containersListed', facts, missed: 0 }, this.#at());
  }

  #note(sim: Sim): void {
    sim.told = sim.facts;
    const isWell = sim.facts.status === 'running' && (sim.facts.health?.status ?? 'healthy') === 'healthy';
    sim.wellSinceMs = isWell ? (sim.wellSinceMs ?? this.nowMs) : null;
    const isGone = sim.facts.status === 'running' && sim.facts.process === 'gone';
    sim.ghostSinceMs = isGone ? (sim.ghostSinceMs ?? this.nowMs) : null;
  }

  // People.

  #ask(name: string, how: 'restart' | 'start' | 'stop' | 'heal'): void {
    const ask = { how, actor: 'wang', reason: null };
    const token = this.#board.heals.ask(idOf(name), ask, this.#at());
    this.#asks.push({ name, how, token });
    this.#turn();
  }

  #clear(name: string): void {
    const sim = this.#sim(name);
    sim.restartsAtMs = [];
    this.#board.heals.clearQuarantine(idOf(name), 'wang', this.#at());
    this.#turn();
  }

  #beginMaintenance(scope: string, forMs: number): void {
    this.#maintenance.set(scope, this.nowMs + forMs);
    this.#board.heals.beginMaintenance({ scope, actor: 'wang', reason: null }, forMs, this.#at());
    this.#turn();
  }

  #setZombies(name: string, count: number): void {
    const sim = this.#sim(name);
    sim.zombiesSinceMs = count === 0 ? null : (sim.zombiesSinceMs ?? this.nowMs);
    this.#turn();
  }

  #scope(number: number): string {
    const names = [...this.sims.keys()];
    if (number < 2) return 'all';
    return number < 5 ? 'project/jms' : `container/${names[number % Math.max(1, names.length)] ?? 'none'}`;
  }

  // The machinery.

  /** Lost when Garrison ends. */
  #later(ms: number, run: () => void): void {
    this.#queue.push({ atMs: this.nowMs + ms, order: (this.#order += 1), life: this.#life, run });
  }

  #anyway(ms: number, run: () => void): void {
    this.#queue.push({ atMs: this.nowMs + ms, order: (this.#order += 1), life: null, run });
  }

  #deliver(): void {
    for (;;) {
      const due = this.#queue.filter(({ atMs }) => atMs <= this.nowMs).sort(inOrder)[0];
      if (due === undefined) return;
      this.#queue = this.#queue.filter((each) => each !== due);
      if (due.life === null || due.life === this.#life) due.run();
    }
  }

  #sim(name: string): Sim {
    return this.sims.get(name)!;
  }

  #byId(id: string): Sim | null {
    return [...this.sims.values()].find(({ facts }) => facts.id === id) ?? null;
  }

  #at(): Moment {
    return momentAt(this.nowMs);
  }
}

function inOrder(one: { atMs: number; order: number }, other: { atMs: number; order: number }): number {
  return one.atMs - other.atMs || one.order - other.order;
}
