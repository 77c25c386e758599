/**
 * The one door for people: what the server may ask of the supervisor, and the views it may read.
 * It holds types only; supervisor/operations.ts and supervisor/store.ts stand behind it.
 */
import type { Incarnation } from '../heartbeat.ts';
import type { Wanted } from '../push/grants.ts';
import type { Leftover } from '../push/leftover.ts';
import type { LeftoverDecision } from './leftoverDesk.ts';
import type { PushRequest, SyncRequest } from './pushAsk.ts';
import type { HostResult, JobRecord, JobState, PushRecord, Stage } from '../push/job.ts';
import type { Listing, StoredListQuery } from './listQuery.ts';
import type { CountedPush } from '../push/jobQuery.ts';
import type { Alert } from '../reconciler/alertAction.ts';
import type { SpareState } from '../detector/spareState.ts';
import type { TruthName, Truth, WorkerReason, WorkerState } from '../detector/verdict.ts';
import type { HistoryDoor } from './historyDoor.ts';
import type { FleetView } from './fleetBoard.ts';
import type { GrantsSummary, HostCheckView, KnownLeftover } from './grantsView.ts';
import type { HomeView } from './homeView.ts';
import type { Measures } from './measures.ts';
import type { OperationRequest, OperationView, Verb } from './operationView.ts';
import type { ZombieSummary, ZombieView } from './zombieView.ts';
import type {
  ContainersSummary,
  ContainerStoryView,
  ContainerView,
  DockerView,
  HealCounts,
} from './containerView.ts';

export interface WorkerView {
  readonly name: string;
  readonly state: WorkerState;
  readonly reason: WorkerReason;
  readonly since: string;
  readonly detail: string;
  readonly truths: Readonly<Record<TruthName, Truth>>;
  readonly incarnation: Incarnation | null;
  readonly lastBeatAgoMs: number | null;
  readonly restarts: number;
  /** Job ids in hand. */
  readonly jobs: readonly string[];
  /** So many of them share the slot of another on their host. */
  readonly riders: number;
  readonly slots: number;
  readonly rssBytes: number | null;
  /** The supervisor's own host name. */
  readonly host: string;
  /** A person's wish: run, quiet (takes no new job) or stopped. */
  readonly wish: 'run' | 'quiet' | 'stop';
}

export interface JobView extends Omit<JobRecord, 'sealed'> {
  /** For a queued job: its place, 1 = next; null otherwise. */
  readonly position: number | null;
  /** For a queued job: a sentence saying what it waits for. */
  readonly waitingFor: string | null;
}

export interface PushView extends PushRecord {
  readonly state: 'open' | 'done' | 'failed';
  /** As far as the supervisor knows; the host has the last word. */
  readonly undoable?: boolean;
  /** A sentence: why not; null where it is. */
  readonly notUndoable?: string | null;
  /** The pushes that have taken it back on some of its hosts, newest first. */
  readonly undoneBy?: readonly string[];
  readonly jobs: readonly JobView[];
}

export interface HostView {
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly user: string;
  readonly groups: readonly string[];
  /** `trusted`: a host key is known; `untrusted`: `garrison trust` first; `unknown`: a job's outcome there is not known. */
  readonly state: 'trusted' | 'untrusted' | 'unknown';
  readonly detail: string;
  readonly practice: boolean;
}

export interface Snapshot {
  readonly observedAt: string;
  readonly host: string;
  readonly version: string;
  readonly pid: number;
  readonly startedAt: string;
  readonly state: 'starting' | 'running' | 'stopping';
  readonly redis: { readonly up: boolean; readonly since: string; readonly detail: string };
  readonly queue: {
    readonly waiting: number;
    readonly running: number;
    readonly oldestWaitingMs: number | null;
    /** A no-op job that goes the way of every push, each 15 s: the last that came back, and the one under way. */
    readonly canary: {
      readonly lastTookMs: number | null;
      readonly lastAt: string | null;
      readonly sentAt: string | null;
    };
    /** True when some worker takes jobs right now. */
    readonly served: boolean;
    /** A sentence: who serves the queue, or what it waits for and since when. */
    readonly detail: string;
  };
  readonly workers: readonly WorkerView[];
  readonly hosts: readonly HostView[];
  readonly zombies: ZombieSummary;
  readonly docker: DockerView;
  readonly containers: ContainersSummary;
  /** Not told by an older supervisor. */
  readonly home?: HomeView;
  /** Not told by an older supervisor. */
  readonly grants?: GrantsSummary;
  /** Only where other supervisors may work off the same queue. */
  readonly fleet?: FleetView;
  /** Null when none is kept. Not told by an older supervisor. */
  readonly spare?: SpareView | null;
}

/** The booted worker that stands ready to take a dead one's place. */
export interface SpareView {
  readonly state: SpareState;
  readonly since: string;
  /** A sentence. */
  readonly detail: string;
  readonly pid: number | null;
}

