/**
 * Leftovers: asks the hosts for accounts of ours that no grant wants any more, and what people do about one: keep it, lock it or remove it.
 * It shows what was found and when, never as if it were so now, and removes nothing by itself.
 */
import { useEffect, useState } from 'preact/hooks';
import { Link, useLocation, useParams } from 'wouter-preact';
import type { JobView, Leftover, PushSummary, PushView } from '../../supervisor/door.ts';
import { mayAct } from '../actor.ts';
import { apiPath, get, post, type Document, type ListDocument } from '../api.ts';
import { isOpen } from '../jobs/planFacts.ts';
import { usePushes } from '../jobs/usePushes.ts';
import { useFilter } from '../parts/filters.ts';
import { LeftoverTable } from '../parts/leftoverTable.tsx';
import { ReasonText } from '../parts/reasonText.tsx';
import { Said } from '../parts/said.tsx';
import { SearchField } from '../parts/searchField.tsx';
import { Time } from '../parts/time.tsx';
import { Trouble } from '../parts/trouble.tsx';
import { useViewTitle } from '../parts/viewTitle.ts';
import { snapshot } from '../store.ts';
import { t } from '../words/language.ts';
import './jobs.css';

const PUSHES_LOOKED_AT = 200;

/** Of the survey that the address names; without one, of the last that was made. */
export function LeftoversPage() {
  const { survey } = useParams<{ survey?: string }>();
  useViewTitle(t('nav.leftovers'));
  const { id, error } = useSurvey(survey === undefined ? null : decodeURIComponent(survey));
  return (
    <>
      <h1>{t('nav.leftovers')}</h1>
      <p>
        {t('leftovers.what')} <Link href="/grants">{t('nav.grants')}</Link>
      </p>
      {mayAct.value ? <AskHosts /> : null}
      {error === null ? null : <Trouble error={error} />}
      {id === undefined && error === null ? <p role="status">{t('list.loading')}</p> : null}
      {id === null ? <p>{t(mayAct.value ? 'leftovers.notAsked' : 'leftovers.notAskedBy')}</p> : null}
      {typeof id === 'string' ? <Survey key={id} id={id} /> : null}
    </>
  );
}

/** Null: none was ever made, as far as can be seen; undefined before that is known. */
function useSurvey(asked: string | null): { id: string | null | undefined; error: unknown } {
  const [last, setLast] = useState<string | null | undefined>(undefined);
  const [error, setError] = useState<unknown>(null);
  useEffect(() => {
    if (asked !== null) return;
    get<ListDocument<PushSummary>>(`api/v1/pushes?limit=${String(PUSHES_LOOKED_AT)}`)
      .then(({ items }) => setLast(items.find(({ kind }) => kind === 'survey')?.id ?? null))
      .catch(setError);
  }, [asked]);
  return { id: asked ?? last, error };
}

function AskHosts() {
  const [, navigate] = useLocation();
  const [trouble, setTrouble] = useState<unknown>(null);
  const [isAsking, setAsking] = useState(false);
  const hosts = (snapshot.value?.hosts ?? []).map(({ name }) => name);
  const survey = async (): Promise<void> => {
    setAsking(true);
    setTrouble(null);
    try {
      const { item } = await post<Document<PushView>>('api/v1/pushes', { kind: 'survey', hosts });
      navigate(`/leftovers/${encodeURIComponent(item.id)}`);
    } catch (error) {
      setTrouble(error);
    } finally {
      setAsking(false);
    }
  };
  if (hosts.length === 0) return <p>{t('push.noHosts')}</p>;
  return (
    <>
      <p class="buttons">
        <button type="button" disabled={isAsking} onClick={() => void survey()}>
          {t('leftovers.ask', { n: hosts.length })}
        </button>
        <span class="quiet">{t('leftovers.askMeans')}</span>
      </p>
      {trouble === null ? null : <Trouble error={trouble} />}
    </>
  );
}

