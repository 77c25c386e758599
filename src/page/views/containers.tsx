/**
 * All containers: what is amiss with Docker and with healing, who depends on whom, each one's state and why, and maintenance.
 * A row never moves: what changes is in it, and what is filtered is in the address.
 */
import { Link } from 'wouter-preact';
import type { ContainerView } from '../../supervisor/door.ts';
import { containers } from '../containerList.ts';
import { ColumnHeads } from '../parts/columnHeads.tsx';
import { DependencyGraph, isRootCause } from '../parts/dependencyGraph.tsx';
import { useFilter } from '../parts/filters.ts';
import { Maintenance } from '../parts/maintenance.tsx';
import { SearchField } from '../parts/searchField.tsx';
import { Reason, Said, Told, Translated } from '../parts/said.tsx';
import { State } from '../parts/state.tsx';
import { Time } from '../parts/time.tsx';
import { Wide } from '../parts/wide.tsx';
import { snapshot } from '../store.ts';
import { t, word } from '../words/language.ts';
import { BRAKE_ZH, containerZh, DOCKER_ZH } from '../words/saidZh.ts';
import './containers.css';

export function ContainersPage() {
  const all = [...containers.value.values()].sort(byProjectAndName);
  const total = snapshot.value?.containers.total ?? 0;
  return (
    <>
      <h1>{t('nav.containers')}</h1>
      <DockerWord />
      <Hindrances />
      {all.length === 0 ? (
        <p>{total === 0 ? t('overview.noContainers') : t('list.loading')}</p>
      ) : (
        <>
          <h2>{t('graph.title')}</h2>
          <DependencyGraph containers={all} />
          <h2>{t('containers.list')}</h2>
          <Table all={all} />
        </>
      )}
      <Maintenance scopes={scopesOf(all)} />
    </>
  );
}

/** While it does not answer, that is the first thing to know. */
export function DockerWord() {
  const docker = snapshot.value?.docker;
  if (docker === undefined) return null;
  const { state, since, detail } = docker;
  return (
    <p class={state === 'up' ? 'quiet' : 'trouble'} data-docker={state}>
      Docker: <State state={state} /> <Time at={since} />:{' '}
      <Translated zh={DOCKER_ZH[state]}>{detail}</Translated>
    </p>
  );
}

/** Why nothing is done although something is sick, and what was written of dependencies and could not be used. */
function Hindrances() {
  const told = snapshot.value?.containers;
  if (told === undefined) return null;
  const { brake, problems } = told;
  return (
    <>
      {brake === null ? null : (
        <p class="trouble">
          <strong>{t('containers.brake')}</strong> <Translated zh={BRAKE_ZH}>{brake}</Translated>
        </p>
      )}
      {problems.length === 0 ? null : (
        <>
          <h2>{t('containers.problems')}</h2>
          <ul>
            {problems.map((problem) => (
              <li key={problem}>
                <Told>{problem}</Told>
              </li>
            ))}
          </ul>
        </>
      )}
    </>
  );
}

const COLUMNS = ['name', 'state', 'since', 'dependsOn', 'budget', 'detail'] as const;

function Table({ all }: { all: readonly ContainerView[] }) {
  const [text, putText] = useFilter('q');
  const [state, putState] = useFilter('state');
  const shown = all.filter((each) => (state === '' || each.state === state) && has(each, text));
  return (
    <>
      <form class="buttons filters" role="search" onSubmit={(event) => event.preventDefault()}>
        <StateFilter all={all} state={state} onChoose={putState} />
        <SearchField value={text} onSearch={putText} hint={t('containers.search')} />
        <span class="quiet">{t('containers.shown', { shown: shown.length, total: all.length })}</span>
      </form>
      <Wide>
        <table class="workers containers">
          <ColumnHeads columns={COLUMNS} />
          <tbody>
            {shown.map((container) => (
              <Row key={container.name} container={container} />
            ))}
          </tbody>
        </table>
      </Wide>
    </>
  );
}

interface StateFilterProps {
  readonly all: readonly ContainerView[];
  readonly state: string;
  readonly onChoose: (state: string) => void;
}

/** The states that there are, and the one of the address. */
function StateFilter({ all, state, onChoose }: StateFilterProps) {
  const states = [...new Set([...all.map((each) => each.state), ...(state === '' ? [] : [state])])].sort();
  return (
    <label>
      {t('column.state')}{' '}
      <select value={state} onChange={(event) => onChoose(event.currentTarget.value)}>
        <option value="">{t('containers.anyState')}</option>
        {states.map((each) => (
          <option key={each} value={each}>
            {word('state', each)}
          </option>
        ))}
      </select>
    </label>
  );
}

function Row({ container }: { container: ContainerView }) {
  const { name, project, state, reason, since, dependsOn, heal, detail } = container;
  return (
    <tr data-container={name}>
      <th scope="row">
        <ContainerLink name={name} />
        {project === null ? null : (
          <span class="quiet">
            {' '}
            <Said>{project}</Said>
          </span>
        )}
      </th>
      <td data-label={t('column.state')}>
        <State state={state} /> <Reason>{reason}</Reason>
        <Cause container={container} />
      </td>
      <td data-label={t('column.since')}>
        <Time at={since} />
      </td>
      <td data-label={t('column.dependsOn')}>{dependsOn.length === 0 ? '–' : <Names names={dependsOn} />}</td>
      <td class="figure" data-label={t('column.budget')}>
        {t('containers.used', { used: heal.restarts, budget: heal.budget })}
      </td>
      <td>
        <Translated zh={containerZh(reason)}>{detail}</Translated>
        {heal.plan === '' ? null : (
          <span class="plan">
            {' '}
            <Told>{heal.plan}</Told>
          </span>
        )}
      </td>
    </tr>
  );
}

function Cause({ container }: { container: ContainerView }) {
  const { root } = container;
  if (root === null) return null;
  return (
    <span class="cause"> {isRootCause(container) ? t('graph.root') : t('containers.because', { root })}</span>
  );
}

export function ContainerLink({ name }: { name: string }) {
  return (
    <Link href={`/containers/${encodeURIComponent(name)}`}>
      <Said>{name}</Said>
    </Link>
  );
}

export function Names({ names }: { names: readonly string[] }) {
  return (
    <>
      {names.map((name, index) => (
        <>
          {index === 0 ? '' : ', '}
          <ContainerLink key={name} name={name} />
        </>
      ))}
    </>
  );
}

/** All, each project, and each container. */
function scopesOf(all: readonly ContainerView[]): readonly string[] {
  const projects = [...new Set(all.flatMap(({ project }) => project ?? []))].sort();
  return ['all', ...projects.map((name) => `project/${name}`), ...all.map(({ name }) => `container/${name}`)];
}

function has({ name, project, service, image, detail, reason, heal }: ContainerView, text: string): boolean {
  const told = [name, project, service, image, detail, reason, containerZh(reason), heal.plan]
    .join(' ')
    .toLowerCase();
  return told.includes(text.toLowerCase());
}

function byProjectAndName(one: ContainerView, other: ContainerView): number {
  const keyOf = ({ project, name }: ContainerView): string => `${project ?? '\uffff'} ${name}`;
  return keyOf(one) < keyOf(other) ? -1 : 1;
}
