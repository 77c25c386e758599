/**
 * Joins the supervisor to the service manager that started it: ready, how all is, that its loops make progress, that it ends.
 * It holds no rule of either, and does nothing where no service manager listens.
 */
import { monoMs } from './clock.ts';
import { FEEDS_PER_LIMIT, mayFeed, progressOf } from './detector/progress.ts';
import { openServiceManager, type ServiceManager } from './driver/serviceManager.ts';
import type { Ending } from './ending.ts';
import type { Logger } from './logger.ts';
import type { Readiness } from './server/app.ts';
import { overallOf } from './server/sentence.ts';
import type { Loops } from './supervisor/measures.ts';
import type { Supervisor } from './supervisor/supervisor.ts';

export interface Service {
  /** A service manager listens, so that what is printed goes to its journal. */
  readonly isManaged: boolean;
  ready(): void;
  /** From now on how all is is told, and the watchdog is fed while the loops make progress. */
  watch(supervisor: Supervisor, loops: Loops): void;
}

export interface ServiceNeeds {
  readonly logger: Logger;
  readonly ending: Ending;
  readonly stopping: Promise<void>;
}

/** A status is told at most this often. */
const LOOK_EVERY_MS = 1_000;

export function openService({ logger, ending, stopping }: ServiceNeeds): Service {
  const manager = openServiceManager(process.env, (detail) => {
    logger.debug({ event: 'noServiceManager', detail }, 'the service manager that listens cannot be told');
  });
  if (manager === null) return { isManaged: false, ready: () => undefined, watch: () => undefined };
  void stopping.then(() => {
    manager.tell('stopping');
  });
  let watch: Watch = { look: () => undefined, end: () => undefined };
  // Added before everything else, and so ended last: the drain is watched too.
  ending.add('the watchdog', () => {
    watch.end();
  });
  return {
    isManaged: true,
    ready: () => {
      watch.look();
      manager.tell('ready');
    },
    watch: (supervisor, loops) => {
      watch = watchOver(manager, supervisor, loops);
    },
  };
}

/** Whether the process counts as live: not only does it answer, its loops make progress. */
export function livenessOf(loops: Loops): () => Readiness {
  return () => {
    const { isMade, why } = progressOf(loops.ages(monoMs()));
    return { ready: isMade, why };
  };
}

interface Watch {
  readonly look: () => void;
  readonly end: () => void;
}

function watchOver(manager: ServiceManager, supervisor: Supervisor, loops: Loops): Watch {
  const { watchdogMs } = manager;
  let fedAtMs = -Infinity;
  let told = '';
  let hasChanged = true;
  const unsubscribe = supervisor.onChange(() => {
    hasChanged = true;
  });
  const look = (): void => {
    const nowMs = monoMs();
    if (mayFeed({ watchdogMs, fedAtMs, nowMs }, progressOf(loops.ages(nowMs)))) {
      fedAtMs = nowMs;
      manager.tell('watchdog');
    }
    if (!hasChanged) return;
    hasChanged = false;
    const status = overallOf(supervisor.snapshot()).sentences.join(' ');
    if (status !== told) manager.tell({ status });
    told = status;
  };
  const often = watchdogMs === null ? Infinity : watchdogMs / FEEDS_PER_LIMIT / 2;
  const timer = setInterval(look, Math.min(LOOK_EVERY_MS, often)).unref();
  const end = (): void => {
    clearInterval(timer);
    unsubscribe();
  };
  return { look, end };
}
