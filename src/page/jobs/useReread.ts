/**
 * Has a view's list read anew: after each time of which nothing was told, and soon after jobs have changed.
 * It asks for nothing while the page is paused.
 */
import { useEffect, useRef } from 'preact/hooks';
import { isStill } from '../live.ts';
import { snapshotsTaken } from '../store.ts';
import { onJob } from './toldJobs.ts';

/** Many changes come together. */
const SOON_MS = 1_000;
/** Of a push to thousands of hosts something is told all the time. */
const LEAST_BETWEEN_MS = 5_000;

export function useReread(missed: () => Promise<void>, jobsChanged: () => Promise<void>): void {
  const rests = isStill.value;
  const taken = snapshotsTaken.value;
  const lastTaken = useRef(taken);
  useEffect(() => {
    if (rests || lastTaken.current === taken) return;
    lastTaken.current = taken;
    void missed();
  }, [rests, taken, missed]);
  useEffect(() => {
    if (rests) return;
    let timer = 0;
    let lastMs = 0;
    const look = (): void => {
      timer = 0;
      lastMs = Date.now();
      void jobsChanged();
    };
    const stop = onJob(() => {
      if (timer !== 0) return;
      timer = window.setTimeout(look, Math.max(SOON_MS, lastMs + LEAST_BETWEEN_MS - Date.now()));
    });
    return () => {
      stop();
      clearTimeout(timer);
    };
  }, [rests, jobsChanged]);
}
