/**
 * Reads several pushes for one view and keeps them up to date by what is told of their jobs.
 * It never drops what was read because a later read failed, and asks for few at once.
 */
import { useEffect, useState } from 'preact/hooks';
import type { PushView } from '../../supervisor/door.ts';
import { apiPath, get, type Document } from '../api.ts';
import { isStill } from '../live.ts';
import { snapshotsTaken } from '../store.ts';
import { onJob, withJob, withTold } from './toldJobs.ts';

export interface PushesRead {
  /** Those that were read, in the order asked for. */
  readonly pushes: readonly PushView[];
  readonly error: unknown;
}

type Held = Readonly<Record<string, PushView>>;

/** `ids`: separated by commas, as they stand in an address. */
export function usePushes(ids: string): PushesRead {
  const [held, setHeld] = useState<Held>({});
  const [error, setError] = useState<unknown>(null);
  const rests = isStill.value;
  const again = snapshotsTaken.value;
  const wanted = ids.split(',').filter((id) => id !== '');
  useEffect(() => {
    const ended = new AbortController();
    const readAll = async (): Promise<void> => {
      for (const id of wanted) {
        const asked = get<Document<PushView>>(apiPath('pushes', id), ended.signal).then(({ item }) => item);
        const item = await withTold(asked, put);
        setHeld((before) => ({ ...before, [id]: item }));
      }
      setError(null);
    };
    if (!rests || wanted.some((id) => held[id] === undefined))
      readAll().catch((failure: unknown) => {
        if (!ended.signal.aborted) setError(failure);
      });
    return () => ended.abort();
  }, [ids, rests, again]);
  useEffect(
    () =>
      onJob((job) =>
        setHeld((before) => {
          const push = before[job.pushId];
          return push === undefined ? before : { ...before, [push.id]: put(push, job) };
        }),
      ),
    [],
  );
  return { pushes: wanted.flatMap((id) => held[id] ?? []), error };
}

function put(push: PushView, job: PushView['jobs'][number]): PushView {
  const jobs = withJob(push.jobs, job);
  return jobs === push.jobs ? push : { ...push, jobs };
}
