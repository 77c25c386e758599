/**
 * Measures the supervisor itself: how late it looks, how slow its loop turns, whether the machine slept or is starved.
 * It draws no conclusion about anybody else; detector/awareness says what its measurements mean.
 */
import { uptime } from 'node:os';
import { monitorEventLoopDelay, type IntervalHistogram } from 'node:perf_hooks';
import { assess, WELL, type Awareness } from '../detector/awareness.ts';

const RESOLUTION_MS = 100;

export class Observer {
  readonly #delay: IntervalHistogram;
  readonly #cpuPressure: () => number;
  readonly #onLag: (lagMs: number) => void;
  #awareness: Awareness = WELL;
  #lastMonoMs: number | null = null;
  #lastUptimeMs = 0;

  /** `cpuPressure`: share of time in which some task waited for a processor, 0–1. `onLag` is told each assessment's event-loop delay. */
  constructor(cpuPressure: () => number, onLag: (lagMs: number) => void = () => undefined) {
    this.#onLag = onLag;
    this.#cpuPressure = cpuPressure;
    this.#delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
    this.#delay.enable();
  }

  get awareness(): Awareness {
    return this.#awareness;
  }

  /** Takes its own measure at each look; `tickLateMs` is how much later than planned this look came. */
  look(tickLateMs: number, nowMs: number): Awareness {
    const suspendedMs = this.#suspendedMs(nowMs);
    const before = this.#awareness;
    // The histogram holds whole intervals: what is over the resolution is the delay.
    const loopDelayP99Ms = Math.max(0, this.#delay.percentile(99) / 1e6 - RESOLUTION_MS || 0);
    this.#awareness = assess(
      before,
      { tickLateMs, suspendedMs, loopDelayP99Ms, cpuPressure: this.#cpuPressure() },
      nowMs,
    );
    if (this.#awareness !== before) {
      this.#onLag(loopDelayP99Ms);
      this.#delay.reset();
    }
    return this.#awareness;
  }

  end(): void {
    this.#delay.disable();
  }

  /** The boot clock counts sleep, the monotonic one does not: the difference of their steps is the sleep. */
  #suspendedMs(nowMs: number): number {
    const uptimeMs = uptime() * 1000;
    const sleptMs =
      this.#lastMonoMs === null ? 0 : uptimeMs - this.#lastUptimeMs - (nowMs - this.#lastMonoMs);
    this.#lastMonoMs = nowMs;
    this.#lastUptimeMs = uptimeMs;
    return Math.max(0, sleptMs);
  }
}
