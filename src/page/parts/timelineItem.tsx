/**
 * One entry of the timeline: when, what happened to what, by whom, why and from where, its evidence, and how it came to it.
 * Every sentence is the supervisor's.
 */
import { useState } from 'preact/hooks';
import { Link } from 'wouter-preact';
import type { TimelineAbout, TimelineEntry } from '../../supervisor/door.ts';
import { apiPath, get } from '../api.ts';
import { clockText } from '../now.ts';
import { t } from '../words/language.ts';
import { Copy } from './copy.tsx';
import { Evidence } from './evidence.tsx';
import { Said, Told } from './said.tsx';
import { State } from './state.tsx';
import { Time } from './time.tsx';
import { PushJobs } from './pushJobs.tsx';
import { withOlder, type Seen } from './timelineSeen.ts';
import { Trouble } from './trouble.tsx';

export function TimelineItem({ entry }: { entry: TimelineEntry }) {
  const { id, kind, event, about, evidenceFile } = entry;
  return (
    <li data-event={event} data-kind={kind}>
      <div class="head">
        <span class="figure quiet">{clockText(Date.parse(entry.at))}</span> <Time at={entry.at} />{' '}
        <span class="kind">{t(`kind.${kind}`)}</span>{' '}
        {entry.state === null ? null : <State state={entry.state} />}{' '}
        {about === null ? null : <About about={about} />}
      </div>
      <p>
        <Told>{entry.sentence}</Told>
      </p>
      <div class="around">
        <Who entry={entry} />
        {evidenceFile === null ? null : (
          <Evidence path={apiPath('timeline', id, 'evidence')} file={evidenceFile} />
        )}
        {about === null ? null : <Why entry={entry} about={about} />}
        {about?.kind === 'push' ? <PushJobs push={about.name} /> : null}
      </div>
    </li>
  );
}

function Who({ entry: { actor, reason, from } }: { entry: TimelineEntry }) {
  const parts = [
    actor === null ? null : t('timeline.by', { actor }),
    from === null ? null : t('timeline.cameFrom', { from }),
    reason === null ? null : t('timeline.reason', { reason }),
  ].filter((part) => part !== null);
  return parts.length === 0 ? null : (
    <span class="quiet who">
      {parts.map((part) => (
        <Said key={part}>{part}</Said>
      ))}
    </span>
  );
}

export function About({ about: { kind, name } }: { about: TimelineAbout }) {
  const place = placeOf(kind, name);
  return place === null ? (
    <Said>{name}</Said>
  ) : (
    <Link href={place}>
      <Said>{name}</Said>
    </Link>
  );
}

/** Null of what has no page of its own. */
function placeOf(kind: TimelineAbout['kind'], name: string): string | null {
  switch (kind) {
    case 'worker':
      return `/workers/${encodeURIComponent(name)}`;
    case 'container':
      return `/containers/${encodeURIComponent(name)}`;
    case 'job':
      return `/jobs/${encodeURIComponent(name)}`;
    case 'push':
      return `/pushes/${encodeURIComponent(name)}`;
    case 'zombies':
      return '/zombies';
    case 'maintenance':
      return '/containers';
    case 'host':
    case 'docker':
      return null;
  }
}

const STEPS_BEFORE = 12;
/** Each searches only so much of the journal; what lies further back is for the timeline of this one thing. */
const MOST_CALLS = 16;

type Found = Seen<TimelineEntry>;

async function stepsBefore(id: string, subject: string): Promise<Found> {
  const query = new URLSearchParams({ about: subject, limit: String(STEPS_BEFORE) });
  let found: Found = { items: [], nextCursor: id, searchedBackTo: null, damaged: 0 };
  for (let call = 0; call < MOST_CALLS; call += 1) {
    if (found.nextCursor === undefined || found.items.length >= STEPS_BEFORE) break;
    query.set('before', found.nextCursor);
    found = withOlder(found, await get<Found>(`api/v1/timeline?${query.toString()}`));
  }
  return { ...found, items: found.items.slice(0, STEPS_BEFORE) };
}

/** What happened to the same thing before, oldest first, as `garrison why` tells it. */
function Why({ entry, about }: { entry: TimelineEntry; about: TimelineAbout }) {
  const [told, setTold] = useState<{ found: Found | null; error: unknown } | null>(null);
  const subject = `${about.kind}/${about.name}`;
  const toggle = async (): Promise<void> => {
    if (told !== null) {
      setTold(null);
      return;
    }
    try {
      setTold({ found: await stepsBefore(entry.id, subject), error: null });
    } catch (error) {
      setTold({ found: null, error });
    }
  };
  return (
    <>
      <button
        type="button"
        class="small why"
        aria-expanded={told !== null}
        aria-label={t('timeline.whyOf', { name: about.name })}
        onClick={() => void toggle()}
      >
        {t('timeline.why')}
      </button>
      {told === null ? null : told.found !== null ? (
        <Chain found={told.found} about={about} />
      ) : (
        <Trouble error={told.error} />
      )}
    </>
  );
}

function Chain({ found, about }: { found: Found; about: TimelineAbout }) {
  const { nextCursor, searchedBackTo } = found;
  const chain = [...found.items].reverse();
  const wasStopped = nextCursor !== undefined && chain.length < STEPS_BEFORE;
  const subject = `${about.kind}/${about.name}`;
  return (
    <div class="chain">
      {chain.length > 0 || wasStopped ? null : <p>{t('timeline.noChain', { name: about.name })}</p>}
      {wasStopped && searchedBackTo !== null ? (
        <p class="quiet">
          {t('timeline.searchedTo')} <Time at={searchedBackTo} />
        </p>
      ) : null}
      <ol>
        {chain.map(({ id, at, sentence, actor }) => (
          <li key={id}>
            <span class="figure quiet">{clockText(Date.parse(at))}</span> <Told>{sentence}</Told>
            {actor === null ? null : (
              <>
                {' '}
                (<Said>{actor}</Said>)
              </>
            )}
          </li>
        ))}
      </ol>
      <p class="buttons">
        <Link href={`/timeline?about=${encodeURIComponent(subject)}`}>
          {t('timeline.onlyThis', { name: about.name })}
        </Link>
        {about.kind === 'worker' || about.kind === 'container' ? (
          <>
            <code>garrison why {subject}</code> <Copy text={`garrison why ${subject}`} />
          </>
        ) : null}
      </p>
    </div>
  );
}
