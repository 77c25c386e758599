/**
 * One job: how it stands and what it waits for, what came of it, what can be done with it, and its log.
 * It never shows what a host said as anything but text.
 */
import { Link } from 'wouter-preact';
import type { JobView } from '../../supervisor/door.ts';
import { mayAct } from '../actor.ts';
import { addressOf, apiPath } from '../api.ts';
import { ask } from '../asking.ts';
import { Elapsed } from '../jobs/jobTable.tsx';
import { JobLog } from '../jobs/jobLog.tsx';
import { newer } from '../jobs/toldJobs.ts';
import { useRead } from '../jobs/useRead.ts';
import { Copy } from '../parts/copy.tsx';
import { PlanLines } from '../parts/planLines.tsx';
import { Changes, ReasonText } from '../parts/reasonText.tsx';
import { Said, Told, Translated } from '../parts/said.tsx';
import { State } from '../parts/state.tsx';
import { Time } from '../parts/time.tsx';
import { Trouble } from '../parts/trouble.tsx';
import { verifiedZh } from '../words/planSaidZh.ts';
import { WhyChain } from '../parts/whyChain.tsx';
import { t, word } from '../words/language.ts';
import './jobs.css';

const FINAL = ['done', 'failed', 'cancelled', 'unknown'];

export function isFinal(state: string): boolean {
  return FINAL.includes(state);
}

export function JobPage({ id }: { id: string }) {
  const { item: job, error, isMissing } = useRead<JobView>(apiPath('jobs', id), newer);
  if (isMissing) return <p>{t('job.unknown', { id })}</p>;
  if (job === null)
    return error === null ? <p role="status">{t('list.loading')}</p> : <Trouble error={error} />;
  return (
    <>
      <h1>
        {t('job.title', { id })} <Copy text={id} />
      </h1>
      <p role="status">
        <State state={job.state} /> <Time at={job.since} />{' '}
        {job.cancelRequested && !isFinal(job.state) ? t('job.cancelling') : null}
      </p>
      {mayAct.value ? <JobActions job={job} /> : null}
      <Facts job={job} />
      <Result job={job} />
      <WhyChain key={`${job.state} ${String(job.attempt)}`} subject={`job/${id}`} />
      <h2>{t('log.title')}</h2>
      <JobLog id={id} isOpen={!isFinal(job.state)} attempt={job.attempt} />
      <p class="buttons">
        <a class="button" href={addressOf(apiPath('jobs', id, 'log'))} download={`${id}.log`}>
          {t('log.text')}
        </a>
        <a class="button" href={addressOf(apiPath('jobs', id))} download={`${id}.json`}>
          {t('log.json')}
        </a>
      </p>
    </>
  );
}

function JobActions({ job: { id, state } }: { job: JobView }) {
  if (state === 'done') return null;
  const verb = isFinal(state) ? 'retry' : 'cancel';
  return (
    <p class="buttons">
      <button type="button" onClick={() => void ask({ verb, target: id })}>
        {word('verb', verb)}
      </button>
    </p>
  );
}

function Facts({ job }: { job: JobView }) {
  const { host, kind, account, stage, worker, attempt, lostAttempts, pushId } = job;
  return (
    <dl class="facts">
      <dt>{t('column.host')}</dt>
      <dd>
        <Link href={`/jobs?host=${encodeURIComponent(host)}`}>
          <Said>{host}</Said>
        </Link>
      </dd>
      <Fact name={t('column.kind')}>
        {word('kind', kind)} <Said>{account?.name ?? ''}</Said>
        <PasswordSet account={account} />
      </Fact>
      <dt>{t('job.ofPush')}</dt>
      <dd>
        <Link href={`/pushes/${encodeURIComponent(pushId)}`}>
          <Said>{pushId}</Said>
        </Link>
      </dd>
      <Waiting job={job} />
      <Fact name={t('column.worker')}>
        {worker === null ? (
          t('job.notYet')
        ) : (
          <Link href={`/workers/${encodeURIComponent(worker)}`}>
            <Said>{worker}</Said>
          </Link>
        )}
      </Fact>
      <Fact name={t('job.attempt')}>
        {lostAttempts === 0 ? attempt : t('job.lost', { n: attempt, lost: lostAttempts })}
      </Fact>
      {stage === null ? null : <Fact name={t('column.stage')}>{word('stage', stage)}</Fact>}
      <Fact name={t('column.elapsed')}>
        <Elapsed job={job} />
      </Fact>
    </dl>
  );
}

/** That one is wished for is all that anybody is told of it. */
export function PasswordSet({ account }: Partial<Pick<JobView, 'account'>>) {
  return account?.passwordHash === 'set' ? <> · {t('push.password')}</> : null;
}

function Waiting({ job: { position, waitingFor } }: { job: JobView }) {
  return (
    <>
      {position === null ? null : <Fact name={t('job.position')}>{t('job.next', { n: position })}</Fact>}
      {waitingFor === null ? null : (
        <Fact name={t('job.waits')}>
          <Told>{waitingFor}</Told>
        </Fact>
      )}
    </>
  );
}

function Fact({ name, children }: { name: string; children: preact.ComponentChildren }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </>
  );
}

function Result({ job }: { job: JobView }) {
  const { result } = job;
  if (result === null) return null;
  const facts = Object.entries(result.facts);
  return (
    <section data-result={result.outcome}>
      <h2>{t('column.result')}</h2>
      <p>
        <State state={result.outcome} /> <ReasonText job={job} />
      </p>
      {(result.plan ?? null) === null ? null : <PlanLines job={job} />}
      <dl class="facts">
        <Fact name={t('column.changes')}>
          {result.changes.length === 0 ? t('job.nothingChanged') : <Changes changes={result.changes} />}
        </Fact>
        {result.verifiedBy === undefined ? null : (
          <Fact name={t('job.verified')}>
            <Translated zh={verifiedZh(result.verifiedBy)}>{result.verifiedBy}</Translated>
          </Fact>
        )}
        {facts.length === 0 ? null : (
          <Fact name={t('job.facts')}>
            <Said>{facts.map(([name, value]) => `${name}: ${value}`).join(', ')}</Said>
          </Fact>
        )}
      </dl>
    </section>
  );
}
