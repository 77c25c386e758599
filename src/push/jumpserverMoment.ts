/**
 * Reads the moments that JumpServer writes, and writes them as grants.yaml has them.
 * It asks no clock.
 */

const MOMENT = /^(\d{4})[/-](\d{2})[/-](\d{2})[ T](\d{2}):(\d{2}):(\d{2})(?:\.\d+)? ?(Z|[+-]\d{2}:?\d{2})$/;

export interface Moment {
  /** Milliseconds since 1970. */
  readonly ms: number;
  /** `2027-01-31T18:00:00+08:00` */
  readonly text: string;
}

/** `2027/01/31 18:00:00 +0800` as JumpServer has it, or ISO 8601; null for anything else. */
export function readMoment(written: string): Moment | null {
  const [whole, ...parts] = MOMENT.exec(written.trim()) ?? [];
  if (whole === undefined) return null;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts.slice(0, 6).map(Number);
  if (month < 1 || month > 12 || day < 1 || day > daysIn(year, month)) return null;
  if (hour > 23 || minute > 59 || second > 59) return null;
  const zone = parts[6] ?? 'Z';
  const offset = zone === 'Z' ? 'Z' : `${zone.slice(0, 3)}:${zone.slice(-2)}`;
  const [, sign = '+', hours = '0', minutes = '0'] = /^([+-])(\d{2}):(\d{2})$/.exec(offset) ?? [];
  if (Number(hours) > 23 || Number(minutes) > 59) return null;
  const offsetMs = (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60_000;
  const dayMs = (daysBefore(year) + dayOfYear(year, month, day)) * 86_400_000;
  const ms = dayMs + ((hour * 60 + minute) * 60 + second) * 1000 - offsetMs;
  const [yyyy, mm, dd, h, m, s] = parts;
  return { ms, text: `${yyyy ?? ''}-${mm ?? ''}-${dd ?? ''}T${h ?? ''}:${m ?? ''}:${s ?? ''}${offset}` };
}

/** NaN, which is before and after nothing, where it is no moment. */
export function momentMs(written: string): number {
  return readMoment(written)?.ms ?? NaN;
}

const MONTHS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] as const;

function isLeap(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
}

function daysIn(year: number, month: number): number {
  return month === 2 && isLeap(year) ? 29 : (MONTHS[month - 1] ?? 0);
}

/** From 1970 to the first day of the year. */
function daysBefore(year: number): number {
  const leapDays = (before: number): number =>
    Math.floor(before / 4) - Math.floor(before / 100) + Math.floor(before / 400);
  return (year - 1970) * 365 + leapDays(year - 1) - leapDays(1969);
}

function dayOfYear(year: number, month: number, day: number): number {
  let days = day - 1;
  for (let before = 1; before < month; before += 1) days += daysIn(year, before);
  return days;
}
