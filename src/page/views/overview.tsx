/**
 * The first look: one sentence for the whole, then workers, queue, containers and zombies, each with the way to more.
 * It never says that all is well by itself: the sentence is the supervisor's.
 */
import { Link } from 'wouter-preact';
import type { Overall } from '../../server/sentence.ts';
import type { ContainerView, Snapshot } from '../../supervisor/door.ts';
import { connection, heardAtMs, type Connection } from '../live.ts';
import { clockText } from '../now.ts';
import { Later } from '../parts/later.tsx';
import { Said, Told, Translated } from '../parts/said.tsx';
import { State } from '../parts/state.tsx';
import { Time } from '../parts/time.tsx';
import { overall, snapshot } from '../store.ts';
import { durationText, t } from '../words/language.ts';
import * as saidZh from '../words/saidZh.ts';
import { WorkerTable } from './workers.tsx';

export function Overview() {
  const status = snapshot.value;
  if (status === null) return <p role="status">{t('list.loading')}</p>;
  const up = status.workers.filter(({ state }) => state === 'up').length;
  return (
    <>
      <Verdict />
      <h2>{t('nav.workers')}</h2>
      <p>{t('overview.workers', { up, total: status.workers.length })}</p>
      <WorkerTable />
      <div class="cards">
        <QueueCard status={status} />
        <ContainerCard status={status} />
        <PartCard
          title={t('overview.redis')}
          part={{ ...status.redis, state: status.redis.up ? 'up' : 'away' }}
          zh={saidZh.redisZh(status.redis.up)}
        />
        <PartCard
          title={t('overview.docker')}
          part={status.docker}
          zh={saidZh.DOCKER_ZH[status.docker.state]}
        />
        <ZombieCard status={status} />
      </div>
      <Later load={loadLastHour} />
    </>
  );
}

const loadLastHour = async () => (await import('../charts/lastHour.tsx')).LastHour;

const FOLLOWED: readonly Connection['state'][] = ['live', 'polling'];

