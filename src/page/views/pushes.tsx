/**
 * All pushes, and one of them with its hosts, live: how far each is, what came of it, and what can still be done.
 * It never counts by itself what the supervisor has counted.
 */
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { Link } from 'wouter-preact';
import type { JobView, PushSummary, PushView } from '../../supervisor/door.ts';
import { mayAct } from '../actor.ts';
import { addressOf, apiPath } from '../api.ts';
import { ask } from '../asking.ts';
import { JobTable } from '../jobs/jobTable.tsx';
import { PushList } from '../jobs/pushList.ts';
import { withJob } from '../jobs/toldJobs.ts';
import { useRead } from '../jobs/useRead.ts';
import { useReread } from '../jobs/useReread.ts';
import { clockText } from '../now.ts';
import { ColumnHeads } from '../parts/columnHeads.tsx';
import { Copy } from '../parts/copy.tsx';
import { Refused } from '../parts/refused.tsx';
import { Said } from '../parts/said.tsx';
import { State } from '../parts/state.tsx';
import { TakeBack, UndoLinks } from '../parts/takeBack.tsx';
import { Time } from '../parts/time.tsx';
import { Trouble } from '../parts/trouble.tsx';
import { useViewTitle } from '../parts/viewTitle.ts';
import { t, word } from '../words/language.ts';
import { WhyChain } from '../parts/whyChain.tsx';
import { Wide } from '../parts/wide.tsx';
import { isFinal, PasswordSet } from './job.tsx';
import { Plan } from './plan.tsx';
import './jobs.css';

const ROWS_AT_FIRST = 200;

export function PushesPage() {
  const list = useMemo(() => new PushList(), []);
  useEffect(() => {
    void list.read();
    return () => list.close();
  }, [list]);
  useReread(list.read, list.read);
  const { items, hasMore, error, readAt } = list.state.value;
  return (
    <>
      <h1>{t('jobs.pushes')}</h1>
      {error === null ? null : <Trouble error={error} />}
      {readAt === null ? null : (
        <p class="quiet">{t('list.asOf', { time: clockText(Date.parse(readAt)) })}</p>
      )}
      {items === null ? null : <PushTable pushes={items} />}
      {items !== null || error !== null ? null : <p role="status">{t('list.loading')}</p>}
      {hasMore ? (
        <button type="button" onClick={() => list.readMore()}>
          {t('jobs.more')}
        </button>
      ) : null}
    </>
  );
}

function PushTable({ pushes }: { pushes: readonly PushSummary[] }) {
  if (pushes.length === 0)
    return (
      <p>
        {t('push.none')} <Link href="/push">{t('nav.push')}</Link>
      </p>
    );
  return (
    <Wide>
      <table class="jobs">
        <ColumnHeads columns={['push', 'kind', 'account', 'state', 'hosts', 'since', 'by', 'why']} />
        <tbody>
          {pushes.map((push) => (
            <PushRow key={push.id} push={push} />
          ))}
        </tbody>
      </table>
    </Wide>
  );
}

function PushRow({ push }: { push: PushSummary }) {
  const { id, kind, accountName, state, hosts, createdAt, actor, reason } = push;
  return (
    <tr>
      <th scope="row">
        <Link href={`/pushes/${encodeURIComponent(id)}`}>
          <Said>{id}</Said>
        </Link>
      </th>
      <td class="keep">{word('kind', kind)}</td>
      <td>
        <Said>{accountName ?? ''}</Said>
      </td>
      <td class="keep">
        <State state={state} />
      </td>
      <td class="figure">{hosts}</td>
      <td class="figure">
        <Time at={createdAt} />
      </td>
      <td>
        <Said>{actor}</Said>
      </td>
      <td class="said">
        <Said>{reason ?? ''}</Said>
      </td>
    </tr>
  );
}

export function PushPage({ id }: { id: string }) {
  const { item, error, isMissing, reread } = useRead<PushView>(apiPath('pushes', id), withJobOf);
  useAtItsEnd(item, reread);
  if (isMissing) return <p>{t('push.unknown', { id })}</p>;
  if (item === null)
    return error === null ? <p role="status">{t('list.loading')}</p> : <Trouble error={error} />;
  return item.kind === 'plan' ? <Plan push={item} /> : <Push push={item} jobs={item.jobs} />;
}

