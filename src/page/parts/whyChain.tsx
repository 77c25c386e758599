/**
 * What led to what, as the supervisor tells it: each step below the one that it explains, with how the two are joined.
 * It calls nothing a cause that the supervisor does not.
 */
import { Link } from 'wouter-preact';
import type { WhyStep, WhyView } from '../../supervisor/door.ts';
import { addressOf, apiPath } from '../api.ts';
import { useRead } from '../jobs/useRead.ts';
import { clockText } from '../now.ts';
import { t } from '../words/language.ts';
import { About } from './timelineItem.tsx';
import { Said } from './said.tsx';
import { Time } from './time.tsx';
import { Trouble } from './trouble.tsx';

/** `subject`: `push/p-…`, `job/j-…`, `worker/push-1` and so on. */
export function WhyChain({ subject }: { subject: string }) {
  const { item, error, isMissing } = useRead<WhyView>(apiPath('why', subject));
  if (isMissing) return <p>{t('chain.none')}</p>;
  if (item === null) return error === null ? null : <Trouble error={error} />;
  return (
    <section data-chain={subject}>
      <h2>{t('chain.title')}</h2>
      {item.steps.length === 0 ? <p>{t('chain.none')}</p> : null}
      <ol class="story">
        {item.steps.map((step) => (
          <Step key={step.id} step={step} />
        ))}
      </ol>
      {item.isWhole ? null : <p class="quiet">{t('chain.notWhole')}</p>}
      <p class="buttons">
        <a
          class="button"
          href={addressOf(apiPath('evidence', subject))}
          download={`evidence-${subject.replaceAll('/', '-')}.json`}
        >
          {t('chain.evidence')}
        </a>
        <Link href="/timeline">{t('nav.timeline')}</Link>
      </p>
    </section>
  );
}

function Step({ step: { relation, depth, at, about, sentence, actor, from, reason } }: { step: WhyStep }) {
  const asked = [actor === 'garrison' ? null : actor, from, reason].filter((each) => each !== null);
  return (
    <li data-relation={relation} data-depth={depth}>
      {'→ '.repeat(depth)}
      {relation === 'subject' ? null : <strong>{t(`chain.${relation}`)} </strong>}
      <span class="figure quiet">{clockText(Date.parse(at))}</span> <Time at={at} />{' '}
      {about === null ? null : <About about={about} />} <Said>{sentence}</Said>{' '}
      {asked.map((each) => (
        <>
          (<Said>{each}</Said>)
        </>
      ))}
    </li>
  );
}
