/**
 * `leftovers`: asks hosts for accounts of ours that no grant wants any more, and what people do about one: keep it, lock it or remove it.
 * It decides nothing by itself, and nothing is ever removed without the account's name from a person.
 */
import type { Command } from 'commander';
import { GarrisonError } from '../errors.ts';
import type { JobView, Leftover, PushView } from '../supervisor/door.ts';
import { USUAL_PUSH_TIMEOUT_MS } from './accountOptions.ts';
import { askWord, canAsk } from './ask.ts';
import { apiPath } from './client.ts';
import { action, type Context } from './context.ts';
import { EXIT } from './exitCodes.ts';
import { LEFTOVER_COLUMNS } from './leftoverColumns.ts';
import { waitOptions, type WaitOptions } from './options.ts';
import { visible } from './output.ts';
import { notReached, waitForAll } from './planShown.ts';
import { printList, type ListDocument } from './print.ts';
import { waitForPush } from './pushWait.ts';

interface ListOptions extends WaitOptions {
  readonly on?: readonly string[];
  readonly all?: boolean;
}

interface DecideOptions extends WaitOptions {
  readonly on: readonly string[];
  readonly undo?: boolean;
  readonly yes?: boolean;
}

export function addLeftoverCommands(program: Command): void {
  const leftovers = program
    .command('leftovers')
    .description(
      'accounts that Garrison made and no grant wants any more; nothing is ever removed by itself',
    );
  leftovers
    .command('list', { isDefault: true })
    .description('ask the hosts, and show what is left over there')
    .option('--on <hosts...>', 'hosts of the inventory; without it all of them')
    .option('--all', 'also accounts that were only ever pushed by hand')
    .action(action<ListOptions>('look', (context, { options }) => list(context, options)));
  addActions(leftovers);
}

function addActions(leftovers: Command): void {
  leftovers
    .command('keep')
    .description('note that one may stay, by whom and why; it is shown as kept from then on')
    .argument('<account>', 'the account')
    .requiredOption('--on <hosts...>', 'hosts of the inventory')
    .option('--reason <text>', 'why; kept with the decision')
    .option('--undo', 'take the decision back')
    .action(
      action<DecideOptions>('act', (context, { args, options }) => keep(context, args[0] ?? '', options)),
    );
  waitOptions(leftovers.command('lock').description('take its access away, as a revoke does'), '10m')
    .argument('<account>', 'the account')
    .requiredOption('--on <hosts...>', 'hosts of the inventory')
    .action(
      action<DecideOptions>('act', (context, { args, options }) =>
        submit(context, { kind: 'revoke', account: args[0] ?? '', options }),
      ),
    );
  waitOptions(
    leftovers.command('remove').description('archive the home of a locked one on its host, and remove it'),
    '10m',
  )
    .argument('<account>', 'the account')
    .requiredOption('--on <hosts...>', 'hosts of the inventory')
    .option('-y, --yes', 'do not ask for the name; needed where there is no terminal')
    .action(
      action<DecideOptions>('act', (context, { args, options }) => remove(context, args[0] ?? '', options)),
    );
}

async function list(context: Context, options: ListOptions): Promise<number> {
  const { client, output, format } = context;
  const hosts = options.on ?? (await allHosts(context));
  if (hosts.length === 0) {
    output.note('there are no hosts; add them to inventory.yaml');
    return EXIT.done;
  }
  const request = { kind: 'survey', hosts, reason: 'garrison leftovers' };
  const { item: push } = (await client.post(apiPath('pushes'), request)) as { item: PushView };
  const end = await waitForAll(context, push, USUAL_PUSH_TIMEOUT_MS);
  const { item } = (await client.get(apiPath('pushes', push.id))) as { item: PushView };
  if (end !== 'reached') return notReached(output, item, end);
  const document = (await client.get(apiPath('leftovers', push.id))) as ListDocument<Leftover>;
  const items = document.items.filter(({ kind }) => options.all === true || kind === 'leftover');
  printList(context, {
    document: { ...document, items },
    columns: LEFTOVER_COLUMNS,
    nameOf: ({ host, account }) => `${host}/${account}`,
    whenEmpty: 'nothing is left over on the hosts that answered',
  });
  const silent = item.jobs.filter(({ state }) => state !== 'done');
  for (const job of silent) output.note(silentText(job));
  for (const job of item.jobs) for (const line of untoldText(job)) output.note(line);
  if (items.some(({ decision }) => decision === null) && format === 'table')
    output.note('  next: garrison leftovers keep | lock | remove ACCOUNT --on HOST');
  return silent.length === 0 ? EXIT.done : EXIT.failed;
}

async function allHosts({ client }: Context): Promise<readonly string[]> {
  const { hosts } = (await client.get(apiPath('status'))) as { hosts: readonly { name: string }[] };
  return hosts.map(({ name }) => name);
}

function silentText({ host, result, state }: JobView): string {
  return `${visible(host)} is not in this list (${result?.reason ?? state}): ${visible(result?.detail ?? '')}`;
}

/** What a host has and did not tell of. */
function untoldText({ host, result }: JobView): readonly string[] {
  const { damaged = '0', untold = '0' } = result?.facts ?? {};
  const name = visible(host);
  return [
    ...(damaged === '0'
      ? []
      : [
          `${name}: ${visible(damaged)} records of accounts are damaged, see /var/lib/garrison/accounts there`,
        ]),
    ...(untold === '0'
      ? []
      : [`${name}: ${visible(untold)} more accounts are not in this list, it has more than an answer holds`]),
  ];
}

async function keep(context: Context, account: string, { on, reason, undo }: DecideOptions): Promise<number> {
  if (undo !== true && reason === undefined)
    throw new GarrisonError('USAGE', 'say why with --reason', { cure: 'garrison help leftovers keep' });
  for (const host of on) {
    const body = { host, account, keep: undo !== true, reason: reason ?? null };
    await context.client.post(apiPath('leftovers'), body);
    context.output.note(`${account} on ${host}: ${undo === true ? 'undecided again' : 'kept'}`);
  }
  return EXIT.done;
}

async function remove(context: Context, account: string, options: DecideOptions): Promise<number> {
  if (options.dryRun !== true && options.yes !== true) {
    const where = options.on.join(', ');
    const question = `This archives the home of ${account} on ${where} and removes the account there.`;
    if (!canAsk())
      throw new GarrisonError(
        'REFUSED_BY_GUARD',
        `a removal asks for the account's name, and there is no terminal`,
        {
          cure: 'Say --yes when you are sure.',
        },
      );
    if (!(await askWord(question, account)))
      throw new GarrisonError('REFUSED_BY_GUARD', 'not confirmed; nothing was done');
  }
  return submit(context, { kind: 'remove', account, options });
}

interface Submission {
  readonly kind: 'revoke' | 'remove';
  readonly account: string;
  readonly options: DecideOptions;
}

async function submit(context: Context, { kind, account, options }: Submission): Promise<number> {
  const { client, output } = context;
  const { on: hosts, reason = null, dryRun = false, wait, timeout = USUAL_PUSH_TIMEOUT_MS } = options;
  const confirm = kind === 'remove' ? { confirm: account } : {};
  const body = { kind, account: { name: account }, hosts, reason, dryRun, ...confirm };
  const { item } = (await client.post(apiPath('pushes'), body)) as { item: PushView };
  if (dryRun) {
    output.note(`dry run: ${kind} of ${account} on ${hosts.join(', ')} would be queued; nothing was`);
    return EXIT.done;
  }
  if (wait) return waitForPush(context, { push: item, timeoutMs: timeout });
  output.data(item.id);
  return EXIT.done;
}
