/**
 * Says when so much is sick at once that it is not the containers: the host, the daemon, or what they all need.
 * It counts independent roots, never containers: ten that wait for one are one.
 */

/** Fewer than this may well be chance. */
const FEWEST = 3;

export interface SickRoots {
  /** Names, of those that no other sick one explains. */
  readonly sick: readonly string[];
  /** All that would be roots if everything that runs were sick. */
  readonly all: number;
}

/** A sentence for people; null while the brake is off. */
export function brakeOn({ sick, all }: SickRoots): string | null {
  if (sick.length < FEWEST || sick.length * 2 < all) return null;
  const told = sick.slice(0, TOLD).join(', ');
  const more = sick.length > TOLD ? ` and ${String(sick.length - TOLD)} more` : '';
  return `${String(sick.length)} of ${String(all)} independent containers are sick at once (${told}${more}), so it is hardly them: look at this host (memory, disk, load), the Docker daemon, and what they all need, such as Redis or a database; Garrison restarts none of them meanwhile`;
}

const TOLD = 5;
