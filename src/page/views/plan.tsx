/**
 * One plan: host by host what would be done and what would not, the choices where somebody else's account is in the way, and applying it.
 * It applies nothing but this plan, and only after a yes that names how many hosts it is.
 */
import { Link, useLocation } from 'wouter-preact';
import type { PushView } from '../../supervisor/door.ts';
import { mayAct } from '../actor.ts';
import { addressOf, apiPath, post, type Document } from '../api.ts';
import { ask } from '../asking.ts';
import { confirm } from '../confirming.ts';
import {
  applicable,
  countVerdicts,
  isOpen,
  PLAN_LASTS_MS,
  UNASKED_PAIRS,
  verdictOf,
} from '../jobs/planFacts.ts';
import { lastedMs } from '../now.ts';
import { Choices } from '../parts/choices.tsx';
import { Copy } from '../parts/copy.tsx';
import { PlanAgain } from '../parts/planAgain.tsx';
import { PlanTable } from '../parts/planTable.tsx';
import { Said } from '../parts/said.tsx';
import { UndoLinks, UndoNow } from '../parts/takeBack.tsx';
import { Time } from '../parts/time.tsx';
import { useViewTitle } from '../parts/viewTitle.ts';
import { WhyChain } from '../parts/whyChain.tsx';
import { t, word } from '../words/language.ts';

export function Plan({ push }: { push: PushView }) {
  const { id, accountName, actor, createdAt, reason, jobs, planOf = 'push' } = push;
  useViewTitle(t('plan.page', { id }));
  const facts = { kind: word('kind', planOf), account: accountName ?? '' };
  const claim = jobs[0]?.account?.claim ?? 'none';
  return (
    <div data-plan={jobs.length}>
      <h1>
        {t('plan.page', { id })} <Copy text={id} />
      </h1>
      <p>
        {planOf === 'undo' ? t('undo.of', facts) : t('plan.of', facts)}
        <UndoLinks push={push} />
        {claim === 'none' ? null : ` · ${t(`claim.${claim}`)}`} · {t('push.by')} <Said>{actor}</Said>,{' '}
        <Time at={createdAt} />
        {reason === null ? null : (
          <>
            {' '}
            · <Said>{reason}</Said>
          </>
        )}
      </p>
      <p role="status">{standing(push)}</p>
      <Actions push={push} />
      {mayAct.value ? <Choices push={push} /> : null}
      <PlanTable jobs={jobs} />
      <WhyChain key={jobs.map(({ attempt }) => attempt).join()} subject={`push/${id}`} />
    </div>
  );
}

/** What of it is done: nothing, in every case. */
function standing({ jobs }: PushView): string {
  const open = jobs.filter(isOpen).length;
  if (open > 0) return t('plan.waiting', { n: jobs.length - open, total: jobs.length });
  const counts = countVerdicts(jobs).map(([verdict, count]) => `${word('state', verdict)} ${String(count)}`);
  return t('plan.made', { counts: counts.join(t('plan.comma')) });
}

function Actions({ push }: { push: PushView }) {
  const { id, jobs } = push;
  const open = jobs.filter(isOpen).length;
  const missed = jobs.filter((job) => verdictOf(job) === 'unplanned').length;
  return (
    <>
      <p class="buttons">
        {mayAct.value ? (
          <>
            {open === 0 ? <Apply push={push} /> : null}
            {open === 0 ? null : (
              <button type="button" onClick={() => void ask({ verb: 'cancel', target: id })}>
                {t('push.cancel', { n: open })}
              </button>
            )}
            {missed === 0 || open > 0 ? null : (
              <button type="button" onClick={() => void ask({ verb: 'retry', target: id })}>
                {t('plan.retry', { n: missed })}
              </button>
            )}
            {open === 0 ? <Again push={push} /> : null}
          </>
        ) : null}
        <a class="button" href={addressOf(apiPath('pushes', id))} download={`${id}.json`}>
          {t('log.json')}
        </a>
        {mayAct.value ? (
          <Link class="button" href="/push">
            {t('push.again')}
          </Link>
        ) : null}
      </p>
      {open === 0 ? null : <p>{t('plan.notYet')}</p>}
      {mayAct.value && open === 0 && push.planOf === 'undo' && whyNotApplied(push) === null ? (
        <UndoNow push={push} />
      ) : null}
    </>
  );
}

/** What grants want is planned by them. */
function Again({ push }: { push: PushView }) {
  if (push.jobs.some(({ granted }) => granted === true))
    return (
      <Link class="button" href="/grants">
        {t('plan.viaGrants')}
      </Link>
    );
  return <PlanAgain push={push} jobs={push.jobs} label={t('plan.again')} />;
}

function Apply({ push }: { push: PushView }) {
  const [, navigate] = useLocation();
  const why = whyNotApplied(push);
  if (why !== null) return <span>{why}</span>;
  if (push.planOf === 'undo') return null;
  const apply = async (reason: string | null): Promise<void> => {
    const body = { plan: push.id, ...(reason === null ? {} : { reason }) };
    const { item } = await post<Document<PushView>>('api/v1/pushes', body);
    navigate(`/pushes/${encodeURIComponent(item.id)}`);
  };
  return (
    <button type="button" class="act" onClick={() => askToApply(push, apply)}>
      {t('plan.apply', { n: applicable(push.jobs).length })}
    </button>
  );
}

function whyNotApplied({ jobs, createdAt }: PushView): string | null {
  if (applicable(jobs).length === 0) return t('plan.nothingToApply');
  return lastedMs(createdAt) > PLAN_LASTS_MS ? t('plan.tooOld') : null;
}

function askToApply(push: PushView, apply: (reason: string | null) => Promise<void>): void {
  const { accountName, jobs, planOf = 'push', reason } = push;
  const account = accountName ?? '';
  const n = applicable(jobs).length;
  const facts = { kind: word('kind', planOf), account, n };
  const isTakeOver = jobs.some((job) => job.account?.claim === 'takeOver');
  const typed = isTakeOver
    ? { label: t('confirm.typeName', { account }), word: account }
    : { label: t('confirm.typeNumber', { n }), word: String(n) };
  confirm({
    title: t('plan.apply.title', facts),
    ...(isTakeOver ? { warning: t('choice.takeOver.does') } : {}),
    lines: [
      t('plan.apply.does', facts),
      ...(n === jobs.length ? [] : [t('plan.apply.leaves', { n: jobs.length - n })]),
      t('plan.apply.changed'),
    ],
    ...(isTakeOver || n > UNASKED_PAIRS ? { typed } : {}),
    ...(reason === null ? {} : { reason }),
    label: t('plan.apply', { n }),
    perform: apply,
  });
}
