/**
 * What a plan says of one host, line by line: what would be done, what was there, what should be known before, and why it is refused.
 * A sign stands before each line: nothing is told by its colour alone.
 */
import type { AccountPlan, JobView, PlannedChange } from '../../supervisor/door.ts';
import { isDrift, verdictOf } from '../jobs/planFacts.ts';
import { language, t } from '../words/language.ts';
import { aboutZh, noteZh } from '../words/planSaidZh.ts';
import { ReasonText } from './reasonText.tsx';
import { Said, Told } from './said.tsx';
import { State } from './state.tsx';

export function Verdict({ job }: { job: JobView }) {
  return (
    <>
      <State state={verdictOf(job)} />
      {isDrift(job) ? (
        <>
          {' '}
          <State state="drift" />
        </>
      ) : null}
    </>
  );
}

export function PlanLines({ job }: { job: JobView }) {
  const plan = job.result?.plan ?? null;
  const saysWhy = plan === null || ['conflict', 'blocked'].includes(plan.verdict) || isUndone(plan);
  return (
    <>
      {saysWhy && job.result !== null ? (
        <p>
          <ReasonText job={job} />
        </p>
      ) : null}
      {plan === null || isUndone(plan) ? null : <Lines plan={plan} />}
    </>
  );
}

/** It is as before the push, not as anybody wishes it. */
function isUndone({ reason }: AccountPlan): boolean {
  return reason === 'AlreadyUndone';
}

function Lines({ plan: { changes, notes, verdict } }: { plan: AccountPlan }) {
  if (verdict === 'unchanged' && notes.length === 0) return <>{t('plan.asWished')}</>;
  return (
    <ul class="plan-lines">
      {changes.map((change) => (
        <li key={`${change.code} ${change.what}`}>
          <ChangeLine change={change} />
        </li>
      ))}
      {notes.map((note) => (
        <li key={note} class="quiet">
          · <Note note={note} />
        </li>
      ))}
    </ul>
  );
}

function ChangeLine({ change }: { change: PlannedChange }) {
  const { code, what, before } = change;
  const about = (text: string): string => (language.value === 'zh' ? aboutZh(change, text) : text);
  const isReplaced = before !== null && before !== what && before !== '';
  return (
    <>
      {code.endsWith('removed') ? '−' : '+'} {t(`change.${code}`)} <Said>{about(what)}</Said>
      {isReplaced ? <Said>{` ${t('change.now', { before: about(before) })}`}</Said> : null}
    </>
  );
}

/** A whole sentence, which needs no original beside it: nothing in it is left out. */
function Note({ note }: { note: string }) {
  const zh = language.value === 'zh' ? noteZh(note) : null;
  return zh === null ? <Told>{note}</Told> : <Said>{zh}</Said>;
}
