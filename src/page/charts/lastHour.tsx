/**
 * The last hour on the overview: what waited, how pushes ended, and how many workers were up.
 * It is loaded after the facts of now are on the screen.
 */
import { Link } from 'wouter-preact';
import type { SamplesView } from '../../supervisor/door.ts';
import type { Document } from '../api.ts';
import { useAsked } from '../parts/asked.ts';
import { Trouble } from '../parts/trouble.tsx';
import { t } from '../words/language.ts';
import { Chart } from './chart.tsx';
import { ENDED, OLDEST, QUEUE, WORKERS } from './chartKinds.ts';

const EVERY_MS = 10_000;

export function LastHour() {
  const { answer, error } = useAsked<Document<SamplesView>>('api/v1/history', EVERY_MS);
  if (answer === null)
    return error === null ? <p role="status">{t('list.loading')}</p> : <Trouble error={error} />;
  return (
    <section aria-labelledby="hour-title">
      <h2 id="hour-title">
        <Link href="/history">{t('history.lastHour')}</Link>
      </h2>
      <div class="hour">
        {[QUEUE, OLDEST, ENDED, WORKERS].map((kind) => (
          <Chart key={kind.key} kind={kind} view={answer.item} heightPx={120} />
        ))}
      </div>
    </section>
  );
}
