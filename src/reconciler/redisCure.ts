/**
 * Decides how an embedded redis-server that does not answer is brought back: woken once, then asked to end, then ended; its exit starts the next.
 * It sends nothing, and what it asks for proves nothing: that Redis answers is seen.
 */
import type { Moment } from '../clock.ts';

export interface RedisCure {
  readonly askedAt: Moment;
  /** Monotonic; null before. */
  readonly wokenAtMs: number | null;
  readonly termAtMs: number | null;
  readonly killAtMs: number | null;
}

export interface RedisCureQuestion {
  readonly cure: RedisCure;
  /** Monotonic: since when it answers; null while it does not. */
  readonly upSinceMs: number | null;
  /** False from its exit to its next start. */
  readonly isRunning: boolean;
  readonly nowMs: number;
}

export interface RedisCureDecision {
  readonly cure: RedisCure;
  readonly signal: 'SIGCONT' | 'SIGTERM' | 'SIGKILL' | null;
  readonly recheckAtMs: number | null;
  readonly end: { readonly state: 'done' | 'failed'; readonly detail: string } | null;
}

/** It is asked every 2 s whether it answers, and has 5 s to. */
const ANSWERS_WITHIN_MS = 8_000;
/** It writes out its append-only file first. */
const ENDS_WITHIN_MS = 5_000;
const BACK_WITHIN_MS = 60_000;

export function beginRedisCure(askedAt: Moment): RedisCure {
  return { askedAt, wokenAtMs: null, termAtMs: null, killAtMs: null };
}

export function decideRedisCure(question: RedisCureQuestion): RedisCureDecision {
  const { cure, upSinceMs, isRunning, nowMs } = question;
  const rest = (recheckAtMs: number): RedisCureDecision => ({ cure, signal: null, recheckAtMs, end: null });
  const send = (signal: RedisCureDecision['signal'], key: keyof RedisCure): RedisCureDecision => ({
    cure: { ...cure, [key]: nowMs },
    signal,
    recheckAtMs: nowMs + 1,
    end: null,
  });
  const giveUpAtMs = cure.askedAt.monoMs + BACK_WITHIN_MS;
  if (upSinceMs !== null && upSinceMs >= cure.askedAt.monoMs)
    return { ...rest(nowMs), recheckAtMs: null, end: { state: 'done', detail: howItCame(cure) } };
  if (nowMs >= giveUpAtMs)
    return { ...rest(nowMs), recheckAtMs: null, end: { state: 'failed', detail: howItFailed(cure) } };
  if (!isRunning) return rest(giveUpAtMs);
  if (cure.wokenAtMs === null) return send('SIGCONT', 'wokenAtMs');
  if (cure.termAtMs === null) {
    const dueAtMs = cure.wokenAtMs + ANSWERS_WITHIN_MS;
    return nowMs < dueAtMs ? rest(dueAtMs) : send('SIGTERM', 'termAtMs');
  }
  if (cure.killAtMs !== null) return rest(giveUpAtMs);
  const dueAtMs = cure.termAtMs + ENDS_WITHIN_MS;
  return nowMs < dueAtMs ? rest(dueAtMs) : send('SIGKILL', 'killAtMs');
}

function howItFailed({ wokenAtMs, termAtMs, killAtMs }: RedisCure): string {
  const sent = [
    ...(wokenAtMs === null ? [] : ['woken (SIGCONT)']),
    ...(termAtMs === null ? [] : ['asked to end (SIGTERM)']),
    ...(killAtMs === null ? [] : ['ended (SIGKILL)']),
  ];
  const was = sent.length === 0 ? 'was to be started again' : `was ${sent.join(', ')}`;
  return `the redis-server ${was}, and Redis does not answer within ${String(BACK_WITHIN_MS / 1000)} s`;
}

function howItCame({ termAtMs, wokenAtMs }: RedisCure): string {
  if (termAtMs !== null) return 'the redis-server was ended and a new one has taken its place';
  return wokenAtMs === null
    ? 'the redis-server was started again'
    : 'the redis-server was woken and answers again';
}
