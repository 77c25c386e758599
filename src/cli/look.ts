/**
 * `get` and `jobs`: lists as the supervisor has them.
 * It never changes anything and never judges.
 */
import { Argument, InvalidArgumentError, type Command } from 'commander';
import { maintenanceTold } from '../server/containerSentence.ts';
import type {
  ContainerView,
  HostView,
  IncidentView,
  JobView,
  OperationView,
  PushSummary,
  Snapshot,
  WorkerView,
  ZombieView,
} from '../supervisor/door.ts';
import { apiPath, type Client } from './client.ts';
import {
  CONTAINER_COLUMNS,
  HOST_COLUMNS,
  INCIDENT_COLUMNS,
  JOB_COLUMNS,
  OPERATION_COLUMNS,
  PUSH_COLUMNS,
  WORKER_COLUMNS,
  ZOMBIE_COLUMNS,
} from './columns.ts';
import { action, type Context } from './context.ts';
import { EXIT } from './exitCodes.ts';
import { printList, type ListDocument } from './print.ts';
import type { Column } from './table.ts';
import { watch, watchOption, type WatchOption } from './watch.ts';
import { noteAdvice } from './zombieText.ts';

export const KINDS = [
  'workers',
  'jobs',
  'pushes',
  'hosts',
  'containers',
  'operations',
  'incidents',
  'zombies',
] as const;
export type Kind = (typeof KINDS)[number];

interface ListOptions extends WatchOption {
  readonly state?: string;
  readonly query?: string;
  readonly limit?: number;
}

export function addLookCommands(program: Command): void {
  listOptions(
    program.command('get').description('list things').addArgument(kindArgument(KINDS, 'of what')),
  ).action(
    action<ListOptions>('look', (context, { args, options }) =>
      listOrWatch(context, kindOf(args[0] ?? ''), options),
    ),
  );
  listOptions(program.command('jobs').description('list the jobs: a push has one job per host')).action(
    action<ListOptions>('look', (context, { options }) => listOrWatch(context, 'jobs', options)),
  );
}

/** What completion offers; the other number is taken, too. */
export function kindArgument(offered: readonly string[], description: string): Argument {
  return new Argument('<kind>', description).choices(offered).argParser(kindOf);
}

/** `worker` and `workers` are the same to people. */
export function kindOf(word: string): Kind {
  const kind = KINDS.find((plural) => plural === word || singularOf(plural) === word);
  if (kind === undefined) throw new InvalidArgumentError(`one of: ${KINDS.join(', ')}`);
  return kind;
}

export function singularOf(kind: Kind): string {
  return kind === 'pushes' ? 'push' : kind.slice(0, -1);
}

function listOptions(command: Command): Command {
  return command
    .option('--state <state>', 'only those in this state')
    .option('-q, --query <text>', 'only those that match the text')
    .addOption(watchOption())
    .option('--limit <count>', 'at most this many', (text) => {
      if (/^[1-9]\d{0,6}$/.test(text)) return Number(text);
      throw new InvalidArgumentError('a number from 1');
    });
}

function listOrWatch(context: Context, kind: Kind, options: ListOptions): Promise<number> {
  const look = (to: Context): Promise<number> => list(to, kind, options);
  return options.watch === true ? watch(context, look) : look(context);
}

async function list(context: Context, kind: Kind, options: ListOptions): Promise<number> {
  const document = await readList(context.client, kind, options);
  PRINT[kind](context, document, `no ${kind}`);
  if (kind === 'zombies' && context.format === 'table') noteAdvice(context.output, document.items);
  if (kind === 'zombies') await noteLimit(context);
  if (kind === 'containers') await noteDocker(context);
  return EXIT.done;
}

/** An empty list is good news only where everything can be seen. */
async function noteLimit({ client, output }: Context): Promise<void> {
  const { zombies } = (await client.get(apiPath('status'))) as Snapshot;
  if (zombies.observedAt === null) output.note('the first look for zombies is still under way');
  if (zombies.limited !== null) output.note(zombies.limited);
}

/** An empty list says nothing where Docker was not seen; a dependency that was not understood explains nobody; and why nothing is healed. */
async function noteDocker({ client, output }: Context): Promise<void> {
  const snapshot = (await client.get(apiPath('status'))) as Snapshot;
  const { docker, containers } = snapshot;
  if (docker.state !== 'up') output.note(docker.detail);
  for (const problem of containers.problems) output.note(problem);
  if (containers.brake !== null) output.note(containers.brake);
  for (const { sentence } of maintenanceTold(snapshot)) output.note(sentence);
}

export function readList(client: Client, kind: Kind, options: ListOptions): Promise<ListDocument<never>> {
  return readPages(client, apiPath(kind), options);
}

/** Page after page until there are no more, or enough. */
export async function readPages(
  client: Client,
  path: string,
  options: ListOptions,
): Promise<ListDocument<never>> {
  const most = options.limit ?? Number.POSITIVE_INFINITY;
  const items: never[] = [];
  let cursor: string | undefined;
  for (;;) {
    const query = new URLSearchParams({
      ...(options.state === undefined ? {} : { state: options.state }),
      ...(options.query === undefined ? {} : { q: options.query }),
      ...(cursor === undefined ? {} : { cursor }),
      limit: String(Math.min(500, most - items.length)),
    });
    const page = (await client.get(`${path}?${query.toString()}`)) as ListDocument<never> & {
      nextCursor?: string;
    };
    items.push(...page.items);
    if (page.nextCursor === undefined || items.length >= most) {
      const { apiVersion, kind: listKind, observedAt } = page;
      return { apiVersion, kind: listKind, observedAt, items };
    }
    cursor = page.nextCursor;
  }
}

type PrintKind = (context: Context, document: ListDocument<never>, whenEmpty: string) => void;

const PRINT: Readonly<Record<Kind, PrintKind>> = {
  workers: listOf<WorkerView>(WORKER_COLUMNS, ({ name }) => `worker/${name}`),
  jobs: listOf<JobView>(JOB_COLUMNS, ({ id }) => id),
  pushes: listOf<PushSummary>(PUSH_COLUMNS, ({ id }) => id),
  hosts: listOf<HostView>(HOST_COLUMNS, ({ name }) => name),
  containers: listOf<ContainerView>(CONTAINER_COLUMNS, ({ name }) => `container/${name}`),
  operations: listOf<OperationView>(OPERATION_COLUMNS, ({ id }) => id),
  incidents: listOf<IncidentView>(INCIDENT_COLUMNS, ({ id }) => id),
  zombies: listOf<ZombieView>(ZOMBIE_COLUMNS, ({ pid }) => `zombie/${String(pid)}`),
};

function listOf<T>(columns: readonly Column<T>[], nameOf: (item: T) => string): PrintKind {
  return (context, document, whenEmpty) => {
    printList<T>(context, { document, columns, nameOf, whenEmpty });
  };
}
