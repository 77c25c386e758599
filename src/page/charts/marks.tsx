/**
 * The events of workers and containers beneath the charts, along the same time: how many in each stretch, and which when one is opened.
 * Every sentence is the timeline's.
 */
import { useEffect, useRef, useState } from 'preact/hooks';
import type { SamplesView, TimelineEntry } from '../../supervisor/door.ts';
import { TimelineItem } from '../parts/timelineItem.tsx';
import { wholeText } from '../now.ts';
import { t } from '../words/language.ts';
import { stretchesOf, type Stretch } from './eventMarks.ts';
import { LEFT_PX, RIGHT_PX } from './plot.ts';

/** As wide as a finger needs. */
const STRETCH_PX = 30;
const MOST_STRETCHES = 36;

export function Marks({ view, events }: { view: SamplesView; events: readonly TimelineEntry[] }) {
  const [openFromMs, setOpen] = useState<number | null>(null);
  const [count, place] = useStretchCount();
  const stretches = stretchesOf(view, events, count);
  const open = stretches.find(
    ({ fromMs, toMs }) => openFromMs !== null && openFromMs >= fromMs && openFromMs < toMs,
  );
  return (
    <section class="events" aria-labelledby="events-title">
      <h2 id="events-title">{t('marks.title')}</h2>
      <p class="quiet">{t(events.length === 0 ? 'marks.none' : 'marks.means', { n: events.length })}</p>
      <ol
        class="marks"
        ref={place}
        style={{ paddingLeft: `${String(LEFT_PX)}px`, paddingRight: `${String(RIGHT_PX)}px` }}
      >
        {stretches.map(({ fromMs, toMs, events: within }) => (
          <li key={fromMs}>
            {within.length === 0 ? (
              <span />
            ) : (
              <StretchButton
                stretch={{ fromMs, toMs, events: within }}
                isOpen={open?.fromMs === fromMs}
                onChoose={() => setOpen(open?.fromMs === fromMs ? null : fromMs)}
              />
            )}
          </li>
        ))}
      </ol>
      <div aria-live="polite">{open === undefined ? null : <Story events={open.events} />}</div>
    </section>
  );
}

function Story({ events }: { events: readonly TimelineEntry[] }) {
  return (
    <ol class="story timeline">
      {events.map((entry) => (
        <TimelineItem key={entry.id} entry={entry} />
      ))}
    </ol>
  );
}

function StretchButton({
  stretch: { fromMs, toMs, events },
  isOpen,
  onChoose,
}: {
  stretch: Stretch;
  isOpen: boolean;
  onChoose: () => void;
}) {
  const n = events.length;
  const words = {
    n,
    from: wholeText(new Date(fromMs).toISOString()),
    to: wholeText(new Date(toMs).toISOString()),
  };
  return (
    <button type="button" aria-pressed={isOpen} aria-label={t('marks.stretch', words)} onClick={onChoose}>
      {n}
    </button>
  );
}

function useStretchCount() {
  const place = useRef<HTMLOListElement>(null);
  const [count, setCount] = useState(8);
  useEffect(() => {
    const measure = new ResizeObserver(() => {
      const widthPx = (place.current?.clientWidth ?? 0) - LEFT_PX - RIGHT_PX;
      setCount(Math.max(4, Math.min(MOST_STRETCHES, Math.floor(widthPx / STRETCH_PX))));
    });
    if (place.current !== null) measure.observe(place.current);
    return () => measure.disconnect();
  }, []);
  return [count, place] as const;
}
