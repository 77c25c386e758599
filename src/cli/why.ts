/**
 * `why [NAME]`: what led to what, from a push, job, operation or host down to worker, Redis, container and person; of a worker or container with its story.
 * It never judges: every sentence is the supervisor's.
 */
import type { Command } from 'commander';
import { GarrisonError } from '../errors.ts';
import type { IncidentView, WorkerView } from '../supervisor/door.ts';
import { endingLines } from './autopsyText.ts';
import { apiPath } from './client.ts';
import { INCIDENT_COLUMNS } from './columns.ts';
import { chainLines, readChain, whatLedToIt, type Chain } from './whyChain.ts';
import { whyContainer } from './containerWhy.ts';
import { action, type Context } from './context.ts';
import { EXIT } from './exitCodes.ts';
import { readList } from './look.ts';
import { itemJson, visible } from './output.ts';
import { columnsFor } from './print.ts';
import { tableLines } from './table.ts';

/** The last so many changes tell the story; `get incidents` has them all. */
const CHANGES_SHOWN = 20;

export function addWhyCommand(program: Command): void {
  program
    .command('why')
    .description('what led to what: of one thing, or without a name of all that is wrong now')
    .argument('[name]', 'push, job, operation or host, worker/push-1, container/jms_core, overview (default)')
    .action(action('look', (context, { args }) => why(context, args[0] ?? 'overview')));
}

/** A worker or a container has a story of its own besides; without a supervisor there is only the journal. */
async function why(context: Context, name: string): Promise<number> {
  let chain: Chain;
  try {
    chain = await readChain(context, name);
  } catch (error) {
    const exitCode = isMissing(error) ? await whyUnnoted(context, name) : null;
    if (exitCode === null) throw error;
    return exitCode;
  }
  const { subject } = chain.why;
  if (!chain.fromFile && subject.kind === 'worker') {
    const exitCode = await unlessMissing(whyWorker(context, subject.name, chain));
    if (exitCode !== null) return exitCode;
  }
  if (!chain.fromFile && subject.kind === 'container') return whyContainer(context, subject.name, chain);
  const { output, format } = context;
  if (format === 'json' || format === 'jsonl') output.data(itemJson('Why', { chain: chain.why }));
  else output.data(chainLines(chain).join('\n'));
  return EXIT.done;
}

/** Its lines may be older than what was searched of the journal, while its story is kept. Null when there is nothing of that name. */
async function whyUnnoted(context: Context, name: string): Promise<number | null> {
  const bare = name.replace(/^(worker|container)\//, '');
  return (
    (name.startsWith('container/') ? null : await unlessMissing(whyWorker(context, bare, null))) ??
    (name.startsWith('worker/') ? null : await unlessMissing(whyContainer(context, bare, null)))
  );
}

function isMissing(error: unknown): boolean {
  return error instanceof GarrisonError && error.code === 'NOT_FOUND';
}

/** Null when there is nothing of that name. */
async function unlessMissing(said: Promise<number>): Promise<number | null> {
  try {
    return await said;
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

async function whyWorker(context: Context, name: string, chain: Chain | null): Promise<number> {
  const { client, output, format } = context;
  const { item: worker } = (await client.get(apiPath('workers', name))) as { item: WorkerView };
  const items: readonly IncidentView[] = (await readList(client, 'incidents', { query: worker.name })).items;
  const ofWorker = items.filter((incident) => incident.worker === worker.name);
  const changes = ofWorker.slice(0, CHANGES_SHOWN).reverse();
  const end = await lastEnd(context, ofWorker);
  if (format === 'json' || format === 'jsonl')
    output.data(itemJson('Why', { worker, changes, end, chain: chain?.why ?? null }));
  else output.data([...storyLines(context, { worker, changes, end }), '', ...whatLedToIt(chain)].join('\n'));
  return EXIT.done;
}

type End = IncidentView & { readonly autopsy: unknown };

/** Its latest end of which something was kept; null when none was. */
async function lastEnd({ client }: Context, newestFirst: readonly IncidentView[]): Promise<End | null> {
  const latest = newestFirst.find(
    ({ autopsyFile, lastLines }) => autopsyFile !== null || lastLines.length > 0,
  );
  if (latest === undefined) return null;
  const { item } = (await client.get(apiPath('incidents', latest.id))) as { item: End };
  return item;
}

interface Story {
  readonly worker: WorkerView;
  readonly changes: readonly IncidentView[];
  readonly end: End | null;
}

function storyLines({ output, format }: Context, { worker, changes, end }: Story): string[] {
  const truths = Object.entries(worker.truths).map(
    ([name, { verdict, evidence, since }]) =>
      `  ${name.padEnd(10)} ${verdict.padEnd(8)} ${visible(evidence)} (since ${since})`,
  );
  return [
    `${worker.name} is ${worker.state} (${worker.reason}) since ${worker.since}: ${visible(worker.detail)}`,
    '',
    ...tableLines(changes, columnsFor(INCIDENT_COLUMNS, format), output),
    ...(end === null ? [] : endingLines(end)),
    '',
    'Now, layer by layer:',
    ...truths,
  ];
}
