/**
 * `recover`: shows the stages and whom each would interrupt, asks, follows them one by one, and ends with what cured or what a person does next.
 * It never restarts Docker unless a person types the word, after everything else has failed and Docker itself is the fault.
 */
import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import { GarrisonError } from '../errors.ts';
import { EVERYTHING } from '../reconciler/situation.ts';
import type { OperationView, RecoveryStepView } from '../supervisor/door.ts';
import { askWord, askYesNo, canAsk } from './ask.ts';
import { apiPath } from './client.ts';
import { action, type Context } from './context.ts';
import { EXIT } from './exitCodes.ts';
import { waitUntil } from './follow.ts';
import { interruptible } from './interruption.ts';
import { operate, submit, type Call, type OperateOptions } from './operate.ts';
import { waitOptions } from './options.ts';
import { itemJson, visible, visibleJson } from './output.ts';
import { leftLines, planLines, RecoveryTold } from './recoverText.ts';

interface RecoverOptions extends OperateOptions {
  readonly plan?: boolean;
}

/** Each container may be tried three times, with waits between. */
const USUAL_TIMEOUT_MS = 1_800_000;
const UNIT_FILES = ['/etc/systemd/system/garrison.service', '/usr/lib/systemd/system/garrison.service'];

export function addRecoverCommand(program: Command): void {
  const description =
    'recover in stages (worker, queue, container, stack), each verified, until one has cured; Docker is left to people';
  waitOptions(program.command('recover').description(description), '30m')
    .option('--plan', 'the same as --dry-run: the stages, their steps with reasons, and whom each interrupts')
    .option('-y, --yes', 'do not ask')
    .action(action<RecoverOptions>('act', (context, { options }) => recover(context, options)));
}

async function recover(context: Context, options: RecoverOptions): Promise<number> {
  const call: Call = { verb: 'recover', target: EVERYTHING, options };
  const plan = await planned(context, call);
  if (options.plan === true || options.dryRun === true) {
    print(context, plan);
    context.output.note('dry run: nothing was done');
    return EXIT.done;
  }
  if (options.yes !== true) await confirm(context, call, plan);
  return interruptible(context.output, async ({ taken, waiting }) => {
    const begun = await submit(context, call, false);
    taken(`operation ${begun.id}`);
    if (!options.wait) {
      print(context, begun);
      return EXIT.done;
    }
    waiting();
    return follow(context, begun, options);
  });
}

/** Without a supervisor nothing can be done from here, but something can be known. */
async function planned(context: Context, call: Call): Promise<OperationView> {
  try {
    return await submit(context, call, true);
  } catch (error) {
    if (!(error instanceof GarrisonError) || error.code !== 'NO_SUPERVISOR') throw error;
    const start = UNIT_FILES.some((file) => existsSync(file)) ? 'systemctl start garrison' : 'garrison up';
    throw new GarrisonError('NO_SUPERVISOR', error.message, {
      cure: `garrison doctor says what is wrong without it; ${start} starts it, and then: garrison recover`,
      cause: error,
    });
  }
}

/** A question may stand for an hour: a yes is good for what was shown, and for nothing that has gone wrong since. */
async function confirm(context: Context, call: Call, shown: OperationView): Promise<void> {
  const { output } = context;
  if (shown.interrupts.length === 0) return;
  await askFor(output, shown);
  const now = await submit(context, call, true);
  if (isWithin(now, shown)) return;
  output.note('meanwhile more has gone wrong; nothing was done yet, and the plan is now:');
  await confirm(context, call, now);
}

/** Fewer steps are, since somebody may have recovered; another one, or one that would now interrupt somebody, is not. */
function isWithin(now: OperationView, shown: OperationView): boolean {
  const agreed = new Map(
    stepsOf(shown).map(({ verb, target, interrupts }) => [`${verb} ${target}`, interrupts]),
  );
  return stepsOf(now).every(({ verb, target, interrupts }) => {
    const before = agreed.get(`${verb} ${target}`);
    return before !== undefined && (interrupts.length === 0 || before.length > 0);
  });
}

