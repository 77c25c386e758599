/**
 * Prepares bringing back an embedded Redis that does not answer: what it takes, what forbids it, and when it is verified.
 * It signals nobody: the loop does, once it is asked, and a Redis of somebody else's is left alone.
 */
import { now } from '../clock.ts';
import { GarrisonError } from '../errors.ts';
import { QUEUE_REDIS } from '../reconciler/complaint.ts';
import type { Check, Prepared } from './preparedOperation.ts';
import type { Supervisor } from './supervisor.ts';

/** The queue's test job leaves each 15 s, and is back within 10 s. */
const CANARY_BACK_WITHIN_MS = 40_000;

export function prepareForQueue(supervisor: Supervisor): Prepared {
  const { redis } = supervisor;
  if (!redis.isOurs)
    throw new GarrisonError(
      'REFUSED_BY_GUARD',
      `Redis is not run by Garrison, which does nothing to it: ${redis.state.detail}`,
      { cure: 'Look at it where it runs; redis in garrison.yaml says where that is.' },
    );
  if (redis.state.up)
    throw new GarrisonError('CONFLICTING_STATE', 'Redis answers: there is nothing to bring back');
  return {
    interrupts: ['pushes wait until Redis answers again; no result is lost'],
    steps: [
      'wake the redis-server, in case a signal had stopped it (SIGCONT)',
      'if it does not answer then: end it (SIGTERM, then SIGKILL) and start a new one on the same files',
      "see that Redis answers, and that the queue's test job comes back",
    ],
    detail: `${QUEUE_REDIS}: bring the redis-server back, because ${redis.state.detail}`,
    begin: () => begin(supervisor),
  };
}

function begin(supervisor: Supervisor): Check {
  const { redis } = supervisor;
  const canaryBefore = supervisor.snapshot().queue.canary.lastAt;
  if (!supervisor.cureRedis(now()))
    throw new GarrisonError('CONFLICTING_STATE', 'the redis-server is being brought back already');
  return () => {
    const end = redis.cureEnd;
    if (end?.state !== 'done') return end;
    const { queue } = supervisor.snapshot();
    if (!redis.state.up) return { state: 'failed', detail: `${end.detail}, and is away again` };
    // Where nobody takes jobs there is no test job, and a person has wanted that.
    if (!queue.served && isNobodyWanted(supervisor)) return end;
    if (queue.canary.lastAt !== canaryBefore)
      return { state: 'done', detail: `${end.detail}; the queue's test job came back` };
    const upForMs = now().monoMs - (redis.backAt?.monoMs ?? Infinity);
    return upForMs < CANARY_BACK_WITHIN_MS
      ? null
      : { state: 'failed', detail: `${end.detail}, but the queue's test job does not come back` };
  };
}

function isNobodyWanted(supervisor: Supervisor): boolean {
  return supervisor.snapshot().workers.every(({ wish }) => wish !== 'run');
}
