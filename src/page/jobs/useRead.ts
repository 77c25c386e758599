/**
 * Reads one thing from the API for a view, and anew whenever the connection to the supervisor has changed.
 * It never drops what was read because a later read failed.
 */
import { useEffect, useState } from 'preact/hooks';
import { get, Problem, type Document } from '../api.ts';
import { connection } from '../live.ts';

export interface Reading<T> {
  readonly item: T | null;
  readonly error: unknown;
  /** The supervisor knows no such thing. */
  readonly isMissing: boolean;
}

export function useRead<T>(path: string): Reading<T> {
  const [item, setItem] = useState<T | null>(null);
  const [error, setError] = useState<unknown>(null);
  const { state } = connection.value;
  useEffect(() => {
    if (state === 'paused') return;
    const stop = new AbortController();
    get<Document<T>>(path, stop.signal).then(
      (read) => {
        setItem(read.item);
        setError(null);
      },
      (failure: unknown) => {
        if (!stop.signal.aborted) setError(failure);
      },
    );
    return () => stop.abort();
    // What changed while nothing was heard was not told.
  }, [path, state]);
  return { item, error, isMissing: error instanceof Problem && error.status === 404 };
}