function stepsOf({ recovery }: OperationView): readonly RecoveryStepView[] {
  return (recovery?.stages ?? []).flatMap(({ steps }) => steps);
}

async function askFor(output: Context['output'], plan: OperationView): Promise<void> {
  for (const line of planLines(plan)) output.note(line);
  if (!canAsk())
    throw new GarrisonError(
      'REFUSED_BY_GUARD',
      'a recovery may interrupt what is listed above, and there is no terminal to ask on; nothing was done',
      { cure: 'garrison recover --yes' },
    );
  if (await askYesNo('recover?')) return;
  throw new GarrisonError('REFUSED_BY_GUARD', 'recover: not confirmed, nothing was done');
}

async function follow(context: Context, begun: OperationView, options: RecoverOptions): Promise<number> {
  const { client, output } = context;
  const told = new RecoveryTold(output);
  let latest = begun;
  const take = (operation: OperationView): boolean => {
    latest = operation;
    told.tell(operation);
    return operation.state !== 'running';
  };
  const end = take(begun)
    ? 'reached'
    : await waitUntil({
        ...{ client, output, timeoutMs: options.timeout ?? USUAL_TIMEOUT_MS },
        level: async () => take(await read(context, begun.id)),
        edge: ({ event, data }) =>
          event === 'operation' && (data as OperationView).id === begun.id && take(data as OperationView),
      });
  if (end === 'reached') return finish(context, latest, options);
  const why = end === 'timedOut' ? 'the wait timed out' : 'no longer waiting';
  output.note(`garrison: ${why}; recovery ${begun.id} goes on: ${latest.detail}`);
  output.note(`  next: garrison describe operation ${begun.id}`);
  return end === 'timedOut' ? EXIT.timedOut : EXIT.interrupted;
}

/** A supervisor that was started anew knows nothing of it. */
async function read({ client }: Context, id: string): Promise<OperationView> {
  try {
    return ((await client.get(apiPath('operations', id))) as { item: OperationView }).item;
  } catch (error) {
    if (!(error instanceof GarrisonError) || error.code !== 'NOT_FOUND') throw error;
    throw new GarrisonError(
      'CONFLICTING_STATE',
      `Garrison was started anew in the middle of recovery ${id}, which does not go on; what its last step had begun is seen to`,
      { cure: 'garrison status, and where something is still wrong: garrison recover', cause: error },
    );
  }
}

async function finish(context: Context, ended: OperationView, options: RecoverOptions): Promise<number> {
  print(context, ended);
  if (ended.state === 'done') return EXIT.done;
  const left = ended.recovery?.left ?? [];
  for (const line of leftLines(left)) context.output.note(line);
  if (left.length === 0) return EXIT.failed;
  return left.some(({ stage }) => stage === 'docker') ? offerDocker(context, options) : EXIT.refused;
}

/** Everybody's containers, and perhaps the way in: a person types the word, or nothing is done. */
async function offerDocker(context: Context, { reason, wait, timeout }: RecoverOptions): Promise<number> {
  const { output } = context;
  const options: OperateOptions = {
    ...{ wait, yes: true },
    ...(reason === undefined ? {} : { reason }),
    ...(timeout === undefined ? {} : { timeout }),
  };
  const call: Call = { verb: 'restart', target: 'docker', options };
  const plan = await submit(context, call, true);
  for (const step of plan.steps ?? []) output.note(`docker: ${visible(step)}`);
  for (const interrupted of plan.interrupts)
    output.note(`docker: its restart interrupts ${visible(interrupted)}`);
  const isAgreed = canAsk() && (await askWord('Restart the Docker daemon?', 'docker'));
  if (isAgreed) return operate(context, call);
  output.note('Docker was not restarted');
  output.note('  next: garrison restart docker');
  return EXIT.refused;
}

function print({ output, format }: Context, operation: OperationView): void {
  if (format === 'json') output.data(itemJson('Operation', operation));
  else if (format === 'jsonl') output.data(visibleJson(operation, 0));
  else if (format === 'name') output.data(visible(operation.id));
  else if (operation.state === 'planned') for (const line of planLines(operation)) output.data(line);
  else output.data(visible(`recover: ${operation.state}: ${operation.detail}`));
}
