/**
 * The containers as the supervisor told of them: the list, with every change since put into it, and without those that are gone.
 * It never lets a list that was asked for before a change undo that change.
 */
import { signal } from '@preact/signals';
import type { ContainerView } from '../supervisor/door.ts';
import { get, type ListDocument } from './api.ts';
import { oneAtATime } from './oneAtATime.ts';

export const containers = signal<ReadonlyMap<string, ContainerView>>(new Map());

const MOST_LISTED = 1000;

/** Changes that came while a list was under way; null while none is. */
let since: Map<string, ContainerView> | null = null;

export function takeContainer(container: ContainerView): void {
  since?.set(container.name, container);
  containers.value = new Map(containers.value).set(container.name, container);
}

/** No change tells of one that is gone: there are then fewer than are known here. */
export function lookForGone(total: number): void {
  if (Math.min(total, MOST_LISTED) !== containers.value.size) void readContainers();
}

/** The snapshot counts containers and names the sick; the list has them all. */
export const readContainers = oneAtATime(async () => {
  const changed = (since = new Map<string, ContainerView>());
  try {
    const { items } = await get<ListDocument<ContainerView>>(
      `api/v1/containers?limit=${String(MOST_LISTED)}`,
    );
    containers.value = new Map([...items.map((item) => [item.name, item] as const), ...changed]);
  } catch {
    // The sick ones are in the snapshot; the next snapshot asks again.
  }
  since = null;
});
