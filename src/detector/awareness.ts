/**
 * Keeps the observer's own health, 0 (well) to 7, and stretches every limit by it: a late judge must not convict.
 * The idea and the scale are Lifeguard's local health multiplier (arXiv 1707.00788; memberlist's awareness.go); it judges nobody but itself.
 */

/** What the supervisor measured of itself and its machine since the last assessment. */
export interface ObserverSignals {
  /** p99 of its own event-loop delay. */
  readonly loopDelayP99Ms: number;
  /** How much later than planned this look came. */
  readonly tickLateMs: number;
  /** Time the whole machine was suspended. */
  readonly suspendedMs: number;
  /** Share of time in which some task waited for a processor (`some avg10` of /proc/pressure/cpu, 0–1); 0 where unknown. */
  readonly cpuPressure: number;
}

export interface Awareness {
  /** 0–7. */
  readonly score: number;
  /** Until then nobody is judged by silence: what came in late is still being read. */
  readonly impairedUntilMs: number;
  readonly assessedAtMs: number;
  /** Tasks wait for a processor most of the time: silence may be the machine's. */
  readonly starved: boolean;
}

export const WELL: Awareness = {
  score: 0,
  impairedUntilMs: -Infinity,
  assessedAtMs: -Infinity,
  starved: false,
};

export const WORST_SCORE = 7;
/** A look this late convicts nobody. */
export const IMPAIRED_LATE_MS = 2_000;
const IMPAIRED_FOR_MS = 1_000;
const ASSESS_EVERY_MS = 1_000;
const SLOW_LOOP_MS = 200;
const LATE_TICK_MS = 500;
const BUSY_PRESSURE = 0.6;
/** A busy machine alone, while the observer itself is on time, is a reason for patience but not for much. */
const WORST_FOR_PRESSURE = 2;

/** Assesses at most once a second, but a gravely late look at once. One bad second costs 1, a grave one 3; a good one gives 1 back. */
export function assess(before: Awareness, signals: ObserverSignals, nowMs: number): Awareness {
  const grave = signals.tickLateMs > IMPAIRED_LATE_MS || signals.suspendedMs > IMPAIRED_LATE_MS;
  if (!grave && nowMs - before.assessedAtMs < ASSESS_EVERY_MS) return before;
  const ownFault = signals.tickLateMs > LATE_TICK_MS || signals.loopDelayP99Ms > SLOW_LOOP_MS;
  const starved = signals.cpuPressure > BUSY_PRESSURE;
  const change = grave ? 3 : ownFault ? 1 : starved ? Math.sign(WORST_FOR_PRESSURE - before.score) : -1;
  return {
    score: Math.min(WORST_SCORE, Math.max(0, before.score + change)),
    impairedUntilMs: grave ? nowMs + IMPAIRED_FOR_MS : before.impairedUntilMs,
    assessedAtMs: nowMs,
    starved,
  };
}

/** A limit as it holds for an observer in this health: ×1 when well, ×8 at worst. */
export function stretched(limitMs: number, awareness: Awareness): number {
  return limitMs * (awareness.score + 1);
}

export function isImpaired(awareness: Awareness, nowMs: number): boolean {
  return nowMs < awareness.impairedUntilMs;
}
