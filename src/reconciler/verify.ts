/**
 * Says how a treatment under way stands, from what is seen of the container: Docker's word that it is done counts for nothing.
 * It does nothing about it, and waits for nothing: it says when to ask again.
 */
import type { ContainerFacts, HealthCheck } from '../detector/containerFacts.ts';
import type { UnderWay } from './healRecord.ts';
import type { TreatedLife, Treatment } from './treatment.ts';

export type Standing =
  /** `restarted`: it lives another life already, and its health is awaited. */
  | { readonly kind: 'waits'; readonly restarted: boolean; readonly untilMs: number }
  | { readonly kind: 'done'; readonly detail: string }
  /** `leftStopped`: it was ended and does not run, which nobody wanted; null where that is as it was before the treatment. */
  | { readonly kind: 'failed'; readonly leftStopped: boolean | null; readonly detail: string };

export interface StandingQuestion {
  readonly underWay: UnderWay;
  readonly facts: ContainerFacts;
  /** When they were looked at. */
  readonly lookedAtMs: number;
  /** Since it was treated somebody else had Docker send it a signal. */
  readonly signalled: boolean;
  /** Since when Docker answers: what was seen before an outage says nothing of what came of it. */
  readonly dockerUpSinceMs: number;
}

/** Without a health check, it must live so long. */
const LIVES_FOR_MS = 10_000;
/** After Docker's word: so long until a look shows what has become of it. */
const SEEN_WITHIN_MS = 5_000;
/** After a call that got no answer in time Docker may still be at it. */
const STILL_AT_IT_MS = 20_000;
/** Beyond the container's own stop timeout; the hands give up earlier and say so. */
const NO_WORD_AFTER_MS = 60_000;
const HEALTH_MARGIN_MS = 10_000;

export function standingOf(question: StandingQuestion, nowMs: number): Standing {
  const { underWay, facts } = question;
  if (underWay.how === 'stop') return standingOfStop(question, nowMs);
  if (isEnded(facts) && facts.startedAt !== underWay.before.startedAt) return standingOfEndedLife(question);
  if (facts.status === 'paused')
    return failed('it was paused meanwhile, so nothing can be said of it until it goes on');
  return isAnotherLife(underWay.before, facts)
    ? standingOfNewLife(question, nowMs)
    : standingOfOldLife(question, nowMs);
}

/** Another start and another process; a pid of 0 is none. */
export function isAnotherLife(before: TreatedLife, facts: TreatedLife): boolean {
  return facts.startedAt !== before.startedAt && facts.pid !== before.pid && facts.pid !== 0;
}

/** So long a new life may take until its health check passes. */
export function healthyWithinMs(check: HealthCheck | null): number {
  if (check === null) return LIVES_FOR_MS;
  const { startPeriodMs, intervalMs, timeoutMs, retries } = check;
  return startPeriodMs + (retries + 1) * (intervalMs + timeoutMs) + HEALTH_MARGIN_MS;
}

function standingOfStop(question: StandingQuestion, nowMs: number): Standing {
  const { facts } = question;
  if (isEnded(facts)) return { kind: 'done', detail: `it is stopped (exit code ${String(facts.exitCode)})` };
  return overdue(question, nowMs) ?? waits(false, nextLookAt(question));
}

function standingOfNewLife(question: StandingQuestion, nowMs: number): Standing {
  const { underWay, facts } = question;
  const limitMs = (underWay.restartedAtMs ?? nowMs) + healthyWithinMs(facts.healthCheck);
  if (facts.process === 'gone' || facts.process === 'zombie' || facts.status === 'restarting')
    return nowMs >= limitMs
      ? failed(`it was started as pid ${String(facts.pid)}, which does not live`)
      : waits(true, limitMs);
  return standingOfHealth(question, { limitMs, nowMs });
}

