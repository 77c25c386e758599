/**
 * Says how long to wait before the next try to connect.
 * It keeps no time itself: dice and the count of failures are arguments.
 */
const FIRST_MS = 1_000;
const MOST_MS = 30_000;

/** Doubling from 1 s to 30 s, half of it by dice, so that two hundred pages do not come back in one moment. */
export function reconnectDelayMs(failures: number, dice: number): number {
  const wholeMs = Math.min(MOST_MS, FIRST_MS * 2 ** Math.max(0, failures - 1));
  return Math.round(wholeMs / 2 + (wholeMs / 2) * dice);
}
