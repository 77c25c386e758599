/**
 * Makes the result of an attempt: the host's own answer where it is whole, else a judgement of how ssh ended, with a sentence for people.
 * It never calls an attempt done that the host did not call done.
 */
import { printable } from './answer.ts';
import { readHostFacts } from './hostFacts.ts';
import { planAccount, type AccountPlan } from './plan.ts';
import { plannedText } from './planText.ts';
import { readUndoFacts } from './undoFacts.ts';
import { planUndo } from './undoPlan.ts';
import { readSurvey } from './survey.ts';
import type { Answer } from './answer.ts';
import { agentOf, type HostOutcome, type HostResult, type PushTask } from './job.ts';
import { reasonSentence } from './reason.ts';
import { verification } from './verification.ts';
import type { Reason } from './reason.ts';
import { judgeEnding } from './sshFailure.ts';
import type { SshEnding } from './sshFailure.ts';

const LONGEST_SAID = 300;
const NEVER_BEGUN = 'Cancelled before it started; nothing was done on the host.';
const SOMEONE = 'someone may be changing it at the same time';

/** What the job's record gets: the host's own answer where it is whole, else a judgement of how ssh ended. */
export function hostResult(
  task: PushTask,
  attempt: { answer: Answer; ending: SshEnding; at: string },
): HostResult {
  const { answer, ending, at } = attempt;
  const whole = answer.ended && !answer.invalid ? answer.result : null;
  const judged = whole ?? judgeEnding(task.kind, ending, answer);
  const said = printable(ending.stderr.split('\n').slice(-3).join(' · ')).slice(-LONGEST_SAID);
  const words = {
    cure: `${SOMEONE}: ${goOn(task).again}`,
    said,
    exitCode: String(ending.exitCode ?? 'none'),
    ...answer.facts,
  };
  if (task.kind === 'plan' && whole?.reason === 'PlanMade') return planResult(task, answer, at);
  if (task.kind === 'survey' && whole?.reason === 'SurveyMade') return surveyResult(task, answer, at);
  return {
    ...judged,
    detail: detailOf(task, judged, words),
    changes: answer.changes,
    facts: answer.facts,
    replayed: answer.replayed && whole !== null,
    at,
    ...verification(task.kind, judged.outcome, answer.facts),
  };
}

/** The host told facts and judged nothing; the judgement is the plan's. */
function planResult(task: PushTask, answer: Answer, at: string): HostResult {
  if (task.planOf === 'undo') return undoPlanResult(task, answer, at);
  const facts = readHostFacts(answer.known);
  const base = { stage: 'plan', changes: [], facts: {}, replayed: false, at } as const;
  if (facts === null || task.account === null) {
    const invalid = { outcome: 'failed', reason: 'AnswerInvalid' } as const;
    return { ...base, ...invalid, detail: detailOf(task, invalid, {}) };
  }
  return { ...base, ...planned(task, planAccount(task.planOf ?? 'push', task.account, facts)) };
}

function undoPlanResult(task: PushTask, answer: Answer, at: string): HostResult {
  const facts = readUndoFacts(answer.known);
  const base = { stage: 'plan', changes: [], facts: {}, replayed: false, at } as const;
  if (facts === null) {
    const invalid = { outcome: 'failed', reason: 'AnswerInvalid' } as const;
    return { ...base, ...invalid, detail: detailOf(task, invalid, {}) };
  }
  return { ...base, ...planned(task, planUndo(facts)) };
}

function planned(
  task: PushTask,
  plan: AccountPlan,
): Pick<HostResult, 'outcome' | 'reason' | 'detail' | 'plan'> {
  const isOwn = isStop(plan) || plan.reason === 'AlreadyUndone';
  const judged = { outcome: outcomeOf(plan), reason: isOwn ? plan.reason : 'PlanMade' } as const;
  const words = { ...plan.words, planned: plannedText(plan) };
  return { ...judged, detail: detailOf(task, judged, words), plan };
}

