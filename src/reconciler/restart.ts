/**
 * Decides when a dead child is started again: at once the first time, then with growing, jittered delays, and slowly for ever once its failure budget is spent.
 * It never gives up for good and never waits itself.
 */

/** What the decision remembers between deaths. */
export interface RestartHistory {
  /** Failures in a row without ten clean minutes between them. */
  readonly consecutive: number;
  /** Decaying count of failures, as of `scoreAtMs` (suture v4's failure counter: no window edge to fall off). */
  readonly score: number;
  readonly scoreAtMs: number;
}

export interface RestartPolicy {
  readonly firstDelayMs: number;
  readonly longestDelayMs: number;
  /** The delay is stretched by up to this share, so that workers which died together do not return together. */
  readonly jitterShare: number;
  readonly cleanAfterMs: number;
  readonly budget: number;
  readonly halfLifeMs: number;
  /** Over the budget, one try in this time. */
  readonly slowRetryMs: number;
}

export const RESTART_POLICY: RestartPolicy = {
  firstDelayMs: 500,
  longestDelayMs: 30_000,
  jitterShare: 0.25,
  cleanAfterMs: 600_000,
  budget: 8,
  halfLifeMs: 300_000,
  slowRetryMs: 60_000,
};

/** Redis holds everybody up, and one server coming back often costs little: it is never kept waiting long. */
export const REDIS_RESTART_POLICY: RestartPolicy = {
  ...RESTART_POLICY,
  longestDelayMs: 5_000,
  slowRetryMs: 10_000,
};

export const NO_FAILURES: RestartHistory = { consecutive: 0, score: 0, scoreAtMs: 0 };

export interface RestartDecision {
  readonly startAtMs: number;
  readonly overBudget: boolean;
  readonly history: RestartHistory;
}

export interface Death {
  readonly atMs: number;
  /** How long that life had been ready; 0 when it never was. */
  readonly readyForMs: number;
  /** Asked for (drained or stopped by us): starts again at once and is no failure. */
  readonly asked: boolean;
}

/** The next start after one death. `jitter` is a throw in [0, 1). */
export function decideRestart(
  history: RestartHistory,
  death: Death,
  dice: { readonly jitter: number; readonly policy: RestartPolicy },
): RestartDecision {
  const { policy, jitter } = dice;
  if (death.asked) return { startAtMs: death.atMs, overBudget: false, history };
  const clean = death.readyForMs >= policy.cleanAfterMs;
  const consecutive = clean ? 1 : history.consecutive + 1;
  const score = decayedScore(history, { nowMs: death.atMs, halfLifeMs: policy.halfLifeMs }) + 1;
  const overBudget = score > policy.budget;
  const delayMs = overBudget ? policy.slowRetryMs : delayWithoutJitterMs(consecutive, policy);
  return {
    startAtMs: death.atMs + delayMs * (1 + policy.jitterShare * jitter),
    overBudget,
    history: { consecutive, score, scoreAtMs: death.atMs },
  };
}

/** 0, then first, 2·first, 4·first … up to the longest. */
export function delayWithoutJitterMs(consecutive: number, policy: RestartPolicy): number {
  if (consecutive <= 1) return 0;
  return Math.min(policy.longestDelayMs, policy.firstDelayMs * 2 ** (consecutive - 2));
}

function decayedScore(history: RestartHistory, at: { nowMs: number; halfLifeMs: number }): number {
  const elapsedMs = Math.max(0, at.nowMs - history.scoreAtMs);
  return history.score * 2 ** (-elapsedMs / at.halfLifeMs);
}
