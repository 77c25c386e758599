/**
 * Says how starved of processor time the machine was between two looks, by the kernel's own account.
 * A figure that only holds on an idle machine is asserted only where this says that it was one.
 */
import { existsSync, readFileSync } from 'node:fs';

const FILE = '/proc/pressure/cpu';

/** Begins to look; the function it gives back tells the share (0–1) of the time since in which some task waited for a processor. Null where the kernel does not say. */
export function watchPressure(): () => number | null {
  const fromMs = performance.now();
  const before = waitedMs();
  return () => {
    const after = waitedMs();
    return before === null || after === null ? null : (after - before) / (performance.now() - fromMs);
  };
}

/** Since the machine started. */
function waitedMs(): number | null {
  if (!existsSync(FILE)) return null;
  const total = /^some .*total=(\d+)/.exec(readFileSync(FILE, 'utf8'))?.[1];
  return total === undefined ? null : Number(total) / 1000;
}

export function percent(share: number | null): string {
  return share === null ? 'an unknown share' : `${String(Math.round(share * 100))} %`;
}
