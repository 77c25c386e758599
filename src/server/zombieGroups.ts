/**
 * Puts zombies together that one parent has left, for people: what to do is the parent's matter, and the same for all of them.
 * It judges nothing and changes no text of the supervisor.
 */
import { ZOMBIE_OWNERS, type ZombieOwner } from '../detector/zombie.ts';
import type { ZombieSummary, ZombieView } from '../supervisor/door.ts';

export interface ZombieGroup {
  readonly owner: ZombieOwner;
  readonly parent: ZombieView['parent'];
  readonly advice: string;
  readonly count: number;
  /** Each name once. */
  readonly names: readonly string[];
  /** Of the one that has been seen dead for longest. */
  readonly since: string;
}

export const HARMLESS =
  'Zombies are dead and harmless: each holds a pid and nothing else. Do not kill them or their parents.';

/** In the order in which the first of each stands in the list. */
export function groupsOf(zombies: readonly ZombieView[]): readonly ZombieGroup[] {
  const groups = new Map<string, ZombieView[]>();
  for (const zombie of zombies) {
    const key = `${String(zombie.parent.pid)} ${zombie.advice}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [zombie]);
    else group.push(zombie);
  }
  return [...groups.values()].flatMap((members) => {
    const [first] = members;
    if (first === undefined) return [];
    const { owner, parent, advice, since } = first;
    const names = [...new Set(members.map(({ name }) => name))];
    return [{ owner, parent, advice, since, count: members.length, names }];
  });
}

/** `12 zombies (container 10, foreign 2)`. */
export function zombieCount({ total, byOwner }: ZombieSummary): string {
  const parts = ZOMBIE_OWNERS.filter((owner) => byOwner[owner] > 0).map(
    (owner) => `${owner} ${String(byOwner[owner])}`,
  );
  return `${String(total)} zombie${total === 1 ? '' : 's'}${parts.length === 0 ? '' : ` (${parts.join(', ')})`}`;
}

/** `celery 4711 in jms_celery`, or by the id where Docker did not tell its name. */
export function parentText({ pid, name, container, containerName }: ZombieView['parent']): string {
  const where = containerName ?? container;
  return `${name === '' ? 'unseen' : name} ${String(pid)}${where === undefined ? '' : ` in ${where}`}`;
}
