/**
 * Says while a command waits what it waits for: in one line that is written over on a terminal, now and then elsewhere.
 * It never says anything of a wait that is over in two seconds.
 */
import { monoMs } from '../clock.ts';
import type { Output } from './output.ts';

const EVERY_MS = 1_000;
const FIRST_AFTER_MS = 2_000;
/** In a file every line stays. */
const AGAIN_AFTER_MS = 15_000;

/** `text`: what is waited for, asked anew each second. Ends with the returned function. */
export function startTicker({ progress, aside }: Output, text: () => string): () => void {
  const startedMs = monoMs();
  let told = '';
  let toldMs = -Infinity;
  const timer = setInterval(() => {
    const waitedMs = monoMs() - startedMs;
    const now = text();
    progress(`${now}, ${String(Math.round(waitedMs / 1000))} s`);
    const isDue = waitedMs >= FIRST_AFTER_MS && monoMs() - toldMs >= AGAIN_AFTER_MS;
    if (!isDue || now === told) return;
    told = now;
    toldMs = monoMs();
    aside(`waiting: ${now}`);
  }, EVERY_MS);
  return () => {
    clearInterval(timer);
  };
}