/** A start is owed where the treatment had ended what ran, unless a person may have stopped the new life. */
function standingOfEndedLife({ underWay, facts, signalled }: StandingQuestion): Standing {
  const ended = `it was started and ended again with exit code ${String(facts.exitCode)}`;
  // Docker itself starts such a one again, unless somebody has stopped it.
  const isKeptUp = facts.restartPolicy === 'always' || facts.restartPolicy === 'unless-stopped';
  if (signalled || isKeptUp) return failed(`${ended}: somebody stopped it meanwhile`, false);
  return failed(ended, endsARunningOne(underWay) ? true : null);
}

function endsARunningOne({ how, before }: UnderWay): boolean {
  return before.status === 'running' && how !== 'start';
}

function isEnded({ status }: ContainerFacts): boolean {
  return status === 'exited' || status === 'created' || status === 'dead';
}

function standingOfHealth(
  { facts }: StandingQuestion,
  { limitMs, nowMs }: { readonly limitMs: number; readonly nowMs: number },
): Standing {
  const life = `it lives as pid ${String(facts.pid)}, started ${facts.startedAt}`;
  const { health } = facts;
  if (health === null || facts.healthCheck === null)
    return nowMs >= limitMs
      ? { kind: 'done', detail: `${life}; it has no health check` }
      : waits(true, limitMs);
  if (health.status === 'healthy') return { kind: 'done', detail: `${life}, and its health check passes` };
  if (health.status === 'unhealthy')
    return failed(`it was started anew (pid ${String(facts.pid)}) and is unhealthy again`);
  if (nowMs < limitMs) return waits(true, limitMs);
  return failed(
    `it was started anew (pid ${String(facts.pid)}) and its health check has not passed within ${String(Math.round(healthyWithinMs(facts.healthCheck) / 1000))} s`,
  );
}

function standingOfOldLife(question: StandingQuestion, nowMs: number): Standing {
  const { underWay, facts } = question;
  const { answer } = underWay;
  const wasSeenSince = answer !== null && question.lookedAtMs >= answer.atMs;
  if (isEnded(facts) && wasSeenSince && endsARunningOne(underWay))
    return failed(`it was ended and not started again: ${answer.detail}`, true);
  return overdue(question, nowMs) ?? waits(false, nextLookAt(question));
}

/** Failed because nothing has come of it in the time that it may take; null while that runs. */
function overdue(question: StandingQuestion, nowMs: number): Standing | null {
  if (nowMs < nextLookAt(question)) return null;
  const { underWay, facts } = question;
  const { answer } = underWay;
  if (answer === null)
    return failed(`nothing was heard of it for ${String(Math.round((nowMs - underWay.askedAtMs) / 1000))} s`);
  // It has no process at this moment, and so no life that could be told from another.
  if (facts.status === 'restarting' && facts.startedAt !== underWay.before.startedAt)
    return failed(
      `it was started and ended again with exit code ${String(facts.exitCode)}, and Docker keeps starting it`,
    );
  return failed(
    answer.isDone
      ? `Docker says that it is done, and the container is what it was before (pid ${String(facts.pid)}): Docker's view of it is stale`
      : answer.detail,
  );
}

function nextLookAt({ underWay, facts, dockerUpSinceMs }: StandingQuestion): number {
  const { answer, askedAtMs } = underWay;
  if (answer === null) return Math.max(askedAtMs, dockerUpSinceMs) + facts.stopTimeoutMs + NO_WORD_AFTER_MS;
  return Math.max(answer.atMs, dockerUpSinceMs) + (answer.isLate ? STILL_AT_IT_MS : SEEN_WITHIN_MS);
}

function waits(restarted: boolean, untilMs: number): Standing {
  return { kind: 'waits', restarted, untilMs };
}

function failed(detail: string, leftStopped: boolean | null = null): Standing {
  return { kind: 'failed', leftStopped, detail };
}

/** For people, in the middle of a sentence. */
export const TREATMENT_WORDS: Readonly<Record<Treatment, string>> = {
  restart: 'restart it (TERM, after its stop timeout KILL, then a start)',
  killAndStart: 'kill it and start it',
  start: 'start it',
  stop: 'stop it',
};
