/**
 * The one loop: observations come in, boards judge and decide, views are published on change, actions go out.
 * It decides nothing itself, waits on one timer, and learns what its actions did only from what is observed.
 */
import { momentBefore, now, type Moment } from '../clock.ts';
import type { JobRecord } from '../push/job.ts';
import type { Action } from '../reconciler/action.ts';
import type { DrainLimits, Wish } from '../reconciler/worker.ts';
import type { FleetBoard } from './fleetBoard.ts';
import type { Change, IncidentView, JobView, Snapshot, VerdictCounts, WorkerView } from './door.ts';
import { measuresOf, type Measures } from './measures.ts';
import type { ContainerBoard } from './containerBoard.ts';
import type { ZombieBoard } from './zombieBoard.ts';
import { takeInSome, type Seen } from './intake.ts';
import { isBeat, type Observation } from './observation.ts';
import { decideQueue, handOf } from './queueTurn.ts';
import type { RedisWatch } from './redisWatch.ts';
import type { Refusals } from './refusals.ts';
import { snapshotOf } from './snapshot.ts';
import { standingOf, type Standing } from './standing.ts';
import type { SupervisorParts, SupervisorSettings } from './supervisorParts.ts';
import { describeService, viewJob, type QueueFacts } from './waiting.ts';

/** It looks at least this often, so that its own lateness can be told. */
const LONGEST_SLEEP_MS = 1_000;
/** A beat waits so long for others: judged one by one, those of a thousand workers took most of a core. */
const BEATS_WAIT_MS = 250;
/** A container that was looked at waits so long for others: hundreds may turn at once. */
const CONTAINERS_WAIT_MS = 20;
/** Jobs that wait so long although slots are free are not about to be taken. */
const STILL_WORTH_TELLING_MS = 5_000;
const AT_ONCE: DrainLimits = { drainWithinMs: 0, termGraceMs: 0 };

export class Supervisor {
  /** For reading: what there is to be told of them goes through `observe`. */
  readonly zombies: ZombieBoard;
  readonly containers: ContainerBoard;
  readonly redis: RedisWatch;
  readonly fleet: FleetBoard;
  readonly #settings: SupervisorSettings;
  readonly #parts: SupervisorParts;
  readonly #inbox: Seen[] = [];
  readonly #turnListeners: (() => void)[] = [];
  readonly #goneWaiters: (() => void)[] = [];
  #timer: NodeJS.Timeout | null = null;
  #turnIsDue = false;
  #ended = false;
  #hurry = false;
  #dueAtMs = Infinity;
  #state: Snapshot['state'] = 'starting';

  constructor(settings: SupervisorSettings, parts: SupervisorParts) {
    this.#settings = settings;
    this.#parts = parts;
    this.zombies = parts.zombies;
    this.containers = parts.containers;
    this.redis = parts.redis;
    this.fleet = parts.fleet;
  }

  start(): void {
    this.#state = 'running';
    this.#scheduleTurn();
  }

  /** The world's way back; safe to call from anywhere. The moment is that of the call: the receiver's clock. */
  observe(observation: Observation): void {
    const at = now();
    this.#inbox.push({ observation, at });
    this.#parts.loops.hear(observation, at);
    if (isBeat(observation)) this.#wakeBy(at.monoMs + BEATS_WAIT_MS, at.monoMs);
    else if (observation.kind === 'containerSeen') this.#wakeBy(at.monoMs + CONTAINERS_WAIT_MS, at.monoMs);
    else this.#scheduleTurn();
  }

  onChange(listener: (change: Change) => void): () => void {
    return this.#parts.publisher.subscribe(listener);
  }

  wishOf(worker: string): Wish | null {
    return this.#parts.workers.wishOf(worker);
  }

  setWish(worker: string, wish: Wish): void {
    this.#parts.workers.setWish(worker, wish);
    this.#scheduleTurn();
  }

  /** A person's word on what is done about containers; the next turn acts on it. */
  tellHeals<T>(change: (heals: ContainerBoard['heals'], at: Moment) => T): T {
    const told = change(this.containers.heals, now());
    this.#parts.publisher.touchOverview();
    this.#scheduleTurn();
    return told;
  }

