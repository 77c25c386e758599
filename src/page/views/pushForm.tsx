/**
 * The form of a push: account, hosts and options make a plan, which has a page of its own and is applied there; a check is started here.
 * Enter never sends it, a private key never leaves the browser, and no push is sent from here.
 */
import { useRef, useState } from 'preact/hooks';
import { useLocation } from 'wouter-preact';
import type { PushView } from '../../supervisor/door.ts';
import { actor, mayAct } from '../actor.ts';
import { post, Problem, type Document } from '../api.ts';
import { AccountFields, Wrong } from '../jobs/accountFields.tsx';
import { fieldOf, type PushField } from '../jobs/keyCheck.ts';
import { HostChoice } from '../jobs/hostChoice.tsx';
import { bodyOf, EMPTY_WISH, missingIn, planBodyOf, type PushWish } from '../jobs/pushWish.ts';
import { Said, Told } from '../parts/said.tsx';
import { Trouble } from '../parts/trouble.tsx';
import { snapshot } from '../store.ts';
import { t, word } from '../words/language.ts';
import './jobs.css';

export type Wrongs = Partial<Record<PushField, string>>;

interface Planned {
  readonly push: PushView;
  /** What it is the plan of: this is what is sent. */
  readonly wish: PushWish;
}

interface Outcome {
  readonly plan: Planned | null;
  readonly wrongs: Wrongs;
  readonly error: unknown;
  readonly isAsking: boolean;
}

const NOTHING: Outcome = { plan: null, wrongs: {}, error: null, isAsking: false };

interface Filling extends FieldsProps {
  readonly outcome: Outcome;
  readonly look: () => Promise<void>;
  readonly push: (planned: Planned) => Promise<void>;
}

function useFilling(): Filling {
  const [wish, setWish] = useState<PushWish>(EMPTY_WISH);
  const [outcome, setOutcome] = useState<Outcome>(NOTHING);
  const [, navigate] = useLocation();
  // The form as it is now, for answers that come later.
  const newest = useRef(wish);
  const change = (changed: Partial<PushWish>): void => {
    newest.current = { ...newest.current, ...changed };
    setWish(newest.current);
    setOutcome(NOTHING);
  };
  const look = async (): Promise<void> => {
    const missing = Object.entries(missingIn(wish)).map(([field, key]) => [field, t(key)]);
    if (missing.length > 0) {
      setOutcome({ ...NOTHING, wrongs: Object.fromEntries(missing) as Wrongs });
      return;
    }
    setOutcome({ ...outcome, isAsking: true });
    const told = await planned(wish);
    // Whoever has gone on typing stays with what was typed; a plan that was made is under pushes.
    if (newest.current !== wish) return;
    if (typeof told === 'string') navigate(told);
    else setOutcome(told);
  };
  const push = async (planned: Planned): Promise<void> => {
    setOutcome({ ...outcome, isAsking: true });
    try {
      const { item } = await post<Document<PushView>>('api/v1/pushes', bodyOf(planned.wish, false));
      navigate(`/pushes/${encodeURIComponent(item.id)}`);
    } catch (error) {
      setOutcome(refusal(error));
    }
  };
  return { wish, change, outcome, look, push };
}

/** The page of its plan; of a check, which has none, the jobs that it would make. */
async function planned(wish: PushWish): Promise<string | Outcome> {
  const isCheck = wish.kind === 'check';
  try {
    const body = isCheck ? bodyOf(wish, true) : planBodyOf(wish);
    const { item } = await post<Document<PushView>>('api/v1/pushes', body);
    return isCheck ? { ...NOTHING, plan: { push: item, wish } } : `/pushes/${encodeURIComponent(item.id)}`;
  } catch (error) {
    return refusal(error);
  }
}

export function PushForm() {
  const { wish, change, outcome, look, push } = useFilling();
  if (actor.value !== null && !mayAct.value) return <p>{t('push.mayNot')}</p>;
  const { plan, wrongs, error, isAsking } = outcome;
  return (
    <form class="push-form" onSubmit={(event) => event.preventDefault()} noValidate>
      <h1>{t('push.title')}</h1>
      <KindChoice wish={wish} change={change} />
      {wish.kind === 'check' ? null : <AccountFields wish={wish} change={change} wrongs={wrongs} />}
      <HostChoice wish={wish} change={change} wrong={wrongs.hosts} />
      <label class="block">
        {t('push.reason')}
        <input
          value={wish.reason}
          maxLength={1000}
          onInput={(event) => change({ reason: event.currentTarget.value })}
        />
      </label>
      <Wrong id="reason-wrong" text={wrongs.reason} />
      {error === null ? null : <Trouble error={error} />}
      <p class="buttons">
        <button type="button" disabled={isAsking} onClick={() => void look()}>
          {t('push.check')}
        </button>
        {wish.kind === 'check' ? null : <span class="quiet">{t('push.planMeans')}</span>}
      </p>
      {plan === null ? null : <Plan plan={plan.push} isAsking={isAsking} go={() => void push(plan)} />}
    </form>
  );
}

/** At the field it is about, or by itself. */
function refusal(error: unknown): Outcome {
  const field = error instanceof Problem ? fieldOf(error.code, error.message) : null;
  if (!(error instanceof Problem) || field === null) return { ...NOTHING, error };
  const text = error.cure === null ? error.message : `${error.message} ${error.cure}`;
  return { ...NOTHING, wrongs: { [field]: text } };
}

export interface FieldsProps {
  readonly wish: PushWish;
  readonly change: (changed: Partial<PushWish>) => void;
}

function KindChoice({ wish, change }: FieldsProps) {
  return (
    <fieldset>
      <legend>{t('push.kind')}</legend>
      {(['push', 'revoke', 'check'] as const).map((kind) => (
        <label key={kind} class="choice">
          <input type="radio" name="kind" checked={wish.kind === kind} onChange={() => change({ kind })} />{' '}
          {t(`push.kind.${kind}`)}
        </label>
      ))}
    </fieldset>
  );
}

function Plan({ plan, isAsking, go }: { plan: PushView; isAsking: boolean; go: () => void }) {
  const trust = new Map(snapshot.value?.hosts.map((host) => [host.name, host]));
  return (
    <section data-plan={plan.jobs.length}>
      <h2>{t('push.planTitle')}</h2>
      <p role="status">{t('push.planned', { n: plan.jobs.length })}</p>
      <ul class="hosts">
        {plan.jobs.map(({ id, host, waitingFor }) => {
          const known = trust.get(host);
          return (
            <li key={id}>
              <strong>
                <Said>{host}</Said>
              </strong>{' '}
              <Said>{known === undefined ? '' : `${known.user}@${known.address}`}</Said>
              {': '}
              {word('kind', plan.kind)} <Said>{plan.accountName ?? ''}</Said>
              {known?.state === 'untrusted' ? ` · ${t('push.untrusted', { host })}` : ''}
              {waitingFor === null ? null : (
                <>
                  {' '}
                  · {t('job.waits')} <Told>{waitingFor}</Told>
                </>
              )}
            </li>
          );
        })}
      </ul>
      <button type="button" class="act" disabled={isAsking} onClick={go}>
        {t('push.do', { kind: word('kind', plan.kind), n: plan.jobs.length })}
      </button>
    </section>
  );
}
