/**
 * Refuses hosts that this supervisor does not know, or that are named twice, before anything is kept.
 * It asks no host anything.
 */
import { GarrisonError } from '../errors.ts';
import { printable } from '../push/answer.ts';
import type { HostBook } from './ports.ts';

export function checkHosts(hosts: readonly string[], book: Pick<HostBook, 'address'>): void {
  const unknown = hosts.filter((name) => book.address(name) === null);
  if (unknown.length > 0) {
    throw new GarrisonError(
      'HOST_UNKNOWN',
      `not in the inventory that this supervisor read last: ${unknown.map(shown).join(', ')}`,
      {
        cure: 'Add it under `hosts:` in inventory.yaml if it is not there (garrison get hosts lists those known), then: garrison reload',
      },
    );
  }
  const seen = new Set<string>();
  const twice = hosts.filter((name) => seen.size === seen.add(name).size);
  if (twice.length > 0) {
    throw new GarrisonError('USAGE', `named more than once: ${[...new Set(twice)].map(shown).join(', ')}`, {
      cure: 'Name each host once.',
    });
  }
}

/** As somebody typed it: no longer than any name, and nothing a terminal would act on. */
function shown(name: string): string {
  return printable(name).slice(0, 63);
}
