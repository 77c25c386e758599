/**
 * Reads the configuration anew while the supervisor runs, and gives the hosts that it names to the book.
 * It holds no rule of what may change; reconciler/reloadPlan says what does.
 */
import { loadConfig, type GarrisonConfig } from './config.ts';
import type { BookHost, HostBook } from './driver/hostBook.ts';
import { GarrisonError } from './errors.ts';
import { reloadPlan } from './reconciler/reloadPlan.ts';
import type { Reload } from './supervisor/ports.ts';

/** Throws CONFIG_INVALID, and then everything is as it was. */
export function readAnew(running: GarrisonConfig, book: HostBook): Reload {
  const config = loadConfig({ home: running.home, configFile: running.file });
  const practice = book.hosts().filter((host) => host.practice);
  const hosts = bookHosts(config, practice);
  const inForce = { hosts: book.hosts(), settings: running.settings };
  return {
    plan: reloadPlan(inForce, { hosts, settings: config.settings }),
    apply: () => book.replace(hosts),
  };
}

/** Of the inventory and of practice; throws CONFIG_INVALID when both have a name. */
export function bookHosts(config: GarrisonConfig, practice: readonly BookHost[]): readonly BookHost[] {
  const taken = practice
    .filter((host) => config.hosts.some((own) => own.name === host.name))
    .map((host) => host.name);
  if (taken.length > 0) {
    throw new GarrisonError(
      'CONFIG_INVALID',
      `${config.inventoryFile} names ${taken.join(', ')}, which --practice uses for its own hosts`,
      { cure: 'Rename it there, or start without --practice.' },
    );
  }
  return [...config.hosts.map((host) => ({ ...host, practice: false })), ...practice];
}
