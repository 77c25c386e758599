/**
 * Puts zombies together that one parent has left: what can be done is that parent's matter, and the same for all of them.
 * It judges nothing and changes no word of the supervisor.
 */
import type { ZombieView } from '../../supervisor/door.ts';

export interface ZombieParent extends Pick<ZombieView, 'owner' | 'next' | 'parent' | 'advice' | 'since'> {
  readonly key: string;
  readonly pids: readonly number[];
  /** Each name once. */
  readonly names: readonly string[];
}

/** In the order in which the first of each stands in the list: the longest dead first. */
export function zombieParents(zombies: readonly ZombieView[]): readonly ZombieParent[] {
  const parents = new Map<string, ZombieView[]>();
  for (const zombie of zombies) {
    const key = `${String(zombie.parent.pid)} ${zombie.owner} ${zombie.advice}`;
    parents.set(key, [...(parents.get(key) ?? []), zombie]);
  }
  return [...parents].flatMap(([key, members]) => {
    const [first] = members;
    if (first === undefined) return [];
    const { owner, next, parent, advice, since } = first;
    const names = [...new Set(members.map(({ name }) => name))];
    return [{ key, owner, next, parent, advice, since, pids: members.map(({ pid }) => pid), names }];
  });
}
