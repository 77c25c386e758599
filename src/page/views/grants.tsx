/**
 * The grants: what grants.yaml wants now and why, what the hosts have instead (on request), and the sync that brings it about.
 * It changes nothing on any host but by a sync that somebody has said yes to, with the number of pairs it is of.
 */
import { useState } from 'preact/hooks';
import { Link, useLocation } from 'wouter-preact';
import type { PushView, Wanted } from '../../supervisor/door.ts';
import { mayAct } from '../actor.ts';
import { post, Problem, type ListDocument } from '../api.ts';
import { confirm } from '../confirming.ts';
import { JobTable } from '../jobs/jobTable.tsx';
import { countVerdicts, isDrift, isOpen, UNASKED_PAIRS } from '../jobs/planFacts.ts';
import { usePushes, type PushesRead } from '../jobs/usePushes.ts';
import { useAsked } from '../parts/asked.ts';
import { useFilter } from '../parts/filters.ts';
import { grantText, GrantTable } from '../parts/grantTable.tsx';
import { PlanTable } from '../parts/planTable.tsx';
import { Said, Told } from '../parts/said.tsx';
import { Trouble } from '../parts/trouble.tsx';
import { useViewTitle } from '../parts/viewTitle.ts';
import { t, word } from '../words/language.ts';
import './jobs.css';

const READ_EVERY_MS = 30_000;

export function GrantsPage() {
  useViewTitle(t('nav.grants'));
  const { answer, error } = useAsked<ListDocument<Wanted>>('api/v1/grants', READ_EVERY_MS);
  const [plans] = useFilter('plans');
  const [synced] = useFilter('synced');
  const checked = usePushes(plans);
  const wanted = error === null ? (answer?.items ?? null) : null;
  return (
    <>
      <h1>{t('nav.grants')}</h1>
      <p>
        {t('grants.what')} <Link href="/leftovers">{t('nav.leftovers')}</Link>
      </p>
      {error === null ? null : <FileTrouble error={error} />}
      {answer === null && error === null ? <p role="status">{t('list.loading')}</p> : null}
      {wanted === null ? null : wanted.length === 0 ? (
        <Empty />
      ) : (
        <>
          {mayAct.value ? (
            <Actions wanted={wanted} checked={checked} />
          ) : (
            <p class="quiet">{t('grants.mayNot')}</p>
          )}
          <GrantTable wanted={wanted} />
        </>
      )}
      {plans === '' ? null : <Check read={checked} wanted={wanted ?? []} />}
      {synced === '' ? null : <Synced ids={synced} />}
    </>
  );
}

function Empty() {
  return (
    <>
      <p>{t('grants.none')}</p>
      <pre class="example">
        {`accounts:
  lee: { keys: ["ssh-ed25519 AAAA… lee@laptop"] }
grants:
  - { accounts: [lee], groups: [web], until: 2027-01-31, by: mia }`}
      </pre>
    </>
  );
}

/** Each problem of the file stands on a line of its own, with its place. */
function FileTrouble({ error }: { error: unknown }) {
  if (!(error instanceof Problem) || error.code !== 'CONFIG_INVALID') return <Trouble error={error} />;
  const [first = '', ...rest] = error.message.split('\n');
  const lines = rest.length === 0 ? [first] : rest;
  return (
    <div class="trouble" role="alert">
      <strong>{t('grants.wrong', { n: lines.length })}</strong>
      <ul>
        {lines.map((line) => (
          <li key={line}>
            <Told>{line.trim()}</Told>
          </li>
        ))}
      </ul>
      <p>{t('grants.wrongNext')}</p>
    </div>
  );
}

