/**
 * Reads inventory.yaml and grants.yaml for an import, and writes them with what it adds.
 * It writes nothing that Garrison itself would not read, and nothing over what somebody has changed meanwhile.
 */
import { readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { addedAlone, withAdded, type AddedEntries } from '../addedYaml.ts';
import { loadConfig, type GarrisonConfig } from '../config.ts';
import { configError } from '../configFile.ts';
import { writeDurably } from '../driver/durableFile.ts';
import { GarrisonError, messageOf } from '../errors.ts';
import { grantsOfText, readGrants } from '../grantsFile.ts';
import { prepareHome } from '../home.ts';
import { checkInventoryText } from '../inventory.ts';
import type { Grants } from '../push/grants.ts';
import type { NewAccount, NewGrant } from '../push/jumpserverGrants.ts';
import type { ExistingHost, NewHost } from '../push/jumpserverHosts.ts';
import type { ImportPlan } from '../push/jumpserverImport.ts';
import { PRACTICE_HOSTS } from './configCommand.ts';
import type { Context } from './context.ts';

interface Part {
  readonly file: string;
  /** Before; empty where there was no file. */
  readonly text: string;
}

export interface FilesRead {
  readonly config: GarrisonConfig;
  readonly hosts: readonly ExistingHost[];
  readonly grants: Grants;
  readonly inventory: Part;
  readonly grantsPart: Part;
}

/** Throws CONFIG_INVALID where anything in the files is wrong: nothing is added to what cannot be read. */
export function readFiles({ home, configFile }: Pick<Context, 'home' | 'configFile'>): FilesRead {
  const inventory = partOf(join(home, 'inventory.yaml'));
  const grantsPart = partOf(join(home, 'grants.yaml'));
  const config = loadConfig({ home, configFile });
  const hosts = config.hosts.map(({ name, address, port, groups, way }) => ({
    ...{ name, address, port, groups },
    isBehind: way?.jump !== undefined || way?.sshConfig === true,
  }));
  return { config, hosts, grants: readGrants(home, [...hosts, ...PRACTICE_HOSTS]), inventory, grantsPart };
}

export interface FilesPlanned {
  readonly inventory: Part & { readonly after: string; readonly added: string };
  readonly grantsPart: Part & { readonly after: string; readonly added: string };
}

/** What the files would be, checked as they would be read. */
export function planFiles({ hosts, inventory, grantsPart }: FilesRead, plan: ImportPlan): FilesPlanned {
  const forInventory: AddedEntries = { named: plan.hosts.map(hostEntry), listed: [] };
  const forGrants: AddedEntries = {
    named: plan.accounts.map(accountEntry),
    listed: plan.grants.map(grantEntry),
  };
  const planned = {
    inventory: {
      ...inventory,
      after: withAdded(inventory.text, 'hosts', forInventory),
      added: addedAlone('hosts', forInventory),
    },
    grantsPart: {
      ...grantsPart,
      after: withAdded(grantsPart.text, 'accounts', forGrants),
      added: addedAlone('accounts', forGrants),
    },
  };
  const problems = checkInventoryText(inventory.file, planned.inventory.after);
  if (problems.length > 0) throw configError(problems);
  grantsOfText(grantsPart.file, planned.grantsPart.after, [...hosts, ...plan.hosts, ...PRACTICE_HOSTS]);
  return planned;
}

/** The hosts first: a grant never names one that is not there yet. Then both are read back. */
export async function writeFiles(context: Context, { inventory, grantsPart }: FilesPlanned): Promise<void> {
  const changed = [inventory, grantsPart].filter(({ text, after }) => text !== after);
  if (changed.length === 0) return;
  prepareHome(context.home);
  for (const { file, text } of changed) {
    if (partOf(file).text === text) continue;
    throw new GarrisonError('CONFLICTING_STATE', `${file} was changed meanwhile; nothing was written`, {
      cure: 'run the same import again',
    });
  }
  for (const { file, after } of changed) await writeDurably(behindLink(file), after);
  readFiles(context);
}

function partOf(file: string): Part {
  try {
    return { file, text: readFileSync(file, 'utf8') };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { file, text: '' };
    throw new GarrisonError('CONFIG_INVALID', `${file} cannot be read: ${messageOf(error)}`);
  }
}

/** A link to a file that is kept elsewhere stays one. */
function behindLink(file: string): string {
  try {
    return realpathSync(file);
  } catch {
    return file;
  }
}

function hostEntry({ name, address, port, user, groups }: NewHost): readonly [string, object] {
  const usual = { ...(port === 22 ? {} : { port }), ...(user === 'root' ? {} : { user }) };
  return [name, { address, ...usual, ...(groups.length === 0 ? {} : { groups }) }];
}

function accountEntry({ name, keys, shell }: NewAccount): readonly [string, object] {
  return [name, { keys, ...(shell === null ? {} : { shell }) }];
}

function grantEntry({ account, hosts, groups, sudo, memberOf, until, by }: NewGrant): object {
  return {
    accounts: [account],
    ...(hosts.length === 0 ? {} : { hosts }),
    ...(groups.length === 0 ? {} : { groups }),
    ...(sudo === 'none' ? {} : { sudo }),
    ...(memberOf.length === 0 ? {} : { memberOf }),
    ...(until === null ? {} : { until }),
    by,
  };
}
