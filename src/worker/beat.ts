/**
 * Measures the worker once a second and says so: it lives, how late its loop runs, what it has in hand.
 * It never judges; silence is for the detector to read.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { monoMs } from '../clock.ts';
import { BEAT_INTERVAL_MS, type Beat, type JobInHand } from '../heartbeat.ts';

const RESOLUTION_MS = 20;

export interface BeatSource {
  readonly slots: number;
  jobsDone(): number;
  jobs(): readonly JobInHand[];
  riders(): readonly JobInHand[];
  /** Monotonic: since when it is free to fetch without an answer; null while it is not. */
  unansweredSinceMs(): number | null;
}

/** Beats at once and then every second; returns the function that ends it. */
export function startBeat(source: BeatSource, send: (beat: Beat) => void): () => void {
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delay.enable();
  let seq = 0;
  const beat = (): void => {
    seq += 1;
    const riders = source.riders();
    send({
      seq,
      // The histogram holds whole intervals: what is over the resolution is the delay.
      loopDelayP99Ms: Math.max(0, Math.round(delay.percentile(99) / 1e6 - RESOLUTION_MS) || 0),
      unansweredMs: agoMs(source.unansweredSinceMs()),
      jobs: source.jobs(),
      ...(riders.length > 0 && { riders }),
      slots: source.slots,
      jobsDone: source.jobsDone(),
      rssBytes: process.memoryUsage.rss(),
    });
    delay.reset();
  };
  beat();
  const timer = setInterval(beat, BEAT_INTERVAL_MS);
  return () => {
    clearInterval(timer);
    delay.disable();
  };
}

function agoMs(atMs: number | null): number | null {
  return atMs === null ? null : Math.round(monoMs() - atMs);
}
