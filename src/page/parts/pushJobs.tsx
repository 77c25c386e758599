/**
 * The jobs of a push, below what is told of it: each with its host and state, and a link to it.
 * Of a push to very many hosts it shows the first, and where the rest are.
 */
import { useEffect, useState } from 'preact/hooks';
import { Link } from 'wouter-preact';
import type { JobView } from '../../supervisor/door.ts';
import { get, type ListDocument } from '../api.ts';
import { onJob, withJob, withTold } from '../jobs/toldJobs.ts';
import { t } from '../words/language.ts';
import { Said } from './said.tsx';
import { State } from './state.tsx';
import { Trouble } from './trouble.tsx';

const MOST_SHOWN = 50;

type Told = { readonly jobs: readonly JobView[]; readonly areMore: boolean } | { readonly error: unknown };

/** Kept as it changes, for as long as it is shown. */
function usePushJobs(push: string): { told: Told | null; toggle: () => void } {
  const [told, setTold] = useState<Told | null>(null);
  const read = async (): Promise<void> => {
    const query = new URLSearchParams({ push, sort: 'oldest', limit: String(MOST_SHOWN) });
    try {
      const asked = get<ListDocument<JobView>>(`api/v1/jobs?${query.toString()}`);
      const { items, nextCursor } = await withTold(asked, (list, job) => ({
        ...list,
        items: withJob(list.items, job),
      }));
      setTold({ jobs: items, areMore: nextCursor !== undefined });
    } catch (error) {
      setTold({ error });
    }
  };
  const isShown = told !== null;
  useEffect(() => {
    if (!isShown) return;
    return onJob((job) =>
      setTold((held) =>
        held !== null && 'jobs' in held ? { ...held, jobs: withJob(held.jobs, job) } : held,
      ),
    );
  }, [isShown]);
  return { told, toggle: () => (told === null ? void read() : setTold(null)) };
}

export function PushJobs({ push }: { push: string }) {
  const { told, toggle } = usePushJobs(push);
  return (
    <>
      <button
        type="button"
        class="small"
        aria-expanded={told !== null}
        aria-label={t('timeline.jobsOf', { id: push })}
        onClick={toggle}
      >
        {t('timeline.jobs')}
      </button>
      {told === null ? null : 'error' in told ? (
        <Trouble error={told.error} />
      ) : (
        <Jobs push={push} {...told} />
      )}
    </>
  );
}

function Jobs({ push, jobs, areMore }: { push: string; jobs: readonly JobView[]; areMore: boolean }) {
  return (
    <div class="chain" data-jobs-of={push}>
      {jobs.length === 0 ? <p>{t('timeline.noJobs')}</p> : null}
      <ol>
        {jobs.map(({ id, host, state }) => (
          <li key={id}>
            <Link href={`/jobs/${encodeURIComponent(id)}`}>
              <Said>{host}</Said>
            </Link>{' '}
            <State state={state} />
          </li>
        ))}
      </ol>
      {areMore ? (
        <p>
          <Link href={`/pushes/${encodeURIComponent(push)}`}>{t('timeline.moreJobs')}</Link>
        </p>
      ) : null}
    </div>
  );
}
