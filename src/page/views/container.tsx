/**
 * One container whole: its state and what explains it, what Garrison does about it and why, its last health checks, and its story.
 * What it wrote itself is shown as nothing but text; of one that is gone, the story stays.
 */
import type {
  ContainerHealthView,
  ContainerStoryView,
  ContainerVerb,
  ContainerView,
} from '../../supervisor/door.ts';
import { mayAct } from '../actor.ts';
import { apiPath, Problem, type Document, type ListDocument } from '../api.ts';
import { ask } from '../asking.ts';
import { containers } from '../containerList.ts';
import { clockText } from '../now.ts';
import { useAsked } from '../parts/asked.ts';
import { isRootCause } from '../parts/dependencyGraph.tsx';
import { Evidence } from '../parts/evidence.tsx';
import { HealthLog } from '../parts/healthLog.tsx';
import { Maintenance } from '../parts/maintenance.tsx';
import { Reason, Said, Told, Translated } from '../parts/said.tsx';
import { State } from '../parts/state.tsx';
import { Time } from '../parts/time.tsx';
import { Trouble } from '../parts/trouble.tsx';
import { durationText, t, word } from '../words/language.ts';
import { containerZh, SELECTION_ZH } from '../words/saidZh.ts';
import { ContainerLink, DockerWord, Names } from './containers.tsx';

const LOOK_EVERY_MS = 5_000;

export function ContainerPage({ name }: { name: string }) {
  const container = containers.value.get(name);
  const story = (
    <Story name={name} again={container === undefined ? '' : `${container.state} ${container.since}`} />
  );
  if (container === undefined)
    return (
      <>
        <h1>
          <Said>{name}</Said>
        </h1>
        <p>{t('container.unknown', { name })}</p>
        <DockerWord />
        {story}
      </>
    );
  const { project } = container;
  const scopes = [`container/${name}`, ...(project === null ? [] : [`project/${project}`]), 'all'];
  return (
    <>
      <h1>
        <Said>{name}</Said> <State state={container.state} />
      </h1>
      <p>
        <Reason>{container.reason}</Reason> <Time at={container.since} />:{' '}
        <Translated zh={containerZh(container.reason)}>{container.detail}</Translated>
      </p>
      <Cause container={container} />
      <DockerWord />
      {mayAct.value ? <Actions container={container} /> : null}
      <WithHealth container={container} />
      {story}
      <Maintenance scopes={scopes} />
    </>
  );
}

function Cause({ container }: { container: ContainerView }) {
  const { root } = container;
  if (root === null) return null;
  if (isRootCause(container)) return <p class="cause">{t('container.isRoot')}</p>;
  return (
    <p class="cause">
      {t('container.rootIs')} <ContainerLink name={root} />
    </p>
  );
}

function Actions({ container }: { container: ContainerView }) {
  const { name, incarnation } = container;
  return (
    <p class="buttons">
      {verbsFor(container).map((verb) => (
        <button
          key={verb}
          type="button"
          aria-label={`${word('verb', verb)} ${name}`}
          onClick={() => void ask({ verb, target: `container/${name}`, ifIncarnation: incarnation })}
        >
          {word('verb', verb)}
        </button>
      ))}
    </p>
  );
}

/** Those that make sense in its state; whether one is refused all the same, its plan says. */
function verbsFor({ state, heal }: ContainerView): readonly ContainerVerb[] {
  const clear: readonly ContainerVerb[] =
    heal.quarantinedSince !== null || heal.restarts > 0 ? ['clearQuarantine'] : [];
  switch (state) {
    case 'stopped':
      return ['start', ...clear];
    case 'healing':
      return [];
    case 'unhealthy':
    case 'ghost':
      return ['heal', 'restart', 'stop', ...clear];
    case 'quarantined':
      return ['clearQuarantine', 'stop'];
    case 'healthy':
    case 'starting':
    case 'paused':
    case 'unknown':
      return ['restart', 'stop', ...clear];
  }
}

function WithHealth({ container }: { container: ContainerView }) {
  const path = apiPath('containers', container.name, 'health');
  const { answer, error } = useAsked<Document<ContainerHealthView>>(path, LOOK_EVERY_MS, container.since);
  return (
    <>
      <Facts container={container} health={answer?.item ?? null} />
      <h2>{t('health.title')}</h2>
      {error === null ? null : <Trouble error={error} />}
      {answer === null ? null : <HealthLog health={answer.item} />}
    </>
  );
}

