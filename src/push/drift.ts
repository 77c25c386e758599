/**
 * Remembers from the ends of jobs how each host stood to the grants when it was last looked at: in order, drifted with what, or not reached since when.
 * It asks no host and judges none: what differs, the plans have said.
 */
import { unreachable } from '../errors.ts';
import type { JobRecord } from './job.ts';
import type { AccountPlan, ChangeCode } from './plan.ts';
import { changeText } from './planText.ts';

/** What of ours was changed on a host; `conflict` and `blocked` are the plan's words: a sync could not put it right. */
export const DRIFT_KINDS = ['account', 'key', 'group', 'rule', 'conflict', 'blocked'] as const;
export type DriftKind = (typeof DRIFT_KINDS)[number];

/** Of an account on a host that is not as the grants want. */
export interface Finding {
  readonly account: string;
  /** Of what a push had made; empty where it was never pushed so. */
  readonly kinds: readonly DriftKind[];
  readonly reason: string;
  /** Sentences: what a sync would put right, or why it could not. */
  readonly what: readonly string[];
  /** The push that found it, and when its host said so (RFC 3339). */
  readonly push: string;
  readonly at: string;
  /** RFC 3339: the first look that found it so, with none between that did not. */
  readonly since: string;
}

export interface HostNote {
  /** RFC 3339: when it last answered, and to which push; null for never. */
  readonly at: string | null;
  readonly push: string | null;
  readonly unreached: {
    readonly since: string;
    readonly push: string;
    readonly reason: string;
    readonly detail: string;
  } | null;
  readonly findings: readonly Finding[];
}

/** `drifted`: somebody changed what a push had made; `differs`: it was never pushed as it is wanted. */
export const CHECK_STATES = ['inOrder', 'drifted', 'differs', 'unreached'] as const;
export type CheckState = (typeof CHECK_STATES)[number];

const UNKNOWN_HOST: HostNote = { at: null, push: null, unreached: null, findings: [] };
const MOST_FINDINGS = 50;
const MOST_WHAT = 8;
const LONGEST_TEXT = 200;

/** The note after this job has ended; null where it says nothing of how the grants stand on its host. */
export function afterJob(before: HostNote = UNKNOWN_HOST, job: JobRecord): HostNote | null {
  const { kind, granted, account, result, state } = job;
  if (granted !== true || account === null || result === null || state === 'cancelled') return null;
  if (kind === 'push') return state === 'done' ? answered(before, job, null) : null;
  if (kind !== 'plan') return null;
  const plan = result.plan ?? null;
  return plan === null ? notReached(before, job) : answered(before, job, plan);
}

/** `plan` null: the account is as wanted, a push saw to it. */
function answered(before: HostNote, job: JobRecord, plan: AccountPlan | null): HostNote {
  const name = job.account?.name ?? '';
  const at = job.result?.at ?? job.since;
  const others = before.findings.filter(({ account }) => account !== name);
  const known = before.findings.find(({ account }) => account === name);
  const isWell = plan === null || plan.verdict === 'unchanged';
  const found = isWell ? [] : [findingOf(job, plan, { at, since: known?.since ?? at })];
  return {
    ...{ at, push: job.pushId, unreached: null },
    findings: [...others, ...found].slice(0, MOST_FINDINGS),
  };
}

function notReached(before: HostNote, { pushId, result, since }: JobRecord): HostNote {
  const reason = result?.reason ?? '';
  const detail = cut(result?.detail ?? '');
  const from = before.unreached?.since ?? result?.at ?? since;
  return { ...before, unreached: { since: from, push: pushId, reason, detail } };
}

function findingOf(
  { pushId, account, result }: JobRecord,
  plan: AccountPlan,
  times: Pick<Finding, 'at' | 'since'>,
): Finding {
  const texts = plan.changes.length === 0 ? [result?.detail ?? ''] : plan.changes.map(changeText);
  return {
    ...{ account: account?.name ?? '', reason: plan.reason, push: pushId, ...times },
    kinds: plan.isDrift === true ? kindsOf(plan) : [],
    what: texts.slice(0, MOST_WHAT).map(cut),
  };
}

function kindsOf({ verdict, changes }: AccountPlan): readonly DriftKind[] {
  if (verdict === 'conflict' || verdict === 'blocked') return [verdict];
  const found = changes.map(({ code }) => kindOf(code));
  return DRIFT_KINDS.filter((kind) => found.includes(kind));
}

function kindOf(code: ChangeCode): DriftKind {
  switch (code) {
    case 'account-created':
    case 'account-adopted':
    case 'account-taken':
    case 'account-unlocked':
    case 'account-locked':
    case 'password-removed':
    case 'password-set':
    case 'access-restored':
    case 'account-removed':
    case 'home-archived':
    case 'home-removed':
    case 'crontab-removed':
    case 'shell-set':
    case 'comment-set':
      return 'account';
    case 'groups-added':
    case 'groups-removed':
      return 'group';
    case 'keys-added':
    case 'keys-removed':
    case 'keys-restored':
      return 'key';
    case 'sudo-written':
    case 'sudo-removed':
      return 'rule';
    default:
      return unreachable(code);
  }
}

/** Where it cannot be reached, what was found before is still told, but as what it was. */
export function stateOfNote({ unreached, findings }: HostNote): CheckState {
  if (unreached !== null) return 'unreached';
  if (findings.some(({ kinds }) => kinds.length > 0)) return 'drifted';
  return findings.length > 0 ? 'differs' : 'inOrder';
}

export interface DriftCounts {
  /** Also those that cannot be reached now. */
  readonly driftedHosts: number;
  readonly byState: Readonly<Record<CheckState, number>>;
  /** Accounts on hosts; one that differs in two ways counts in both. */
  readonly byKind: Readonly<Record<DriftKind, number>>;
}

export function driftCounts(notes: Iterable<HostNote>): DriftCounts {
  const byState: Record<CheckState, number> = { inOrder: 0, drifted: 0, differs: 0, unreached: 0 };
  const byKind: Record<DriftKind, number> = {
    account: 0,
    key: 0,
    group: 0,
    rule: 0,
    conflict: 0,
    blocked: 0,
  };
  let driftedHosts = 0;
  for (const note of notes) {
    byState[stateOfNote(note)] += 1;
    const kinds = note.findings.flatMap((finding) => finding.kinds);
    if (kinds.length > 0) driftedHosts += 1;
    for (const kind of kinds) byKind[kind] += 1;
  }
  return { driftedHosts, byState, byKind };
}

/** Without what no grant wants there any more: that is a leftover, or nothing; null where nothing is wanted of the host at all. */
export function stillWanted(note: HostNote, wanted: ReadonlySet<string> | null): HostNote | null {
  if (wanted === null) return null;
  const findings = note.findings.filter(({ account }) => wanted.has(account));
  return findings.length === note.findings.length ? note : { ...note, findings };
}

function cut(text: string): string {
  return text.length <= LONGEST_TEXT ? text : `${text.slice(0, LONGEST_TEXT - 1)}…`;
}
