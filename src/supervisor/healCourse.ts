/**
 * Follows one container through a treatment: what a decision makes of its entry, what Docker answers, what is then seen of it.
 * It decides nothing of it by itself: reconciler/heal and reconciler/verify do.
 */
import type { Moment } from '../clock.ts';
import { unreachable } from '../errors.ts';
import type { Action } from '../reconciler/action.ts';
import type { Intent } from '../reconciler/heal.ts';
import type { HealNews } from '../reconciler/healNews.ts';
import {
  begun,
  cured,
  failed,
  notDone,
  restartsWithin,
  type HealPolicy,
  type UnderWay,
} from '../reconciler/healRecord.ts';
import { isRestart } from '../reconciler/treatment.ts';
import { standingOf, TREATMENT_WORDS, type Standing } from '../reconciler/verify.ts';
import { endServed, endUnserved } from './healAsks.ts';
import { isEnded, isWell, type Entry } from './healEntry.ts';
import type { HealLedger } from './healLedger.ts';

export interface Course {
  readonly ledger: HealLedger;
  readonly policy: HealPolicy;
  /** Of a restart that was verified: its dependents may need theirs. */
  readonly onRestarted: (entry: Entry) => void;
  readonly onHealed: (entry: Entry, tookMs: number) => void;
}

/** What a decision leads to; returns when to ask again. */
export function carryOut(
  { ledger, policy }: Course,
  entry: Entry,
  { intent, at, actions }: { readonly intent: Intent; readonly at: Moment; readonly actions: Action[] },
): number | null {
  const { id } = entry.seen.facts;
  ledger.setPlan(entry, planOf(intent), at);
  switch (intent.kind) {
    case 'rest':
      return intent.recheckAtMs;
    case 'examine':
      entry.examineAskedAtMs = at.monoMs;
      // The look comes back after the question, so nothing is done on what was seen before it.
      actions.push({ kind: 'examineContainer', id, why: whyExamined(entry) }, { kind: 'lookContainer', id });
      return null;
    case 'treat':
      beginTreatment({ ledger, policy }, entry, { intent, at });
      actions.push({ kind: 'treatContainer', id, how: intent.how, before: lifeOf(entry) });
      return null;
    case 'observe':
    case 'page':
      tellOnce(ledger, entry, {
        event: intent.kind === 'page' ? 'paged' : 'observed',
        detail: intent.plan,
        at,
      });
      return null;
    case 'quarantine':
      ledger.setRecord(entry, { ...entry.record, quarantine: { since: at.wall, why: intent.why } });
      ledger.tell(entry, at, { event: 'quarantined', detail: intent.why });
      tellOnce(ledger, entry, { event: 'paged', detail: intent.why, at });
      return null;
    case 'spare':
    case 'refuse':
      endUnserved(ledger, entry, intent);
      return null;
    default:
      return unreachable(intent);
  }
}

/** Once when it begins, and once when it has ended without anybody's help. */
export function tellSickness(
  ledger: HealLedger,
  entry: Entry,
  { wasSick, at }: { readonly wasSick: boolean; readonly at: Moment },
): void {
  const isSick = entry.sickSinceMs !== null;
  const { verdict } = entry.seen;
  if (!wasSick && isSick) ledger.tell(entry, at, { event: 'sick', detail: verdict.detail });
  if (!wasSick || isSick) return;
  entry.toldOf = null;
  if (entry.record.underWay === null && isWell(entry.seen))
    ledger.tell(entry, at, { event: 'recovered', detail: `by itself: ${verdict.detail}` });
}

/** Docker's word on it. */
export function noteTreated(
  { ledger, policy }: Course,
  entry: Entry,
  { news, at }: { readonly news: Extract<HealNews, { kind: 'containerTreated' }>; readonly at: Moment },
): void {
  const { underWay } = entry.record;
  if (underWay === null || underWay.how !== news.how) return;
  if (news.outcome === 'notDone') {
    ledger.setRecord(entry, notDone(entry.record, policy, at.monoMs));
    ledger.count(entry, underWay.how, 'notDone');
    ledger.tell(entry, at, { event: 'healFailed', detail: `nothing was done: ${news.detail}` });
    endServed(ledger, entry, { state: 'failed', detail: `nothing was done: ${news.detail}` });
    return;
  }
  const answer = {
    isDone: news.outcome === 'answered',
    isLate: news.outcome === 'tooLate',
    detail: news.detail,
    atMs: at.monoMs,
  };
  ledger.setRecord(entry, { ...entry.record, underWay: { ...underWay, answer } });
}

