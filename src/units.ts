/**
 * Reads and writes durations and sizes the way people write them: `10s`, `1h30m`, `512MiB`.
 * It never guesses a unit: a bare number is refused.
 */

const MS_PER_UNIT: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

const BYTES_PER_UNIT: Readonly<Record<string, number>> = {
  B: 1,
  kB: 1e3,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
};

/** Milliseconds of `10s`, `5m`, `1h30m`, `250ms` or `30d`; null when the text is no duration. */
export function parseDurationMs(text: string): number | null {
  if (!/^(?:\d+(?:ms|s|m|h|d))+$/.test(text)) return null;
  let totalMs = 0;
  for (const [, digits, unit] of text.matchAll(/(\d+)(ms|s|m|h|d)/g)) {
    totalMs += Number(digits) * (MS_PER_UNIT[unit ?? ''] ?? Number.NaN);
  }
  return Number.isSafeInteger(totalMs) ? totalMs : null;
}

/** Bytes of `512MiB`, `2GiB` or `1500kB`; null when the text is no size. */
export function parseSizeBytes(text: string): number | null {
  const match = /^(\d+(?:\.\d+)?)\s?([kKMGT]?i?B)$/.exec(text);
  const unitBytes = BYTES_PER_UNIT[match?.[2] ?? ''];
  if (match === null || unitBytes === undefined) return null;
  const bytes = Math.round(Number(match[1]) * unitBytes);
  return Number.isSafeInteger(bytes) ? bytes : null;
}

/** `90s` → `1m30s`: exact, and read back to the same number by parseDurationMs. */
export function formatDurationMs(durationMs: number): string {
  let restMs = Math.round(durationMs);
  if (restMs === 0) return '0s';
  let text = '';
  for (const unit of ['d', 'h', 'm', 's', 'ms'] as const) {
    const unitMs = MS_PER_UNIT[unit] ?? 1;
    const count = Math.floor(restMs / unitMs);
    if (count > 0) text += `${String(count)}${unit}`;
    restMs -= count * unitMs;
  }
  return text;
}

/** The largest unit that keeps the size readable, one decimal at most: `1.5GiB`, `512MiB`. */
export function formatSizeBytes(bytes: number): string {
  for (const unit of ['TiB', 'GiB', 'MiB', 'KiB'] as const) {
    const unitBytes = BYTES_PER_UNIT[unit] ?? 1;
    if (bytes >= unitBytes) return `${String(Math.round((bytes / unitBytes) * 10) / 10)}${unit}`;
  }
  return `${String(bytes)}B`;
}
