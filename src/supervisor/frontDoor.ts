/**
 * Stands behind supervisor/door.ts: takes pushes and operations in, and answers reads from the boards and the job memory.
 * It judges nothing and shows nothing that the boards or the memory do not say.
 */
import { now } from '../clock.ts';
import { GarrisonError } from '../errors.ts';
import type { Wanted } from '../push/grants.ts';
import type { Alert } from '../reconciler/alertAction.ts';
import { wholeLog } from '../reconciler/jobFlow.ts';
import { AlertHook } from './alertHook.ts';
import type {
  AlertAnswer,
  Asker,
  Change,
  ContainerStoryView,
  ContainerView,
  Door,
  HealCounts,
  HostCheckView,
  IncidentView,
  JobView,
  JournalFact,
  KnownLeftover,
  Leftover,
  LeftoverDecision,
  Listing,
  NoticeCount,
  OperationRequest,
  OperationView,
  PushSummary,
  PushView,
  RefusalCount,
  ScannedHostKey,
  SecretsView,
  Snapshot,
  StoredListQuery,
  VerdictCounts,
  ZombieView,
} from './door.ts';
import type { PushRequest, SyncRequest } from './pushAsk.ts';
import type { Measures } from './measures.ts';
import { FleetDesk } from './fleetDesk.ts';
import { GrantsSchedule, type GrantsWork } from './grantsSchedule.ts';
import { History } from './history.ts';
import { checkHosts } from './hostCheck.ts';
import { isAllOpen, listJobs, listPushes } from './storedLists.ts';
import { decideLeftover, leftoversIn } from './leftoverDesk.ts';
import { needRedis } from './needRedis.ts';
import { Operations } from './operations.ts';
import type { Surroundings } from './ports.ts';
import { followLostAttempts } from './lostAttempts.ts';
import { followPushEnds } from './pushEnds.ts';
import { PushDesk } from './pushDesk.ts';
import { SecretDesk } from './secretDesk.ts';
import type { Supervisor } from './supervisor.ts';
import { sync } from './syncDesk.ts';

export class FrontDoor implements Door {
  readonly history: History;
  /** Between the supervisors of one queue. */
  readonly fleet: FleetDesk;
  readonly #supervisor: Supervisor;
  readonly #around: Surroundings;
  readonly #operations: Operations;
  readonly #pushes: PushDesk;
  readonly #secrets: SecretDesk;
  readonly #alerts: AlertHook;
  readonly #book: GrantsWork['board']['book'];
  readonly #listeners = new Set<(change: Change) => void>();