/** Who asks for something. */
export interface Asker {
  readonly actor: string;
  /** The address it came from over the page's port; not there for a command on the machine. */
  readonly from?: string;
}

/** What rests sealed, and under which keys; never what it is. */
export interface SecretsView {
  /** The id of the present key; null before its first use, and where there is a problem. */
  readonly key: string | null;
  /** A sentence with the cure: why the present key cannot be used. */
  readonly problem: string | null;
  /** Kept until no job needs them. */
  readonly earlier: readonly { readonly id: string; readonly jobs: number }[];
  /** How many jobs rest with something sealed. */
  readonly sealed: number;
  /** How many of them no key opens: they will fail with SecretUnreadable. */
  readonly unreadable: number;
}

/** A line for the journal. */
export interface JournalFact {
  readonly event: string;
  readonly [fact: string]: unknown;
}

/** What became of one alert of a delivery. */
export interface AlertAnswer {
  readonly fingerprint: string;
  readonly alertname: string;
  /** `planned` in dry-run mode; `refused`: nothing was done, the next delivery tries again; `duplicate`: done by an earlier delivery. */
  readonly what: 'done' | 'planned' | 'ignored' | 'refused' | 'duplicate';
  /** The one that was begun for it, by this delivery or by the first. */
  readonly operation: string | null;
  /** A sentence. */
  readonly why: string;
}

/** One change of a worker's verdict. */
export interface IncidentView {
  readonly id: string;
  readonly worker: string;
  /** RFC 3339: when it changed, or would have. */
  readonly at: string;
  readonly from: { readonly state: WorkerState; readonly reason: WorkerReason } | null;
  readonly state: WorkerState;
  readonly reason: WorkerReason;
  /** False when hysteresis held it back: nobody was shown it. */
  readonly shown: boolean;
  /** What was seen, as a sentence. */
  readonly detail: string;
  /** Under incidents/ in the home folder: what was seen of the worker before it was killed; null when it was not. */
  readonly autopsyFile: string | null;
  /** Of a worker that ended: its last lines, oldest first. */
  readonly lastLines: readonly string[];
  /** The life that it is told of; null before the first. Lines of earlier versions lack it. */
  readonly life?: { readonly pid: number; readonly nonce: string } | null;
  /** The jobs in its hands by its last beat, of a verdict that may hold them up. */
  readonly jobs?: readonly string[];
}

/** How often each verdict was shown, and held back, since the supervisor started. */
export interface VerdictCounts {
  readonly worker: string;
  readonly shown: Readonly<Partial<Record<WorkerState, number>>>;
  readonly heldBack: number;
}

/** How often the guard refused a signal by this rule since the supervisor started. */
export interface RefusalCount {
  readonly rule: string;
  readonly count: number;
}

/** How the messages to one channel ended, since the supervisor started. */
export interface NoticeCount {
  readonly channel: string;
  readonly outcome: 'delivered' | 'failed' | 'dropped';
  readonly count: number;
}

/** A push in a list: its jobs are counted, not listed. */
export interface PushSummary extends CountedPush {
  readonly state: PushView['state'];
}

/** Pushed to every listener when something that people see has changed; never more often than the fact. */
/** An attempt whose answer will never come: its worker ended, or beats without it. */
export interface LostAttempt {
  readonly jobId: string;
  readonly pushId: string;
  readonly host: string;
  readonly attempt: number;
  readonly worker: string;
  readonly life: { readonly pid: number; readonly nonce: string };
  readonly cause: 'workerEnded' | 'forgotten';
}

export type Change =
  | { readonly type: 'worker'; readonly worker: WorkerView }
  | { readonly type: 'job'; readonly job: JobView }
  | { readonly type: 'container'; readonly container: ContainerView }
  | { readonly type: 'operation'; readonly operation: OperationView }
  | { readonly type: 'supervisor'; readonly snapshot: Snapshot }
  /** A container is well again after a treatment, and so long it took from the first sight of it being sick. */
  | { readonly type: 'healed'; readonly container: string; readonly tookMs: number }
  /** A call to Docker has ended. */
  | {
      readonly type: 'dockerCall';
      readonly op: string;
      readonly outcome: 'ok' | 'failed' | 'timeout';
      readonly tookMs: number;
    }
  /** A job came to its end; `ranMs`: since a worker had taken it for its last attempt, null when none held it. */
  | { readonly type: 'jobEnded'; readonly job: JobRecord; readonly ranMs: number | null }
  /** Attempts that were given to a worker's life and ended with it. */
  | { readonly type: 'attemptsLost'; readonly lost: readonly LostAttempt[] }
  /** How late event loops ran, at worst, in a second each. */
  | {
      readonly type: 'loopLag';
      readonly process: 'supervisor' | 'worker';
      readonly lagsMs: readonly number[];
    }
  /** What was asked for was refused: nothing was done. */
  | { readonly type: 'operationRefused'; readonly verb: Verb; readonly actor: string }
  /** The queue's no-op job came back. */
  | { readonly type: 'canary'; readonly tookMs: number };

