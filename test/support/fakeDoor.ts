/**
 * A supervisor's front door with nothing behind it: tests set what it shows, and it tells what it was asked.
 * It never runs anything; whatever it answers, a test has put there.
 */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { GarrisonError } from '../../src/errors.ts';
import { RESTART_REASONS } from '../../src/detector/restartReason.ts';
import type { AccountWish } from '../../src/push/account.ts';
import { CONTAINER_STATES } from '../../src/detector/container.ts';
import type { Alert } from '../../src/reconciler/alertAction.ts';
import type {
  AlertAnswer,
  Asker,
  Change,
  ContainersSummary,
  ContainerStoryView,
  ContainerView,
  DockerView,
  Door,
  HealCounts,
  HostResult,
  HostView,
  JobView,
  JournalFact,
  HostCheckView,
  KnownLeftover,
  Leftover,
  LeftoverDecision,
  MaintenanceView,
  NoticeCount,
  OperationRequest,
  IncidentView,
  VerdictCounts,
  OperationView,
  PushSummary,
  PushView,
  RecoveryView,
  RefusalCount,
  ScannedHostKey,
  SecretsView,
  Snapshot,
  WorkerView,
  ZombieSummary,
  ZombieView,
} from '../../src/supervisor/door.ts';
import type { Wanted } from '../../src/push/grants.ts';
import type { PushRequest, SyncRequest } from '../../src/supervisor/pushAsk.ts';

import { FakeHistory } from './fakeHistory.ts';
import type { Measures } from '../../src/supervisor/measures.ts';
import type { RestartCounts, WorkerMeasures } from '../../src/supervisor/workerTally.ts';

const SINCE = '2025-01-02T03:04:05.678Z';
const TRUTH = { verdict: 'ok', evidence: 'seen', since: SINCE } as const;
export const FINGERPRINT = `SHA256:${'a'.repeat(43)}`;

export const NO_RESTARTS = Object.fromEntries(RESTART_REASONS.map((reason) => [reason, 0])) as RestartCounts;

export function worker(name: string, change: Partial<WorkerView> = {}): WorkerView {
  return {
    name,
    state: 'up',
    reason: 'Beating',
    since: SINCE,
    detail: `${name} takes jobs`,
    truths: { process: TRUTH, heartbeat: TRUTH, broker: TRUTH, slots: TRUTH, progress: TRUTH },
    incarnation: { pid: 4711, startTicks: 99, nonce: 'abcd' },
    lastBeatAgoMs: 400,
    restarts: 0,
    jobs: [],
    riders: 0,
    slots: 10,
    rssBytes: 50_000_000,
    host: 'bastion-a',
    wish: 'run',
    ...change,
  };
}

export function hostView(name: string, change: Partial<HostView> = {}): HostView {
  return {
    name,
    address: '127.0.0.1',
    port: 2201,
    user: 'root',
    groups: ['web'],
    state: 'trusted',
    detail: '',
    practice: false,
    ...change,
  };
}

export function zombieView(pid: number, change: Partial<ZombieView> = {}): ZombieView {
  return {
    pid,
    name: 'celery',
    since: SINCE,
    parent: { pid: 812, name: 'cron' },
    owner: 'foreign',
    next: 'ProgramNeedsRepair',
    advice: 'It is dead and harmless.',
    ...change,
  };
}

export function incidentView(id: string, name: string): IncidentView {
  return {
    ...{ id, worker: name, at: SINCE, from: null, state: 'late', reason: 'BeatLate', shown: true },
    ...{ detail: 'a gap between two beats', autopsyFile: null, lastLines: [] },
  };
}

export function result(change: Partial<HostResult> = {}): HostResult {
  return {
    outcome: 'changed',
    stage: 'verify',
    reason: 'AccountPushed',
    detail: 'as wished',
    changes: ['created account'],
    facts: {},
    replayed: false,
    at: SINCE,
    ...change,
  };
}