function Facts({ container, health }: { container: ContainerView; health: ContainerHealthView | null }) {
  const { dependsOn, heal } = container;
  return (
    <dl class="facts">
      <dt>{t('container.plan')}</dt>
      <dd>{heal.plan === '' ? t('container.noPlan') : <Told>{heal.plan}</Told>}</dd>
      <dt>{t('container.selection')}</dt>
      <dd>
        <strong lang="en">{heal.selection}</strong>:{' '}
        <Translated zh={SELECTION_ZH[heal.selection]}>{heal.because}</Translated>
      </dd>
      <dt>{t('column.budget')}</dt>
      <dd>
        <Budget heal={heal} freedAt={health?.budgetFreedAt ?? null} />
      </dd>
      {heal.quarantinedSince === null ? null : (
        <>
          <dt>{t('container.quarantine')}</dt>
          <dd>
            <State state="quarantined" /> <Time at={heal.quarantinedSince} />
          </dd>
        </>
      )}
      <dt>{t('column.dependsOn')}</dt>
      <dd>{dependsOn.length === 0 ? t('container.nothing') : <Names names={dependsOn} />}</dd>
      <dt>{t('container.neededBy')}</dt>
      <dd>
        <Needers name={container.name} />
      </dd>
      <Identity container={container} />
    </dl>
  );
}

function Identity({ container: { id, image, project, service, zombies } }: { container: ContainerView }) {
  return (
    <>
      <dt>{t('container.image')}</dt>
      <dd>
        <Said>{image}</Said>
      </dd>
      <dt>{t('container.id')}</dt>
      <dd>
        <Said>{`${id}${project === null ? '' : ` · ${project}${service === null ? '' : `/${service}`}`}`}</Said>
      </dd>
      <dt>{t('nav.zombies')}</dt>
      <dd>{zombies}</dd>
    </>
  );
}

function Needers({ name }: { name: string }) {
  const names = [...containers.value.values()]
    .filter(({ dependsOn }) => dependsOn.includes(name))
    .map((each) => each.name);
  return names.length === 0 ? <>{t('container.nothing')}</> : <Names names={names} />;
}

function Budget({
  heal: { restarts, budget, perMs },
  freedAt,
}: {
  heal: ContainerView['heal'];
  freedAt: string | null;
}) {
  return (
    <>
      {t('container.budget', { used: restarts, budget, per: durationText(perMs) })}
      {freedAt === null || restarts === 0 ? null : (
        <>
          {' '}
          {t('container.freed', { at: clockText(Date.parse(freedAt)) })} <Time at={freedAt} />
        </>
      )}
    </>
  );
}

/** Newest first: what happened last is what is asked for. */
function Story({ name, again }: { name: string; again: string }) {
  const path = `${apiPath('containers', name, 'story')}?limit=1000`;
  const { answer, error } = useAsked<ListDocument<ContainerStoryView>>(path, LOOK_EVERY_MS, again);
  const isUnknown = error instanceof Problem && error.status === 404;
  const items = [...(answer?.items ?? [])].reverse();
  return (
    <>
      <h2>{t('worker.story')}</h2>
      {error === null || isUnknown ? null : <Trouble error={error} />}
      {items.length === 0 ? <p>{t('worker.noStory')}</p> : null}
      <ol class="story">
        {items.map((line, index) => (
          <StoryLine key={`${line.at} ${String(items.length - index)}`} name={name} line={line} />
        ))}
      </ol>
    </>
  );
}

function StoryLine({
  name,
  line: { at, event, detail, actor, bundleFile },
}: {
  name: string;
  line: ContainerStoryView;
}) {
  return (
    <li data-event={event}>
      <span class="figure quiet">{clockText(Date.parse(at))}</span> <Time at={at} />{' '}
      <span class="kind">{word('heal', event)}</span> <Told>{detail}</Told>{' '}
      <span class="quiet">{t('timeline.by', { actor })}</span>
      {bundleFile === null ? null : (
        <Evidence path={apiPath('containers', name, 'evidence', bundleFile)} file={bundleFile} />
      )}
    </li>
  );
}
