/**
 * One timeline of workers, containers, pushes, operators and what is around them, newest first, with its filters in the address.
 * Nothing moves by itself: what is new is counted above, and comes when it is asked for; only a search goes on below until a page is full.
 */
import { useEffect, useState } from 'preact/hooks';
import { useSearchParams } from 'wouter-preact';
import type { TimelineEntry, TimelineKind } from '../../supervisor/door.ts';
import { get } from '../api.ts';
import { useAsked } from '../parts/asked.ts';
import { useFilter } from '../parts/filters.ts';
import { SearchField } from '../parts/searchField.tsx';
import { Time } from '../parts/time.tsx';
import { TimelineItem } from '../parts/timelineItem.tsx';
import { newOnes, withOlder, type Fresh, type Seen } from '../parts/timelineSeen.ts';
import { Trouble } from '../parts/trouble.tsx';
import { t } from '../words/language.ts';
import './timeline.css';

const LOOK_EVERY_MS = 3_000;
const PAGE_SIZE = 50;
const KINDS: readonly TimelineKind[] = ['worker', 'container', 'job', 'operation', 'notice', 'supervisor'];

const FILTERS = ['kind', 'q', 'about', 'actor', 'to', 'from'];

type TimelineDocument = Seen<TimelineEntry>;

export function TimelinePage() {
  const [search] = useSearchParams();
  const from = search.get('from');
  const query = new URLSearchParams({ limit: String(PAGE_SIZE) });
  for (const name of FILTERS) {
    const value = search.get(name);
    if (value !== null && value !== '') query.set(name, value);
  }
  const path = `api/v1/timeline?${query.toString()}`;
  return (
    <>
      <h1>{t('nav.timeline')}</h1>
      <p class="quiet">{t('timeline.means')}</p>
      <Filters />
      <Entries key={path} path={path} from={from} />
    </>
  );
}

function Filters() {
  const [kind, putKind] = useFilter('kind');
  const [text, putText] = useFilter('q');
  const [about, putAbout] = useFilter('about');
  const [actor, putActor] = useFilter('actor');
  return (
    <form class="buttons filters" role="search" onSubmit={(event) => event.preventDefault()}>
      <label>
        {t('timeline.kind')}{' '}
        <select value={kind} onChange={(event) => putKind(event.currentTarget.value)}>
          <option value="">{t('timeline.allKinds')}</option>
          {KINDS.map((each) => (
            <option key={each} value={each}>
              {t(`kind.${each}`)}
            </option>
          ))}
        </select>
      </label>
      <SearchField value={text} onSearch={putText} hint={t('timeline.search')} />
      <label>
        {t('timeline.actor')}{' '}
        <input
          value={actor}
          maxLength={200}
          autocomplete="off"
          onChange={(event) => putActor(event.currentTarget.value.trim())}
        />
      </label>
      <TimeFilter name="from" label={t('timeline.fromTime')} />
      <TimeFilter name="to" label={t('timeline.toTime')} />
      {about === '' ? null : (
        <button type="button" onClick={() => putAbout('')}>
          {t('timeline.notOnly', { about })}
        </button>
      )}
    </form>
  );
}

/** By the browser's own clock and zone; the address has it in UTC, so that it says the same elsewhere. */
function TimeFilter({ name, label }: { label: string; name: 'to' | 'from' }) {
  const [time, put] = useFilter(name);
  return (
    <label>
      {label}{' '}
      <input
        type="datetime-local"
        value={localTime(time)}
        onChange={({ currentTarget: { value } }) => put(value === '' ? '' : new Date(value).toISOString())}
      />
    </label>
  );
}

function localTime(time: string): string {
  const ms = Date.parse(time);
  if (Number.isNaN(ms)) return '';
  const minutes = ms / 60_000 - new Date(ms).getTimezoneOffset();
  return new Date(minutes * 60_000).toISOString().slice(0, 'yyyy-mm-ddThh:mm'.length);
}

