/**
 * All workers in the order of their names, each with its state, since when and why, and what can be done with it.
 * A row never moves: what changes is in it.
 */
import { Link } from 'wouter-preact';
import type { WorkerVerb, WorkerView } from '../../supervisor/door.ts';
import { mayAct } from '../actor.ts';
import { ask } from '../asking.ts';
import { ColumnHeads } from '../parts/columnHeads.tsx';
import { Reason, Said, Translated } from '../parts/said.tsx';
import { State } from '../parts/state.tsx';
import { Time } from '../parts/time.tsx';
import { Wide } from '../parts/wide.tsx';
import { workers } from '../store.ts';
import { locale, t, word } from '../words/language.ts';
import { workerZh } from '../words/saidZh.ts';

export function WorkersPage() {
  return (
    <>
      <h1>{t('nav.workers')}</h1>
      <WorkerTable withActions />
    </>
  );
}

const COLUMNS = ['name', 'state', 'since', 'slots', 'memory', 'restarts', 'detail'] as const;

export function WorkerTable({ withActions = false }: { withActions?: boolean }) {
  const hasActions = withActions && mayAct.value;
  if (workers.value.length === 0) return <p>{t('worker.none')}</p>;
  return (
    <Wide>
      <table class="workers">
        <ColumnHeads columns={hasActions ? [...COLUMNS, 'actions'] : COLUMNS} />
        <tbody>
          {workers.value.map((worker) => (
            <WorkerRow key={worker.name} worker={worker} hasActions={hasActions} />
          ))}
        </tbody>
      </table>
    </Wide>
  );
}

function WorkerRow({ worker, hasActions }: { worker: WorkerView; hasActions: boolean }) {
  const { name, state, reason, since, jobs, riders, slots, rssBytes, restarts, detail, incarnation } = worker;
  return (
    <tr data-worker={name}>
      <th scope="row">
        <Link href={`/workers/${encodeURIComponent(name)}`}>
          <Said>{name}</Said>
        </Link>
      </th>
      <td>
        <State state={state} /> <Reason>{reason}</Reason>
      </td>
      <td>
        <Time at={since} />
      </td>
      <td class="figure">{t('worker.busy', { busy: jobs.length - riders, slots })}</td>
      <td class="figure">{memoryText(rssBytes)}</td>
      <td class="figure">{restarts}</td>
      <td>
        <Translated zh={workerZh(reason, { state, pid: incarnation?.pid ?? null })}>{detail}</Translated>
      </td>
      {hasActions ? (
        <td>
          <WorkerActions worker={worker} />
        </td>
      ) : null}
    </tr>
  );
}

export function WorkerActions({ worker }: { worker: WorkerView }) {
  const { name, incarnation } = worker;
  const life =
    incarnation === null
      ? null
      : `${String(incarnation.pid)}-${String(incarnation.startTicks)}-${incarnation.nonce}`;
  return (
    <span class="buttons">
      {verbsFor(worker).map((verb) => (
        <button
          key={verb}
          type="button"
          class="small"
          aria-label={`${word('verb', verb)} ${name}`}
          onClick={() => void ask({ verb, target: `worker/${name}`, ifIncarnation: life })}
        >
          {word('verb', verb)}
        </button>
      ))}
    </span>
  );
}

/** What would change nothing is not offered. */
function verbsFor({ wish, incarnation }: WorkerView): readonly WorkerVerb[] {
  switch (wish) {
    case 'stop':
      return ['start'];
    case 'quiet':
      return ['start', 'restart', 'stop'];
    case 'run':
      return incarnation === null ? ['start', 'stop'] : ['quiet', 'restart', 'stop'];
  }
}

export function memoryText(bytes: number | null): string {
  if (bytes === null) return '–';
  const format = { style: 'unit', unit: 'megabyte', unitDisplay: 'short', maximumFractionDigits: 0 } as const;
  return new Intl.NumberFormat(locale.value, format).format(bytes / 1_000_000);
}
