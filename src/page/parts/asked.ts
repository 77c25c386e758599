/**
 * Asks the API for something while it is looked at, again and again, and says what it answered last.
 * It asks nothing more while the page is paused or hidden, and never shows the answer to an older question as one to this.
 */
import { useEffect, useState } from 'preact/hooks';
import { get } from '../api.ts';
import { isStill } from '../live.ts';

export interface Asked<Answer> {
  /** Null before the first. */
  readonly answer: Answer | null;
  /** Of the last question; null when it was answered. */
  readonly error: unknown;
}

const NOTHING_YET = { answer: null, error: null } as const;

/** `again`: with another value it is asked at once. */
export function useAsked<Answer>(path: string, everyMs: number, again = ''): Asked<Answer> {
  const [told, setTold] = useState<Asked<Answer> & { readonly path: string }>({ path, ...NOTHING_YET });
  const rests = isStill.value;
  useEffect(() => {
    const stop = new AbortController();
    let timer = 0;
    const ask = async (): Promise<void> => {
      const answered = document.visibilityState === 'visible' ? await asked<Answer>(path, stop.signal) : null;
      if (stop.signal.aborted) return;
      if (answered !== null)
        setTold((before) =>
          answered.error === null || before.path !== path
            ? { path, ...answered }
            : { ...before, error: answered.error },
        );
      if (!rests) timer = window.setTimeout(() => void ask(), everyMs);
    };
    // A view that is opened while the page is paused is shown once, as it is then.
    if (!rests || told.path !== path || told.answer === null) void ask();
    return () => {
      stop.abort();
      clearTimeout(timer);
    };
  }, [path, everyMs, rests, again]);
  return told.path === path ? told : NOTHING_YET;
}

async function asked<Answer>(path: string, signal: AbortSignal): Promise<Asked<Answer>> {
  try {
    return { answer: await get<Answer>(path, signal), error: null };
  } catch (error) {
    return { answer: null, error };
  }
}