/** Whether it can be undone is not told job by job. */
function useAtItsEnd(push: PushView | null, reread: () => Promise<void>): void {
  const isUnderWay = push === null ? null : push.jobs.some(({ state }) => !isFinal(state));
  const before = useRef(isUnderWay);
  useEffect(() => {
    if (before.current === true && isUnderWay === false) void reread();
    before.current = isUnderWay;
  }, [isUnderWay]);
}

function withJobOf(push: PushView, told: JobView): PushView {
  const jobs = withJob(push.jobs, told);
  return jobs === push.jobs ? push : { ...push, jobs };
}

function Push({ push, jobs }: { push: PushView; jobs: readonly JobView[] }) {
  const { id, kind, accountName, actor, createdAt, reason } = push;
  useViewTitle(t('push.page', { id }));
  return (
    <>
      <h1>
        {t('push.page', { id })} <Copy text={id} />
      </h1>
      <p>
        {t('push.willTry', { kind: word('kind', kind), account: accountName ?? '' })} · {t('push.by')}{' '}
        <Said>{actor}</Said>, <Time at={createdAt} />
        {reason === null ? null : (
          <>
            {' '}
            · <Said>{reason}</Said>
          </>
        )}
        <PasswordSet account={jobs[0]?.account ?? null} />
        <UndoLinks push={push} />
      </p>
      <p role="status">
        <Counts jobs={jobs} />
      </p>
      <Ways push={push} jobs={jobs} />
      <Refused push={push} jobs={jobs} />
      <HostRows jobs={jobs} />
      <WhyChain key={jobs.map(({ attempt }) => attempt).join()} subject={`push/${id}`} />
    </>
  );
}

function Ways({ push, jobs }: { push: PushView; jobs: readonly JobView[] }) {
  const { id, kind } = push;
  return (
    <p class="buttons">
      {mayAct.value ? <PushActions id={id} jobs={jobs} /> : null}
      <TakeBack push={push} />
      <a class="button" href={addressOf(apiPath('pushes', id))} download={`${id}.json`}>
        {t('log.json')}
      </a>
      <Link class="button" href="/push">
        {t('push.again')}
      </Link>
      {kind === 'survey' ? (
        <Link class="button" href={`/leftovers/${encodeURIComponent(id)}`}>
          {t('leftovers.ofSurvey')}
        </Link>
      ) : null}
    </p>
  );
}

function Counts({ jobs }: { jobs: readonly JobView[] }) {
  const counts = new Map<string, number>();
  for (const { state } of jobs) counts.set(state, (counts.get(state) ?? 0) + 1);
  return (
    <>
      {[...counts].map(([state, count]) => (
        <span key={state} data-count={state}>
          <State state={state} label={`${word('state', state)} ${String(count)}`} />{' '}
        </span>
      ))}
    </>
  );
}

function PushActions({ id, jobs }: { id: string; jobs: readonly JobView[] }) {
  const open = jobs.filter(({ state }) => !isFinal(state)).length;
  const missed = jobs.filter(({ state }) => isFinal(state) && state !== 'done').length;
  return (
    <>
      {open === 0 ? null : (
        <button type="button" onClick={() => void ask({ verb: 'cancel', target: id })}>
          {t('push.cancel', { n: open })}
        </button>
      )}
      {missed === 0 ? null : (
        <button type="button" onClick={() => void ask({ verb: 'retry', target: id })}>
          {t('push.retry', { n: missed })}
        </button>
      )}
    </>
  );
}

/** In the order in which the hosts were named; of very many only the first, until all are asked for. */
function HostRows({ jobs }: { jobs: readonly JobView[] }) {
  const [showsAll, setShowsAll] = useState(false);
  const shown = showsAll ? jobs : jobs.slice(0, ROWS_AT_FIRST);
  return (
    <>
      <JobTable jobs={shown} columns={['elapsed', 'changes']} />
      {shown.length === jobs.length ? null : (
        <button type="button" onClick={() => setShowsAll(true)}>
          {t('push.showAll', { n: jobs.length })}
        </button>
      )}
    </>
  );
}
