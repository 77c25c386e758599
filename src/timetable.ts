/**
 * Reads and writes how often something is done by itself, the way people write it: `off`, `every 6h` or `03:30`.
 * It knows no clock: when the next time is, reconciler/schedule says.
 */
import { formatDurationMs, parseDurationMs } from './units.ts';

export type Timetable =
  | { readonly kind: 'off' }
  | { readonly kind: 'every'; readonly everyMs: number }
  /** Each day, so many minutes after midnight in UTC. */
  | { readonly kind: 'daily'; readonly atMinute: number };

export const DAY_MS = 86_400_000;
/** More often, and one run would follow the other without an end. */
const SHORTEST_MS = 60_000;

export const TIMETABLE_WORDS =
  'must be off, every and a duration of 1m or more (every 6h), or a time of day in UTC (03:30)';

/** Null when the text is none. */
export function parseTimetable(text: string): Timetable | null {
  if (text === 'off') return { kind: 'off' };
  const [, duration] = /^every (\S+)$/.exec(text) ?? [];
  if (duration !== undefined) {
    const everyMs = parseDurationMs(duration);
    return everyMs === null || everyMs < SHORTEST_MS ? null : { kind: 'every', everyMs };
  }
  const [, hour, minute] = /^([01]\d|2[0-3]):([0-5]\d)$/.exec(text) ?? [];
  if (hour === undefined || minute === undefined) return null;
  return { kind: 'daily', atMinute: Number(hour) * 60 + Number(minute) };
}

/** Read back to the same by `parseTimetable`. */
export function timetableText(timetable: Timetable): string {
  switch (timetable.kind) {
    case 'off':
      return 'off';
    case 'every':
      return `every ${formatDurationMs(timetable.everyMs)}`;
    case 'daily': {
      const two = (part: number): string => String(part).padStart(2, '0');
      return `${two(Math.floor(timetable.atMinute / 60))}:${two(timetable.atMinute % 60)}`;
    }
  }
}

/** From one time to the next; null where there is none. */
export function intervalMs(timetable: Timetable): number | null {
  switch (timetable.kind) {
    case 'off':
      return null;
    case 'every':
      return timetable.everyMs;
    case 'daily':
      return DAY_MS;
  }
}
