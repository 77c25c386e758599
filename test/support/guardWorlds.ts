/**
 * Random machines with a Garrison somewhere in them: each process is born with the knowledge whether Garrison made it and may touch it.
 * The guard is never asked while a machine is built, so what it answers can be held against that knowledge.
 */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { ProcessFacts } from '../../src/proc.ts';
import type { GuardSurroundings, Origin } from '../../src/reconciler/guard.ts';
import { BOOT, facts, MARK, NO_PIDS, type Guard } from './guardCases.ts';

interface Being {
  readonly what: string;
  readonly facts: ProcessFacts;
  /** Made by this Garrison and free to be signalled: the only kind that the guard may ever approve. */
  readonly ours: boolean;
  /** It made its group and session by setsid, and all in them are ours. */
  readonly ownGroup: boolean;
  /** Under which origin it is listed in good faith; these must be approved while it is the one that was meant. */
  readonly honest: readonly Origin[];
  /** Under which origins it may be asked for in error, and must be refused when it is not ours. */
  readonly mistaken: readonly Origin[];
}

interface World {
  readonly seen: Omit<GuardSurroundings, 'target' | 'origin'>;
  readonly beings: readonly Being[];
}

const SEATS = ['service', 'login', 'container', 'practice host', 'setsid'] as const;
const STATES = ['R', 'S', 'D', 'T', 'I'] as const;

const STRANGERS = [
  'our session',
  'our group',
  "our shell's job",
  'a login',
  'a login without logind',
  'the sshd',
  'a renamed sshd',
  'a container',
  "another user's",
  'a setuid program',
  'a daemon',
  'our twin',
  'an orphan',
  'a kernel thread',
  'an sshd of ours',
  'a login on our practice host',
  "an sshd in a worker's cgroup",
  "one in our worker's cgroup that is another user's",
  'one beside us',
  "an old one in a worker's cgroup",
] as const;
type Stranger = (typeof STRANGERS)[number];

interface Plan {
  readonly seat: (typeof SEATS)[number];
  readonly uid: number;
  /** `sshd & exec garrison`: children that were there before. */
  readonly inherited: boolean;
  readonly workers: readonly {
    alive: boolean;
    ended: boolean;
    ssh: number;
    children: number;
    orphans: number;
    enclosed: boolean;
  }[];
  readonly strangers: readonly Stranger[];
  readonly states: readonly string[];
  readonly numbers: readonly number[];
  readonly startTicks: readonly number[];
}

const small = fc.nat({ max: 2 });
const PLANS: fc.Arbitrary<Plan> = fc.record({
  seat: fc.constantFrom(...SEATS),
  uid: fc.constantFrom(0, 0, 1000),
  inherited: fc.boolean(),
  workers: fc.array(
    fc.record({
      ...{ alive: fc.boolean(), ended: fc.boolean(), enclosed: fc.boolean() },
      ...{ ssh: small, children: small, orphans: small },
    }),
    { minLength: 1, maxLength: 3 },
  ),
  strangers: fc.array(fc.constantFrom(...STRANGERS), { minLength: 6, maxLength: 12 }),
  states: fc.array(fc.constantFrom(...STATES), { minLength: 5, maxLength: 5 }),
  // 2 is kthreadd on every machine, the parent of kernel threads and never us.
  numbers: fc.uniqueArray(fc.integer({ min: 3, max: 2 ** 22 }), { minLength: 80, maxLength: 80 }),
  startTicks: fc.array(fc.integer({ min: 1, max: 2 ** 40 }), { minLength: 11, maxLength: 11 }),
});

/** Fails with the machine and the process that the guard got wrong. */
export function assertWorlds(guard: Guard, runs: { numRuns: number; seed?: number }): void {
  fc.assert(
    fc.property(PLANS, (plan) => {
      const world = build(plan);
      for (const being of world.beings) {
        askInGoodFaith(guard, world, being);
        askInError(guard, world, being);
      }
    }),
    { ...runs, endOnFailure: true, includeErrorInReport: true },
  );
}

