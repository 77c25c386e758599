/**
 * `push`, `revoke` and `check`: hands a wish for hosts to the supervisor and says at once what it waits for.
 * It never touches a host itself, and never sends a key file that is not a public key.
 */
import type { Command } from 'commander';
import { GarrisonError } from '../errors.ts';
import { parseAccountWish } from '../push/account.ts';
import type { JobView, PushView, Snapshot } from '../supervisor/door.ts';
import {
  ACCOUNT_OPTIONS,
  accountOf,
  accountOptions,
  USUAL_PUSH_TIMEOUT_MS,
  type AccountOptions,
} from './accountOptions.ts';
import { apiPath, type Client } from './client.ts';
import { action, type Context } from './context.ts';
import { EXIT } from './exitCodes.ts';
import { interruptible } from './interruption.ts';
import { waitOptions, type WaitOptions } from './options.ts';
import { itemJson, visibleJson } from './output.ts';
import { showPlan } from './plan.ts';
import { columnsFor } from './print.ts';
import { resultColumns, waitForPush } from './pushWait.ts';
import { tableLines } from './table.ts';

interface PushOptions extends AccountOptions {
  readonly to?: readonly string[];
  readonly plan?: string;
}

export function addPushCommands(program: Command): void {
  const about =
    'make sure an account exists on hosts with exactly these keys, groups and sudo rule: ours that are not named are removed';
  const command = waitOptions(program.command('push').description(about), '10m')
    .argument('[account]', 'a POSIX user name; none with --plan')
    .option('--to <hosts...>', 'hosts of the inventory')
    .option('--plan <id>', 'apply this plan, and only where the host is still as it was planned for');
  accountOptions(command).action(
    action<PushOptions>('act', (context, { args, options }) => {
      const wrong = wrongCall(args[0], options);
      if (wrong !== null) throw new GarrisonError('USAGE', wrong, { cure: 'garrison help push' });
      return options.plan === undefined
        ? push(context, args[0] ?? '', options)
        : submit(context, { body: { kind: 'push', plan: options.plan, hosts: [] }, options });
    }),
  );
  addRevokeAndCheck(program);
}

/** A plan says all of it; without one, the account and its hosts are to be named. */
function wrongCall(account: string | undefined, { to, plan, ...options }: PushOptions): string | null {
  if (plan === undefined) {
    if (account === undefined) return "missing required argument 'account'";
    return to === undefined ? "required option '--to <hosts...>' not specified" : null;
  }
  const named = ACCOUNT_OPTIONS.filter((name) => options[name] !== undefined);
  const isAlone = account === undefined && to === undefined && named.length === 0 && options.dryRun !== true;
  return isAlone
    ? null
    : 'a plan says itself what is done where: --plan goes with neither an account nor what it should have';
}

function addRevokeAndCheck(program: Command): void {
  waitOptions(
    program.command('revoke').description("take an account's access away, where Garrison made it"),
    '10m',
  )
    .argument('<account>', 'the account')
    .requiredOption('--from <hosts...>', 'hosts of the inventory')
    .action(
      action<WaitOptions & { from: readonly string[] }>('act', (context, { args, options }) => {
        const account = { name: args[0] ?? '', keys: [] };
        parseAccountWish(account);
        if (options.dryRun === true)
          return showPlan(context, { of: 'revoke', account, hosts: options.from, options });
        return submit(context, { body: { kind: 'revoke', account, hosts: options.from }, options });
      }),
    );
  waitOptions(
    program.command('check').description('tell connect, login, sudo and clock of hosts apart'),
    '10m',
  )
    .argument('<hosts...>', 'hosts of the inventory')
    .action(
      action<WaitOptions>('act', (context, { args, options }) =>
        submit(context, { body: { kind: 'check', hosts: args }, options }),
      ),
    );
}

