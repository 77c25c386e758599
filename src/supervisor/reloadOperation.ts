/**
 * Prepares reading the configuration anew: what it changes is said first, and a fault in a file changes nothing.
 * It touches no job that runs, and no setting that waits for a restart.
 */
import { messageOf } from '../errors.ts';
import { reloadSteps, type ReloadPlan } from '../reconciler/reloadPlan.ts';
import type { Surroundings } from './ports.ts';
import type { Prepared, Verified } from './preparedOperation.ts';
import type { Supervisor } from './supervisor.ts';

/** The target of `reload`: all files there are. */
export const CONFIGURATION = 'configuration';

/** Throws CONFIG_INVALID with the file and line of each fault. */
export function prepareReload(
  supervisor: Supervisor,
  { readAnew }: Pick<Surroundings, 'readAnew'>,
): Prepared {
  const { plan, apply } = readAnew();
  const detail = summaryOf(plan);
  return {
    interrupts: lostJobs(plan, supervisor),
    detail,
    steps: reloadSteps(plan),
    begin: () => {
      let end: Verified | null = null;
      const settle = (found: Verified): void => {
        end = found;
        supervisor.observe({ kind: 'hosts' });
        supervisor.observe({ kind: 'job', observation: { kind: 'grantsChanged' } });
      };
      apply().then(
        () => {
          settle({ state: 'done', detail });
        },
        (error: unknown) => {
          settle({ state: 'failed', detail: `nothing was changed: ${messageOf(error)}` });
        },
      );
      return () => end;
    },
  };
}

function summaryOf({ added, removed, changed, afterRestart }: ReloadPlan): string {
  const count = added.length + removed.length + changed.length;
  const hosts = count === 0 ? 'the inventory is as it was' : `${String(count)} hosts of the inventory differ`;
  if (afterRestart.length === 0) return hosts;
  return `${hosts}; ${String(afterRestart.length)} settings of garrison.yaml wait for a restart of Garrison`;
}

/** Jobs that run keep the address that they were given; what still waits for a host that is gone would fail. */
function lostJobs({ removed }: ReloadPlan, supervisor: Supervisor): readonly string[] {
  return supervisor
    .openJobs()
    .filter(({ host, state }) => state === 'queued' && removed.includes(host))
    .map(({ id, host }) => `job ${id} waits for host ${host}, which is no longer known: it will fail`);
}
