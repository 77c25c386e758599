/**
 * `why container/NAME`: what it is and what is done about it, its story oldest first, and the last evidence that was kept.
 * It never judges: every sentence is the supervisor's, and what the container wrote is only quoted.
 */
import { GarrisonError } from '../errors.ts';
import type { ContainerStoryView, ContainerView } from '../supervisor/door.ts';
import { formatDurationMs } from '../units.ts';
import { apiPath, type Client } from './client.ts';
import { STORY_COLUMNS } from './columns.ts';
import type { Context } from './context.ts';
import { EXIT } from './exitCodes.ts';
import { evidenceLines } from './evidenceText.ts';
import { readPages } from './look.ts';
import { itemJson, visible } from './output.ts';
import { columnsFor, type ListDocument } from './print.ts';
import { tableLines } from './table.ts';
import { whatLedToIt, type Chain } from './whyChain.ts';

/** The last so many tell the story; `-o json` has them all. */
const EVENTS_SHOWN = 40;

export async function whyContainer(context: Context, name: string, chain: Chain | null): Promise<number> {
  const { client, output, format } = context;
  const { items: story } = (await readPages(
    client,
    apiPath('containers', name, 'story'),
    {},
  )) as ListDocument<ContainerStoryView>;
  const container = await orGone(client, apiPath('containers', name));
  const file = story.findLast(({ bundleFile }) => bundleFile !== null)?.bundleFile ?? null;
  const evidence = file === null ? null : await orGone(client, apiPath('containers', name, 'evidence', file));
  const whole = { container: container as ContainerView | null, story, evidence };
  if (format === 'json' || format === 'jsonl')
    output.data(itemJson('Why', { ...whole, chain: chain?.why ?? null }));
  else output.data([...lines(context, { ...whole, name, file }), '', ...whatLedToIt(chain)].join('\n'));
  return EXIT.done;
}

interface Whole {
  readonly name: string;
  readonly container: ContainerView | null;
  readonly story: readonly ContainerStoryView[];
  readonly file: string | null;
  readonly evidence: unknown;
}

/** The item there; null when it is there no more. */
async function orGone(client: Client, path: string): Promise<unknown> {
  try {
    return ((await client.get(path)) as { item: unknown }).item;
  } catch (error) {
    if (error instanceof GarrisonError && error.code === 'NOT_FOUND') return null;
    throw error;
  }
}

function lines({ output, format }: Context, { name, container, story, file, evidence }: Whole): string[] {
  const shown = story.slice(-EVENTS_SHOWN);
  const hidden = story.length - shown.length;
  return [
    ...(container === null
      ? [`${visible(name)} is gone; this is what was seen of it and done about it`]
      : nowLines(container)),
    '',
    ...(hidden > 0 ? [`${String(hidden)} earlier events are left out: -o json has them all`] : []),
    ...(shown.length === 0
      ? ['Nothing was seen of it yet that would need a story.']
      : tableLines(shown, columnsFor(STORY_COLUMNS, format), output)),
    ...(file === null ? [] : evidenceLines(evidence, file)),
  ];
}

function nowLines({ name, state, reason, since, detail, root, zombies, heal }: ContainerView): string[] {
  const per = formatDurationMs(heal.perMs);
  const rows: readonly (readonly [string, string | null])[] = [
    ['root', root === null || root === name ? null : `${root}, which is sick, too, and may explain it`],
    ['healing', `${heal.selection}: ${heal.because}`],
    ['plan', heal.plan === '' ? null : heal.plan],
    ['restarts', `${String(heal.restarts)} of at most ${String(heal.budget)} within ${per}`],
    ['quarantine', heal.quarantinedSince === null ? null : `since ${heal.quarantinedSince}`],
    ['zombies', zombies === 0 ? null : String(zombies)],
    ['next', heal.quarantinedSince === null ? null : `mend it, then garrison quarantine clear ${name}`],
  ];
  return [
    `${visible(name)} is ${state} (${reason}) since ${since}: ${visible(detail)}`,
    ...rows.flatMap(([title, said]) => (said === null ? [] : [`  ${title.padEnd(10)} ${visible(said)}`])),
  ];
}
