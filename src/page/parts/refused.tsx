/**
 * On a push: the hosts that were not touched because they had changed since the plan, or because somebody else's account is in the way, and the way on.
 * It offers only a new plan, which changes nothing.
 */
import { Link } from 'wouter-preact';
import type { JobView, PushView } from '../../supervisor/door.ts';
import { mayAct } from '../actor.ts';
import { changedSince } from '../jobs/planFacts.ts';
import { t } from '../words/language.ts';
import { PlanAgain } from './planAgain.tsx';

export function Refused({ push, jobs }: { push: PushView; jobs: readonly JobView[] }) {
  const changed = changedSince(jobs);
  const foreign =
    push.kind === 'push' ? jobs.filter(({ result }) => result?.reason === 'AccountForeign') : [];
  return (
    <>
      <WayOn
        {...{ push, jobs: changed }}
        text={t('plan.changedSince', { n: changed.length })}
        label={t('plan.replan', { n: changed.length })}
      />
      <WayOn
        {...{ push, jobs: foreign }}
        text={t('plan.foreign', { n: foreign.length })}
        label={t('plan.forForeign', { n: foreign.length })}
      />
    </>
  );
}

interface WayOnProps {
  readonly push: PushView;
  readonly jobs: readonly JobView[];
  readonly text: string;
  readonly label: string;
}

/** What grants want is planned by them: a plan made by hand would be no grant's any more. */
function WayOn({ push, jobs, text, label }: WayOnProps) {
  if (jobs.length === 0) return null;
  const isGranted = jobs.some(({ granted }) => granted === true);
  return (
    <p class="notice" data-refused={jobs.length}>
      {text}{' '}
      {mayAct.value ? (
        isGranted ? (
          <Link href="/grants">{t('plan.viaGrants')}</Link>
        ) : (
          <PlanAgain {...{ push, jobs, label }} />
        )
      ) : null}
    </p>
  );
}
