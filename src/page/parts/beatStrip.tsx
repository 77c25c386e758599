/**
 * Draws a worker's last five minutes: a mark for each beat, a block for each silence with a sign of its kind, and the same in words.
 * It judges nothing: what is late or hung came with the beats.
 */
import type { BeatsView } from '../../supervisor/door.ts';
import { apiPath, type Document } from '../api.ts';
import { clockText } from '../now.ts';
import { figureText, t } from '../words/language.ts';
import { useAsked } from './asked.ts';
import { stripOf, type Silence, type Strip } from './beatMarks.ts';
import { Trouble } from './trouble.tsx';

const EVERY_MS = 2_000;
const WIDTH = 1_000;
const HEIGHT = 36;
const SILENCES_TOLD = 5;

export function BeatStrip({ worker }: { worker: string }) {
  const { answer, error } = useAsked<Document<BeatsView>>(apiPath('workers', worker, 'beats'), EVERY_MS);
  if (answer === null)
    return error === null ? <p role="status">{t('list.loading')}</p> : <Trouble error={error} />;
  const beats = answer.item;
  const strip = stripOf(beats);
  const told = strip.silences.filter(({ kind }) => kind !== 'short').slice(-SILENCES_TOLD);
  return (
    <figure class="beats">
      <Drawing strip={strip} />
      <div class="scale quiet" aria-hidden="true">
        <span>{clockText(Date.parse(beats.from))}</span>
        <span>{clockText(Date.parse(beats.to))}</span>
      </div>
      <figcaption>
        <p data-beats={`${String(strip.came)} of ${String(strip.due)}`}>{sentence(strip)}</p>
        {told.length === 0 ? null : (
          <ul>
            {told.map((silence) => (
              <li key={silence.since}>{silenceText(silence)}</li>
            ))}
          </ul>
        )}
        <p class="quiet">
          {t('beats.limits', { late: secondsText(beats.lateAfterMs), hung: secondsText(beats.hungAfterMs) })}
        </p>
      </figcaption>
    </figure>
  );
}

/** The caption says it all; read aloud, the drawing would only say it twice. */
function Drawing({ strip: { beats, starts, ends, silences } }: { strip: Strip }) {
  return (
    <svg
      viewBox={`0 0 ${String(WIDTH)} ${String(HEIGHT)}`}
      preserveAspectRatio="none"
      width="100%"
      height={HEIGHT}
      aria-hidden="true"
    >
      <rect class="ground" width={WIDTH} height={HEIGHT} />
      {silences.map(({ start, end, kind, since }) => (
        <rect
          key={since}
          class={`silence ${kind}`}
          x={start * WIDTH}
          width={Math.max(1, (end - start) * WIDTH)}
          {...BANDS[kind]}
        />
      ))}
      <path class="beat" d={marks(beats, 8, HEIGHT - 8)} />
      <path class="started" d={marks(starts, 0, HEIGHT)} />
      <path class="ended" d={marks(ends, 0, HEIGHT)} />
    </svg>
  );
}

/** Of another height each, so that they are told apart without colour. */
const BANDS: Readonly<Record<Silence['kind'], { readonly y: number; readonly height: number }>> = {
  short: { y: HEIGHT - 6, height: 6 },
  late: { y: HEIGHT / 2, height: HEIGHT / 2 },
  hung: { y: 0, height: HEIGHT },
  absent: { y: 0, height: 6 },
};

function marks(places: readonly number[], top: number, bottom: number): string {
  return places
    .map((place) => `M ${(place * WIDTH).toFixed(1)} ${String(top)} V ${String(bottom)}`)
    .join(' ');
}

function sentence({ came, due, longest }: Strip): string {
  const counted = t('beats.came', { came, due });
  if (longest === null) return counted;
  const at = clockText(Date.parse(longest.since));
  return `${counted} ${t('beats.longest', { duration: secondsText(longest.ms), at })}`;
}

function silenceText({ kind, ms, since }: Silence): string {
  const facts = { duration: secondsText(ms), at: clockText(Date.parse(since)) };
  switch (kind) {
    case 'short':
    case 'late':
      return t('beats.late', facts);
    case 'hung':
      return t('beats.hung', facts);
    case 'absent':
      return t('beats.absent', facts);
  }
}

function secondsText(ms: number): string {
  return figureText(ms / 1_000, { style: 'unit', unit: 'second', maximumFractionDigits: 1 });
}
