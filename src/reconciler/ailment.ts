/**
 * Says what is wrong with a container that something could be done about.
 * It does not say whether anything will be: reconciler/heal does.
 */
import type { ContainerVerdict } from '../detector/container.ts';
import { unreachable } from '../errors.ts';

/**
 * `unhealthy`: its health check really failed. `unprobed`: Docker could not run the check, which says nothing of the container.
 * `ghost`: Docker's view of it is stale. `zombies`: it holds more of them than the configuration allows, for so long.
 */
export type Ailment = 'unhealthy' | 'unprobed' | 'ghost' | 'zombies';

/** Null: nothing is wrong that could be treated. */
export function ailmentOf(
  { state, reason }: Pick<ContainerVerdict, 'state' | 'reason'>,
  holdsTooManyZombies: boolean,
): Ailment | null {
  switch (state) {
    case 'ghost':
      return 'ghost';
    case 'unhealthy':
      return reason === 'ProbeNotRun' ? 'unprobed' : 'unhealthy';
    case 'healthy':
      return holdsTooManyZombies ? 'zombies' : null;
    case 'starting':
    case 'healing':
    case 'quarantined':
    case 'paused':
    case 'stopped':
    case 'unknown':
      return null;
    default:
      return unreachable(state);
  }
}
