/**
 * Passes on each change of a job to the views that show it, and puts changes into what they hold or have just asked for.
 * It keeps no job itself, and never lets what is older undo what is newer.
 */
import type { JobView } from '../../supervisor/door.ts';

type Listener = (job: JobView) => void;

const listeners = new Set<Listener>();

export function tellJob(job: JobView): void {
  for (const listener of listeners) listener(job);
}

/** Until the function that it gives is called. */
export function onJob(listener: Listener): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

/** Its place and what it waits for change without a new revision. */
export function newer(held: JobView, told: JobView): JobView {
  return told.id === held.id && told.revision >= held.revision ? told : held;
}

/** The same list where nothing in it has changed. */
export function withJob(held: readonly JobView[], told: JobView): readonly JobView[] {
  const at = held.findIndex(({ id }) => id === told.id);
  const before = held[at];
  if (before === undefined) return held;
  const after = newer(before, told);
  return after === before ? held : held.with(at, after);
}

/** The answer to a question, with what was told while it was on its way: that may be newer. */
export async function withTold<T>(answer: Promise<T>, put: (item: T, told: JobView) => T): Promise<T> {
  const told: JobView[] = [];
  const stop = onJob((job) => void told.push(job));
  try {
    const item = await answer;
    return told.reduce(put, item);
  } finally {
    stop();
  }
}
