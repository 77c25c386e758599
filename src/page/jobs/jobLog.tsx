/**
 * A job's log on the page: its end, kept in view while its reader is there, and earlier parts when asked for.
 * It never scrolls away under a reader who has scrolled up, and never stops without saying why.
 */
import { useEffect, useLayoutEffect, useMemo, useRef, useState, type MutableRef } from 'preact/hooks';
import { ASK_EVERY_MS } from '../following.ts';
import { connection } from '../live.ts';
import { Copy } from '../parts/copy.tsx';
import { Trouble } from '../parts/trouble.tsx';
import { locale, t, word } from '../words/language.ts';
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
  useEffect(() => follower.readBack(!follows), [follower, follows]);
  const noteScrolled = useSteady(box, { rows: state.rows, follows });
  const scrolled = (): void => {
    const at = box.current;
    if (at === null) return;
    setFollows(at.scrollHeight - at.scrollTop - at.clientHeight < NEAR_PX);
    noteScrolled();
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
          {follows ? t('log.follow') : t('log.toEnd')}
        </button>
        <Copy text={textOf(state.rows)} label={t('log.copy')} />
      </p>
    </>
  );
}

/** The end stays in view; or else the row at the top stays where its reader has it, whatever comes or goes before it. */
function useSteady(
  box: MutableRef<HTMLDivElement | null>,
  { rows, follows }: { rows: readonly LogRow[]; follows: boolean },
): () => void {
  const top = useRef<{ row: HTMLElement; atPx: number } | null>(null);
  const note = (): void => {
    const at = box.current;
    if (at === null) return;
    const row = [...at.children].find(
      (each): each is HTMLElement =>
        each instanceof HTMLElement && each.offsetTop + each.offsetHeight > at.scrollTop,
    );
    top.current = row === undefined ? null : { row, atPx: row.offsetTop };
  };
  useLayoutEffect(() => {
    const at = box.current;
    if (at === null) return;
    if (follows) at.scrollTop = at.scrollHeight;
    else if (top.current?.row.isConnected === true)
      at.scrollTop += top.current.row.offsetTop - top.current.atPx;
    note();
  }, [rows, follows]);
  return note;
}

function Rows({ rows }: { rows: readonly LogRow[] }) {
  return useMemo(
    () => (
      <>
        {rows.map(({ number, text, key }) => (
          <div key={key}>
            <span class="number">{number ?? ''}</span>
            <span class="text">{text === '' ? ' ' : text}</span>
          </div>
        ))}
      </>
    ),
    [rows],
  );
}

function Earlier({
  follower,
  state: { from, size, earlierFailed },
}: {
  follower: LogFollower;
  state: LogState;
}) {
  if (from === 0) return null;
  return (
    <p>
      {t('log.fromByte', { from: bytesText(from), size: bytesText(size) })}{' '}
      {follower.isFull ? (
        t('log.whole')
      ) : (
        <button type="button" class="small" onClick={() => void follower.showEarlier()}>
          {t('log.earlier')}
        </button>
      )}
      <span role="alert">{earlierFailed === null ? '' : failureText(earlierFailed)}</span>
    </p>
  );
}

function failureText({ status }: { readonly status: number | null }): string {
  const why = status === null ? t('log.noAnswer') : t('log.earlierStatus', { status });
  return t('log.earlierFailed', { why });
}

function stepText({ at }: LogState): string {
  switch (at.step) {
    case 'connecting':
      return t('log.connecting');
    case 'failed':
      return t('log.failed');
    case 'following':
      return t('log.following');
    case 'polling':
      return t('log.polling', { n: ASK_EVERY_MS / 1_000 });
    case 'ended': {
      const known = ENDS.find((each) => each === at.reason);
      const facts = { reason: at.reason, detail: at.detail, state: word('state', at.detail) };
      return t(known === undefined ? 'log.ended.other' : `log.ended.${known}`, facts);
    }
  }
}

/** Three figures tell enough of a length. */
function bytesText(bytes: number): string {
  const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte'] as const;
  const power = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3));
  const style = { style: 'unit', unit: units[power] ?? 'byte', maximumSignificantDigits: 3 } as const;
  return new Intl.NumberFormat(locale.value, style).format(bytes / 1_000 ** power);
}

function textOf(rows: readonly LogRow[]): string {
  return rows.map(({ text }) => text).join('\n');
}
