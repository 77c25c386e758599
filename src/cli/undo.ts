/**
 * `undo`: takes a push back on its hosts, where nobody has changed since what it left; with --dry-run it only says what would be done.
 * It decides nothing by itself, and takes no account away without its name from a person.
 */
import type { Command } from 'commander';
import { GarrisonError } from '../errors.ts';
import type { PushView } from '../supervisor/door.ts';
import { USUAL_PUSH_TIMEOUT_MS } from './accountOptions.ts';
import { askWord, canAsk } from './ask.ts';
import { apiPath } from './client.ts';
import { action, type Context } from './context.ts';
import { EXIT } from './exitCodes.ts';
import { interruptible } from './interruption.ts';
import { waitOptions, type WaitOptions } from './options.ts';
import { showPlans } from './planShown.ts';
import { waitForPush } from './pushWait.ts';

interface UndoOptions extends WaitOptions {
  readonly from?: readonly string[];
  readonly yes?: boolean;
}

export function addUndoCommand(program: Command): void {
  waitOptions(
    program
      .command('undo')
      .description('take a push or a revoke back, where nobody has changed since what it left'),
    '10m',
  )
    .argument('<push>', 'its id, p-…')
    .option('--from <hosts...>', 'some of its hosts; without it all where it changed something')
    .option('-y, --yes', 'do not ask for the name; needed where there is no terminal')
    .action(
      action<UndoOptions>('act', (context, { args, options }) => undo(context, args[0] ?? '', options)),
    );
}

async function undo(context: Context, undoOf: string, options: UndoOptions): Promise<number> {
  const { client, output } = context;
  const { from: hosts = [], reason = null } = options;
  const body = { undoOf, hosts, reason };
  if (options.dryRun === true) return planned(context, body, options);
  const { item: undone } = (await client.get(apiPath('pushes', undoOf))) as { item: PushView };
  const account = undone.accountName ?? '';
  if (options.yes !== true)
    await confirm(account, hosts.length > 0 ? hosts : undone.jobs.map(({ host }) => host));
  return interruptible(output, async ({ taken, waiting }) => {
    const order = { ...body, kind: 'undo', confirm: account };
    const { item } = (await client.post(apiPath('pushes'), order)) as { item: PushView };
    taken(`push ${item.id}`);
    const count = item.jobs.length;
    output.note(`undo ${item.id} of ${undoOf}: ${String(count)} host${count === 1 ? '' : 's'}`);
    if (!options.wait) {
      output.data(item.id);
      return EXIT.done;
    }
    waiting();
    return waitForPush(context, { push: item, timeoutMs: options.timeout ?? USUAL_PUSH_TIMEOUT_MS });
  });
}

function planned(context: Context, body: object, options: UndoOptions): Promise<number> {
  return interruptible(context.output, async ({ taken, waiting }) => {
    const order = { ...body, kind: 'plan', planOf: 'undo' };
    const { item } = (await context.client.post(apiPath('pushes'), order)) as { item: PushView };
    taken(`push ${item.id}`);
    if (options.wait) waiting();
    return showPlans(context, { pushes: [item], options, because: () => [] });
  });
}

async function confirm(account: string, hosts: readonly string[]): Promise<void> {
  if (!canAsk())
    throw new GarrisonError(
      'REFUSED_BY_GUARD',
      "an undo asks for the account's name, and there is no terminal",
      {
        cure: 'Say --yes when you are sure.',
      },
    );
  const where = hosts.length > 5 ? `${String(hosts.length)} hosts` : hosts.join(', ');
  const question = `This makes ${account} on ${where} what it was before; an account that the push made is removed.`;
  if (!(await askWord(question, account)))
    throw new GarrisonError('REFUSED_BY_GUARD', 'not confirmed; nothing was done');
}
