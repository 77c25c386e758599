/**
 * Reads one thing from the API for a view, and anew after each time of which nothing was told.
 * It never drops what was read because a later read failed, and reads nothing anew while the page is paused.
 */
import { useEffect, useMemo, useState } from 'preact/hooks';
import type { JobView } from '../../supervisor/door.ts';
import { get, Problem, type Document } from '../api.ts';
import { isStill } from '../live.ts';
import { oneAtATime } from '../oneAtATime.ts';
import { snapshotsTaken } from '../store.ts';
import { onJob, withTold } from './toldJobs.ts';

export interface Reading<T> {
  readonly item: T | null;
  readonly error: unknown;
  /** The supervisor knows no such thing. */
  readonly isMissing: boolean;
  readonly reread: () => Promise<void>;
}

const asItIs = <T>(item: T): T => item;

/** `put`: puts what is told of a job into what was read. */
export function useRead<T>(path: string, put: (item: T, told: JobView) => T = asItIs): Reading<T> {
  const [item, setItem] = useState<T | null>(null);
  const [error, setError] = useState<unknown>(null);
  const rests = isStill.value;
  const again = snapshotsTaken.value;
  const { read, stop } = useMemo(() => {
    const ended = new AbortController();
    const readOnce = async (): Promise<void> => {
      try {
        const answered = await withTold(get<Document<T>>(path, ended.signal), (answer, told) => ({
          ...answer,
          item: put(answer.item, told),
        }));
        setItem(answered.item);
        setError(null);
      } catch (failure) {
        if (!ended.signal.aborted) setError(failure);
      }
    };
    return { read: oneAtATime(readOnce), stop: () => ended.abort() };
  }, [path, rests]);
  useEffect(() => stop, [stop]);
  useEffect(() => {
    // A view that is opened while the page is paused is shown once, as it is then.
    if (!rests || item === null) void read();
  }, [read, again]);
  useEffect(() => onJob((told) => setItem((held) => (held === null ? null : put(held, told)))), [path]);
  return { item, error, isMissing: error instanceof Problem && error.status === 404, reread: read };
}
