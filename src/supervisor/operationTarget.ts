/**
 * Says what kind of thing a person means by a name: a worker, a container, the Redis behind the queue, or Docker itself.
 * It does nothing to it, and never guesses between two of the same name.
 */
import { GarrisonError } from '../errors.ts';
import { QUEUE_REDIS } from '../reconciler/complaint.ts';
import type { OperationRequest } from './door.ts';
import type { Supervisor } from './supervisor.ts';

export function targetKind(
  { verb, target }: Pick<OperationRequest, 'verb' | 'target'>,
  supervisor: Supervisor,
): 'worker' | 'container' | 'docker' | 'queue' {
  if (target === QUEUE_REDIS && verb === 'restart') return 'queue';
  if (target.startsWith('worker/')) return 'worker';
  if (target.startsWith('container/')) return 'container';
  const isWorker = supervisor.worker(target) !== null;
  const isContainer = supervisor.containers.idOf(target) !== null;
  if (isWorker && isContainer)
    throw new GarrisonError('NAME_AMBIGUOUS', `there is a worker and a container named ${target}`, {
      cure: `Say worker/${target} or container/${target}.`,
    });
  if (isContainer) return 'container';
  if (!isWorker && target === 'docker' && verb === 'restart') return 'docker';
  if (isWorker) return 'worker';
  const workers = supervisor.snapshot().workers.map(({ name }) => name);
  throw new GarrisonError('NOT_FOUND', `there is no worker and no container named ${target}`, {
    cure: `The workers are: ${workers.join(', ')}; garrison get containers lists the containers.`,
  });
}
