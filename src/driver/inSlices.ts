/**
 * Does something with each of very many items, and lets the event loop turn in between.
 * It never does two at once and leaves none out.
 */
import { monoMs } from '../clock.ts';

const SLICE_MS = 10;

/** Lets the event loop turn after each slice of time. */
export async function inSlices<T>(items: readonly T[], doOne: (item: T) => void): Promise<void> {
  let sliceEndMs = monoMs() + SLICE_MS;
  for (const item of items) {
    doOne(item);
    if (monoMs() < sliceEndMs) continue;
    await new Promise((resolve) => setImmediate(resolve));
    sliceEndMs = monoMs() + SLICE_MS;
  }
}