/** Looks how a treatment under way stands; returns when to ask again. */
export function verify(
  course: Course,
  entry: Entry,
  { dockerUpSinceMs, at }: { readonly dockerUpSinceMs: number; readonly at: Moment },
): number | null {
  const { underWay } = entry.record;
  if (underWay === null) return null;
  const { facts, lookedAtMs } = entry.seen;
  const signalled = underWay.isUnwatched || entry.signalledAtMs >= underWay.askedAtMs;
  const standing = standingOf({ underWay, facts, lookedAtMs, signalled, dockerUpSinceMs }, at.monoMs);
  switch (standing.kind) {
    case 'waits':
      if (standing.restarted && underWay.restartedAtMs === null) noteNewLife(course, entry, { underWay, at });
      return standing.untilMs;
    case 'done':
      finish(course, entry, { underWay, standing, at });
      return null;
    case 'failed':
      giveUp(course, entry, { underWay, standing, at });
      return null;
    default:
      return unreachable(standing);
  }
}

function planOf(intent: Intent): { readonly text: string; readonly dueAtMs: number | null } {
  const text = 'plan' in intent ? intent.plan : '';
  return { text, dueAtMs: 'dueAtMs' in intent ? intent.dueAtMs : null };
}

function whyExamined({ ask, ailment, seen }: Entry): string {
  return ask === null
    ? `${ailment ?? 'followUp'}: ${seen.verdict.detail}`
    : `${ask.actor} asked to ${ask.how} it`;
}

function lifeOf({ seen }: Entry): UnderWay['before'] {
  const { status, pid, startedAt } = seen.facts;
  return { status, pid, startedAt };
}

function beginTreatment(
  { ledger, policy }: Pick<Course, 'ledger' | 'policy'>,
  entry: Entry,
  { intent, at }: { readonly intent: Extract<Intent, { kind: 'treat' }>; readonly at: Moment },
): void {
  const { how, because } = intent;
  const { ask } = entry;
  const actor = ask?.actor ?? 'garrison';
  entry.servedAsk = ask;
  entry.ask = null;
  entry.followUp = null;
  ledger.setRecord(
    entry,
    begun(entry.record, { how, actor, before: lifeOf(entry) }, { policy, nowMs: at.monoMs }),
  );
  const count = restartsWithin(entry.record, policy, at.monoMs);
  const budget = isRestart(how) ? ` (restart ${String(count)} of ${String(policy.budget.restarts)})` : '';
  const detail = `about to ${TREATMENT_WORDS[how]}, since ${because}${budget}`;
  ledger.tell(entry, at, { event: 'treated', detail, actor });
}

/** Once for each sickness and reason. */
function tellOnce(
  ledger: HealLedger,
  entry: Entry,
  {
    event,
    detail,
    at,
  }: { readonly event: 'paged' | 'observed'; readonly detail: string; readonly at: Moment },
): void {
  const told = `${event} ${detail}`;
  if (entry.toldOf === told) return;
  entry.toldOf = told;
  ledger.tell(entry, at, { event, detail });
}

interface Turn {
  readonly underWay: UnderWay;
  readonly at: Moment;
}

function noteNewLife({ ledger }: Course, entry: Entry, { underWay, at }: Turn): void {
  const { pid, startedAt } = entry.seen.facts;
  ledger.setRecord(entry, { ...entry.record, underWay: { ...underWay, restartedAtMs: at.monoMs } });
  ledger.tell(entry, at, {
    event: 'restarted',
    detail: `it lives anew as pid ${String(pid)}, started ${startedAt}; its health is awaited`,
    actor: underWay.actor,
  });
}

function finish(
  course: Course,
  entry: Entry,
  { underWay, standing, at }: Turn & { readonly standing: Extract<Standing, { kind: 'done' }> },
): void {
  const { ledger, policy } = course;
  const sinceMs = entry.sickSinceMs ?? underWay.askedAtMs;
  ledger.setRecord(entry, cured(entry.record, policy, at.monoMs));
  ledger.count(entry, underWay.how, 'healed');
  ledger.tell(entry, at, { event: 'healed', detail: standing.detail, actor: underWay.actor });
  endServed(ledger, entry, { state: 'done', detail: standing.detail });
  if (underWay.how === 'stop') return;
  course.onHealed(entry, at.monoMs - sinceMs);
  course.onRestarted(entry);
}

function giveUp(
  { ledger, policy }: Course,
  entry: Entry,
  { underWay, standing, at }: Turn & { readonly standing: Extract<Standing, { kind: 'failed' }> },
): void {
  const { detail } = standing;
  const leftStopped = isEnded(entry.seen) && (standing.leftStopped ?? entry.record.leftStopped);
  ledger.setRecord(entry, failed(entry.record, { policy, nowMs: at.monoMs, leftStopped }));
  ledger.count(entry, underWay.how, 'failed');
  ledger.tell(entry, at, { event: 'healFailed', detail, actor: underWay.actor });
  // Whoever asked for it to be healed wants more than one try.
  if (entry.servedAsk?.how === 'heal') {
    // It may be begun again only after the back-off, and is not late before that.
    const askedAtMs = Math.max(at.monoMs, entry.record.notBeforeMs);
    entry.ask = { ...entry.servedAsk, askedAtMs };
    entry.servedAsk = null;
  } else endServed(ledger, entry, { state: 'failed', detail });
}
