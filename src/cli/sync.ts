/**
 * `sync`: pushes what grants.yaml wants now.
 * It decides nothing: the supervisor reads the grants at that moment and says how many account × host pairs there are.
 */
import type { Command } from 'commander';
import { InvalidArgumentError } from 'commander';
import type { PushView } from '../supervisor/door.ts';
import { UNASKED_PAIRS } from '../supervisor/syncDesk.ts';
import { USUAL_PUSH_TIMEOUT_MS } from './accountOptions.ts';
import { askWord, canAsk } from './ask.ts';
import { apiPath } from './client.ts';
import { action, type Context } from './context.ts';
import { EXIT } from './exitCodes.ts';
import { waitOptions, type WaitOptions } from './options.ts';
import { visibleJson } from './output.ts';
import { planGrants, readWanted } from './planGrants.ts';
import type { ListDocument } from './print.ts';
import { checkDrift } from './drift.ts';
import { waitForPush } from './pushWait.ts';

interface SyncOptions extends WaitOptions {
  readonly to?: readonly string[];
  readonly pairs?: number;
  readonly check?: boolean;
}

export function addSyncCommand(program: Command): void {
  waitOptions(
    program
      .command('sync')
      .description('push what the grants want now, where it is not so yet; takes nothing away'),
    '10m',
  )
    .option('--to <hosts...>', 'only on these hosts of the inventory')
    .option('--pairs <count>', 'yes to so many account × host pairs, where it is more than 50', countOption)
    .option(
      '--check',
      'only tell what was changed on the hosts since it was pushed; exit code 1 where something was',
    )
    .action(action<SyncOptions>('act', (context, { options }) => sync(context, options)));
}

async function sync(context: Context, options: SyncOptions): Promise<number> {
  if (options.check === true) return checkDrift(context, options);
  if (options.dryRun === true) return planGrants(context, options);
  const { client, output, format } = context;
  const pairs = options.pairs ?? (await agreed(context, options));
  const body = {
    hosts: options.to ?? null,
    reason: options.reason ?? null,
    confirmed: pairs === null ? null : String(pairs),
  };
  const { items } = (await client.post(apiPath('syncs'), body)) as ListDocument<PushView>;
  if (!options.wait) {
    for (const { id } of items) output.data(format === 'json' ? visibleJson({ id }, 0) : id);
    return EXIT.done;
  }
  const exitCodes: number[] = [];
  for (const push of items) {
    output.note(`${push.accountName ?? ''}: ${push.jobs.map(({ host }) => host).join(', ')}`);
    exitCodes.push(await waitForPush(context, { push, timeoutMs: options.timeout ?? USUAL_PUSH_TIMEOUT_MS }));
  }
  return Math.max(...exitCodes);
}

/** On a terminal the number is typed; without one nothing is agreed to. */
async function agreed(context: Context, { to }: SyncOptions): Promise<number | null> {
  const wanted = await readWanted(context, to);
  if (wanted.length <= UNASKED_PAIRS) return null;
  const text = String(wanted.length);
  const question = `This pushes ${text} accounts (account × host).`;
  return canAsk() && (await askWord(question, text)) ? wanted.length : null;
}

function countOption(text: string): number {
  if (!/^\d{1,7}$/.test(text)) throw new InvalidArgumentError('a whole number');
  return Number(text);
}
