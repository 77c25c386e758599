/**
 * `install` and `uninstall`: puts the group, folders, units and completions of Garrison on this machine, and takes them away again.
 * It starts nothing, never touches what is not Garrison's own, and leaves all data where it is.
 */
import type { Command } from 'commander';
import {
  lockedRoot,
  lookAtMachine,
  performStep,
  RESCUE_KEYS,
  STATE_FOLDER,
  strangeOwner,
  wantedHere,
} from '../driver/installHands.ts';
import { GarrisonError } from '../errors.ts';
import {
  planInstall,
  planUninstall,
  type MachineFacts,
  type Plan,
  type Step,
} from '../reconciler/install.ts';
import { action, type Context } from './context.ts';
import { EXIT } from './exitCodes.ts';
import { itemJson } from './output.ts';

interface InstallOptions {
  readonly dryRun?: boolean;
}

const DRY_RUN = ['--dry-run', 'show each step and do nothing'] as const;
const REFUSE_FOREIGN = 'somebody else made them, and nothing was done';

export function addInstallCommands(program: Command): void {
  const hasCompletion = (): boolean => program.commands.some((command) => command.name() === 'completion');
  program
    .command('install')
    .description('put the systemd units, the group garrison, folders and completions on this machine')
    .option(...DRY_RUN)
    .action(
      action<InstallOptions>('act', (context, { options }) => install(context, options, hasCompletion())),
    );
  program
    .command('uninstall')
    .description('take away what install put there; data and the second way in, once turned on, stay')
    .option(...DRY_RUN)
    .action(
      action<InstallOptions>('act', (context, { options }) => uninstall(context, options, hasCompletion())),
    );
}

async function install(context: Context, options: InstallOptions, hasCompletion: boolean): Promise<number> {
  needRoot('install', options);
  const wanted = await wantedHere(hasCompletion);
  const facts = await lookAtMachine(wanted);
  const plan = planInstall(wanted, facts);
  const [foreign] = plan.foreign;
  if (foreign !== undefined) {
    throw new GarrisonError('REFUSED_BY_GUARD', `${plan.foreign.join(', ')}: ${REFUSE_FOREIGN}`, {
      cure: `look at it, then move it away (mv ${foreign} ${foreign}.before) and run it again`,
    });
  }
  await carryOut(context, options, { ...plan, left: [...plan.left, ...warnings()] });
  if (context.format !== 'json' && options.dryRun !== true) sayNext(context, plan, facts);
  return EXIT.done;
}

async function uninstall(context: Context, options: InstallOptions, hasCompletion: boolean): Promise<number> {
  needRoot('uninstall', options);
  const wanted = await wantedHere(hasCompletion);
  await carryOut(context, options, planUninstall(wanted, await lookAtMachine(wanted)));
  return EXIT.done;
}

function needRoot(command: string, { dryRun }: InstallOptions): void {
  if (dryRun === true || process.getuid?.() === 0) return;
  throw new GarrisonError('NOT_PERMITTED', `only root may change what garrison ${command} changes`, {
    cure: `run it as root, or see what it would do: garrison ${command} --dry-run`,
  });
}

async function carryOut(context: Context, { dryRun = false }: InstallOptions, plan: Plan): Promise<void> {
  const { output, format } = context;
  const isJson = format === 'json';
  for (const step of plan.steps) {
    if (!dryRun) await performStep(step);
    if (!isJson) output.data(`${dryRun ? 'would ' : 'done: '}${sentenceOf(step)}`);
  }
  if (isJson) {
    output.data(itemJson('Installation', { dryRun, steps: plan.steps.map(sentenceOf), left: plan.left }));
    return;
  }
  if (plan.steps.length === 0) output.data('nothing to do: all of it is as it should be');
  for (const sentence of plan.left) output.data(`note: ${sentence}`);
}

function warnings(): string[] {
  const isRoot = process.getuid?.() === 0;
  return [strangeOwner(), isRoot ? lockedRoot() : null].filter((warning) => warning !== null);
}

function sayNext({ output }: Context, plan: Plan, { serviceInUse, rescueInUse }: MachineFacts): void {
  const hasNewUnit = plan.steps.some((step) => step.kind === 'writeFile' && step.file.isUnit);
  if (!serviceInUse) {
    output.note(`garrison.service is not started. Your hosts go into ${STATE_FOLDER}/inventory.yaml`);
    output.note('  next: systemctl enable --now garrison');
  } else if (hasNewUnit) {
    output.note('garrison.service still runs as before. Jobs that wait are kept over its restart');
    output.note('  next: systemctl restart garrison');
  }
  if (rescueInUse) return;
  output.note(`The second way in is off. Who may come in by it goes into ${RESCUE_KEYS}`);
  output.note('  to turn it on: systemctl enable --now garrison-rescue');
}

function sentenceOf(step: Step): string {
  switch (step.kind) {
    case 'addGroup':
      return `make the system group ${step.name}`;
    case 'removeGroup':
      return `remove the group ${step.name}, which nobody is in`;
    case 'makeFolder':
      return `make the folder ${step.path} (mode ${step.mode.toString(8).padStart(4, '0')})`;
    case 'writeFile':
      return `${step.replaces ? 'replace' : 'write'} ${step.file.path}`;
    case 'removeFile':
      return `remove ${step.path}`;
    case 'makeHostKey':
      return `make a host key for the second way in, ${step.path}`;
    case 'reload':
      return 'have systemd read its units again (systemctl daemon-reload)';
    case 'disable':
      return `end ${step.unit} and keep it from the next boot (systemctl disable --now); it finishes jobs in hand first`;
  }
}
