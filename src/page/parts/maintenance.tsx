/**
 * Maintenance: what is in it, until when and by whom; and its beginning for a length of time, and its end.
 * It begins and ends nothing without the question that every deed is asked by.
 */
import { useState } from 'preact/hooks';
import type { MaintenanceView } from '../../supervisor/door.ts';
import { mayAct } from '../actor.ts';
import { ask } from '../asking.ts';
import { snapshot } from '../store.ts';
import { durationText, t, word } from '../words/language.ts';
import { readable } from '../words/readable.ts';
import { Said } from './said.tsx';
import { Time } from './time.tsx';

const LENGTHS_MS = [1_800_000, 3_600_000, 14_400_000] as const;

/** `scopes`: those that are offered, the first chosen. */
export function Maintenance({ scopes }: { scopes: readonly string[] }) {
  const known = snapshot.value?.containers.maintenance ?? [];
  return (
    <section>
      <h2>{t('maintenance.title')}</h2>
      <p class="quiet">{t('maintenance.means')}</p>
      {known.length === 0 ? (
        <p>{t('maintenance.none')}</p>
      ) : (
        <ul>
          {known.map((each) => (
            <Lasting key={each.scope} maintenance={each} />
          ))}
        </ul>
      )}
      {mayAct.value ? <Begin scopes={scopes} /> : null}
    </section>
  );
}

function Lasting({ maintenance: { scope, until, actor, reason } }: { maintenance: MaintenanceView }) {
  return (
    <li>
      {t('overview.maintenance', { scope, actor })} <Time at={until} />{' '}
      {reason === null ? null : (
        <>
          (<Said>{reason}</Said>)
        </>
      )}{' '}
      {mayAct.value ? (
        <button
          type="button"
          class="small"
          aria-label={`${word('verb', 'maintenanceOff')} ${scope}`}
          onClick={() => void ask({ verb: 'maintenanceOff', target: scope })}
        >
          {word('verb', 'maintenanceOff')}
        </button>
      ) : null}
    </li>
  );
}

function Begin({ scopes }: { scopes: readonly string[] }) {
  const [scope, setScope] = useState(scopes[0] ?? 'all');
  const [forMs, setForMs] = useState<number>(LENGTHS_MS[0]);
  const chosen = scopes.includes(scope) ? scope : (scopes[0] ?? 'all');
  const submit = (event: Event): void => {
    event.preventDefault();
    void ask({ verb: 'maintenanceOn', target: chosen, forMs });
  };
  return (
    <form class="buttons" onSubmit={submit}>
      <label>
        {t('maintenance.scope')}{' '}
        <select value={chosen} onChange={(event) => setScope(event.currentTarget.value)}>
          {scopes.map((each) => (
            <option key={each} value={each}>
              {each === 'all' ? t('maintenance.all') : readable(each)}
            </option>
          ))}
        </select>
      </label>
      <label>
        {t('maintenance.for')}{' '}
        <select value={forMs} onChange={(event) => setForMs(Number(event.currentTarget.value))}>
          {LENGTHS_MS.map((each) => (
            <option key={each} value={each}>
              {durationText(each)}
            </option>
          ))}
        </select>
      </label>
      <button>{word('verb', 'maintenanceOn')}</button>
    </form>
  );
}
