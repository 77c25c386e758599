/**
 * A table of jobs, each as it is given.
 * A row never moves: what changes is in it.
 */
import { Link } from 'wouter-preact';
import type { JobView } from '../../supervisor/door.ts';
import { lastedMs } from '../now.ts';
import { ColumnHeads, type Column } from '../parts/columnHeads.tsx';
import { Changes, ReasonText } from '../parts/reasonText.tsx';
import { Said, Told } from '../parts/said.tsx';
import { State } from '../parts/state.tsx';
import { Time } from '../parts/time.tsx';
import { Wide } from '../parts/wide.tsx';
import { durationText, t, word } from '../words/language.ts';
import '../views/jobs.css';

export type JobColumn = 'kind' | 'account' | 'elapsed' | 'changes' | 'worker';

export function JobTable({ jobs, columns }: { jobs: readonly JobView[]; columns: readonly JobColumn[] }) {
  const has = (column: JobColumn): boolean => columns.includes(column);
  const heads: readonly Column[] = [
    'host',
    ...columns.filter((each) => each === 'kind' || each === 'account'),
  ];
  const time: Column = has('elapsed') ? 'elapsed' : 'since';
  const rest: readonly Column[] = ['state', 'stage', time, ...(has('worker') ? ['worker' as const] : [])];
  const all: readonly Column[] = [
    ...heads,
    ...rest,
    'result',
    ...(has('changes') ? ['changes' as const] : []),
  ];
  return (
    <Wide>
      <table class="jobs">
        <ColumnHeads columns={all} />
        <tbody>
          {jobs.map((job) => (
            <JobRow key={job.id} job={job} columns={columns} />
          ))}
        </tbody>
      </table>
    </Wide>
  );
}

function JobRow({ job, columns }: { job: JobView; columns: readonly JobColumn[] }) {
  const has = (column: JobColumn): boolean => columns.includes(column);
  const { id, host, kind, account, state, stage, since, worker, result } = job;
  return (
    <tr data-job={id}>
      <th scope="row">
        <Link href={`/jobs/${encodeURIComponent(id)}`}>
          <Said>{host}</Said>
        </Link>
      </th>
      {has('kind') ? <td class="keep">{word('kind', kind)}</td> : null}
      {has('account') ? (
        <td>
          <Said>{account?.name ?? ''}</Said>
        </td>
      ) : null}
      <td class="keep">
        <State state={state} />
      </td>
      <td class="keep">{stage === null ? '' : word('stage', stage)}</td>
      <td class="figure">{has('elapsed') ? <Elapsed job={job} /> : <Time at={since} />}</td>
      {has('worker') ? (
        <td>
          <Said>{worker ?? ''}</Said>
        </td>
      ) : null}
      <td class="said">{result === null ? <Waits job={job} /> : <Outcome job={job} />}</td>
      {has('changes') ? (
        <td class="said">
          <Changes changes={result?.changes ?? []} />
        </td>
      ) : null}
    </tr>
  );
}

/** From when it was made until it ended, or until now. */
export function Elapsed({ job: { createdAt, since, result } }: { job: JobView }) {
  const ms = result === null ? lastedMs(createdAt) : Date.parse(since) - Date.parse(createdAt);
  return <>{durationText(ms)}</>;
}

function Waits({ job: { waitingFor, cancelRequested } }: { job: JobView }) {
  if (cancelRequested) return <span class="quiet">{t('job.cancelling')}</span>;
  return waitingFor === null ? null : (
    <span class="quiet">
      {t('job.waits')} <Told>{waitingFor}</Told>
    </span>
  );
}

function Outcome({ job }: { job: JobView }) {
  const { result } = job;
  if (result === null) return null;
  return (
    <>
      <State state={result.outcome} /> <ReasonText job={job} />
    </>
  );
}