/** Which of them are leftovers, the grants say: elsewhere, and later. */
function surveyResult(task: PushTask, answer: Answer, at: string): HostResult {
  const survey = readSurvey(answer.known);
  const base = { stage: 'plan', changes: [], replayed: false, at } as const;
  if (survey === null) {
    const invalid = { outcome: 'failed', reason: 'AnswerInvalid' } as const;
    return { ...base, ...invalid, facts: {}, detail: detailOf(task, invalid, {}) };
  }
  const { owned, others, damaged, untold } = survey;
  const judged = { outcome: 'unchanged', reason: 'SurveyMade' } as const;
  const there = owned.filter(({ presence }) => presence === 'ours').length;
  const facts = { others: String(others), damaged: String(damaged), untold: String(untold) };
  const words = { owned: `${String(there)} ${there === 1 ? 'account' : 'accounts'} of ours` };
  return { ...base, ...judged, facts, detail: detailOf(task, judged, words), owned };
}

function isStop({ verdict }: AccountPlan): boolean {
  return verdict === 'conflict' || verdict === 'blocked';
}

function outcomeOf(plan: AccountPlan): HostOutcome {
  if (!isStop(plan)) return 'unchanged';
  return plan.verdict === 'conflict' ? 'conflict' : 'failed';
}

/** A result for an attempt that ended before ssh was started. */
export function resultBeforeSsh(
  task: PushTask,
  judged: { outcome: HostOutcome; reason: Reason; said: string },
  at: string,
): HostResult {
  const { outcome, reason, said } = judged;
  const detail =
    reason === 'Cancelled' ? NEVER_BEGUN : detailOf(task, { outcome, reason }, { said: printable(said) });
  return { outcome, stage: 'resolve', reason, detail, changes: [], facts: {}, replayed: false, at };
}

/** A refused login whose cause was found. */
export function refusalExplained(
  task: PushTask,
  result: HostResult,
  { reason, words }: { reason: Reason; words: Readonly<Record<string, string>> },
): HostResult {
  const judged = { outcome: result.outcome, reason };
  return { ...result, stage: 'auth', reason, detail: detailOf(task, judged, words) };
}

function detailOf(
  task: PushTask,
  judged: { outcome: HostOutcome; reason: Reason },
  more: Readonly<Record<string, string>>,
): string {
  const sentence = reasonSentence(judged.reason, {
    ...more,
    account: task.account?.name ?? '',
    host: task.host.name,
    undone: task.undoOf ?? '',
    user: task.host.user,
    ownKey: ownKeyOf(task),
    address: task.host.address,
    port: String(task.host.port),
    connectSeconds: String(task.ssh.connectTimeoutMs / 1000),
    idleSeconds: String(task.ssh.idleTimeoutMs / 1000),
    totalSeconds: String(task.ssh.totalTimeoutMs / 1000),
  });
  return [sentence, leftSentence(task, judged.outcome, more['left'])].filter((part) => part !== '').join(' ');
}

function ownKeyOf(task: PushTask): string {
  const agent = agentOf(task);
  return agent === null ? 'ssh.identityFile' : `a key of the agent ${agent}`;
}

function leftSentence(task: PushTask, outcome: HostOutcome, left: string | undefined): string {
  const { same, next } = goOn(task);
  if (outcome === 'unknown')
    return `The host may have been changed, and its script may still run: ${same}, it goes on where this stopped.`;
  if (outcome !== 'failed') return '';
  if (left === 'nothing') return 'What this attempt had made was taken back; nothing is left of it.';
  if (left === 'account') return `The account made by this attempt is still there; ${next} goes on with it.`;
  if (left === 'changes') return `What was done before that stays; ${next} goes on with it.`;
  return '';
}

/** An undo and a removal go on as the same job alone: a push would want the account there again. */
function goOn({ kind, jobId }: PushTask): Readonly<Record<'again' | 'same' | 'next', string>> {
  const retry = `garrison retry ${jobId}`;
  return kind === 'undo' || kind === 'remove'
    ? { again: retry, same: retry, next: retry }
    : { again: 'push again', same: 'push the same again', next: 'the next push' };
}
