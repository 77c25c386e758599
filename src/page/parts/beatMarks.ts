/**
 * Makes the strip of a worker's last minutes from its beats: where each mark stands, where there was silence, and the same in figures.
 * It judges nothing: how long is late or hung comes with the beats.
 */

export interface Beats {
  readonly everyMs: number;
  readonly lateAfterMs: number;
  readonly hungAfterMs: number;
  readonly from: string;
  readonly to: string;
  readonly items: readonly {
    readonly at: string;
    readonly kind: 'beat' | 'started' | 'ended';
    readonly sinceLastMs: number | null;
  }[];
}

/** In parts of the whole, 0 (`from`) to 1 (`to`). */
export interface Silence {
  readonly start: number;
  readonly end: number;
  readonly ms: number;
  /** RFC 3339: when it began. */
  readonly since: string;
  /** `short`: longer than between two beats, and not yet late; `absent`: it did not live. */
  readonly kind: 'short' | 'late' | 'hung' | 'absent';
}

export interface Strip {
  readonly beats: readonly number[];
  readonly starts: readonly number[];
  readonly ends: readonly number[];
  readonly silences: readonly Silence[];
  readonly came: number;
  /** Of the time in which it lived. */
  readonly due: number;
  /** The longest while it lived; null while fewer than two beats tell of one. */
  readonly longest: Silence | null;
  readonly lives: number;
}

/** A beat that is half an interval late is no silence yet. */
const SILENT_INTERVALS = 1.5;

export function stripOf(beats: Beats): Strip {
  const fromMs = Date.parse(beats.from);
  const wholeMs = Math.max(1, Date.parse(beats.to) - fromMs);
  const placeOf = (atMs: number): number => Math.min(1, Math.max(0, (atMs - fromMs) / wholeMs));
  const places = (kind: Beats['items'][number]['kind']): number[] =>
    beats.items.filter((item) => item.kind === kind).map(({ at }) => placeOf(Date.parse(at)));
  const all = gapsOf(beats).map(({ sinceMs, ms, isAbsent }): Silence => {
    const start = placeOf(sinceMs);
    const end = placeOf(sinceMs + ms);
    return {
      start,
      end,
      ms,
      since: new Date(sinceMs).toISOString(),
      kind: isAbsent ? 'absent' : kindOf(ms, beats),
    };
  });
  const lived = all.filter(({ kind }) => kind !== 'absent');
  const livedMs = lived.reduce((sum, { start, end }) => sum + (end - start) * wholeMs, 0);
  const came = places('beat').length;
  return {
    beats: places('beat'),
    starts: places('started'),
    ends: places('ended'),
    silences: all.filter(({ kind, ms }) => kind === 'absent' || ms >= beats.everyMs * SILENT_INTERVALS),
    came,
    due: Math.max(came, Math.round(livedMs / beats.everyMs)),
    longest: lived.reduce<Silence | null>(
      (most, each) => (most === null || each.ms > most.ms ? each : most),
      null,
    ),
    lives: places('started').length,
  };
}

interface Gap {
  readonly sinceMs: number;
  readonly ms: number;
  /** Nothing lived that could have beaten. */
  readonly isAbsent: boolean;
}

/** What lies between one mark and the next, and between the last and now. */
function gapsOf({ items, to, from, everyMs }: Beats): readonly Gap[] {
  const gaps: Gap[] = [];
  let isAlive = items[0]?.kind !== 'started' || items[0].sinceLastMs !== null;
  let lastMs: number | null = null;
  for (const { at, kind, sinceLastMs } of items) {
    const atMs = Date.parse(at);
    // The first may tell of a time before the strip.
    const untoldMs =
      kind === 'started' ? atMs - Date.parse(from) : Math.min(everyMs, atMs - Date.parse(from));
    const ms = lastMs === null ? (sinceLastMs ?? untoldMs) : atMs - lastMs;
    if (kind === 'started') isAlive = false;
    gaps.push({ sinceMs: atMs - ms, ms, isAbsent: !isAlive });
    isAlive = kind !== 'ended';
    lastMs = atMs;
  }
  const sinceMs = lastMs ?? Date.parse(from);
  gaps.push({ sinceMs, ms: Date.parse(to) - sinceMs, isAbsent: lastMs === null || !isAlive });
  return gaps;
}

function kindOf(ms: number, { lateAfterMs, hungAfterMs }: Beats): Silence['kind'] {
  if (ms >= hungAfterMs) return 'hung';
  return ms >= lateAfterMs ? 'late' : 'short';
}
