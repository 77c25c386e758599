/**
 * Sums up for the overview what is shown of every container, and says in which order they are listed.
 * It judges nothing.
 */
import { CONTAINER_STATES, type ContainerState } from '../detector/container.ts';
import type { ContainersSummary, ContainerView } from './door.ts';

/** Of the overview; the list has them all. */
const MOST_SICK_TOLD = 100;
const MOST_PROBLEMS_TOLD = 20;
const TOLD: readonly ContainerState[] = ['unhealthy', 'ghost', 'healing', 'quarantined'];

export function summarize(
  views: readonly ContainerView[],
  around: {
    readonly listed: boolean;
    readonly problems: readonly string[];
    readonly heals: Pick<ContainersSummary, 'maintenance' | 'brake'>;
  },
): ContainersSummary {
  const count = (state: ContainerState): number => views.filter((view) => view.state === state).length;
  return {
    total: views.length,
    listed: around.listed,
    problems: around.problems.slice(0, MOST_PROBLEMS_TOLD),
    byState: Object.fromEntries(CONTAINER_STATES.map((state) => [state, count(state)])) as Record<
      ContainerState,
      number
    >,
    sick: views.filter(({ state }) => TOLD.includes(state)).slice(0, MOST_SICK_TOLD),
    maintenance: around.heals.maintenance,
    brake: around.heals.brake,
  };
}

export function byProjectAndName(one: ContainerView, other: ContainerView): number {
  const keyOf = ({ project, name }: ContainerView): string => `${project ?? '\uffff'} ${name}`;
  return keyOf(one) < keyOf(other) ? -1 : 1;
}