function ask(guard: Guard, world: World, question: Question): string | null {
  const { being, origin, reach, startTicks = being.facts.startTicks, bootId = BOOT } = question;
  // Not by `??`: what is null or undefined is asked for, too.
  const { pid } = { ...being.facts, ...question };
  const target = { pid, startTicks, bootId };
  const seen = { ...being.facts, pid, threadGroup: pid };
  return guard({ target, reach, signal: 'SIGKILL' }, { ...world.seen, target: seen, origin });
}

interface Question {
  readonly being: Being;
  readonly origin: Origin | null;
  readonly reach: 'process' | 'group';
  readonly startTicks?: number;
  readonly bootId?: string;
  /** Instead of its own. */
  readonly pid?: number;
}

/** A guard that refuses everything would be of no use to anyone. */
function askInGoodFaith(guard: Guard, world: World, being: Being): void {
  for (const origin of being.honest) {
    assert.equal(ask(guard, world, { being, origin, reach: 'process' }), null, `${being.what} is ours`);
    if (!being.ownGroup) continue;
    assert.equal(ask(guard, world, { being, origin, reach: 'group' }), null, `the group of ${being.what}`);
  }
}

function askInError(guard: Guard, world: World, being: Being): void {
  const refuses = (why: string, question: Omit<Question, 'being'>): void => {
    const told = `${being.what} (${String(question.origin)}, ${question.reach}): ${why}`;
    assert.notEqual(ask(guard, world, { being, ...question }), null, told);
  };
  for (const reach of ['process', 'group'] as const) {
    refuses('it is in no table', { origin: null, reach });
    for (const origin of [...being.honest, ...being.mistaken]) {
      const { startTicks } = being.facts;
      refuses('an earlier process had this pid', { origin, reach, startTicks: startTicks - 1 });
      refuses('the same numbers before the last boot', { origin, reach, bootId: 'other' });
      for (const pid of NO_PIDS) refuses(`as ${String(pid)}`, { origin, reach, pid: pid as number });
      if (!being.ours) refuses('not ours', { origin, reach });
    }
  }
  if (being.ours && !being.ownGroup)
    for (const origin of being.honest) refuses('a group that is not its own', { origin, reach: 'group' });
}

function build(plan: Plan): World {
  const makers = new Makers(plan);
  makers.placeSelf();
  for (const worker of plan.workers) makers.addWorker(worker);
  for (const stranger of plan.strangers) makers.addStranger(stranger);
  return makers.world();
}

const EVERY_ORIGIN: readonly Origin[] = ['spawned', 'named', 'adopted', 'marked', 'enclosed'];
/** What can be claimed of a process that has none of the rules' marks on it: only what the guard can check. */
const CHECKED: readonly Origin[] = ['spawned', 'adopted', 'marked', 'enclosed'];

const UNIFIED = '0::';
/** Start of the worker whose cgroup it is; the random start times are below and above. */
const ENCLOSED_SINCE = 2 ** 20;

class Makers {
  readonly #plan: Plan;
  readonly #beings: Being[] = [];
  readonly #numbers: number[];
  #self: ProcessFacts = facts();
  #ancestors: ProcessFacts[] = [];
  #count = 0;

  constructor(plan: Plan) {
    this.#plan = plan;
    this.#numbers = [...plan.numbers];
  }