export function containerView(name: string, more: Partial<ContainerView> = {}): ContainerView {
  return {
    name,
    state: 'healthy',
    reason: 'ProbePassed',
    since: SINCE,
    detail: 'its health check passes',
    id: createHash('sha256').update(name).digest('hex').slice(0, 12),
    incarnation: '4242-1770000000000',
    project: 'jms',
    service: name,
    image: 'jms/core:v4',
    dependsOn: [],
    root: null,
    zombies: 0,
    heal: {
      selection: 'unselected',
      because: 'nobody chose it',
      plan: '',
      restarts: 0,
      budget: 3,
      perMs: 1_800_000,
      quarantinedSince: null,
    },
    ...more,
  };
}

export class FakeDoor implements Door {
  readonly history = new FakeHistory();
  workers: WorkerView[] = [worker('push-1'), worker('push-2')];
  hosts: HostView[] = [hostView('web-1'), hostView('web-2'), hostView('web-3')];
  jobs: JobView[] = [];
  pushes: PushView[] = [];
  operations: OperationView[] = [];
  incidents: IncidentView[] = [];
  counts: VerdictCounts[] = [];
  zombies: ZombieView[] = [];
  reaped = { orphan: 0, worker: 0 };
  limited: string | null = null;
  containers: ContainerView[] = [];
  problems: string[] = [];
  maintenance: MaintenanceView[] = [];
  brake: string | null = null;
  stories: ContainerStoryView[] = [];
  bundles: Record<string, unknown> = {};
  healed: HealCounts[] = [];
  docker: DockerView = {
    state: 'up',
    since: SINCE,
    detail: 'Docker answers',
    reconnects: 0,
    missedChanges: 0,
  };
  refusals: RefusalCount[] = [];
  loops: Measures['loops'] = { supervisor: SINCE, docker: null, zombies: SINCE, redis: SINCE };
  observerHealth = 0;
  openJobs: Measures['openJobs'] = { queued: 3, starting: 0, running: 1, verifying: 0 };
  /** By the worker's name: where they differ from none. */
  restarts: Record<string, RestartCounts> = {};
  notices: NoticeCount[] = [];
  served = true;
  redisUp = true;
  interrupts: string[] = [];
  /** Of whatever happens to containers. */
  steps: string[] = [];
  recovery: RecoveryView | null = null;
  /** Thrown at whoever asks for an operation, a dry run too. */
  refusal: GarrisonError | null = null;
  scanned: ScannedHostKey[] = [
    { type: 'ssh-ed25519', fingerprint: FINGERPRINT, line: 'ssh-ed25519 AAAA', alreadyTrusted: false },
  ];
  readonly journal: JournalFact[] = [];
  journalIsFull = false;
  readonly asked: unknown[] = [];
  /** Answers a request right after it was taken, as a supervisor would; set by a test. */
  afterPush: (push: PushView) => void = () => undefined;
  afterOperation: (operation: OperationView) => void = () => undefined;
  readonly logFolder: string;
  readonly #listeners = new Set<(change: Change) => void>();
  #count = 0;

  constructor(logFolder: string) {
    this.history.now = () => this;
    this.logFolder = logFolder;
  }

  /** Set once the server is up: those that it has for itself. */
  serversOwnListeners = 0;

  /** Besides the server's own. */
  get listeners(): number {
    return this.#listeners.size - this.serversOwnListeners;
  }

  snapshot(): Snapshot {
    const detail = this.served ? '2 workers take jobs.' : `no live worker since ${SINCE}: all 2 are stopped`;
    const canary = { lastTookMs: 12, lastAt: SINCE, sentAt: null };
    return {
      observedAt: SINCE,
      host: 'bastion-a',
      version: '0.1.0',
      pid: 1234,
      startedAt: SINCE,
      state: 'running',
      redis: { up: this.redisUp, since: SINCE, detail: this.redisUp ? 'it answers' : 'connection refused' },
      queue: { waiting: 3, running: 1, oldestWaitingMs: 2500, canary, served: this.served, detail },
      workers: this.workers,
      hosts: this.hosts,
      zombies: this.zombieSummary(),
      docker: this.docker,
      containers: this.containersSummary(),
    };
  }