  /** False when that is under way. */
  cureRedis(at: Moment): boolean {
    this.#scheduleTurn();
    return this.redis.askCure(at);
  }

  /** Called at the end of each turn, of which there is one each second at least; for what waits for time to pass. */
  onTurn(listener: () => void): void {
    this.#turnListeners.push(listener);
  }

  standing(): Standing {
    return standingOf(this.#state, this.#queueFacts(now()), this.containers.summary());
  }

  /** False when it is being restarted already. */
  restartDocker(at: Moment): boolean {
    this.#scheduleTurn();
    return this.containers.dockerRestart.ask(at);
  }

  /** Drains every worker under the short deadline; resolves when none lives, but for those that nothing can end. */
  async stopWorkers(): Promise<void> {
    this.#state = 'stopping';
    const gone = new Promise<void>((resolve) => this.#goneWaiters.push(resolve));
    this.#scheduleTurn();
    await gone;
  }

  /** Cuts the drain short: whoever still lives at the next turn is ended. */
  hurry(): void {
    this.#hurry = true;
    this.#scheduleTurn();
  }

  /** Ends the loop's timer, once nothing is left to look after. */
  end(): void {
    this.#ended = true;
    this.#parts.observer.end();
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  /** The job as it is now, even when the given record was read a moment ago. */
  viewOf(job: JobRecord): JobView {
    return viewJob(this.newest(job), this.#queueFacts(now()));
  }

  viewsOf(jobs: readonly JobRecord[]): JobView[] {
    const facts = this.#queueFacts(now());
    return jobs.map((job) => viewJob(this.newest(job), facts));
  }

  /** The record as it is now, without its place in the queue: of ten thousand at once, too. */
  newest(job: JobRecord): JobRecord {
    const known = this.#parts.jobs.known(job.id);
    return known !== null && known.revision > job.revision ? known : job;
  }

  isKept(jobId: string): boolean {
    return this.#parts.jobs.isKept(jobId);
  }

  openJobs(): readonly JobRecord[] {
    return this.#parts.jobs.open().map((open) => open.job);
  }

  incidents(): IncidentView[] {
    return this.#parts.workers.incidents();
  }

  verdictCounts(): VerdictCounts[] {
    return this.#parts.workers.verdictCounts();
  }

  refusalCounts(): ReturnType<Refusals['counts']> {
    return this.#parts.refusals.counts();
  }

  measures(): Measures {
    return measuresOf(this.#parts);
  }

  worker(name: string): WorkerView | null {
    return this.#parts.workers.view(name, handOf(this.#parts, name), now());
  }

  snapshot(): Snapshot {
    const at = now();
    const { canary, hosts, home, grants, observer } = this.#parts;
    return snapshotOf({
      ...{ settings: this.#settings, state: this.#state, facts: this.#queueFacts(at), at },
      ...{ canary: canary.view, hosts: hosts(), home: home.view, zombies: this.zombies.summary },
      ...{ docker: this.containers.docker, containers: this.containers.summary(), grants: grants.summary() },
      queueOfLead: this.fleet.queueOfLead,
      fleet: this.#settings.shared ? this.fleet.view(at, observer.awareness) : null,
      spare: this.#parts.workers.spareView(at),
    });
  }

  #queueFacts(at: Moment): QueueFacts {
    const { workers, jobs, redis } = this.#parts;
    const views = workers.names().map((name) => workers.view(name, handOf(this.#parts, name), at));
    const stillMs = at.monoMs - (jobs.queueTimes().stillSinceMs ?? at.monoMs);
    const stillSince = stillMs < STILL_WORTH_TELLING_MS ? null : momentBefore(at, stillMs).wall;
    const known = views.filter((view) => view !== null);
    const { keeper } = this.fleet;
    return { workers: known, redis: redis.state, open: jobs.open(), stillSince, keeper };
  }

  #scheduleTurn(): void {
    if (this.#turnIsDue || this.#ended) return;
    this.#turnIsDue = true;
    setImmediate(() => {
      this.#turn();
    });
  }

  #turn(): void {
    this.#turnIsDue = false;
    if (this.#ended) return;
    const at = now();
    this.#parts.observer.look(Math.max(0, at.monoMs - this.#dueAtMs), at.monoMs);
    const actions = takeInSome(this.#parts, this.#inbox);
    this.containers.settle();
    const recheckTimes = this.#decide(actions, at);
    if (this.containers.show(at)) this.#parts.publisher.touchOverview();
    const facts = this.#queueFacts(at);
    const { home, workers } = this.#parts;
    const overview = [this.#state, facts.redis, describeService(facts), home.view, workers.spareView(at)];
    const isAllTold = this.#parts.publisher.publish({
      workers: facts.workers,
      containers: this.containers.takeNews(),
      viewOf: (job) => viewJob(job, facts),
      overviewDigest: JSON.stringify(overview),
      snapshot: () => this.snapshot(),
    });
    if (!isAllTold || this.#inbox.length > 0) this.#scheduleTurn();
    for (const action of actions) this.#parts.hands.perform(action);
    this.#sleepUntil(recheckTimes, at.monoMs);
    this.#lookAtStragglers(at.monoMs);
    this.#parts.loops.note('supervisor', at);
    for (const tell of this.#turnListeners) tell();
  }

  #lookAtStragglers(nowMs: number): void {
    const { workers, stragglers } = this.#parts;
    const found = workers.stragglers(this.#drain(), nowMs);
    stragglers.note(found);
    const unkillable = found.filter(({ stubbornness }) => stubbornness === 'unkillable');
    if (this.#state !== 'stopping' || this.#goneWaiters.length === 0) return;
    if (workers.living() > unkillable.length) return;
    stragglers.leave(unkillable);
    for (const tell of this.#goneWaiters.splice(0)) tell();
  }

  #drain(): DrainLimits {
    if (this.#hurry) return AT_ONCE;
    return this.#state === 'stopping' ? this.#settings.stopDrain : this.#settings.drain;
  }

  /** Lets each board add its actions; returns the times at which they want to be asked again. */
  #decide(actions: Action[], at: Moment): (number | null)[] {
    const { workers, jobs, redis, observer, canary, relay } = this.#parts;
    const stopping = this.#state === 'stopping';
    const { oldestQueuedAtMs, oldestLeftAtMs, stillSinceMs } = jobs.queueTimes();
    const forWorkers = workers.decide({
      brokerAwaySince: redis.awaySince,
      brokerBackAt: redis.backAt,
      awareness: observer.awareness,
      oldestWaitingMs: oldestQueuedAtMs === null ? 0 : at.monoMs - oldestQueuedAtMs,
      queueStillMs: stillSinceMs === null ? 0 : at.monoMs - stillSinceMs,
      canary: canary.pending,
      drain: this.#drain(),
      stopping,
      queueOpen: redis.everUp && this.fleet.mayTake,
      at,
    });
    actions.push(...forWorkers.actions);
    const attempts = new Set([...jobs.heldAttempts(), ...relay.attempts()]);
    const forOrphans = this.#parts.orphans.decide({ lives: workers.livingNonces(), attempts }, at.monoMs);
    actions.push(...forOrphans.actions);
    if (stopping) return [forWorkers.recheckAtMs, forOrphans.recheckAtMs];
    const forContainers = this.containers.decide(at);
    actions.push(...forContainers.actions);
    actions.push(...redis.decide(at.monoMs));
    const forQueue = decideQueue(this.#parts, oldestLeftAtMs, at);
    actions.push(...forQueue.actions);
    const others = [forOrphans.recheckAtMs, forContainers.recheckAtMs, redis.recheckAtMs];
    return [forWorkers.recheckAtMs, ...forQueue.recheckTimes, ...others];
  }

  #sleepUntil(times: readonly (number | null)[], nowMs: number): void {
    const wanted = times.reduce<number>(
      (earliest, time) => Math.min(earliest, time ?? Infinity),
      nowMs + LONGEST_SLEEP_MS,
    );
    this.#dueAtMs = Infinity;
    this.#wakeBy(Math.max(wanted, nowMs + 1), nowMs);
  }

  #wakeBy(atMs: number, nowMs: number): void {
    if (this.#ended || atMs >= this.#dueAtMs) return;
    this.#dueAtMs = atMs;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#scheduleTurn();
    }, atMs - nowMs);
  }
}