  /** The cgroup of a worker, below our own. */
  get #enclosure(): string {
    return `${this.#self.cgroup === `${UNIFIED}/` ? UNIFIED : this.#self.cgroup}/garrison-500-1-ab`;
  }

  get #adoption(): GuardSurroundings['adoption'] {
    return this.#self.pid === 1 || this.#plan.inherited ? 'anyone' : 'ownTree';
  }

  world(): World {
    const ancestors = this.#ancestors.map(({ pid, session }) => ({ pid, session }));
    const known = { bootId: BOOT, self: this.#self, adoption: this.#adoption, mark: MARK };
    const seen = {
      ...known,
      ancestors,
      enclosure: { path: this.#enclosure.slice(UNIFIED.length), sinceTicks: ENCLOSED_SINCE },
    };
    return { seen, beings: this.#beings };
  }

  /** Init, what logs people in, and Garrison where the plan seats it; none of them may ever be signalled. */
  placeSelf(): void {
    const { seat, uid } = this.#plan;
    const root = { mark: null, uid: 0, uids: [0, 0, 0, 0] };
    if (seat === 'container') {
      this.#self = this.#fresh({ pid: 1, parentPid: 0, cgroup: '0::/', mark: null, uid, uids: four(uid) });
      this.#untouchable('ourselves', this.#self);
      return;
    }
    const cgroup = seat === 'login' ? '0::/user.slice/session-3.scope' : '0::/system.slice/garrison.service';
    const own = { ...root, cgroup, sshConnection: seat === 'service' ? null : 'a 1 b 22' };
    const init = this.#fresh({ ...root, pid: 1, parentPid: 0, cgroup: '0::/init.scope', command: 'systemd' });
    const above = [init];
    if (seat !== 'service') {
      const daemon = this.#fresh({ ...root, parentPid: 1, command: 'sshd', program: 'sshd' });
      const session = this.#fresh({ ...own, parentPid: daemon.pid, command: 'sshd', program: 'sshd' });
      above.unshift(
        this.#fresh({ ...own, uid, uids: four(uid), parentPid: session.pid, command: 'bash' }),
        session,
        daemon,
      );
    }
    const [parent] = above;
    const near = seat === 'login' || seat === 'practice host' ? { session: parent!.session } : {};
    this.#self = this.#fresh({ ...own, ...near, uid, uids: four(uid), parentPid: parent!.pid });
    this.#ancestors = above;
    this.#untouchable('ourselves', this.#self);
    for (const ancestor of above) this.#untouchable(`our ancestor ${ancestor.command}`, ancestor);
  }

  addWorker(wish: Plan['workers'][number]): void {
    const worker = this.#ofOurs({ parentPid: this.#self.pid });
    if (wish.alive && !wish.ended) this.#own('a worker', worker, ['spawned', 'marked']);
    if (wish.alive && wish.ended) this.#untouchable('a worker that is a zombie', { ...worker, state: 'Z' });
    const above = wish.alive ? worker.pid : this.#self.pid;
    for (let each = 0; each < wish.ssh; each += 1)
      this.#own(
        'an ssh',
        this.#ofOurs({ parentPid: above, command: 'ssh', program: 'ssh', sshConnection: null }),
        ['named', 'marked'],
      );
    for (let each = 0; each < wish.children; each += 1) {
      const { processGroup, session } = worker;
      const member = this.#ofOurs({ parentPid: worker.pid, processGroup, session });
      this.#own('a child in its group', member, ['marked'], false);
    }
    for (let each = 0; each < wish.orphans; each += 1) this.#addOrphan(each > 0);
    if (wish.enclosed) this.#own('one that hides', this.#hidden({}), ['enclosed']);
  }

  addStranger(kind: Stranger): void {
    const { pid, session, processGroup, cgroup, uid } = this.#self;
    const shell = this.#ancestors[0] ?? this.#self;
    const near = (change: Partial<ProcessFacts>): void => {
      this.#untouchable(kind, this.#ofOurs(change));
    };
    const far = (change: Partial<ProcessFacts>): void => {
      this.#stranger(kind, { mark: null, parentPid: this.#number(), ...change });
    };
    const makers: Readonly<Record<Stranger, () => void>> = {
      'our session': () => near({ session, processGroup: this.#number() }),
      'our group': () => near({ session, processGroup }),
      "our shell's job": () => near({ session: shell.session, parentPid: shell.pid }),
      'a login': () => near({ cgroup: `${cgroup}\n1:x:/user.slice/session-9.scope` }),
      'a login without logind': () => near({ mark: null, parentPid: 1, sshConnection: 'c 1 d 22' }),
      'a login on our practice host': () => near({ sshConnection: 'e 1 f 22', command: 'bash' }),
      'the sshd': () => near({ mark: null, parentPid: 1, command: 'sshd' }),
      'an sshd of ours': () => near({ parentPid: pid, command: 'sshd-session' }),
      'a renamed sshd': () => near({ command: 'worker', program: 'sshd' }),
      'a container': () => near({ cgroup: `0::/docker/${'c3'.repeat(32)}` }),
      "another user's": () => near({ uid: 33, uids: four(33) }),
      'a setuid program': () => near({ uids: [33, uid, uid, uid] }),
      'a daemon': () => far({}),
      'our twin': () => far({ mark: 'another run' }),
      'a kernel thread': () => far({ parentPid: 2, processGroup: 0, session: 0 }),
      "an sshd in a worker's cgroup": () => this.#moved(kind, { command: 'sshd' }),
      "one in our worker's cgroup that is another user's": () => this.#moved(kind, { uids: four(33) }),
      "an old one in a worker's cgroup": () =>
        this.#moved(kind, { startTicks: ENCLOSED_SINCE - 1 }, ['enclosed']),
      'one beside us': () => far({ cgroup: `${this.#enclosure}c` }),
      'an orphan': () => this.#addStrangersOrphan(),
    };
    makers[kind]();
  }

  /** Escaped from its worker in all ways but one: no mark, no parent, a session of its own. */
  #hidden(change: Partial<ProcessFacts>): ProcessFacts {
    return this.#ofOurs({
      mark: null,
      parentPid: 1,
      cgroup: this.#enclosure,
      startTicks: ENCLOSED_SINCE,
      ...change,
    });
  }

  /** Somebody's, whom somebody put into the cgroup of a worker. */
  #moved(what: string, change: Partial<ProcessFacts>, mistaken = EVERY_ORIGIN): void {
    const one = this.#hidden(change);
    this.#beings.push({ what, facts: one, ours: false, ownGroup: false, honest: [], mistaken });
  }

  /** Nobody spawned it, so only an adoption or a mark can be claimed of it. */
  #addStrangersOrphan(): void {
    if (this.#adoption === 'ownTree') return;
    const orphan = this.#ofOurs({ mark: null, parentPid: this.#self.pid });
    const what = 'an orphan of others that came to us';
    this.#beings.push({
      what,
      facts: orphan,
      ours: false,
      ownGroup: false,
      honest: [],
      mistaken: ['adopted', 'marked'],
    });
  }

  #addOrphan(lostItsMark: boolean): void {
    const orphan = this.#ofOurs({ parentPid: this.#self.pid, ...(lostItsMark ? { mark: null } : {}) });
    const honest: Origin[] = this.#adoption === 'ownTree' ? ['adopted'] : [];
    if (!lostItsMark) honest.push('marked');
    this.#own('an orphan of ours', orphan, honest);
  }

  #own(what: string, own: ProcessFacts, honest: readonly Origin[], ownGroup = true): void {
    this.#beings.push({ what, facts: own, ours: true, ownGroup, honest, mistaken: [] });
  }

  /** Has one of the signs that forbid it whatever is said of it. */
  #untouchable(what: string, one: ProcessFacts): void {
    this.#beings.push({ what, facts: one, ours: false, ownGroup: false, honest: [], mistaken: EVERY_ORIGIN });
  }

  #stranger(what: string, change: Partial<ProcessFacts>): void {
    const one = this.#ofOurs(change);
    this.#beings.push({ what, facts: one, ours: false, ownGroup: false, honest: [], mistaken: CHECKED });
  }

  /** As alike to one of our own as `change` lets it be. */
  #ofOurs(change: Partial<ProcessFacts>): ProcessFacts {
    const { uid, cgroup, sshConnection, pid } = this.#self;
    return this.#fresh({ parentPid: pid, uid, uids: four(uid), cgroup, sshConnection, ...change });
  }

  #fresh(change: Partial<ProcessFacts>): ProcessFacts {
    const { states, startTicks } = this.#plan;
    this.#count += 1;
    const state = states[this.#count % states.length] ?? 'S';
    const started = startTicks[this.#count % startTicks.length] ?? 1;
    return facts({ pid: change.pid ?? this.#number(), state, startTicks: started, ...change });
  }

  #number(): number {
    return this.#numbers.pop() ?? 3;
  }
}

function four(uid: number): number[] {
  return [uid, uid, uid, uid];
}