  zombieSummary(): ZombieSummary {
    const { zombies, reaped, limited } = this;
    const byOwner = { own: 0, worker: 0, container: 0, foreign: 0 };
    for (const { owner } of zombies) byOwner[owner] += 1;
    const total = zombies.length;
    return { observedAt: SINCE, total, byOwner, lasting: total, reaped, limited };
  }

  containersSummary(): ContainersSummary {
    const { containers, problems, maintenance, brake } = this;
    const byState = Object.fromEntries(
      CONTAINER_STATES.map((state) => [state, containers.filter((each) => each.state === state).length]),
    ) as ContainersSummary['byState'];
    const sick = containers.filter(({ root }) => root !== null);
    return { total: containers.length, listed: true, byState, problems, sick, maintenance, brake };
  }

  listContainers(): readonly ContainerView[] {
    return this.containers;
  }

  containerStory(name: string): readonly ContainerStoryView[] {
    return this.stories.filter(({ container }) => container === name);
  }

  async containerBundle(file: string): Promise<unknown> {
    return this.bundles[file] ?? null;
  }

  healCounts(): readonly HealCounts[] {
    return this.healed;
  }

  listZombies(): readonly ZombieView[] {
    return this.zombies;
  }

  zombie(pid: string): ZombieView {
    const found = this.zombies.find((zombie) => String(zombie.pid) === pid);
    if (found === undefined) throw new GarrisonError('NOT_FOUND', `there is no zombie with pid ${pid}`);
    return found;
  }