/** The newest are asked for again and again, and only counted; what is shown changes when somebody wants it to. */
function Entries({ path, from }: { path: string; from: string | null }) {
  const { answer, error } = useAsked<TimelineDocument>(path, LOOK_EVERY_MS);
  const [seen, setSeen] = useState<TimelineDocument | null>(null);
  const back = useSearchBack(path, seen, (older) =>
    setSeen((before) => (before === null ? older : withOlder(before, older))),
  );
  useEffect(() => {
    if (seen === null && answer !== null) setSeen(answer);
  }, [answer]);
  if (seen === null || answer === null)
    return error === null ? <p role="status">{t('list.loading')}</p> : <Trouble error={error} />;
  const fresh = newOnes(seen, answer, PAGE_SIZE);
  const showFresh = (): void => {
    setSeen(fresh.seen);
    if (fresh.areMore) back.want(PAGE_SIZE);
  };
  return (
    <>
      <FreshButton fresh={fresh} onShow={showFresh} />
      {error === null ? null : <Trouble error={error} />}
      {seen.items.length > 0 || back.isSearching ? null : (
        <p>{t(seen.nextCursor === undefined ? 'list.empty' : 'timeline.nothingYet')}</p>
      )}
      <ol class="story timeline">
        {seen.items.map((entry) => (
          <TimelineItem key={entry.id} entry={entry} />
        ))}
      </ol>
      {back.trouble === null ? null : <Trouble error={back.trouble} />}
      <End
        seen={seen}
        from={from}
        isSearching={back.isSearching}
        onOlder={() => back.want(seen.items.length + PAGE_SIZE)}
        onStop={() => back.want(0)}
      />
    </>
  );
}

function FreshButton({ fresh, onShow }: { fresh: Fresh<TimelineEntry>; onShow: () => void }) {
  return (
    <div class="fresh" role="status">
      {fresh.count === 0 ? null : (
        <button type="button" onClick={onShow}>
          {t(fresh.areMore ? 'timeline.newMore' : 'timeline.new', { n: fresh.count })}
        </button>
      )}
    </div>
  );
}

interface SearchBack {
  readonly isSearching: boolean;
  readonly trouble: unknown;
  /** So many are to be shown, as far as there are so many. */
  readonly want: (count: number) => void;
}

/** One answer searches only so much of the journal: the next is asked for until as many are there as are wanted. */
function useSearchBack(
  path: string,
  seen: TimelineDocument | null,
  onOlder: (older: TimelineDocument) => void,
): SearchBack {
  const [wanted, setWanted] = useState(PAGE_SIZE);
  const [trouble, setTrouble] = useState<unknown>(null);
  const cursor = seen?.nextCursor;
  const isSearching = seen !== null && cursor !== undefined && seen.items.length < wanted && trouble === null;
  useEffect(() => {
    if (!isSearching) return;
    const stop = new AbortController();
    get<TimelineDocument>(`${path}&before=${cursor}`, stop.signal).then(
      (older) => {
        if (!stop.signal.aborted) onOlder(older);
      },
      (failure: unknown) => {
        if (!stop.signal.aborted) setTrouble(failure);
      },
    );
    return () => stop.abort();
  }, [isSearching, cursor]);
  const want = (count: number): void => {
    setTrouble(null);
    setWanted(count);
  };
  return { isSearching, trouble, want };
}

interface EndProps {
  readonly seen: TimelineDocument;
  /** Where the filter ends; null for the journal's beginning. */
  readonly from: string | null;
  readonly isSearching: boolean;
  readonly onOlder: () => void;
  readonly onStop: () => void;
}

function End({ seen, from, isSearching, onOlder, onStop }: EndProps) {
  const { nextCursor, searchedBackTo, damaged } = seen;
  return (
    <p class="quiet">
      {nextCursor === undefined ? (
        t(from === null ? 'timeline.beginning' : 'timeline.fromBegins')
      ) : (
        <>
          <button type="button" onClick={isSearching ? onStop : onOlder}>
            {t(isSearching ? 'timeline.stop' : 'timeline.older')}
          </button>{' '}
          <span role="status">{isSearching ? t('timeline.searching') : ''}</span>{' '}
          {searchedBackTo === null ? null : (
            <>
              {t('timeline.searchedTo')} <Time at={searchedBackTo} />
            </>
          )}
        </>
      )}
      {damaged === 0 ? '' : ` ${t('timeline.damaged', { n: damaged })}`}
    </p>
  );
}