function Survey({ id }: { id: string }) {
  const { pushes, error } = usePushes(id);
  const [push] = pushes;
  if (push === undefined)
    return error === null ? <p role="status">{t('list.loading')}</p> : <Trouble error={error} />;
  const open = push.jobs.filter(isOpen).length;
  return (
    <section data-survey={push.jobs.length - open}>
      <p role="status">
        {open === 0
          ? t('leftovers.asked')
          : t('plan.waiting', { n: push.jobs.length - open, total: push.jobs.length })}{' '}
        <Time at={push.createdAt} /> · {t('push.by')} <Said>{push.actor}</Said>
      </p>
      {open === 0 ? <Found push={push} /> : null}
    </section>
  );
}

function Found({ push }: { push: PushView }) {
  const [items, setItems] = useState<readonly Leftover[] | null>(null);
  const [error, setError] = useState<unknown>(null);
  const read = async (): Promise<void> => {
    try {
      setItems((await get<ListDocument<Leftover>>(apiPath('leftovers', push.id))).items);
      setError(null);
    } catch (failure) {
      setError(failure);
    }
  };
  useEffect(() => void read(), [push.id]);
  return (
    <>
      {error === null ? null : <Trouble error={error} />}
      {items === null ? null : <List items={items} reread={read} />}
      <Silent jobs={push.jobs} />
    </>
  );
}

function List({ items, reread }: { items: readonly Leftover[]; reread: () => Promise<void> }) {
  const [text, setText] = useFilter('q');
  const [byHand, setByHand] = useFilter('byHand');
  const [decided, setDecided] = useFilter('decided');
  const wanted = items.filter(({ kind }) => byHand === 'yes' || kind === 'leftover');
  const shown = wanted.filter(
    ({ host, account, decision }) =>
      `${host} ${account}`.toLowerCase().includes(text.trim().toLowerCase()) &&
      (decided === '' || decision === null),
  );
  return (
    <>
      <form class="filters" role="search" onSubmit={(event) => event.preventDefault()}>
        <SearchField value={text} onSearch={setText} hint={t('leftovers.searchHint')} />
        <Toggle
          isOn={byHand === 'yes'}
          set={(isOn) => setByHand(isOn ? 'yes' : '')}
          label={t('leftovers.byHand')}
        />
        <Toggle
          isOn={decided === 'no'}
          set={(isOn) => setDecided(isOn ? 'no' : '')}
          label={t('leftovers.undecided')}
        />
      </form>
      <p role="status">{t('leftovers.count', { shown: shown.length, total: items.length })}</p>
      {shown.length === 0 ? (
        <p>{t('leftovers.none')}</p>
      ) : (
        <LeftoverTable leftovers={shown} reread={reread} />
      )}
    </>
  );
}

function Toggle({ isOn, set, label }: { isOn: boolean; set: (isOn: boolean) => void; label: string }) {
  return (
    <label class="choice">
      <span>
        <input type="checkbox" checked={isOn} onChange={(event) => set(event.currentTarget.checked)} />{' '}
        {label}
      </span>
    </label>
  );
}

/** Hosts that are not in the list, and what hosts could not tell. */
function Silent({ jobs }: { jobs: readonly JobView[] }) {
  const silent = jobs.filter(({ result }) => result?.owned === undefined);
  const told = jobs.flatMap(({ host, result }) => {
    const { damaged = '0', untold = '0' } = result?.facts ?? {};
    return [
      ...(damaged === '0' ? [] : [t('leftovers.damaged', { host, n: damaged })]),
      ...(untold === '0' ? [] : [t('leftovers.untold', { host, n: untold })]),
    ];
  });
  if (silent.length + told.length === 0) return null;
  return (
    <>
      <h2>{t('leftovers.silent', { n: silent.length })}</h2>
      <ul data-silent={silent.length}>
        {silent.map((job) => (
          <li key={job.id}>
            <Link href={`/jobs/${encodeURIComponent(job.id)}`}>
              <Said>{job.host}</Said>
            </Link>{' '}
            <ReasonText job={job} />
          </li>
        ))}
        {told.map((line) => (
          <li key={line}>
            <Said>{line}</Said>
          </li>
        ))}
      </ul>
    </>
  );
}
