/**
 * Says what can be done to a container, and which life of it that is meant for.
 * It chooses nothing: reconciler/heal does.
 */
import type { ContainerFacts } from '../detector/containerFacts.ts';

/** `restart`: TERM, after its stop timeout KILL, then a start. `killAndStart`: KILL at once, then a start. */
export type Treatment = 'restart' | 'killAndStart' | 'start' | 'stop';

/** One life of a container; the next one has another pid and a later start. */
export type TreatedLife = Pick<ContainerFacts, 'status' | 'pid' | 'startedAt'>;

/** True of what costs a restart of the budget. */
export function isRestart(how: Treatment): boolean {
  return how === 'restart' || how === 'killAndStart';
}