  tell(change: Change): void {
    for (const listener of this.#listeners) listener(change);
  }

  onChange(listener: (change: Change) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  wantedNow: Wanted[] = [];
  /** Thrown at whoever asks what is wanted: grants.yaml cannot be read. */
  wantedTrouble: GarrisonError | null = null;

  wanted(): readonly Wanted[] {
    if (this.wantedTrouble !== null) throw this.wantedTrouble;
    return this.wantedNow;
  }

  async sync(request: SyncRequest): Promise<readonly PushView[]> {
    this.asked.push(request);
    return this.synced;
  }

  /** What a sync or its plan comes to. */
  synced: PushView[] = [];
  leftoversNow: Leftover[] = [];

  async leftovers(): Promise<readonly Leftover[]> {
    return this.leftoversNow;
  }

  knownLeftovers(): readonly KnownLeftover[] {
    return this.leftoversNow.map((each) => ({ ...each, seenAt: SINCE }));
  }

  checks: HostCheckView[] = [];

  hostChecks(): readonly HostCheckView[] {
    return this.checks;
  }

  decideLeftover(decision: LeftoverDecision): void {
    this.asked.push(decision);
  }

  async secrets(): Promise<SecretsView> {
    return { key: null, problem: null, earlier: [], sealed: 0, unreadable: 0 };
  }

  rotateSecrets(by: Asker, reason: string | null): Promise<SecretsView> {
    this.asked.push({ ...by, reason, verb: 'rotateSecrets' });
    return this.secrets();
  }

  async submitPush(request: PushRequest): Promise<PushView> {
    this.asked.push(request);
    const unknown = request.hosts.filter((name) => this.hosts.every((host) => host.name !== name));
    if (unknown.length > 0)
      throw new GarrisonError('HOST_UNKNOWN', `not in the inventory: ${unknown.join(', ')}`, {
        cure: 'add it',
      });
    if (!this.redisUp) throw new GarrisonError('REDIS_UNAVAILABLE', 'Redis is away');
    const id = `p-${String((this.#count += 1))}`;
    const jobs = request.hosts.map((host, index) =>
      this.job0(`${id}-j${String(index + 1)}`, {
        pushId: id,
        host,
        kind: request.kind,
        account: request.account,
        position: index + 1,
      }),
    );
    const { kind, actor, reason, planOf, undoOf } = request;
    const push: PushView = {
      id,
      kind,
      accountName: request.account?.name ?? null,
      ...(planOf === undefined ? {} : { planOf }),
      ...(undoOf === undefined ? {} : { undoOf }),
      ...{ createdAt: SINCE, actor, reason },
      jobIds: jobs.map((job) => job.id),
      state: 'open',
      jobs,
    };
    if (request.dryRun) return push;
    this.pushes.push(push);
    this.jobs.push(...jobs);
    setImmediate(() => this.afterPush(push));
    return push;
  }

  job0(id: string, change: Partial<JobView> = {}): JobView {
    return {
      id,
      pushId: 'p-0',
      kind: 'push',
      host: 'web-1',
      account: null as AccountWish | null,
      state: 'queued',
      since: SINCE,
      createdAt: SINCE,
      attempt: 0,
      lostAttempts: 0,
      revision: 1,
      stage: null,
      worker: null,
      cancelRequested: false,
      result: null,
      position: null,
      waitingFor: this.served ? 'a free slot' : `a live worker, since ${SINCE}`,
      ...change,
    };
  }

  /** Changes a job everywhere it is seen and tells of it. */
  change(id: string, change: Partial<JobView>): void {
    const before = this.jobs.find((job) => job.id === id)!;
    const after = { ...before, revision: before.revision + 1, ...change };
    this.jobs = this.jobs.map((job) => (job.id === id ? after : job));
    this.pushes = this.pushes.map((push) => ({
      ...push,
      jobs: push.jobs.map((job) => (job.id === id ? after : job)),
    }));
    this.tell({ type: 'job', job: after });
  }

  async push(id: string): Promise<PushView> {
    if (!this.redisUp) throw new GarrisonError('REDIS_UNAVAILABLE', 'Redis is away');
    return found(this.pushes, id, 'push');
  }

  async listPushes(): Promise<{ items: PushSummary[]; nextCursor: null }> {
    const items = this.pushes.map(({ jobs, jobIds, ...push }) => ({
      ...push,
      hosts: jobIds.length,
      counts: Object.fromEntries(
        jobs.map(({ state }) => [state, jobs.filter((each) => each.state === state).length]),
      ),
    }));
    return { items, nextCursor: null };
  }

  async job(id: string): Promise<JobView> {
    return found(this.jobs, id, 'job');
  }

  async listJobs(query: {
    cursor?: string;
    limit?: number;
    state?: string;
    q?: string;
  }): Promise<{ items: JobView[]; nextCursor: string | null }> {
    const from = Number(query.cursor ?? 0);
    const wanted = this.jobs.filter(
      ({ id, host, state }) =>
        (query.state === undefined || state === query.state) && `${id} ${host}`.includes(query.q ?? ''),
    );
    const items = wanted.slice(from, from + Math.min(query.limit ?? 100, 100));
    const next = from + items.length;
    return { items, nextCursor: next < wanted.length ? String(next) : null };
  }

  async jobLogFile(id: string): Promise<string> {
    return join(this.logFolder, `${found(this.jobs, id, 'job').id}.log`);
  }

  async submitOperation(request: OperationRequest): Promise<OperationView> {
    this.asked.push(request);
    if (this.refusal !== null) throw this.refusal;
    const kind = this.#kindOf(request);
    if (kind === null)
      throw new GarrisonError('NOT_FOUND', `there is no worker ${request.target}`, {
        cure: 'garrison get workers',
      });
    if (request.ifIncarnation !== null && request.ifIncarnation !== '4711-99-abcd') {
      throw new GarrisonError('INCARNATION_CHANGED', 'it is another one now');
    }
    const { verb, target, actor, reason, dryRun } = request;
    const id = dryRun ? 'dry-run' : `o-${String((this.#count += 1))}`;
    const operation: OperationView = {
      id,
      verb,
      target,
      actor,
      reason,
      createdAt: SINCE,
      state: dryRun ? 'planned' : 'running',
      detail: 'under way',
      interrupts: this.interrupts,
      ...(kind === 'containers' ? { steps: this.steps } : {}),
      ...(verb === 'recover' && this.recovery !== null ? { recovery: this.recovery } : {}),
    };
    if (dryRun) return operation;
    this.operations.push(operation);
    setImmediate(() => this.afterOperation(operation));
    return operation;
  }

  /** Null when there is nothing of that name. */
  #kindOf({ verb, target }: OperationRequest): 'workers' | 'containers' | 'others' | null {
    if (this.jobs.some(({ id }) => id === target)) return 'others';
    if (verb === 'recover' || verb === 'reap' || verb === 'maintenanceOn' || verb === 'maintenanceOff')
      return 'others';
    if (verb === 'restart' && target === 'docker') return 'containers';
    const isOf = (plural: string, names: readonly { name: string }[]): boolean =>
      names.some(({ name }) => target === name || target === `${plural}/${name}`);
    if (isOf('worker', this.workers)) return 'workers';
    return isOf('container', this.containers) ? 'containers' : null;
  }

  endOperation(id: string, change: Partial<OperationView>): void {
    const after = { ...found(this.operations, id, 'operation'), ...change };
    this.operations = this.operations.map((operation) => (operation.id === id ? after : operation));
    this.tell({ type: 'operation', operation: after });
  }

  async takeAlerts(alerts: readonly Alert[]): Promise<readonly AlertAnswer[]> {
    this.asked.push({ alerts });
    return alerts.map(({ fingerprint, alertname }) => {
      return { fingerprint, alertname, what: 'ignored', operation: null, why: 'a test' };
    });
  }

  operation(id: string): OperationView {
    return found(this.operations, id, 'operation');
  }

  listIncidents(): readonly IncidentView[] {
    return this.incidents;
  }
  async incident(id: string): Promise<IncidentView & { readonly autopsy: unknown }> {
    const found = this.incidents.find((incident) => incident.id === id);
    if (found === undefined) throw new GarrisonError('NOT_FOUND', `there is no incident ${id}`);
    return { ...found, autopsy: null };
  }

  verdictCounts(): readonly VerdictCounts[] {
    return this.counts;
  }

  measures(): Measures {
    const { loops, observerHealth, openJobs, restarts } = this;
    const workers = this.workers.map(({ name }): WorkerMeasures => {
      const counted = { worker: name, lastBeatAt: SINCE, startedAt: SINCE };
      return { ...counted, restarts: restarts[name] ?? NO_RESTARTS, memoryLimitBytes: 512 * 2 ** 20 };
    });
    return { loops, observerHealth, workers, openJobs };
  }

  noticeCounts(): readonly NoticeCount[] {
    return this.notices;
  }

  refusalCounts(): readonly RefusalCount[] {
    return this.refusals;
  }

  listOperations(): readonly OperationView[] {
    return this.operations;
  }

  async scanHostKeys(host: string): Promise<readonly ScannedHostKey[]> {
    this.asked.push({ scan: host });
    return this.scanned;
  }

  async trustHostKey(host: string, fingerprint: string, by: Asker): Promise<void> {
    this.asked.push({ trust: host, fingerprint, ...by });
  }

  /** Refuses, as a full disk would, when a test says so. */
  audit(fact: JournalFact): void {
    if (this.journalIsFull) throw new GarrisonError('HOME_UNUSABLE', 'cannot write journal.jsonl');
    this.journal.push(fact);
  }

  note(fact: JournalFact): void {
    if (!this.journalIsFull) this.journal.push(fact);
  }
}

function found<T extends { readonly id: string }>(items: readonly T[], id: string, kind: string): T {
  const item = items.find((candidate) => candidate.id === id);
  if (item === undefined)
    throw new GarrisonError('NOT_FOUND', `there is no ${kind} ${id}`, { cure: 'look again' });
  return item;
}
