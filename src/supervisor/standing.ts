/**
 * Says whether anything may be begun by itself now, and what keeps it back.
 * It begins nothing.
 */
import type { ContainersSummary, Snapshot } from './door.ts';
import { describeService, type QueueFacts } from './waiting.ts';

export interface Standing {
  readonly state: Snapshot['state'];
  /** Null while somebody takes jobs and we keep the queue; else why that is not so. */
  readonly unserved: string | null;
  /** RFC 3339: of the maintenance of everything; null while there is none. */
  readonly maintenanceUntil: string | null;
}

export function standingOf(
  state: Snapshot['state'],
  facts: QueueFacts,
  { maintenance }: Pick<ContainersSummary, 'maintenance'>,
): Standing {
  const { served, detail } = describeService(facts);
  const all = maintenance.find(({ scope }) => scope === 'all');
  return {
    state,
    unserved: facts.keeper?.sentence ?? (served ? null : detail),
    maintenanceUntil: all?.until ?? null,
  };
}