  constructor(supervisor: Supervisor, around: Surroundings, grants: GrantsWork) {
    this.#supervisor = supervisor;
    this.#around = around;
    this.history = new History(supervisor, around);
    this.#secrets = new SecretDesk(supervisor, around);
    this.#pushes = new PushDesk(supervisor, around, this.#secrets);
    followPushEnds(supervisor, around);
    followLostAttempts(supervisor, around);
    this.#book = grants.board.book;
    new GrantsSchedule(grants, { supervisor, around, desk: this.#pushes, clock: now }).start();
    supervisor.onChange((change) => {
      this.#tell(change);
    });
    this.#operations = new Operations(supervisor, around, (change) => {
      this.#tell(change);
    });
    this.fleet = new FleetDesk(supervisor, around, {
      submitPush: (request) => this.#pushes.submit(request),
      sync: (request) => sync(request, around, this.#pushes),
      submitOperation: (request) => this.#operations.submit(request),
      operation: (id) => this.#operations.find(id),
    });
    this.#alerts = new AlertHook({
      ...around.alerts,
      operations: this.#operations,
      journal: around,
    });
  }

  snapshot(): Snapshot {
    return this.#supervisor.snapshot();
  }

  onChange(listener: (change: Change) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  submitPush(request: PushRequest): Promise<PushView> {
    return this.fleet.submitPush(request);
  }

  wanted(): readonly Wanted[] {
    return this.#around.wanted();
  }

  sync(request: SyncRequest): Promise<readonly PushView[]> {
    return this.fleet.sync(request);
  }

  async leftovers(surveyId: string): Promise<readonly Leftover[]> {
    return leftoversIn((await this.#pushes.view(surveyId)).jobs, this.#around);
  }

  decideLeftover(decision: LeftoverDecision): void {
    this.#book.noteDecision(decision.host, decision.account, decideLeftover(decision, this.#around));
  }

  knownLeftovers(): readonly KnownLeftover[] {
    return this.#book.leftovers();
  }

  hostChecks(): readonly HostCheckView[] {
    return this.#book.checks();
  }

  push(id: string): Promise<PushView> {
    return this.#pushes.view(id);
  }

  listPushes(query: StoredListQuery): Promise<Listing<PushSummary>> {
    this.#needRedis('Pushes cannot be listed');
    return listPushes(query, this.#around.memory);
  }

  async job(id: string): Promise<JobView> {
    const open = this.#supervisor.openJobs().find((job) => job.id === id);
    if (open === undefined) this.#needRedis(`Job ${id} cannot be read`);
    const job = open ?? (await this.#around.memory.job(id));
    if (job === null)
      throw new GarrisonError('NOT_FOUND', `there is no job ${id}`, {
        cure: id.startsWith('p-')
          ? `That is a push; garrison describe push ${id} names its jobs.`
          : 'List them with garrison jobs.',
      });
    return this.#supervisor.viewOf(job);
  }

  async listJobs(query: StoredListQuery): Promise<Listing<JobView>> {
    // What is open is known without Redis; a list without what has ended would say that there was nothing.
    if (!isAllOpen(query, this.#supervisor))
      this.#needRedis('Jobs that have ended cannot be listed; those that wait can, with --state queued');
    return listJobs(query, this.#supervisor, this.#around.memory);
  }

  async jobLogFile(id: string): Promise<string> {
    const job = await this.job(id);
    const line = wholeLog(job);
    if (line !== null) this.#around.noteInLog(job.id, line);
    return this.#around.logFile(job.id);
  }

  submitOperation(request: OperationRequest): Promise<OperationView> {
    return this.fleet.submitOperation(request);
  }

  takeAlerts(alerts: readonly Alert[]): Promise<readonly AlertAnswer[]> {
    return this.#alerts.take(alerts);
  }

  operation(id: string): OperationView {
    return this.fleet.operation(id);
  }

  listOperations(): readonly OperationView[] {
    return this.#operations.list();
  }

  listIncidents(): readonly IncidentView[] {
    return this.#supervisor.incidents();
  }

  async incident(id: string): Promise<IncidentView & { readonly autopsy: unknown }> {
    const found = this.listIncidents().find((incident) => incident.id === id);
    if (found === undefined)
      throw new GarrisonError('NOT_FOUND', `there is no incident ${id}`, {
        cure: 'List them with garrison get incidents.',
      });
    const { autopsyFile } = found;
    return { ...found, autopsy: autopsyFile === null ? null : await this.#around.readAutopsy(autopsyFile) };
  }

  verdictCounts(): readonly VerdictCounts[] {
    return this.#supervisor.verdictCounts();
  }

  listContainers(): readonly ContainerView[] {
    return this.#supervisor.containers.list();
  }

  containerStory(name: string): readonly ContainerStoryView[] {
    return this.#supervisor.containers.heals.story(name);
  }

  containerBundle(file: string): Promise<unknown> {
    return this.#around.readAutopsy(file);
  }

  healCounts(): readonly HealCounts[] {
    return this.#supervisor.containers.heals.counts();
  }

  listZombies(): readonly ZombieView[] {
    return this.#supervisor.zombies.list();
  }

  zombie(pid: string): ZombieView {
    const found = this.#supervisor.zombies.find(Number(pid));
    if (found !== null) return found;
    throw new GarrisonError('NOT_FOUND', `there is no zombie with pid ${pid}`, {
      cure: 'Those seen in the last look are in garrison get zombies.',
    });
  }

  measures(): Measures {
    return this.#supervisor.measures();
  }

  noticeCounts(): readonly NoticeCount[] {
    return this.#around.noticeCounts();
  }

  refusalCounts(): readonly RefusalCount[] {
    return this.#supervisor.refusalCounts();
  }

  secrets(): Promise<SecretsView> {
    return this.#secrets.status();
  }

  rotateSecrets(by: Asker, reason: string | null): Promise<SecretsView> {
    return this.#secrets.rotate(by, reason);
  }

  async scanHostKeys(host: string): Promise<readonly ScannedHostKey[]> {
    checkHosts([host], this.#around.hosts);
    return this.#around.hosts.scan(host);
  }

  async trustHostKey(host: string, fingerprint: string, by: Asker): Promise<void> {
    checkHosts([host], this.#around.hosts);
    this.#around.audit({ event: 'trust', host, fingerprint, ...by });
    await this.#around.hosts.trust(host, fingerprint);
    this.#supervisor.observe({ kind: 'hosts' });
  }

  audit(fact: JournalFact): void {
    this.#around.audit(fact);
  }

  note(fact: JournalFact): void {
    this.#around.note(fact);
  }

  #tell(change: Change): void {
    for (const listener of this.#listeners) listener(change);
  }

  #needRedis(consequence: string): void {
    needRedis(this.#supervisor.snapshot().redis, consequence);
  }
}
