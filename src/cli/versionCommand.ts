/**
 * `version`: of this program and of the supervisor that answers.
 * It never fails for want of a supervisor.
 */
import type { Command } from 'commander';
import { GarrisonError } from '../errors.ts';
import { ownVersion } from '../version.ts';
import { action, type Context } from './context.ts';
import { EXIT } from './exitCodes.ts';
import { itemJson, visibleJson } from './output.ts';

export function addVersionCommand(program: Command): void {
  program
    .command('version')
    .description('the versions of this program and of the supervisor, if one answers')
    .action(action('look', (context) => tellVersions(context)));
}

async function tellVersions(context: Context): Promise<number> {
  const { output, format } = context;
  const version = await supervisorVersion(context);
  const supervisor = version === null ? null : { version };
  const item = { version: ownVersion(), nodeVersion: process.version, supervisor };
  if (format === 'json') output.data(itemJson('Version', item));
  else if (format === 'jsonl') output.data(visibleJson(item, 0));
  else {
    output.data(`garrison ${item.version} (node ${item.nodeVersion})`);
    if (version !== null) output.data(`supervisor ${version}`);
  }
  return EXIT.done;
}

/** Null when none answers; one that is there and cannot be talked to is told of. */
async function supervisorVersion({ client, output }: Context): Promise<string | null> {
  try {
    return await client.version();
  } catch (error) {
    if (!(error instanceof GarrisonError)) throw error;
    if (error.code !== 'NO_SUPERVISOR') output.error(error);
    return null;
  }
}
