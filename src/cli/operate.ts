/**
 * Hands one wish to the supervisor and waits until it is verified: the way of every command that acts on something that runs.
 * It never interrupts anybody unasked: on a terminal it asks, elsewhere it needs --yes.
 */
import { GarrisonError } from '../errors.ts';
import type { OperationView, Verb } from '../supervisor/door.ts';
import { askYesNo, canAsk } from './ask.ts';
import { apiPath } from './client.ts';
import type { Context } from './context.ts';
import { EXIT } from './exitCodes.ts';
import { waitUntil } from './follow.ts';
import { interruptible } from './interruption.ts';
import type { WaitOptions } from './options.ts';
import { startTicker } from './ticker.ts';
import { printSwept } from './zombieText.ts';
import { itemJson, visible, visibleJson } from './output.ts';

export interface OperateOptions extends WaitOptions {
  readonly yes?: boolean;
  readonly ifIncarnation?: string;
}

export interface Call {
  readonly verb: Verb;
  readonly target: string;
  readonly options: OperateOptions;
  /** Of maintenance. */
  readonly forMs?: number;
}

/** The target of `restart` that is the Docker daemon itself; a container of that name is container/docker. */
const DOCKER = 'docker';

const USUAL_TIMEOUT_MS = 90_000;
/** A container may start slowly, and its health check must pass. */
const CONTAINER_TIMEOUT_MS = 300_000;

const MAY_INTERRUPT: readonly Verb[] = ['restart', 'stop', 'heal'];

export async function operate(context: Context, call: Call): Promise<number> {
  const { verb, target, options } = call;
  if (options.dryRun === true) return showPlan(context, call);
  if (verb === 'restart' && target === DOCKER) await tellOfDocker(context, call);
  else if (MAY_INTERRUPT.includes(verb) && options.yes !== true) await confirm(context, call);
  return interruptible(context.output, async ({ taken, waiting }) => {
    const operation = await submit(context, call, false);
    taken(`operation ${operation.id}`);
    if (!options.wait) {
      print(context, operation);
      return EXIT.done;
    }
    waiting();
    const usualMs = operation.steps === undefined ? USUAL_TIMEOUT_MS : CONTAINER_TIMEOUT_MS;
    return waitFor(context, { operation, timeoutMs: options.timeout ?? usualMs });
  });
}

async function showPlan(context: Context, call: Call): Promise<number> {
  const plan = await submit(context, call, true);
  print(context, plan);
  tellCost(context, plan, 'would interrupt');
  context.output.note('dry run: nothing was done');
  return EXIT.done;
}

/** The operation, or with `dryRun` its plan. */
export async function submit(
  { client }: Context,
  { verb, target, options, forMs }: Call,
  dryRun: boolean,
): Promise<OperationView> {
  const body = {
    verb,
    target,
    reason: options.reason ?? null,
    ifIncarnation: options.ifIncarnation ?? null,
    dryRun,
    forMs: forMs ?? null,
  };
  return ((await client.post(apiPath('operations'), body)) as { item: OperationView }).item;
}

/** Everybody's containers and perhaps the way in: never without having said so, and never on a mere y. */
async function tellOfDocker(context: Context, call: Call): Promise<void> {
  const plan = await submit(context, call, true);
  tellSteps(context, plan);
  tellCost(context, plan, 'interrupts');
  if (call.options.yes === true) return;
  throw new GarrisonError(
    'REFUSED_BY_GUARD',
    'restarting Docker interrupts what is listed above, and is only done with --yes; nothing was done',
    { cure: 'try garrison heal NAME first; if that does not help: garrison restart docker --yes' },
  );
}

/** The supervisor's own plan says what would be interrupted; nothing to interrupt needs no question. */
async function confirm(context: Context, call: Call): Promise<void> {
  const plan = await submit(context, call, true);
  if (plan.interrupts.length === 0) return;
  tellSteps(context, plan);
  tellCost(context, plan, 'interrupts');
  const what = `${call.verb} ${call.target}`;
  if (!canAsk()) {
    const isWorker = plan.steps === undefined;
    throw new GarrisonError(
      'REFUSED_BY_GUARD',
      `${what} interrupts ${isWorker ? 'work in hand' : 'people'}, and there is no terminal to ask on`,
      { cure: isWorker ? `garrison quiet ${call.target} first, or add --yes` : 'add --yes' },
    );
  }
  if (await askYesNo(visible(`${what}?`))) return;
  throw new GarrisonError('REFUSED_BY_GUARD', `${what}: not confirmed, nothing was done`);
}

function tellSteps({ output }: Context, { steps }: OperationView): void {
  for (const line of stepLines(steps)) output.note(line);
}

function tellCost({ output }: Context, { interrupts, steps }: OperationView, words: string): void {
  for (const interrupted of interrupts) output.note(`${words}: ${visible(interrupted)}`);
  if (interrupts.length === 0 && steps !== undefined) output.note(`${words}: nobody, as far as can be seen`);
}

function stepLines(steps: OperationView['steps']): readonly string[] {
  return (steps ?? []).map((step, index) => `  ${String(index + 1)}. ${visible(step)}`);
}

async function waitFor(
  context: Context,
  { operation, timeoutMs }: { operation: OperationView; timeoutMs: number },
): Promise<number> {
  const { client, output } = context;
  let latest = operation;
  const ended = (): boolean => latest.state !== 'running';
  output.progress(`${operation.verb} ${operation.target}: ${operation.detail}`);
  const stopTelling = startTicker(output, () => `${operation.verb} ${operation.target}: ${latest.detail}`);
  const end = ended()
    ? 'reached'
    : await waitUntil({
        client,
        output,
        timeoutMs,
        level: async (signal) => {
          const document = await client.get(apiPath('operations', operation.id), { signal });
          latest = (document as { item: OperationView }).item;
          return ended();
        },
        edge: ({ event, data }) => {
          if (event === 'operation' && (data as OperationView).id === operation.id)
            latest = data as OperationView;
          return ended();
        },
      }).finally(stopTelling);
  stopTelling();
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
    if (state === 'planned') for (const line of stepLines(operation.steps)) output.data(line);
    if (operation.swept !== undefined) printSwept(output, operation.swept);
  }
}
