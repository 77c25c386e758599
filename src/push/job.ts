/**
 * Says what a push and its jobs are: the records that the job store keeps, the words of their states, and the task a worker runs.
 * It never decides when a job runs and never writes a record.
 */
import type { HostWay } from '../hostWay.ts';
import type { AccountWish } from './account.ts';
import type { OwnedAccount } from './survey.ts';
import type { AccountPlan, ChangeCode, PlannedKind } from './plan.ts';

/**
 * A `plan` only looks: what it would be, `planOf` says. A `survey` looks which accounts of ours a host has.
 * A `remove` archives the home of a revoked account and removes it. An `undo` gives back what was before a push or a revoke.
 */
export type JobKind = 'push' | 'revoke' | 'check' | 'plan' | 'survey' | 'remove' | 'undo';

/** Whatever becomes of a job of this kind, the host is as it was. */
export function isLook(kind: JobKind): boolean {
  return kind === 'check' || kind === 'plan' || kind === 'survey';
}

/** It is about a host, not about an account. */
export function isOfHost(kind: JobKind): boolean {
  return kind === 'check' || kind === 'survey';
}

/** What an apply must find again, and must come to as well; a host that changed since is refused. */
export interface PlanAgreed {
  readonly digest: string;
  readonly changes: readonly ChangeCode[];
}

export type JobState =
  'queued' | 'starting' | 'running' | 'verifying' | 'done' | 'failed' | 'cancelled' | 'unknown';

export type Stage = 'resolve' | 'connect' | 'auth' | 'plan' | 'apply' | 'verify';

export type HostOutcome = 'changed' | 'unchanged' | 'conflict' | 'failed' | 'unknown';

export type Verified = 'login' | 'static' | 'none';

/** What is never kept, logged or shown in clear; it goes over pipes alone. */
export interface PushSecrets {
  /** A crypt hash. */
  readonly passwordHash: string;
}

/** The same as it rests: sealed with the key of the home folder, good for one push only. */
export type SealedSecrets = PushSecrets;

/** Orders attempts on a host: compared by (epoch, counter) within one clusterId. */
export interface Fence {
  readonly clusterId: string;
  readonly epoch: number;
  readonly counter: number;
}

/** What one host answered to one job. */
export interface HostResult {
  readonly outcome: HostOutcome;
  readonly stage: Stage;
  /** CamelCase, closed set of push/reason.ts. */
  readonly reason: string;
  /** One sentence for people: what, and what to do next. */
  readonly detail: string;
  /** What was changed on the host, e.g. `created account`, `added key`, `wrote sudo rule`. */
  readonly changes: readonly string[];
  /** Facts the host told, e.g. uid, liveSessions, clockSkewMs; text from the host, never trusted. */
  readonly facts: Readonly<Record<string, string>>;
  /** Of a plan: what would be done; null of all others, and where none could be made. Records of earlier versions lack it. */
  readonly plan?: AccountPlan | null;
  /** Of a survey: the accounts of ours that are marked there. */
  readonly owned?: readonly OwnedAccount[];
  /**
   * Of a push that ended `changed` or `unchanged`: by a login as the account, by what the host's own settings and files say
   * (`static`), or not at all. Results of others, and records of earlier versions, lack it.
   */
  readonly verified?: Verified;
  /** One sentence: what was seen, and what could not be. */
  readonly verifiedBy?: string;
  /** True when the host answered from the record of an earlier attempt of the same job. */
  readonly replayed: boolean;
  /** RFC 3339. */
  readonly at: string;
}

export interface JobRecord {
  readonly id: string;
  readonly pushId: string;
  readonly kind: JobKind;
  readonly host: string;
  readonly account: AccountWish | null;
  /** Of a plan: what it plans. Records of earlier versions lack it, and `agreed`. */
  readonly planOf?: PlannedKind;
  /** Of a push or revoke that applies a plan. */
  readonly agreed?: PlanAgreed;
  /** Of an undo, and of the plan of one: the job on this host that it takes back. */
  readonly undoOf?: string;
  /** It is wanted by grants alone, and runs only while they still say the same. */
  readonly granted?: boolean;
  /** Gone once no attempt will need it any more. */
  readonly sealed?: SealedSecrets;
  readonly state: JobState;
  /** RFC 3339: when `state` began. */
  readonly since: string;
  readonly createdAt: string;
  /** Counts the runs given out for this job; 0 before the first. */
  readonly attempt: number;
  /** How many attempts ended because their worker died. */
  readonly lostAttempts: number;
  /** Rises with every saved change; an older save never overwrites a newer. */
  readonly revision: number;
  readonly stage: Stage | null;
  readonly worker: string | null;
  readonly cancelRequested: boolean;
  readonly result: HostResult | null;
}

