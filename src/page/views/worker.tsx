/**
 * One worker whole: its state, its five truths with their evidence, the jobs in its slots, and its story from the journal.
 * It never says more of a layer than its evidence does.
 */
import { useEffect, useState } from 'preact/hooks';
import { Link } from 'wouter-preact';
import type { IncidentView, TruthName, WorkerView } from '../../supervisor/door.ts';
import { mayAct } from '../actor.ts';
import { apiPath, get, type ListDocument } from '../api.ts';
import { BeatStrip } from '../parts/beatStrip.tsx';
import { Evidence } from '../parts/evidence.tsx';
import { Reason, Said, Translated } from '../parts/said.tsx';
import { State } from '../parts/state.tsx';
import { Time } from '../parts/time.tsx';
import { Trouble } from '../parts/trouble.tsx';
import { workers } from '../store.ts';
import { t, word } from '../words/language.ts';
import { truthZh, workerZh } from '../words/saidZh.ts';
import { memoryText, WorkerActions } from './workers.tsx';

export function WorkerPage({ name }: { name: string }) {
  const worker = workers.value.find((each) => each.name === name);
  if (worker === undefined) return <p>{t('worker.unknown', { name })}</p>;
  const { state, reason, since, detail, incarnation } = worker;
  return (
    <>
      <h1>
        <Said>{name}</Said> <State state={state} />
      </h1>
      <p>
        <Reason>{reason}</Reason> <Time at={since} />:{' '}
        <Translated zh={workerZh(reason, { state, pid: incarnation?.pid ?? null })}>{detail}</Translated>
      </p>
      {mayAct.value ? <WorkerActions worker={worker} /> : null}
      <Facts worker={worker} />
      <h2>{t('worker.truths')}</h2>
      <Truths worker={worker} />
      <h2>{t('beats.title')}</h2>
      <BeatStrip worker={name} />
      <h2>{t('worker.jobs')}</h2>
      <Jobs worker={worker} />
      <p>
        <Link href={`/jobs?q=${encodeURIComponent(name)}`}>{t('worker.itsJobs')}</Link>
      </p>
      <h2>{t('worker.story')}</h2>
      <Story name={name} state={`${state} ${since}`} />
    </>
  );
}

function Facts({
  worker: { incarnation, lastBeatAgoMs, rssBytes, restarts, jobs, riders, slots },
}: {
  worker: WorkerView;
}) {
  return (
    <dl class="facts">
      <dt>{t('column.slots')}</dt>
      <dd>{t('worker.busy', { busy: jobs.length - riders, slots })}</dd>
      <dt>{t('column.memory')}</dt>
      <dd>{memoryText(rssBytes)}</dd>
      <dt>{t('column.restarts')}</dt>
      <dd>{restarts}</dd>
      <dt>{t('truth.process')}</dt>
      <dd>{incarnation === null ? '–' : t('worker.pid', { pid: incarnation.pid })}</dd>
      {lastBeatAgoMs === null ? null : <dd hidden data-last-beat-ago-ms={lastBeatAgoMs} />}
    </dl>
  );
}

function Truths({ worker: { truths } }: { worker: WorkerView }) {
  return (
    <dl class="facts">
      {Object.entries(truths).map(([name, { verdict, evidence, since }]) => (
        <>
          <dt>{word('truth', name)}</dt>
          <dd>
            <State state={verdict} kind="verdict" />{' '}
            <Translated zh={truthZh(name as TruthName, verdict)}>{evidence}</Translated> <Time at={since} />
          </dd>
        </>
      ))}
    </dl>
  );
}

function Jobs({ worker: { jobs } }: { worker: WorkerView }) {
  if (jobs.length === 0) return <p>{t('worker.idle')}</p>;
  return (
    <ul class="links">
      {jobs.map((id) => (
        <li key={id}>
          <Link href={`/jobs/${encodeURIComponent(id)}`}>
            <Said>{id}</Said>
          </Link>
        </li>
      ))}
    </ul>
  );
}

/** Read anew whenever the worker's state changes. */
function Story({ name, state }: { name: string; state: string }) {
  const [incidents, setIncidents] = useState<readonly IncidentView[] | null>(null);
  const [error, setError] = useState<unknown>(null);
  useEffect(() => {
    const stop = new AbortController();
    get<ListDocument<IncidentView>>(
      `api/v1/incidents?worker=${encodeURIComponent(name)}&limit=200`,
      stop.signal,
    ).then(
      ({ items }) => {
        setIncidents(items);
        setError(null);
      },
      (failure: unknown) => {
        if (!stop.signal.aborted) setError(failure);
      },
    );
    return () => stop.abort();
  }, [name, state]);
  if (error !== null) return <Trouble error={error} />;
  if (incidents === null) return <p role="status">{t('list.loading')}</p>;
  if (incidents.length === 0) return <p>{t('worker.noStory')}</p>;
  return (
    <ol class="story">
      {incidents.map((incident) => (
        <Incident key={incident.id} incident={incident} />
      ))}
    </ol>
  );
}

function Incident({
  incident: { id, at, state, reason, detail, shown, autopsyFile, lastLines, life },
}: {
  incident: IncidentView;
}) {
  return (
    <li>
      <Time at={at} /> <State state={state} /> <Reason>{reason}</Reason>{' '}
      <Translated zh={workerZh(reason, { state, pid: life?.pid ?? null })}>{detail}</Translated>
      {shown ? null : <span class="quiet"> ({t('worker.heldBack')})</span>}
      {autopsyFile === null ? null : <Evidence path={apiPath('incidents', id)} file={autopsyFile} />}
      {lastLines.length === 0 ? null : (
        <pre>
          <Said>{lastLines.join('\n')}</Said>
        </pre>
      )}
    </li>
  );
}
