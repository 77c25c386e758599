/**
 * `get`, `jobs` and `status`: lists as the supervisor has them.
 * It never changes anything and never judges: the exit code follows the states shown.
 */
import { InvalidArgumentError, type Command } from 'commander';
import { GarrisonError } from '../errors.ts';
import { overallOf } from '../server/sentence.ts';
import type {
  ContainerView,
  HostView,
  IncidentView,
  JobView,
  OperationView,
  PushView,
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
  seconds,
} from './columns.ts';
import { action, type Context } from './context.ts';
import { EXIT, exitCodeOfWorkers } from './exitCodes.ts';
import { visibleJson } from './output.ts';
import { columnsFor, printList, type ListDocument } from './print.ts';
import { tableLines, type Column } from './table.ts';
import { noteAdvice, statusLines } from './zombieText.ts';

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

interface ListOptions {
  readonly state?: string;
  readonly query?: string;
  readonly limit?: number;
}

export function addLookCommands(program: Command): void {
  program
    .command('status')
    .description('how everything is, or the workers named; exit 0 well, 1 degraded, 3 down, 4 unknown')
    .argument('[names...]', 'workers')
    .action(
      action('look', (context, { args }) =>
        args.length === 0 ? statusOfAll(context) : statusOfNamed(context, args),
      ),
    );
  listOptions(
    program.command('get').description('list things').argument('<kind>', KINDS.join(', '), kindOf),
  ).action(
    action<ListOptions>('look', (context, { args, options }) =>
      list(context, kindOf(args[0] ?? ''), options),
    ),
  );
  listOptions(program.command('jobs').description('list the jobs: a push has one job per host')).action(
    action<ListOptions>('look', (context, { options }) => list(context, 'jobs', options)),
  );
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
    .option('--limit <count>', 'at most this many', (text) => {
      if (/^[1-9]\d{0,6}$/.test(text)) return Number(text);
      throw new InvalidArgumentError('a number from 1');
    });
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

/** An empty list says nothing where Docker was not seen; and a dependency that was not understood explains nobody. */
async function noteDocker({ client, output }: Context): Promise<void> {
  const { docker, containers } = (await client.get(apiPath('status'))) as Snapshot;
  if (docker.state !== 'up') output.note(docker.detail);
  for (const problem of containers.problems) output.note(problem);
}

/** Reads page after page until there are no more, or enough. */
export async function readList(
  client: Client,
  kind: Kind,
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
    const page = (await client.get(`${apiPath(kind)}?${query.toString()}`)) as ListDocument<never> & {
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
  pushes: listOf<PushView>(PUSH_COLUMNS, ({ id }) => id),
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

async function statusOfAll(context: Context): Promise<number> {
  const { output, format } = context;
  const snapshot = (await context.client.get(apiPath('status'))) as Snapshot;
  const overall = overallOf(snapshot);
  if (format === 'json') output.data(visibleJson(snapshot));
  else if (format === 'jsonl') for (const worker of snapshot.workers) output.data(visibleJson(worker, 0));
  else if (format === 'name') for (const worker of snapshot.workers) output.data(`worker/${worker.name}`);
  else printStatus(context, snapshot);
  return overall.state === 'well' ? EXIT.done : EXIT.degraded;
}

function printStatus({ output, format }: Context, snapshot: Snapshot): void {
  const { state, sentences } = overallOf(snapshot);
  const verdict = state === 'well' ? output.paint('well', 'good') : output.paint('degraded', 'bad');
  const { host, version, queue } = snapshot;
  const lines = [
    `${host}: ${verdict} (garrison ${version})`,
    ...sentences.map((sentence) => `  ${sentence}`),
    '',
    ...tableLines(snapshot.workers, columnsFor(WORKER_COLUMNS, format), output.paint),
    '',
    `queue: ${String(queue.waiting)} waiting, ${String(queue.running)} running. ${queue.detail}${canaryText(queue.canary)}`,
    `redis: ${snapshot.redis.up ? 'up' : 'down'} since ${snapshot.redis.since}. ${snapshot.redis.detail}`,
    dockerLine(snapshot),
    ...statusLines(snapshot.zombies),
  ];
  output.data(lines.join('\n'));
}

/** How many containers there are, or why they cannot be seen. */
function dockerLine({ docker, containers }: Snapshot): string {
  // On a machine without Docker nothing has gone away.
  if (docker.state !== 'up' && !containers.listed) return `docker: not seen. ${docker.detail}`;
  const head = `docker: ${docker.state} since ${docker.since}.`;
  if (docker.state !== 'up') return `${head} ${docker.detail}`;
  const states = Object.entries(containers.byState).filter(([, count]) => count > 0);
  const counted = states.map(([state, count]) => `${String(count)} ${state}`).join(', ');
  return `${head} ${containers.total === 0 ? 'It has no containers' : `Containers: ${counted}`}`;
}

/** Nothing until the first has come back: workers that do not serve are told of by themselves. */
function canaryText({ lastTookMs, lastAt }: Snapshot['queue']['canary']): string {
  if (lastTookMs === null || lastAt === null) return '';
  return `; the last test job took ${String(lastTookMs)} ms, at ${seconds(lastAt)}`;
}

async function statusOfNamed(context: Context, names: readonly string[]): Promise<number> {
  const document = (await readList(context.client, 'workers', {})) as ListDocument<WorkerView>;
  const found = names.map((name) =>
    document.items.find((worker) => worker.name === name.replace(/^worker\//, '')),
  );
  const workers = found.filter((worker) => worker !== undefined);
  const missing = names.filter((_name, index) => found[index] === undefined);
  if (workers.length > 0) {
    const named = { ...document, items: workers };
    printList(context, {
      document: named,
      columns: WORKER_COLUMNS,
      nameOf: ({ name }) => `worker/${name}`,
      whenEmpty: '',
    });
  }
  if (missing.length > 0) {
    throw new GarrisonError('NOT_FOUND', `there is no worker named ${missing.join(', ')}`, {
      cure: 'garrison get workers',
    });
  }
  return exitCodeOfWorkers(workers);
}
