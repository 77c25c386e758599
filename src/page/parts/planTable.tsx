/**
 * Plans host by host: counted at the top, narrowed by verdict or text through the address, of very many only the first until all are asked for.
 * It offers nothing to do: what can be done stands above it.
 */
import { useState } from 'preact/hooks';
import { Link } from 'wouter-preact';
import type { JobView } from '../../supervisor/door.ts';
import { countVerdicts, fitsPlan, isDrift } from '../jobs/planFacts.ts';
import { t, word } from '../words/language.ts';
import { ColumnHeads } from './columnHeads.tsx';
import { useFilter } from './filters.ts';
import { PlanLines, Verdict } from './planLines.tsx';
import { Said } from './said.tsx';
import { SearchField } from './searchField.tsx';
import { State } from './state.tsx';
import { Wide } from './wide.tsx';

const ROWS_AT_FIRST = 100;

interface PlanTableProps {
  readonly jobs: readonly JobView[];
  /** Of several plans: whose, with a link to it. */
  readonly hasAccounts?: boolean;
  /** Why it is wanted there. */
  readonly because?: (job: JobView) => readonly string[];
}

export function PlanTable({ jobs, hasAccounts = false, because = () => [] }: PlanTableProps) {
  const [verdict, setVerdict] = useFilter('verdict');
  const [text, setText] = useFilter('q');
  const [showsAll, setShowsAll] = useState(false);
  const found = jobs.filter((job) => fitsPlan(job, { verdict, text }));
  const shown = showsAll ? found : found.slice(0, ROWS_AT_FIRST);
  return (
    <>
      <Filters jobs={jobs} verdict={verdict} setVerdict={setVerdict} />
      <form class="filters" role="search" onSubmit={(event) => event.preventDefault()}>
        <SearchField value={text} onSearch={setText} hint={t('plan.searchHint')} />
      </form>
      <p role="status">{t('plan.shown', { shown: shown.length, total: jobs.length })}</p>
      {shown.length === 0 ? null : (
        <Wide>
          <table class="jobs">
            <ColumnHeads
              columns={hasAccounts ? ['host', 'account', 'verdict', 'does'] : ['host', 'verdict', 'does']}
            />
            <tbody>
              {shown.map((job) => (
                <Row key={job.id} job={job} hasAccounts={hasAccounts} because={because(job)} />
              ))}
            </tbody>
          </table>
        </Wide>
      )}
      {shown.length === found.length ? null : (
        <button type="button" onClick={() => setShowsAll(true)}>
          {t('push.showAll', { n: found.length })}
        </button>
      )}
    </>
  );
}

interface FilterProps {
  readonly jobs: readonly JobView[];
  readonly verdict: string;
  readonly setVerdict: (verdict: string) => void;
}

function Filters({ jobs, verdict, setVerdict }: FilterProps) {
  const drift = jobs.filter(isDrift).length;
  const counts = [...countVerdicts(jobs), ...(drift === 0 ? [] : [['drift', drift] as const])];
  return (
    <div class="filters" role="group" aria-label={t('column.verdict')}>
      {[['', jobs.length] as const, ...counts].map(([each, count]) => (
        <button
          key={each}
          type="button"
          class="small"
          data-count={each}
          aria-pressed={verdict === each}
          onClick={() => setVerdict(each)}
        >
          {each === '' ? t('jobs.all') : <State state={each} label={word('state', each)} />} {count}
        </button>
      ))}
    </div>
  );
}

interface RowProps {
  readonly job: JobView;
  readonly hasAccounts: boolean;
  readonly because: readonly string[];
}

function Row({ job, hasAccounts, because }: RowProps) {
  const { id, host, account, pushId } = job;
  return (
    <tr data-job={id} data-planned={host}>
      <th scope="row">
        <Link href={`/jobs/${encodeURIComponent(id)}`}>
          <Said>{host}</Said>
        </Link>
      </th>
      {hasAccounts ? (
        <td>
          <Link href={`/pushes/${encodeURIComponent(pushId)}`}>
            <Said>{account?.name ?? ''}</Said>
          </Link>
        </td>
      ) : null}
      <td>
        <Verdict job={job} />
      </td>
      <td class="said">
        <PlanLines job={job} />
        {because.map((why) => (
          <p key={why} class="quiet">
            <Said>{why}</Said>
          </p>
        ))}
      </td>
    </tr>
  );
}
