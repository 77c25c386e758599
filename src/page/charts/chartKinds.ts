/**
 * Which figures stand in one chart, and how each is told from the others: by its line, its word and, besides, its colour.
 * It draws nothing.
 */
import type { SeriesName } from '../../supervisor/door.ts';
import type { Tone } from '../parts/state.tsx';

export interface Line {
  readonly name: SeriesName;
  readonly tone: Tone;
  /** Lengths drawn and left out, in turn; none: unbroken. */
  readonly dash: readonly number[];
}

export interface ChartKind {
  readonly key: 'queue' | 'oldest' | 'ended' | 'workers' | 'slots' | 'containers' | 'zombies' | 'lag';
  readonly unit: 'count' | 'duration';
  /** Whether a figure tells how much came since the one before, and is summed, not how much there was. */
  readonly isSum: boolean;
  readonly lines: readonly Line[];
}

const line = (name: SeriesName, tone: Tone, ...dash: readonly number[]): Line => ({ name, tone, dash });
const gauge = (key: ChartKind['key'], ...lines: readonly Line[]): ChartKind => {
  return { key, unit: 'count', isSum: false, lines };
};

export const QUEUE = gauge('queue', line('waiting', 'busy'));
export const OLDEST: ChartKind = {
  ...gauge('oldest', line('oldestWaitingMs', 'warn')),
  unit: 'duration',
};
export const ENDED: ChartKind = {
  ...gauge(
    'ended',
    line('endedChanged', 'good'),
    line('endedUnchanged', 'busy', 8, 4),
    line('endedConflict', 'warn', 12, 4, 2, 4),
    line('endedFailed', 'bad', 4, 4),
    line('endedUnreachable', 'bad', 2, 4),
    line('endedUnknown', 'warn', 1, 3),
    line('endedCancelled', 'off', 16, 6),
  ),
  isSum: true,
};
export const WORKERS = gauge('workers', line('workersUp', 'good'), line('workersNotUp', 'bad', 4, 4));
export const ALL_CHARTS: readonly ChartKind[] = [
  QUEUE,
  OLDEST,
  ENDED,
  WORKERS,
  gauge('slots', line('slotsBusy', 'busy'), line('slots', 'off', 8, 4)),
  gauge('containers', line('containersUnwell', 'bad')),
  gauge('zombies', line('zombiesOurs', 'warn'), line('zombiesOthers', 'off', 4, 4)),
  { ...gauge('lag', line('loopLagMs', 'warn')), unit: 'duration' },
];
