/**
 * Says what happens at every connection to Redis before it counts as up: what was left over is brought in, and nothing is run that has already ended.
 * It joins driver and supervisor and decides nothing of either.
 */
import type { Driver } from './driver/driver.ts';
import type { HostMarks } from './supervisor/hostMarks.ts';
import type { Supervisor } from './supervisor/supervisor.ts';

const EARLIER_JOBS = 200;

export interface Settling {
  /** The queue is ours, under this epoch. */
  readonly settle: (epoch: number) => Promise<void>;
  /** Another kept the queue: at the next time everything is read anew. */
  readonly stepDown: () => void;
}

interface SettlingNeeds {
  readonly driver: Driver;
  readonly supervisor: Supervisor;
  readonly marks: HostMarks;
  readonly shared: boolean;
}

export function settlingFor({ driver, supervisor, marks, shared }: SettlingNeeds): Settling {
  let isSettled = false;
  const settle = async (epoch: number): Promise<void> => {
    // Redis may have come back without its last second, or empty: what was taken on or ended lately is known here.
    if (isSettled) await driver.store.saveRecentPushes();
    await driver.keeper.emptySpool();
    supervisor.observe({ kind: 'leads', epoch });
    if (isSettled) {
      await driver.store.saveAll(supervisor.openJobs());
      return;
    }
    // Workers of other supervisors may hold entries; those of attempts that count no more are given back as they come.
    if (!shared) await driver.queue.clear();
    await driver.store.dropUnmade();
    await driver.store.indexAll();
    const jobs = await driver.store.openJobs();
    marks.noteEarlier((await driver.store.find({ sort: 'newest', after: null, limit: EARLIER_JOBS })).items);
    supervisor.observe({ kind: 'job', observation: { kind: 'submitted', jobs } });
    isSettled = true;
  };
  const stepDown = (): void => {
    isSettled = false;
  };
  return { settle, stepDown };
}
