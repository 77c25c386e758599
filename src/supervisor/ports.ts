/**
 * Says what the supervisor needs from the hands and the memory that main.ts joins to it.
 * It holds types only, since supervisor/ and driver/ never import each other.
 */
import type { ContainerExamination, DockerExamination } from '../detector/containerFacts.ts';
import type { FleetMessage } from '../push/fleetMessage.ts';
import type { Wanted } from '../push/grants.ts';
import type { LeftoverNotes } from '../push/leftover.ts';
import type { HostAddress, JobRecord, PushRecord } from '../push/job.ts';
import type { CountedPush, Found, StoredQuery } from '../push/jobQuery.ts';
import type { TakenAlert } from './alertHook.ts';
import type { BeatLog } from './beatLog.ts';
import type { HistorySamples } from './historySamples.ts';
import type { AlertVerb } from '../reconciler/alertAction.ts';
import type { Action } from '../reconciler/action.ts';
import type { ReloadPlan } from '../reconciler/reloadPlan.ts';
import type { WorkerWish } from '../detector/verdict.ts';
import type { HostView, NoticeCount, ScannedHostKey } from './door.ts';

export interface Hands {
  /** Starts the deed and returns at once; how it went arrives as an observation. */
  perform(action: Action): void;
}

export interface JobMemory {
  create(push: PushRecord, jobs: readonly JobRecord[]): Promise<void>;
  /** Undoes a `create` whose answer did not come. */
  withdraw(push: PushRecord): Promise<void>;
  job(id: string): Promise<JobRecord | null>;
  push(id: string): Promise<PushRecord | null>;
  jobsOf(push: PushRecord): Promise<JobRecord[]>;
  /** Never over a newer one. */
  save(job: JobRecord): Promise<void>;
  /** Those that rest with something sealed. */
  sealedJobs(): Promise<readonly JobRecord[]>;
  find(query: StoredQuery): Promise<Found<JobRecord>>;
  findPushes(query: StoredQuery): Promise<Found<CountedPush>>;
  /** Of the jobs that have ended, by their state. */
  counts(): Promise<Readonly<Record<string, number>>>;
}

/** The keys that secrets rest under, and what they do. */
export interface SecretBox {
  /** Makes the key at its first use; throws HOME_UNUSABLE where there is one that cannot be used. */
  seal(text: string, place: string): Promise<string>;
  open(sealed: string, place: string): { readonly text: string } | { readonly unreadable: string };
  /** Of the key that it needs. */
  keyIdOf(sealed: string): string | null;
  present(): { readonly key: string | null; readonly problem: string | null };
  earlier(): readonly string[];
  keepPresent(): Promise<void>;
  renew(): Promise<void>;
  forget(id: string): Promise<void>;
}

export interface HostBook {
  address(name: string): HostAddress | null;
  list(): readonly HostView[];
  scan(name: string): Promise<readonly ScannedHostKey[]>;
  trust(name: string, fingerprint: string): Promise<void>;
}

/** What is remembered of leftovers over a restart. */
export interface LeftoverBook {
  read(): LeftoverNotes;
  /** Throws HOME_UNUSABLE. */
  write(notes: LeftoverNotes): void;
}

export interface AuditLine {
  readonly event: string;
  readonly [fact: string]: unknown;
}

/** A stretch of the journal, read backwards. */
export interface JournalStretch {
  /** Newest first. */
  readonly lines: readonly { readonly id: string; readonly entry: JournalEntry }[];
  /** Lines in it that could not be read. */
  readonly damaged: number;
  readonly bytes: number;
  /** What comes before it; null at the journal's beginning. */
  readonly next: string | null;
}

export interface JournalEntry extends AuditLine {
  /** RFC 3339. */
  readonly at: string;
}

/** Both throw USAGE when there is no such place. */
export interface JournalPast {
  /** Null: from the newest line on. */
  before(id: string | null): Promise<JournalStretch>;
  line(id: string): Promise<JournalEntry | null>;
}

export interface AlertSurroundings {
  readonly dryRun: boolean;
  readonly actions: ReadonlyMap<string, AlertVerb>;
  /** What earlier lives of the supervisor did, oldest first. */
  readonly earlier: readonly TakenAlert[];
  /** Throws HOME_UNUSABLE when it can't, and then nothing is done. */
  readonly keep: (taken: readonly TakenAlert[]) => void;
}

/** What reading the files anew found, and how it is put in force. */
export interface Reload {
  readonly plan: ReloadPlan;
  /** Rejects when it can't be, and then nothing has changed. */
  readonly apply: () => Promise<void>;
}

export interface Surroundings {
  readonly alerts: AlertSurroundings;
  noticeCounts(): readonly NoticeCount[];
  readonly memory: JobMemory;
  readonly hosts: HostBook;
  readonly secrets: SecretBox;
  /** To another supervisor of the queue; to nobody where there is none. */
  tellMember(homeId: string, message: FleetMessage): void;
  /** Writes to the audit journal before a deed; throws HOME_UNUSABLE when it can't, and then nothing is done. */
  audit(line: AuditLine): void;
  /** Writes to the journal what has happened; a journal that can't be written is reported, never thrown. */
  note(line: AuditLine): void;
  readonly past: JournalPast;
  readonly beats: BeatLog;
  readonly samples: HistorySamples;
  /** Keeps a person's wishes over a restart of the supervisor; throws HOME_UNUSABLE when it can't. */
  keepWishes(wishes: Readonly<Record<string, WorkerWish>>): void;
  /** Throws CONFIG_INVALID with the file and line of each fault. */
  readAnew(): Reload;
  /** What grants.yaml wants at this moment; throws CONFIG_INVALID. */
  wanted(): readonly Wanted[];
  readonly leftovers: LeftoverBook;
  newId(prefix: 'p' | 'j' | 'o'): string;
  logFile(jobId: string): string;
  /** Adds it to the job's log, unless it is the last line there. */
  noteInLog(jobId: string, line: string): void;
  /** The document of this name under incidents/; null when it is gone. */
  readAutopsy(file: string): Promise<unknown>;
  /** Looks whom doing something to a container would interrupt, and keeps nothing; null with a reason when it can't be told. */
  examineContainer(id: string): Promise<{ examination: ContainerExamination | null; detail: string }>;
  examineDocker(): Promise<DockerExamination>;
}
