/**
 * A job's log on the page: its end, kept in view while its reader is there, and earlier parts when asked for.
 * It never scrolls away under a reader who has scrolled up, and never stops without saying why.
 */
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { connection } from '../live.ts';
import { Copy } from '../parts/copy.tsx';
import { Trouble } from '../parts/trouble.tsx';
import { t, word } from '../words/language.ts';
import { LogFollower, type LogState } from './logFollow.ts';
import type { LogRow } from './logText.ts';

/** So near to the end counts as at it. */
const NEAR_PX = 24;
const ENDS = ['JobEnded', 'JobGone', 'ReadFailed', 'SessionEnded'] as const;

export function JobLog({ id, isOpen, attempt }: { id: string; isOpen: boolean; attempt: number }) {
  const follower = useMemo(() => new LogFollower(id), [id]);
  const isPaused = connection.value.state === 'paused';
  const [follows, setFollows] = useState(true);
  const box = useRef<HTMLDivElement>(null);
  const state = follower.state.value;
  useEffect(() => {
    if (isPaused) return;
    follower.open();
    return () => follower.close();
    // A job that is run again writes on in the same log.
  }, [follower, isPaused, isOpen, attempt]);
  useEffect(() => {
    if (follows && box.current !== null) box.current.scrollTop = box.current.scrollHeight;
  }, [state.rows, follows]);
  const scrolled = (): void => {
    const at = box.current;
    if (at !== null) setFollows(at.scrollHeight - at.scrollTop - at.clientHeight < NEAR_PX);
  };
  return (
    <>
      <p role="status" data-log={isPaused ? 'paused' : state.at.step}>
        {isPaused ? t('log.paused') : stepText(state)}
      </p>
      {state.at.step === 'failed' ? <Trouble error={state.at.error} /> : null}
      <Earlier follower={follower} state={state} />
      <div class="log" ref={box} tabIndex={0} role="region" aria-label={t('log.title')} onScroll={scrolled}>
        {state.rows.length === 0 ? <div class="quiet">{t('log.empty')}</div> : <Rows rows={state.rows} />}
      </div>
      <p class="buttons">
        <button type="button" aria-pressed={follows} onClick={() => setFollows(!follows)}>
          {t('log.follow')}
        </button>
        <Copy text={textOf(state.rows)} label={t('log.copy')} />
      </p>
    </>
  );
}

function Rows({ rows }: { rows: readonly LogRow[] }) {
  return useMemo(
    () => (
      <>
        {rows.map(({ number, text }, index) => (
          <div key={index}>
            <span class="number">{number ?? ''}</span>
            <span class="text">{text === '' ? ' ' : text}</span>
          </div>
        ))}
      </>
    ),
    [rows],
  );
}

function Earlier({ follower, state: { from, size } }: { follower: LogFollower; state: LogState }) {
  if (from === 0) return null;
  return (
    <p>
      {t('log.fromByte', { from, size })}{' '}
      {follower.isFull ? (
        t('log.whole')
      ) : (
        <button type="button" class="small" onClick={() => void follower.showEarlier()}>
          {t('log.earlier')}
        </button>
      )}
    </p>
  );
}

function stepText({ at }: LogState): string {
  switch (at.step) {
    case 'connecting':
    case 'failed':
      return t('log.connecting');
    case 'following':
      return t('log.following');
    case 'ended': {
      const known = ENDS.find((each) => each === at.reason);
      const facts = { reason: at.reason, detail: at.detail, state: word('state', at.detail) };
      return t(known === undefined ? 'log.ended.other' : `log.ended.${known}`, facts);
    }
  }
}

function textOf(rows: readonly LogRow[]): string {
  return rows.map(({ text }) => text).join('\n');
}