/** Every method may throw GarrisonError with a code the server maps to a problem document. */
export interface Door {
  readonly history: HistoryDoor;
  snapshot(): Snapshot;
  /** Returns the function that ends the subscription. */
  onChange(listener: (change: Change) => void): () => void;
  submitPush(request: PushRequest): Promise<PushView>;
  /** What the grants want now, of all hosts; throws CONFIG_INVALID. */
  wanted(): readonly Wanted[];
  /** Plans or pushes what the grants want, a push for each account and wish. */
  sync(request: SyncRequest): Promise<readonly PushView[]>;
  /** Of the hosts that answered this survey, by its push id: what of ours is there and granted no longer. */
  leftovers(surveyId: string): Promise<readonly Leftover[]>;
  /** Of all hosts, as the last surveys saw them. */
  knownLeftovers(): readonly KnownLeftover[];
  /** How each host that grants name stood to them when it was last looked at, by name. */
  hostChecks(): readonly HostCheckView[];
  /** Keeps a person's decision, or takes it back. */
  decideLeftover(decision: LeftoverDecision): void;
  push(id: string): Promise<PushView>;
  listPushes(query: StoredListQuery): Promise<Listing<PushSummary>>;
  job(id: string): Promise<JobView>;
  listJobs(query: StoredListQuery): Promise<Listing<JobView>>;
  /** Path of the job's log file; NOT_FOUND when there is no such job. The file may not exist yet. */
  jobLogFile(id: string): Promise<string>;
  submitOperation(request: OperationRequest): Promise<OperationView>;
  /** Resolves once the operations it led to are stored. */
  takeAlerts(alerts: readonly Alert[]): Promise<readonly AlertAnswer[]>;
  operation(id: string): OperationView;
  listOperations(): readonly OperationView[];
  /** Newest first. */
  listIncidents(): readonly IncidentView[];
  /** With what was kept on disk before a kill, as it was written there; NOT_FOUND when there is no such incident. */
  incident(id: string): Promise<IncidentView & { readonly autopsy: unknown }>;
  verdictCounts(): readonly VerdictCounts[];
  /** By project, then by name. */
  listContainers(): readonly ContainerView[];
  /** Oldest first, by the container's name; also of one that is gone. */
  containerStory(name: string): readonly ContainerStoryView[];
  /** The evidence that was kept before something was done to a container; null when it is gone. */
  containerBundle(file: string): Promise<unknown>;
  healCounts(): readonly HealCounts[];
  /** The longest dead first; of very many only the first, while `snapshot()` counts them all. */
  listZombies(): readonly ZombieView[];
  /** NOT_FOUND when there is no zombie with this pid. */
  zombie(pid: string): ZombieView;
  /** What is on no page. */
  measures(): Measures;
  /** Every outcome of every channel. */
  noticeCounts(): readonly NoticeCount[];
  /** Every rule, also those that have refused nothing. */
  refusalCounts(): readonly RefusalCount[];
  secrets(): Promise<SecretsView>;
  /** Changes the key that secrets rest under. */
  rotateSecrets(by: Asker, reason: string | null): Promise<SecretsView>;
  /** Asks the host for its keys without trusting them. */
  scanHostKeys(host: string): Promise<readonly ScannedHostKey[]>;
  /** Accepts exactly the key whose fingerprint was shown. */
  trustHostKey(host: string, fingerprint: string, by: Asker): Promise<void>;
  /** Who changes an account or a token, before it is changed; throws HOME_UNUSABLE, and then nothing may be changed. */
  audit(fact: JournalFact): void;
  /** What has happened at the door itself, such as a sign-in; never throws. */
  note(fact: JournalFact): void;
}

export interface ScannedHostKey {
  readonly type: string;
  /** `SHA256:…` as ssh-keygen prints it. */
  readonly fingerprint: string;
  /** `type base64`. */
  readonly line: string;
  readonly alreadyTrusted: boolean;
}

export type { HostResult, JobState, Stage, Truth, TruthName, WorkerReason, WorkerState };
export type { Leftover, LeftoverDecision, Wanted };
export type { GrantedBy } from '../push/grants.ts';
export type { Choice } from '../push/choices.ts';
export type { AccountPlan, ChangeCode, PlannedChange, PlanVerdict } from '../push/plan.ts';
export type { Reason, UnansweredReason } from '../push/reason.ts';
export type * from './operationView.ts';
export type * from './containerView.ts';
export type * from './grantsView.ts';
export type * from './homeView.ts';
export type * from './zombieView.ts';
export type * from './historyDoor.ts';
export type * from './recoveryView.ts';
export type * from './pushAsk.ts';
export type * from './listQuery.ts';
export type { Measures } from './measures.ts';
export type { RestartCounts, WorkerMeasures } from './workerTally.ts';
