/**
 * Zombies: whose they are, where, since when, who does not wait for them, what can be done, and what cannot be seen.
 * It says plainly that they are harmless, and offers nothing but the one deed that is safe.
 */
import type { SweptZombie, ZombieSummary, ZombieView } from '../../supervisor/door.ts';
import { mayAct } from '../actor.ts';
import { type ListDocument } from '../api.ts';
import { ask } from '../asking.ts';
import { useAsked } from '../parts/asked.ts';
import { Said, Told, Translated } from '../parts/said.tsx';
import { Time } from '../parts/time.tsx';
import { Trouble } from '../parts/trouble.tsx';
import { zombieParents, type ZombieParent } from '../parts/zombieParents.ts';
import { Wide } from '../parts/wide.tsx';
import { operations, snapshot } from '../store.ts';
import { t, word } from '../words/language.ts';
import { LIMITED_ZH, zombieZh } from '../words/saidZh.ts';
import { ContainerLink } from './containers.tsx';

const LOOK_EVERY_MS = 3_000;
const MOST_LISTED = 1_000;
const PIDS_TOLD = 5;

export function ZombiesPage() {
  const path = `api/v1/zombies?limit=${String(MOST_LISTED)}`;
  const { answer, error } = useAsked<ListDocument<ZombieView>>(path, LOOK_EVERY_MS);
  const summary = snapshot.value?.zombies;
  return (
    <>
      <h1>{t('nav.zombies')}</h1>
      <p>{t('zombies.harmless')}</p>
      {summary === undefined ? null : <Summary summary={summary} />}
      {mayAct.value ? (
        <p class="buttons">
          <button type="button" onClick={() => void ask({ verb: 'reap', target: 'zombies' })}>
            {word('verb', 'reap')}
          </button>
          <span class="quiet">{t('zombies.reapMeans')}</span>
        </p>
      ) : null}
      <Swept />
      {error === null ? null : <Trouble error={error} />}
      {answer === null ? (
        <p role="status">{t('list.loading')}</p>
      ) : (
        <>
          {answer.nextCursor === undefined ? null : (
            <p role="status">
              {t('zombies.first', { n: answer.items.length, total: summary?.total ?? '?' })}
            </p>
          )}
          <Parents parents={zombieParents(answer.items)} />
        </>
      )}
    </>
  );
}

function Summary({
  summary: { total, lasting, byOwner, reaped, limited, observedAt },
}: {
  summary: ZombieSummary;
}) {
  return (
    <>
      <dl class="facts">
        <dt>{t('zombies.now')}</dt>
        <dd>{t('zombies.count', { total, lasting })}</dd>
        {Object.entries(byOwner).map(([owner, count]) => (
          <>
            <dt>{word('owner', owner)}</dt>
            <dd class="figure">{count}</dd>
          </>
        ))}
        <dt>{t('zombies.reaped')}</dt>
        <dd>{t('zombies.reapedCount', { orphan: reaped.orphan, worker: reaped.worker })}</dd>
        <dt>{t('zombies.looked')}</dt>
        <dd>{observedAt === null ? t('zombies.notYet') : <Time at={observedAt} />}</dd>
      </dl>
      {limited === null ? null : (
        <p class="trouble">
          <strong>{t('zombies.limited')}</strong> <Translated zh={LIMITED_ZH}>{limited}</Translated>
        </p>
      )}
    </>
  );
}

const COLUMNS = ['zombies', 'parent', 'owner', 'since', 'advice'] as const;

function Parents({ parents }: { parents: readonly ZombieParent[] }) {
  if (parents.length === 0) return <p>{t('zombies.none')}</p>;
  return (
    <Wide>
      <table class="workers containers">
        <thead>
          <tr>
            {COLUMNS.map((column) => (
              <th key={column} scope="col">
                {t(`zombies.column.${column}`)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {parents.map((each) => (
            <Row key={each.key} of={each} />
          ))}
        </tbody>
      </table>
    </Wide>
  );
}

function Row({ of: { owner, next, parent, since, advice, pids, names } }: { of: ZombieParent }) {
  const told = pids.slice(0, PIDS_TOLD).join(', ');
  const more = pids.length - PIDS_TOLD;
  return (
    <tr data-parent={parent.pid}>
      <th scope="row">
        <Said>{t('zombies.of', { n: pids.length, names: names.slice(0, 3).join(', ') })}</Said>
        <span class="quiet"> {t('zombies.pids', { pids: more > 0 ? `${told}, …` : told })}</span>
      </th>
      <td data-label={t('zombies.column.parent')}>
        <Said>{parent.name === '' ? t('zombies.unseen') : parent.name}</Said> {parent.pid}
        <Where parent={parent} />
      </td>
      <td data-label={t('zombies.column.owner')}>{word('owner', owner)}</td>
      <td data-label={t('zombies.column.since')}>
        <Time at={since} />
      </td>
      <td>
        <Translated zh={zombieZh(next, parent)}>{advice}</Translated>
      </td>
    </tr>
  );
}

function Where({ parent: { container, containerName } }: { parent: ZombieView['parent'] }) {
  if (containerName !== undefined)
    return (
      <>
        , <ContainerLink name={containerName} />
      </>
    );
  return container === undefined ? null : (
    <>
      , <Said>{container}</Said>
    </>
  );
}

/** Of the last sweep that somebody asked for while the page was open. */
function Swept() {
  const sweeps = [...operations.value.values()].filter(
    ({ verb, state }) => verb === 'reap' && state !== 'running',
  );
  const last = sweeps.at(-1);
  if (last === undefined) return null;
  return (
    <section aria-live="polite">
      <h2>{t('zombies.swept')}</h2>
      <p>
        <Told>{last.detail}</Told>
      </p>
      {last.swept === undefined || last.swept.length === 0 ? null : (
        <ul>
          {last.swept.map((zombie) => (
            <li key={zombie.pid}>
              <Said>{sweptText(zombie)}</Said>
              {zombie.why === '' ? null : (
                <>
                  {' – '}
                  <Told>{zombie.why}</Told>
                </>
              )}
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

function sweptText({ pid, name, outcome }: SweptZombie): string {
  return `${name} ${String(pid)}: ${t(`zombies.${outcome}One`)}`;
}
