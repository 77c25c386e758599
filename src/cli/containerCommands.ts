/**
 * `heal`, `quarantine` and `maintenance`: what people can do about containers besides restarting them.
 * It decides nothing: which steps are taken, and whether any may be, is the supervisor's own plan.
 */
import { InvalidArgumentError, type Command } from 'commander';
import type { ContainerView, MaintenanceView, Snapshot } from '../supervisor/door.ts';
import { maintenanceSentence } from '../server/containerSentence.ts';
import { apiPath } from './client.ts';
import { MAINTENANCE_COLUMNS, QUARANTINE_COLUMNS } from './columns.ts';
import { action, type Context } from './context.ts';
import { EXIT } from './exitCodes.ts';
import { readList } from './look.ts';
import { operate, type OperateOptions } from './operate.ts';
import { durationOption, waitOptions } from './options.ts';
import { printList, type ListDocument } from './print.ts';

export function addContainerCommands(program: Command): void {
  addHealCommand(program);
  addQuarantineCommands(program);
  addMaintenanceCommands(program);
}

function addHealCommand(program: Command): void {
  const description = 'make a container well again, its root first, and wait until that is verified';
  waitOptions(program.command('heal').description(description), '5m')
    .argument('<name>', 'container/jms_core, or jms_core')
    .option(
      '--plan',
      'the same as --dry-run: the steps in their order, with reasons, and whom they interrupt',
    )
    .option('-y, --yes', 'do not ask')
    .action(
      action<OperateOptions & { plan?: boolean }>('act', (context, { args, options }) => {
        const dryRun = options.dryRun === true || options.plan === true;
        return operate(context, { verb: 'heal', target: args[0] ?? '', options: { ...options, dryRun } });
      }),
    );
}

function addQuarantineCommands(program: Command): void {
  const quarantine = program
    .command('quarantine')
    .description('containers that were given up on and are left as they are until a person clears them');
  quarantine
    .command('list')
    .description('which they are, since when and why')
    .action(action('look', (context) => listQuarantined(context)));
  waitOptions(
    quarantine.command('clear').description('let a container be restarted again, by Garrison and by people'),
    '90s',
  )
    .argument('<name>', 'container/jms_core, or jms_core')
    .action(
      action<OperateOptions>('act', (context, { args, options }) =>
        operate(context, { verb: 'clearQuarantine', target: args[0] ?? '', options }),
      ),
    );
}

function addMaintenanceCommands(program: Command): void {
  const maintenance = program
    .command('maintenance')
    .description('times in which no container is restarted by itself; each ends by itself');
  const scope = 'all (when left out), project/jms or container/jms_core';
  waitOptions(maintenance.command('on').description('begin one'), '90s')
    .argument('[scope]', scope, scopeOf)
    .option('--for <duration>', 'when it ends by itself (default: 30m)', durationOption)
    .action(
      action<OperateOptions & { for?: number }>('act', (context, { args, options }) =>
        begin(context, { scope: args[0] ?? ALL, options }),
      ),
    );
  waitOptions(maintenance.command('off').description('end one early'), '90s')
    .argument('[scope]', scope, scopeOf)
    .action(
      action<OperateOptions>('act', (context, { args, options }) =>
        operate(context, { verb: 'maintenanceOff', target: args[0] ?? ALL, options }),
      ),
    );
  maintenance
    .command('list')
    .description('those that last, until when, by whom and why')
    .action(action('look', (context) => listMaintenance(context)));
}

const ALL = 'all';

function scopeOf(text: string): string {
  if (text === ALL || /^(?:project|container)\/[^/]+$/.test(text)) return text;
  throw new InvalidArgumentError('all, project/NAME or container/NAME');
}

async function listQuarantined(context: Context): Promise<number> {
  const all: ListDocument<ContainerView> = await readList(context.client, 'containers', {});
  const items = all.items.filter(
    ({ state, heal }) => state === 'quarantined' || heal.quarantinedSince !== null,
  );
  printList(context, {
    document: { ...all, items },
    columns: QUARANTINE_COLUMNS,
    nameOf: ({ name }) => `container/${name}`,
    whenEmpty: 'no container is in quarantine',
  });
  if (items.length > 0 && context.format === 'table')
    context.output.note('next: garrison why container/NAME, mend it, then garrison quarantine clear NAME');
  return EXIT.done;
}

async function begin(
  context: Context,
  { scope, options }: { scope: string; options: OperateOptions & { for?: number } },
): Promise<number> {
  const forMs = options.for === undefined ? {} : { forMs: options.for };
  const exitCode = await operate(context, { verb: 'maintenanceOn', target: scope, options, ...forMs });
  if (exitCode !== EXIT.done || options.dryRun === true) return exitCode;
  // It is in force, whether its end can be read now or not.
  const all = await readMaintenance(context).catch(() => null);
  const view = all?.items.find((each) => each.scope === scope);
  if (view === undefined) return exitCode;
  context.output.note(maintenanceSentence(view));
  const early = scope === ALL ? '' : ` ${scope}`;
  context.output.note(`  to end it before that: garrison maintenance off${early}`);
  return exitCode;
}

async function listMaintenance(context: Context): Promise<number> {
  printList(context, {
    document: await readMaintenance(context),
    columns: MAINTENANCE_COLUMNS,
    nameOf: ({ scope }) => scope,
    whenEmpty: 'no maintenance',
  });
  return EXIT.done;
}

async function readMaintenance({ client }: Context): Promise<ListDocument<MaintenanceView>> {
  const { observedAt, containers } = (await client.get(apiPath('status'))) as Snapshot;
  return {
    apiVersion: 'garrison/v1',
    kind: 'MaintenanceList',
    observedAt,
    items: containers.maintenance,
  };
}
