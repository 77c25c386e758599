/**
 * `restart`, `stop`, `start`, `quiet` of a worker, `retry` and `cancel` of a job or push: asks, then waits until it is verified.
 * It never interrupts anything in hand unasked: on a terminal it asks, elsewhere it needs --yes.
 */
import type { Command } from 'commander';
import { GarrisonError } from '../errors.ts';
import type { OperationView, Verb } from '../supervisor/door.ts';
import { askYesNo, canAsk } from './ask.ts';
import { apiPath } from './client.ts';
import { action, type Context } from './context.ts';
import { EXIT } from './exitCodes.ts';
import { waitUntil } from './follow.ts';
import { waitOptions, type WaitOptions } from './options.ts';
import { printSwept } from './zombieText.ts';
import { itemJson, visible, visibleJson } from './output.ts';

interface OperateOptions extends WaitOptions {
  readonly yes?: boolean;
  readonly ifIncarnation?: string;
}

interface Call {
  readonly verb: Verb;
  readonly target: string;
  readonly options: OperateOptions;
}

const USUAL_TIMEOUT_MS = 90_000;

const WORKER_VERBS: Readonly<Record<'restart' | 'stop' | 'start' | 'quiet', string>> = {
  restart: 'end a worker and start it anew',
  stop: 'end a worker and keep it stopped until a person starts it',
  start: 'start a stopped worker, or let a quiet one take jobs again',
  quiet: 'let a worker finish what it has in hand and take no more',
};

const JOB_VERBS: Readonly<Record<'retry' | 'cancel', string>> = {
  retry: 'run a finished job, or the jobs of a push that are not done, again',
  cancel: 'cancel a job or all jobs of a push',
};

export function addOperationCommands(program: Command): void {
  for (const [verb, description] of Object.entries(WORKER_VERBS) as [keyof typeof WORKER_VERBS, string][]) {
    waitOptions(program.command(verb).description(description), '90s')
      .argument('<name>', 'worker/push-1, or push-1')
      .option('--if-incarnation <id>', 'only if the worker is still this one (see: get workers -o wide)')
      .option('-y, --yes', 'do not ask')
      .action(
        action<OperateOptions>('act', (context, { args, options }) =>
          operate(context, { verb, target: args[0] ?? '', options }),
        ),
      );
  }
  for (const [verb, description] of Object.entries(JOB_VERBS) as [keyof typeof JOB_VERBS, string][]) {
    waitOptions(program.command(verb).description(description), '90s')
      .argument('<id>', 'a job or a push')
      .action(
        action<OperateOptions>('act', (context, { args, options }) =>
          operate(context, { verb, target: args[0] ?? '', options }),
        ),
      );
  }
}

/** Takes no name, no pid and no list of them: it sweeps whatever there is. */
export function addReapCommand(program: Command): void {
  waitOptions(
    program.command('reap').description('sweep zombies now, and say what was done with each'),
    '90s',
  ).action(
    action<OperateOptions>('act', (context, { options }) =>
      operate(context, { verb: 'reap', target: 'zombies', options }),
    ),
  );
}

async function operate(context: Context, call: Call): Promise<number> {
  const { verb, options } = call;
  if (options.dryRun === true) {
    const plan = await submit(context, call, true);
    print(context, plan);
    for (const interrupted of plan.interrupts) context.output.note(`would interrupt: ${interrupted}`);
    context.output.note('dry run: nothing was done');
    return EXIT.done;
  }
  if ((verb === 'restart' || verb === 'stop') && options.yes !== true) await confirm(context, call);
  const operation = await submit(context, call, false);
  if (!options.wait) {
    print(context, operation);
    return EXIT.done;
  }
  return waitFor(context, { operation, timeoutMs: options.timeout ?? USUAL_TIMEOUT_MS });
}

async function submit(
  { client }: Context,
  { verb, target, options }: Call,
  dryRun: boolean,
): Promise<OperationView> {
  const body = {
    verb,
    target,
    reason: options.reason ?? null,
    ifIncarnation: options.ifIncarnation ?? null,
    dryRun,
  };
  return ((await client.post(apiPath('operations'), body)) as { item: OperationView }).item;
}

/** The supervisor's own plan says what would be interrupted; nothing to interrupt needs no question. */
async function confirm(context: Context, call: Call): Promise<void> {
  const { interrupts } = await submit(context, call, true);
  if (interrupts.length === 0) return;
  for (const interrupted of interrupts) context.output.note(`interrupts: ${interrupted}`);
  const what = `${call.verb} ${call.target}`;
  if (!canAsk()) {
    throw new GarrisonError(
      'REFUSED_BY_GUARD',
      `${what} interrupts work in hand, and there is no terminal to ask on`,
      {
        cure: `garrison quiet ${call.target} first, or add --yes`,
      },
    );
  }
  if (await askYesNo(visible(`${what}?`))) return;
  throw new GarrisonError('REFUSED_BY_GUARD', `${what}: not confirmed, nothing was done`);
}

async function waitFor(
  context: Context,
  { operation, timeoutMs }: { operation: OperationView; timeoutMs: number },
): Promise<number> {
  const { client, output } = context;
  let latest = operation;
  const ended = (): boolean => latest.state !== 'running';
  output.progress(`${operation.verb} ${operation.target}: ${operation.detail}`);
  const end = ended()
    ? 'reached'
    : await waitUntil({
        client,
        output,
        timeoutMs,
        level: async () => {
          latest = ((await client.get(apiPath('operations', operation.id))) as { item: OperationView }).item;
          return ended();
        },
        edge: ({ event, data }) => {
          if (event === 'operation' && (data as OperationView).id === operation.id)
            latest = data as OperationView;
          return ended();
        },
      });
  if (end === 'reached') {
    print(context, latest);
    return latest.state === 'done' ? EXIT.done : EXIT.failed;
  }
  const why = end === 'timedOut' ? 'the wait timed out' : 'no longer waiting';
  output.note(`garrison: ${why}; operation ${operation.id} goes on: ${latest.detail}`);
  output.note(`  next: garrison describe operation ${operation.id}`);
  return end === 'timedOut' ? EXIT.timedOut : EXIT.interrupted;
}

function print({ output, format }: Context, operation: OperationView): void {
  const { id, verb, target, state, detail } = operation;
  if (format === 'json') output.data(itemJson('Operation', operation));
  else if (format === 'jsonl') output.data(visibleJson(operation, 0));
  else if (format === 'name') output.data(visible(id));
  else {
    output.data(visible(`${verb} ${target}: ${state}: ${detail}`));
    if (operation.swept !== undefined) printSwept(output, operation.swept);
  }
}