export interface PushRecord {
  readonly id: string;
  readonly kind: JobKind;
  readonly accountName: string | null;
  /** Of a plan: what it plans. */
  readonly planOf?: PlannedKind;
  /** Of an undo, and of the plan of one: the push that it takes back. */
  readonly undoOf?: string;
  readonly createdAt: string;
  readonly actor: string;
  readonly reason: string | null;
  /** In the order the hosts were named. */
  readonly jobIds: readonly string[];
}

export interface HostAddress {
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly user: string;
  /** Absent where nothing special is told about it. */
  readonly way?: HostWay;
}

export interface SshLimits {
  readonly identityFile: string;
  /** Files in known_hosts format; entries are under the host's inventory name (HostKeyAlias). */
  readonly knownHostsFiles: readonly string[];
  readonly connectTimeoutMs: number;
  readonly idleTimeoutMs: number;
  readonly totalTimeoutMs: number;
  /** How long a connection may stay open without work; none is kept when 0 or absent. */
  readonly keepMs?: number;
  /** The only key exchange to offer; OpenSSH's own choice when null or absent. */
  readonly kex?: string | null;
  /** The socket of the agent to ask for keys; none is asked when null or absent, whatever the environment says. */
  readonly agent?: string | null;
}

/** All a worker needs to run one attempt; it goes over IPC and never through Redis. */
export interface PushTask {
  readonly jobId: string;
  readonly attempt: number;
  readonly kind: JobKind;
  readonly fence: Fence;
  readonly account: AccountWish | null;
  readonly secrets?: PushSecrets;
  readonly planOf?: PlannedKind;
  readonly agreed?: PlanAgreed;
  readonly undoOf?: string;
  readonly granted?: boolean;
  readonly host: HostAddress;
  readonly ssh: SshLimits;
  /** The job's log; the worker appends to it. */
  readonly logFile: string;
}

/** The agent that is asked at the host itself; null for none. */
export function agentOf({ host, ssh }: Pick<PushTask, 'host' | 'ssh'>): string | null {
  return host.way?.options?.['IdentityAgent'] ?? ssh.agent ?? null;
}

/** The task of the job's current attempt. */
export function pushTask(
  job: JobRecord,
  order: Pick<PushTask, 'fence' | 'host' | 'ssh' | 'logFile' | 'secrets'>,
): PushTask {
  const { name, address, port, user, way } = order.host;
  const { id: jobId, attempt, kind, account, planOf, agreed, undoOf, granted } = job;
  return {
    ...order,
    ...{
      jobId,
      attempt,
      kind,
      account,
      host: { name, address, port, user, ...(way === undefined ? {} : { way }) },
    },
    ...(planOf === undefined ? {} : { planOf }),
    ...(agreed === undefined ? {} : { agreed }),
    ...(undoOf === undefined ? {} : { undoOf }),
    ...(granted === undefined ? {} : { granted }),
  };
}

/** What its secrets are bound to: a sealed text is worth nothing in the record of another push. */
export function placeOfSecrets(pushId: string): string {
  return `push ${pushId} passwordHash`;
}

/** For every eye but the worker's. */
export function withoutSealed<T extends Pick<JobRecord, 'sealed'>>(job: T): Omit<T, 'sealed'> {
  if (job.sealed === undefined) return job;
  const shown: Omit<T, 'sealed'> & Pick<JobRecord, 'sealed'> = { ...job };
  delete (shown as { sealed?: SealedSecrets }).sealed;
  return shown;
}

/** Ids become file names and keys; what does not look like one was not made by Garrison. */
export function isJobId(text: unknown): text is string {
  return typeof text === 'string' && /^[a-z]-[0-9a-z-]{1,40}$/.test(text);
}

/** True for the states that no attempt will leave by itself. */
export function isFinal(state: JobState): boolean {
  return state === 'done' || state === 'failed' || state === 'cancelled' || state === 'unknown';
}

/** The job state that an outcome means. */
export function stateOf(outcome: HostOutcome): JobState {
  switch (outcome) {
    case 'changed':
    case 'unchanged':
      return 'done';
    case 'conflict':
    case 'failed':
      return 'failed';
    case 'unknown':
      return 'unknown';
  }
}