/** Read aloud is the one sentence over all, whenever it changes; the list would be read whole each time. */
function Verdict() {
  const told = overall.value;
  const state = told === null ? 'unknown' : told.state;
  const what = t(`overall.${state}`);
  const isFollowed = FOLLOWED.includes(connection.value.state);
  const heardAt = heardAtMs.value;
  // What was well when it was last heard of may be anything by now.
  const isOld = !isFollowed && told !== null && heardAt !== null;
  return (
    <section class={`verdict ${isFollowed ? state : 'old'}`} data-overall={state}>
      <h1>
        <State
          state={isFollowed && state === 'well' ? 'up' : 'unknown'}
          label={isOld ? t('overall.asOf', { what, time: clockText(heardAt) }) : what}
        />
      </h1>
      <p class="visually-hidden" role="status">
        {told === null ? '' : summaryOf(told)}
      </p>
      <ul>
        {told?.sentences.map((sentence, index) => (
          <li key={sentence}>
            <Translated zh={saidZh.overallZh(told.facts[index])}>{sentence}</Translated>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** Without what a person wished. */
function summaryOf({ state, facts }: Overall): string {
  const wished = ['Maintenance', 'MoreMaintenance'];
  return state === 'well'
    ? t('overall.well')
    : t('overall.troubles', { n: facts.filter(({ code }) => !wished.includes(code)).length });
}

function QueueCard({ status }: { status: Snapshot }) {
  const { waiting, running, oldestWaitingMs, canary, served, detail } = status.queue;
  return (
    <section class="card">
      <h2>{t('overview.queue')}</h2>
      <p>
        <State state={served ? 'up' : 'away'} />{' '}
        <Link href="/jobs?state=queued">{t('overview.waiting', { n: waiting })}</Link>,{' '}
        <Link href="/jobs?state=running">{t('overview.running', { n: running })}</Link>
      </p>
      {oldestWaitingMs === null ? null : (
        <p>{t('overview.oldest', { duration: durationText(oldestWaitingMs) })}</p>
      )}
      <p>
        <Translated zh={saidZh.queueOf(status)}>{detail}</Translated>
      </p>
      <p class="quiet">
        {canary.lastTookMs === null || canary.lastAt === null ? (
          t('overview.canaryNone')
        ) : (
          <>
            {t('overview.canary', { duration: durationText(canary.lastTookMs) })} <Time at={canary.lastAt} />
          </>
        )}
      </p>
    </section>
  );
}

/** As the supervisor counts them: of very many it names only the first. */
const SICK = ['unhealthy', 'ghost', 'healing', 'quarantined'] as const;

function ContainerCard({ status: { containers, docker } }: { status: Snapshot }) {
  return (
    <section class="card">
      <h2>
        <Link href="/containers">{t('overview.containers')}</Link>
      </h2>
      <p>
        {docker.state === 'away' && containers.total > 0 ? (
          <>
            {t('overview.containersAway', { total: containers.total })} <Time at={docker.since} />
          </>
        ) : (
          countText(containers)
        )}
      </p>
      <ContainerNotes of={containers} />
    </section>
  );
}

function ContainerNotes({ of }: { of: Snapshot['containers'] }) {
  const { sick, brake, maintenance, problems } = of;
  const unnamed = sickIn(of) - sick.length;
  return (
    <ul>
      {sick.map((container) => (
        <Sick key={container.name} container={container} />
      ))}
      {unnamed <= 0 ? null : (
        <li>
          <Link href="/containers">{t('overview.moreSick', { n: unnamed })}</Link>
        </li>
      )}
      {brake === null ? null : (
        <li>
          <Translated zh={saidZh.BRAKE_ZH}>{brake}</Translated>
        </li>
      )}
      {maintenance.map(({ scope, until, actor }) => (
        <li key={scope}>
          {t('overview.maintenance', { scope, actor })} <Time at={until} />
        </li>
      ))}
      {problems.map((problem) => (
        <li key={problem}>
          <Told>{problem}</Told>
        </li>
      ))}
    </ul>
  );
}

function sickIn({ byState }: Snapshot['containers']): number {
  return SICK.reduce((sum, state) => sum + byState[state], 0);
}

function countText(containers: Snapshot['containers']): string {
  const { total, listed } = containers;
  if (!listed) return t('overview.notLooked');
  if (total === 0) return t('overview.noContainers');
  const sick = sickIn(containers);
  const { unknown } = containers.byState;
  if (unknown > 0) return t('overview.notKnown', { sick, total, n: unknown });
  return sick === 0 ? t('overview.allContainers', { total }) : t('overview.sick', { sick, total });
}

function Sick({ container: { name, state, reason, heal, detail } }: { container: ContainerView }) {
  return (
    <li>
      <Link href={`/containers/${encodeURIComponent(name)}`}>
        <Said>{name}</Said>
      </Link>{' '}
      <State state={state} />{' '}
      <Translated zh={saidZh.containerZh(reason)}>{heal.plan === '' ? detail : heal.plan}</Translated>
    </li>
  );
}

function PartCard({
  title,
  part,
  zh,
}: {
  title: string;
  part: { state: string; since: string; detail: string };
  zh: string;
}) {
  return (
    <section class="card">
      <h2>{title}</h2>
      <p>
        <State state={part.state} /> <Time at={part.since} />
      </p>
      <p>
        <Translated zh={zh}>{part.detail}</Translated>
      </p>
    </section>
  );
}

function ZombieCard({ status: { zombies } }: { status: Snapshot }) {
  return (
    <section class="card">
      <h2>
        <Link href="/zombies">{t('overview.zombies')}</Link>
      </h2>
      <p>
        {zombies.lasting === 0 ? t('overview.noZombies') : t('overview.someZombies', { n: zombies.lasting })}
      </p>
      {zombies.limited === null ? null : (
        <p class="quiet">
          <Translated zh={saidZh.LIMITED_ZH}>{zombies.limited}</Translated>
        </p>
      )}
    </section>
  );
}
