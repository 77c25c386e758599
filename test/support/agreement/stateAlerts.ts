/**
 * Says which shipped alert is about which state that people are shown, and of whom it must therefore speak at an instant.
 * Durations (`for`) are no part of it: what is compared is the expression at that very instant.
 */
import { readRules } from '../alertRules.ts';
import type { Reading } from './readings.ts';

/** Names of workers or containers; a single empty one for what there is only once. */
export type Spoken = readonly string[];

const THERE: Spoken = [''];
const NOBODY: Spoken = [];

const ABOUT: Readonly<Record<string, (shown: Reading) => Spoken>> = {
  GarrisonWorkerHung: ({ workers }) => thoseIn(workers, ['hung']),
  GarrisonWorkerFailed: ({ workers }) => thoseIn(workers, ['failed']),
  GarrisonContainerUnhealthy: ({ containers }) => thoseIn(containers, ['unhealthy', 'healing', 'ghost']),
  GarrisonContainerQuarantined: ({ quarantined }) => quarantined,
  GarrisonRedisAway: ({ redis }) => (redis === 'up' ? NOBODY : THERE),
  GarrisonDockerAway: ({ docker }) => (docker === 'up' ? NOBODY : THERE),
};

export interface StateAlert {
  readonly alert: string;
  /** The shipped expression, boiled down to whom it speaks of: 1 for each. */
  readonly query: string;
  readonly of: (shown: Reading) => Spoken;
}

/** `rules` may be the scaled ones. */
export function stateAlerts(rules = readRules()): readonly StateAlert[] {
  return Object.entries(ABOUT).map(([alert, of]) => {
    const rule = rules.find((each) => each.alert === alert);
    if (rule === undefined) throw new Error(`there is no alert ${alert}`);
    return { alert, of, query: `group by (worker, container) (${rule.expr})` };
  });
}

function thoseIn(states: Readonly<Record<string, string>>, these: readonly string[]): Spoken {
  return Object.entries(states)
    .filter(([, state]) => these.includes(state))
    .map(([name]) => name)
    .sort();
}