function Actions({ wanted, checked }: { wanted: readonly Wanted[]; checked: PushesRead }) {
  const [, navigate] = useLocation();
  const [trouble, setTrouble] = useState<unknown>(null);
  const [isAsking, setAsking] = useState(false);
  const check = async (): Promise<void> => {
    setAsking(true);
    setTrouble(null);
    try {
      const { items } = await post<ListDocument<PushView>>('api/v1/syncs', { plan: true });
      navigate(`/grants?plans=${idsOf(items)}`);
    } catch (error) {
      setTrouble(error);
    } finally {
      setAsking(false);
    }
  };
  const sync = async (reason: string | null): Promise<void> => {
    const body = { confirmed: String(wanted.length), ...(reason === null ? {} : { reason }) };
    const { items } = await post<ListDocument<PushView>>('api/v1/syncs', body);
    navigate(`/grants?synced=${idsOf(items)}`);
  };
  return (
    <>
      <p class="buttons">
        <button type="button" disabled={isAsking} onClick={() => void check()}>
          {t('grants.check')}
        </button>
        <button type="button" onClick={() => askToSync(wanted.length, checked, sync)}>
          {t('grants.sync', { n: wanted.length })}
        </button>
      </p>
      <p class="quiet">{t('grants.checkMeans')}</p>
      {trouble === null ? null : <Trouble error={trouble} />}
    </>
  );
}

function idsOf(pushes: readonly PushView[]): string {
  return pushes.map(({ id }) => encodeURIComponent(id)).join(',');
}

function askToSync(pairs: number, checked: PushesRead, sync: (reason: string | null) => Promise<void>): void {
  const jobs = checked.pushes.flatMap((push) => push.jobs);
  const counts = countVerdicts(jobs).map(([verdict, count]) => `${word('state', verdict)} ${String(count)}`);
  confirm({
    title: t('grants.sync.title', { n: pairs }),
    lines: [
      t('grants.sync.does', { n: pairs }),
      jobs.length === 0
        ? t('grants.sync.unchecked')
        : t('grants.sync.checked', { counts: counts.join(t('plan.comma')) }),
      t('grants.sync.leaves'),
    ],
    ...(pairs > UNASKED_PAIRS
      ? { typed: { label: t('confirm.typeNumber', { n: pairs }), word: String(pairs) } }
      : {}),
    label: t('grants.sync', { n: pairs }),
    perform: sync,
  });
}

/** Of the plans that the last check made. */
function Check({ read: { pushes, error }, wanted }: { read: PushesRead; wanted: readonly Wanted[] }) {
  const jobs = pushes.flatMap((push) => push.jobs);
  const open = jobs.filter(isOpen).length;
  const drift = jobs.filter(isDrift).length;
  const why = new Map(wanted.map((each) => [`${each.host}/${each.account.name}`, each.grants]));
  return (
    <section data-check={jobs.length - open}>
      <h2>{t('grants.checked')}</h2>
      {error === null ? null : <Trouble error={error} />}
      <p role="status">
        {open > 0 || jobs.length === 0
          ? t('plan.waiting', { n: jobs.length - open, total: jobs.length })
          : t('grants.drift', { n: drift })}
      </p>
      <PlanTable
        jobs={jobs}
        hasAccounts
        because={({ host, account }) => (why.get(`${host}/${account?.name ?? ''}`) ?? []).map(grantText)}
      />
      <p class="quiet">{t('grants.checkedNext')}</p>
    </section>
  );
}

function Synced({ ids }: { ids: string }) {
  const { pushes, error } = usePushes(ids);
  return (
    <section data-synced={pushes.length}>
      <h2>{t('grants.synced')}</h2>
      {error === null ? null : <Trouble error={error} />}
      <ul>
        {pushes.map(({ id, accountName, jobs }) => (
          <li key={id}>
            <Link href={`/pushes/${encodeURIComponent(id)}`}>
              <Said>{accountName ?? id}</Said>
            </Link>{' '}
            {t('grants.ended', { n: jobs.filter((job) => !isOpen(job)).length, total: jobs.length })}
          </li>
        ))}
      </ul>
      <JobTable
        jobs={pushes.flatMap((push) => push.jobs).slice(0, 200)}
        columns={['account', 'elapsed', 'changes']}
      />
    </section>
  );
}
