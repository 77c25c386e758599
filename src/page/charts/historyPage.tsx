/**
 * What it was like over an hour, a day or a week, which the address says, with what happened meanwhile.
 * It shows what the supervisor kept and draws no line over what it does not know.
 */
import type { SamplesView, TimelineEntry } from '../../supervisor/door.ts';
import type { Document } from '../api.ts';
import { useAsked } from '../parts/asked.ts';
import { useFilter } from '../parts/filters.ts';
import { Time } from '../parts/time.tsx';
import type { Seen } from '../parts/timelineSeen.ts';
import { Trouble } from '../parts/trouble.tsx';
import { t } from '../words/language.ts';
import '../views/timeline.css';
import { Chart } from './chart.tsx';
import { ALL_CHARTS } from './chartKinds.ts';
import { isMarked } from './eventMarks.ts';
import { Marks } from './marks.tsx';

/** How often each is asked for. */
const RANGES = { '1h': 10_000, '24h': 60_000, '7d': 60_000 } as const;
type Range = keyof typeof RANGES;
const MOST_EVENTS = 200;

export function HistoryPage() {
  const [asked, putRange] = useFilter('range');
  const range: Range = asked in RANGES ? (asked as Range) : '1h';
  return (
    <>
      <h1>{t('nav.history')}</h1>
      <p class="quiet">{t('history.means')}</p>
      <fieldset class="buttons ranges">
        <legend>{t('history.range')}</legend>
        {(Object.keys(RANGES) as Range[]).map((each) => (
          <label key={each}>
            <input
              type="radio"
              name="range"
              value={each}
              checked={each === range}
              onChange={() => putRange(each)}
            />{' '}
            {t(`range.${each}`)}
          </label>
        ))}
      </fieldset>
      <Charts key={range} range={range} />
    </>
  );
}

function Charts({ range }: { range: Range }) {
  const everyMs = RANGES[range];
  const { answer, error } = useAsked<Document<SamplesView>>(`api/v1/history?last=${range}`, everyMs);
  const worker = useAsked<Seen<TimelineEntry>>(eventsPath('worker'), everyMs);
  const container = useAsked<Seen<TimelineEntry>>(eventsPath('container'), everyMs);
  if (answer === null)
    return error === null ? <p role="status">{t('list.loading')}</p> : <Trouble error={error} />;
  const view = answer.item;
  const asked = [worker.answer, container.answer].filter((each) => each !== null);
  const events = asked
    .flatMap(({ items }) => items)
    .filter((entry) => isMarked(entry) && entry.at >= view.from)
    .sort((one, other) => (one.at < other.at ? 1 : -1));
  return (
    <>
      {error === null ? null : <Trouble error={error} />}
      <Marks view={view} events={events} />
      <Missing seen={asked} from={view.from} />
      {ALL_CHARTS.map((kind) => (
        <Chart key={kind.key} kind={kind} view={view} marksMs={events.map(({ at }) => Date.parse(at))} />
      ))}
    </>
  );
}

function eventsPath(kind: 'worker' | 'container'): string {
  return `api/v1/timeline?kind=${kind}&limit=${String(MOST_EVENTS)}`;
}

/** The newest are asked for only: where they do not reach back far enough, that is said. */
function Missing({ seen, from }: { seen: readonly Seen<TimelineEntry>[]; from: string }) {
  const reach = seen
    .filter(({ nextCursor, searchedBackTo }) => nextCursor !== undefined && (searchedBackTo ?? '') > from)
    .map(({ searchedBackTo }) => searchedBackTo ?? '')
    .sort()
    .at(-1);
  return reach === undefined ? null : (
    <p class="quiet">
      {t('marks.reach')} <Time at={reach} />
    </p>
  );
}
