/**
 * `status`: how everything is, or the workers and containers named, with an exit code for scripts.
 * It never judges: the exit code follows the states shown.
 */
import type { Command } from 'commander';
import { GarrisonError } from '../errors.ts';
import { CONTAINER_STATES } from '../detector/container.ts';
import { overallOf } from '../server/sentence.ts';
import { WORKER_STATES } from '../server/words.ts';
import type { ContainerView, Snapshot, WorkerView } from '../supervisor/door.ts';
import { apiPath } from './client.ts';
import { CONTAINER_COLUMNS, seconds, WORKER_COLUMNS } from './columns.ts';
import { action, type Context } from './context.ts';
import { EXIT, exitCodeOfNamed } from './exitCodes.ts';
import { grantsLines } from './grantsText.ts';
import { readList } from './look.ts';
import { visible, visibleJson } from './output.ts';
import { columnsFor, printList, type ListDocument } from './print.ts';
import { tableLines } from './table.ts';
import { watch, watchOption, type WatchOption } from './watch.ts';
import { statusLines } from './zombieText.ts';

export function addStatusCommand(program: Command): void {
  program
    .command('status')
    .description(
      'how everything is, or the workers and containers named; exit 0 well, 1 degraded, 3 down, 4 unknown',
    )
    .argument('[names...]', 'workers and containers')
    .addOption(watchOption())
    .action(
      action<WatchOption>('look', (context, { args, options }) => {
        const look = (to: Context): Promise<number> =>
          args.length === 0 ? statusOfAll(to) : statusOfNamed(to, args);
        return options.watch === true ? watch(context, look) : look(context);
      }),
    );
}

async function statusOfAll(context: Context): Promise<number> {
  const { output, format } = context;
  const snapshot = (await context.client.get(apiPath('status'))) as Snapshot;
  const overall = overallOf(snapshot);
  if (format === 'json') output.data(visibleJson(snapshot));
  else if (format === 'jsonl') for (const worker of snapshot.workers) output.data(visibleJson(worker, 0));
  else if (format === 'name') for (const worker of snapshot.workers) output.data(`worker/${worker.name}`);
  else printStatus(context, snapshot);
  if (noteStrangeWords(context, snapshot)) return EXIT.unknown;
  return overall.state === 'well' ? EXIT.done : EXIT.degraded;
}

/** A state that this version does not know may be a bad one: true when there is any. */
function noteStrangeWords({ output }: Context, { workers, containers }: Snapshot): boolean {
  const known: readonly string[] = [...WORKER_STATES, ...CONTAINER_STATES];
  const said = [...workers.map(({ state }) => state as string), ...Object.keys(containers.byState)];
  const strange = [...new Set(said.filter((state) => !known.includes(state)))];
  if (strange.length === 0) return false;
  output.note(
    `garrison: the supervisor speaks of states that this version does not know: ${strange.join(', ')}`,
  );
  output.note('  next: garrison version; then use the command that was installed with the supervisor');
  return true;
}

function printStatus({ output, format }: Context, snapshot: Snapshot): void {
  const { state, sentences } = overallOf(snapshot);
  const verdict = state === 'well' ? output.paint('well', 'good') : output.paint('degraded', 'bad');
  const { host, version, queue } = snapshot;
  const lines = [
    `${host}: ${verdict} (garrison ${version})`,
    ...sentences.map((sentence) => `  ${visible(sentence)}`),
    '',
    ...tableLines(snapshot.workers, columnsFor(WORKER_COLUMNS, format), output),
    '',
    ...spareLines(snapshot),
    `queue: ${String(queue.waiting)} waiting, ${String(queue.running)} running. ${queue.detail}${canaryText(queue.canary)}`,
    `redis: ${snapshot.redis.up ? 'up' : 'down'} since ${snapshot.redis.since}. ${snapshot.redis.detail}`,
    visible(dockerLine(snapshot)),
    ...fleetLines(snapshot).map((line) => visible(line)),
    ...grantsLines(snapshot).map((line) => visible(line)),
    ...statusLines(snapshot.zombies),
  ];
  output.data(lines.join('\n'));
}

/** The other supervisors of the queue, each by its own word. */
function fleetLines({ fleet }: Snapshot): readonly string[] {
  if (fleet === undefined) return [];
  const others = fleet.members.map(({ name, detail, workers }) => {
    const states = workers.map((worker) => `${worker.name} ${worker.state}`).join(', ');
    return `  ${name}: ${detail}${states === '' ? '' : ` (${states})`}`;
  });
  return [`supervisors: ${others.length === 0 ? 'no other is heard. ' : ''}${fleet.detail}`, ...others];
}

/** Nothing where none is kept, or the supervisor is older than it. */
function spareLines({ spare }: Snapshot): string[] {
  if (spare === undefined || spare === null) return [];
  return [visible(`spare: ${spare.state} since ${spare.since}. ${spare.detail}`)];
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

interface Named {
  readonly workers: ListDocument<WorkerView>;
  readonly containers: ListDocument<ContainerView>;
}

async function statusOfNamed(context: Context, names: readonly string[]): Promise<number> {
  const all: Named = {
    workers: await readList(context.client, 'workers', {}),
    containers: await readList(context.client, 'containers', {}),
  };
  const found = names.map((name) => lookUp(name, all));
  const workers = found.flatMap(({ worker }) => worker ?? []);
  const containers = found.flatMap(({ container }) => container ?? []);
  printNamed(context, {
    workers: { ...all.workers, items: workers },
    containers: { ...all.containers, items: containers },
  });
  const missing = names.filter(
    (_name, index) => found[index]?.worker === undefined && found[index]?.container === undefined,
  );
  if (missing.length > 0) {
    throw new GarrisonError('NOT_FOUND', `there is no worker or container named ${missing.join(', ')}`, {
      cure: 'garrison get workers, garrison get containers',
    });
  }
  return exitCodeOfNamed(workers, containers);
}

interface Found {
  readonly worker?: WorkerView | undefined;
  readonly container?: ContainerView | undefined;
}

/** A bare name must be unique. */
function lookUp(name: string, { workers, containers }: Named): Found {
  const worker = workers.items.find((each) => name === each.name || name === `worker/${each.name}`);
  const container = containers.items.find((each) => name === each.name || name === `container/${each.name}`);
  if (worker !== undefined && container !== undefined)
    throw new GarrisonError('NAME_AMBIGUOUS', `${name} is a worker and a container`, {
      cure: `say worker/${name} or container/${name}`,
    });
  return { worker, container };
}

function printNamed(context: Context, { workers, containers }: Named): void {
  const hasBoth = workers.items.length > 0 && containers.items.length > 0;
  if (hasBoth && context.format === 'json') {
    const items = [...workers.items, ...containers.items];
    context.output.data(visibleJson({ ...workers, kind: 'List', items }));
    return;
  }
  if (workers.items.length > 0)
    printList(context, {
      document: workers,
      columns: WORKER_COLUMNS,
      nameOf: ({ name }) => `worker/${name}`,
      whenEmpty: '',
    });
  if (hasBoth && context.format !== 'jsonl' && context.format !== 'name') context.output.data('');
  if (containers.items.length > 0)
    printList(context, {
      document: containers,
      columns: CONTAINER_COLUMNS,
      nameOf: ({ name }) => `container/${name}`,
      whenEmpty: '',
    });
}