async function push(context: Context, name: string, options: PushOptions): Promise<number> {
  const account = await accountOf(name, options);
  const hosts = options.to ?? [];
  if (account.keys.length === 0)
    context.output.note(
      account.passwordHash === undefined
        ? `no --key: ${name} will have no key of Garrison's, and earlier ones are removed`
        : `no --key beside the password: the keys of ${name} are left alone`,
    );
  if (options.dryRun === true) return showPlan(context, { of: 'push', account, hosts, options });
  return submit(context, { body: { kind: 'push', account, hosts }, options });
}

interface Submission {
  readonly body: {
    readonly kind: PushView['kind'];
    readonly hosts: readonly string[];
    readonly account?: object;
    readonly plan?: string;
  };
  readonly options: WaitOptions;
}

async function submit(context: Context, { body, options }: Submission): Promise<number> {
  const { client, output } = context;
  const request = { ...body, reason: options.reason ?? null, dryRun: options.dryRun ?? false };
  const ask = async (): Promise<PushView> =>
    ((await client.post(apiPath('pushes'), request)) as { item: PushView }).item;
  if (options.dryRun === true) {
    printPush(context, await ask());
    output.note('dry run: nothing was queued');
    return EXIT.done;
  }
  return interruptible(output, async ({ taken, waiting }) => {
    const push = await ask();
    taken(`push ${push.id}`);
    const { jobs, id, kind } = push;
    output.note(`${kind} ${id}: ${String(jobs.length)} host${jobs.length === 1 ? '' : 's'}`);
    await tellWhatItWaitsFor(context, { push, wait: options.wait });
    if (!options.wait) return leave(context, push);
    waiting();
    return waitForPush(context, { push, timeoutMs: options.timeout ?? USUAL_PUSH_TIMEOUT_MS });
  });
}

function leave(context: Context, push: PushView): number {
  if (context.format === 'name') context.output.data(push.id);
  else printPush(context, push);
  context.output.note(`follow it with: garrison describe push ${push.id}`);
  return EXIT.done;
}

/** A queue that nobody serves must be known at once; one that is served needs no words. */
async function tellWhatItWaitsFor(
  { client, output }: Context,
  { push: { jobs }, wait }: { push: PushView; wait: boolean },
): Promise<void> {
  const queue = await queueNow(client);
  // It is taken all the same, and the wait says what is wrong.
  if (queue === null) return;
  if (queue.served && wait) return;
  for (const line of queuedLines(jobs)) output.note(line);
  if (!queue.served) output.note(`nothing is pushed at the moment: ${queue.detail}`);
}

async function queueNow(client: Client): Promise<Snapshot['queue'] | null> {
  try {
    return ((await client.get(apiPath('status'))) as Snapshot).queue;
  } catch {
    return null;
  }
}

/** One line for each thing waited for, however many jobs wait for it. */
export function queuedLines(jobs: readonly JobView[]): readonly string[] {
  const queued = jobs.filter((job) => job.state === 'queued');
  const groups = new Map<string, JobView[]>();
  for (const job of queued)
    groups.set(job.waitingFor ?? '', [...(groups.get(job.waitingFor ?? '') ?? []), job]);
  return [...groups].map(([waitingFor, members]) => {
    const positions = members.map((job) => job.position).filter((position) => position !== null);
    const hosts =
      members.length > 4 ? `${String(members.length)} hosts` : members.map((job) => job.host).join(', ');
    const first = Math.min(...positions);
    const last = Math.max(...positions);
    const place =
      positions.length === 0
        ? ''
        : ` at position ${first === last ? String(first) : `${String(first)} to ${String(last)}`}`;
    return `queued${place}: ${hosts}${waitingFor === '' ? '' : `; ${waitingFor}`}`;
  });
}

function printPush({ output, format }: Context, push: PushView): void {
  if (format === 'json') output.data(itemJson('Push', push));
  else if (format === 'jsonl') for (const job of push.jobs) output.data(visibleJson(job, 0));
  else if (format === 'name') output.data(push.id);
  else
    output.data(
      tableLines(
        push.jobs,
        columnsFor(
          resultColumns(push.kind, () => ''),
          format,
        ),
        output,
      ).join('\n'),
    );
}
