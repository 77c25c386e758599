/**
 * The time limits of one ssh: to its first word, between two, and for each attempt it carries.
 * It ends nothing itself.
 */
import type { PushTask } from '../push/job.ts';
import type { Cause } from '../push/sshFailure.ts';

/** An answer is whole and ssh still runs: something on the host holds the channel open. */
const LINGER_MS = 2000;

export interface LimitTimers {
  heardFromHost(): void;
  heardSomething(): void;
  linger(): void;
  /** Another attempt is at work. */
  again(totalTimeoutMs: number): void;
  stop(): void;
}

export function limitTimers(task: PushTask, end: (cause: Cause) => void): LimitTimers {
  const { connectTimeoutMs, idleTimeoutMs, totalTimeoutMs } = task.ssh;
  let total = setTimeout(() => end('totalTimeout'), totalTimeoutMs);
  const connect = setTimeout(() => end('connectTimeout'), connectTimeoutMs);
  let idle: NodeJS.Timeout | undefined;
  let lingering: NodeJS.Timeout | undefined;
  const heardSomething = (): void => {
    idle?.refresh();
  };
  return {
    heardSomething,
    heardFromHost() {
      clearTimeout(connect);
      idle ??= setTimeout(() => end('idleTimeout'), idleTimeoutMs);
      heardSomething();
    },
    linger() {
      lingering ??= setTimeout(() => end('idleTimeout'), LINGER_MS);
    },
    again(nextTotalMs) {
      clearTimeout(total);
      total = setTimeout(() => end('totalTimeout'), nextTotalMs);
      heardSomething();
    },
    stop() {
      for (const timer of [total, connect, idle, lingering]) clearTimeout(timer);
    },
  };
}
