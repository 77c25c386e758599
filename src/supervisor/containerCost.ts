/**
 * Finds out before something is done to containers whom it would interrupt, and refuses where one may not be touched at all.
 * It keeps nothing of what it sees.
 */
import { GarrisonError } from '../errors.ts';
import { clearanceOf } from '../reconciler/clearance.ts';
import { interruptions } from '../reconciler/healPlan.ts';
import type { Surroundings } from './ports.ts';

/** A sentence for each thing that would be interrupted. Throws REFUSED_BY_GUARD where one may not be touched. */
export async function costOf(
  containers: readonly { readonly id: string; readonly name: string }[],
  around: Pick<Surroundings, 'examineContainer'>,
): Promise<readonly string[]> {
  const sentences = await Promise.all(
    containers.map(async ({ id, name }) => {
      const { examination, detail } = await around.examineContainer(id);
      if (examination === null)
        throw new GarrisonError(
          'CONFLICTING_STATE',
          `${name} could not be examined, so nothing is done to it: ${detail}`,
        );
      const clearance = clearanceOf(examination);
      if (clearance.kind === 'never')
        throw new GarrisonError('REFUSED_BY_GUARD', `${name} is left alone: ${clearance.because}`);
      return interruptions(name, examination.sessions, examination.gaps);
    }),
  );
  return sentences.flat();
}
