/**
 * The list of jobs: filtered, searched and sorted by what is in the address, and changing in place.
 * New jobs never move the rows: they are counted, and shown when asked for.
 */
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { Link, useLocation, useSearch } from 'wouter-preact';
import { filterOf, JOB_STATES, searchOf, SORTS, type JobFilter } from '../jobs/jobFilter.ts';
import { JobList, type JobListState } from '../jobs/jobList.ts';
import { JobTable } from '../jobs/jobTable.tsx';
import { useReread } from '../jobs/useReread.ts';
import { Trouble } from '../parts/trouble.tsx';
import { t, word } from '../words/language.ts';
import './jobs.css';

const COLUMNS = ['kind', 'account', 'worker'] as const;
const SEARCH_AFTER_MS = 300;

export function JobsPage() {
  const search = useSearch();
  const [, navigate] = useLocation();
  const [round, setRound] = useState(0);
  const counts = useRef<Readonly<Record<string, number>>>({});
  const filter = useMemo(() => filterOf(search), [search]);
  const list = useMemo(() => new JobList(filter, counts.current), [filter, round]);
  useEffect(() => {
    list.open();
    return () => list.close();
  }, [list]);
  useReread(list.readAnew, list.count);
  const { value: state } = list.state;
  counts.current = state.counts;
  const go = (change: Partial<JobFilter>, how: 'push' | 'replace' = 'push'): void => {
    navigate(`/jobs${searchOf({ ...filter, ...change })}`, { replace: how === 'replace' });
  };
  return (
    <>
      <h1>{t('nav.jobs')}</h1>
      <States filter={filter} counts={state.counts} go={go} />
      <Search filter={filter} go={go} />
      <p>
        <Link href="/pushes">{t('jobs.pushes')}</Link>
      </p>
      <NewJobs count={state.fresh.size} show={() => setRound(round + 1)} />
      <Rows state={state} filter={filter} />
      <Foot list={list} state={state} />
    </>
  );
}

type Go = (change: Partial<JobFilter>, how?: 'push' | 'replace') => void;

function States({
  filter,
  counts,
  go,
}: {
  filter: JobFilter;
  counts: Readonly<Record<string, number>>;
  go: Go;
}) {
  return (
    <div class="filters" role="group" aria-label={t('column.state')}>
      {['', ...JOB_STATES].map((state) => (
        <button
          key={state}
          type="button"
          class="small"
          aria-pressed={filter.state === state}
          onClick={() => go({ state })}
        >
          {state === '' ? t('jobs.all') : word('state', state)}
          {counts[state] === undefined ? '' : ` ${String(counts[state])}`}
        </button>
      ))}
    </div>
  );
}

function Search({ filter, go }: { filter: JobFilter; go: Go }) {
  const [text, setText] = useState(filter.q);
  const timer = useRef(0);
  useEffect(() => setText(filter.q), [filter.q]);
  const typed = (value: string): void => {
    setText(value);
    clearTimeout(timer.current);
    timer.current = window.setTimeout(() => go({ q: value }, 'replace'), SEARCH_AFTER_MS);
  };
  const narrowed = (['host', 'account', 'push'] as const).filter((what) => filter[what] !== '');
  return (
    <form class="filters" role="search" onSubmit={(event) => event.preventDefault()}>
      <label>
        {t('jobs.search')}
        <input
          type="search"
          value={text}
          maxLength={200}
          placeholder={t('jobs.searchHint')}
          onInput={(event) => typed(event.currentTarget.value)}
        />
      </label>
      <Sort filter={filter} go={go} />
      {narrowed.map((what) => (
        <button key={what} type="button" onClick={() => go({ [what]: '' })}>
          {t('jobs.only', { what: t(`column.${what}`), value: filter[what] })}{' '}
          <span aria-hidden="true">×</span>
        </button>
      ))}
    </form>
  );
}

function Sort({ filter, go }: { filter: JobFilter; go: Go }) {
  return (
    <label>
      {t('jobs.sort')}
      <select
        value={filter.sort === '' ? 'newest' : filter.sort}
        onChange={({ currentTarget: { value } }) => go({ sort: value === 'newest' ? '' : value })}
      >
        {SORTS.map((sort) => (
          <option key={sort} value={sort}>
            {t(`jobs.sort.${sort}`)}
          </option>
        ))}
      </select>
    </label>
  );
}

/** Those that came after the list was read. */
function NewJobs({ count, show }: { count: number; show: () => void }) {
  return (
    <p role="status">
      {count === 0 ? null : (
        <button type="button" onClick={show}>
          {t('jobs.new', { n: count })}
        </button>
      )}
    </p>
  );
}

function Rows({ state: { items, error, isReading }, filter }: { state: JobListState; filter: JobFilter }) {
  const hasFilter = searchOf({ ...filter, sort: '' }) !== '';
  return (
    <>
      {error === null ? null : <Trouble error={error} />}
      {items.length > 0 ? <JobTable jobs={items} columns={COLUMNS} /> : null}
      {items.length > 0 || isReading || error !== null ? null : hasFilter ? (
        <p>
          {t('jobs.noneFit')} <Link href="/jobs">{t('jobs.clear')}</Link>
        </p>
      ) : (
        <p>
          {t('jobs.none')} <Link href="/push">{t('nav.push')}</Link>
        </p>
      )}
    </>
  );
}

function Foot({ list, state }: { list: JobList; state: JobListState }) {
  const { items, nextCursor, isReading, looked } = state;
  const isSearching = looked > 0;
  return (
    <>
      <p role="status">
        {isReading
          ? isSearching
            ? t('jobs.looked', { n: looked })
            : t('list.loading')
          : isSearching && nextCursor !== null
            ? t('jobs.lookedStopped', { n: looked })
            : t('jobs.count', { n: items.length })}
      </p>
      <p class="buttons">
        {isReading && isSearching ? (
          <button type="button" onClick={() => list.stop()}>
            {t('jobs.stop')}
          </button>
        ) : null}
        {isReading || nextCursor === null ? null : (
          <button type="button" onClick={() => void list.read()}>
            {t(isSearching ? 'jobs.lookOn' : 'jobs.more')}
          </button>
        )}
      </p>
    </>
  );
}
