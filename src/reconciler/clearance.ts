/**
 * Says whether a container may be touched at all after what was found out about it, whoever asks.
 * It knows nothing of how sick it is.
 */
import type { ContainerExamination } from '../detector/containerFacts.ts';

/** `never`: not by anybody through Garrison. `later`: what stands against it will pass. */
export type Clearance =
  { readonly kind: 'clear' } | { readonly kind: 'never' | 'later'; readonly because: string };

export function clearanceOf({ isOwn, sessions, composeAtWork }: ContainerExamination): Clearance {
  if (isOwn)
    return { kind: 'never', because: 'Garrison itself runs in it, and would end in the middle of the deed' };
  if (sessions.carriesLogin)
    return {
      kind: 'never',
      because: 'somebody who is logged in on this host came in through it, and would lose that session',
    };
  if (composeAtWork !== null)
    return {
      kind: 'later',
      because: `docker compose is at work on its project (${composeAtWork}), and two hands at once do harm`,
    };
  return { kind: 'clear' };
}
