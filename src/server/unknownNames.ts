/**
 * Remembers, for the administrator alone, which names were tried that are no account: how often, from where, and which account was near.
 * It is bounded, in memory only, and never on disk: people type passwords into the wrong field.
 */
import { nearestName } from '../detector/nearestName.ts';
import { USER_NAME } from './userStore.ts';

export interface UnknownName {
  readonly name: string;
  readonly tries: number;
  /** The last ones, newest first. */
  readonly addresses: readonly string[];
  readonly firstAt: string;
  readonly lastAt: string;
  /** The account that was most likely meant; null when none is near. */
  readonly nearest: string | null;
}

export interface UnknownNames {
  note(tried: { readonly name: string; readonly address: string; readonly at: string }): void;
  /** Once there is an account of this name. */
  drop(name: string): void;
  /** The last tried first. */
  list(accounts: readonly string[]): readonly UnknownName[];
  /** Tries with what no account could be called: none of it is kept. */
  impossible(): number;
}

const MOST_NAMES = 256;
const MOST_ADDRESSES = 8;

export function createUnknownNames(): UnknownNames {
  const names = new Map<string, Omit<UnknownName, 'nearest'>>();
  let impossible = 0;
  return {
    note: ({ name, address, at }) => {
      if (!USER_NAME.test(name)) {
        impossible += 1;
        return;
      }
      const before = names.get(name);
      const others = (before?.addresses ?? []).filter((other) => other !== address);
      names.delete(name);
      if (names.size >= MOST_NAMES) names.delete(leastTried(names.values()));
      names.set(name, {
        name,
        tries: (before?.tries ?? 0) + 1,
        addresses: [address, ...others].slice(0, MOST_ADDRESSES),
        firstAt: before?.firstAt ?? at,
        lastAt: at,
      });
    },
    drop: (name) => {
      names.delete(name);
    },
    list: (accounts) =>
      [...names.values()]
        .reverse()
        .map((entry) => ({ ...entry, nearest: nearestName(entry.name, accounts) })),
    impossible: () => impossible,
  };
}

/** The oldest of those tried least: a flood of names that come once pushes out its own. */
function leastTried(entries: Iterable<Omit<UnknownName, 'nearest'>>): string {
  let least: Omit<UnknownName, 'nearest'> | null = null;
  for (const entry of entries) if (least === null || entry.tries < least.tries) least = entry;
  return least?.name ?? '';
}
