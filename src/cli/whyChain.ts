/**
 * `why` of anything that the journal tells of: what led to what, by the supervisor's word or, when none runs, read from the file.
 * It claims nothing: each line says how it is joined to the one above it.
 */
import { JournalReader } from '../driver/journalReader.ts';
import { GarrisonError, type ErrorCode } from '../errors.ts';
import type { WhyStep, WhyView } from '../supervisor/door.ts';
import { tellWhy } from '../supervisor/whyStory.ts';
import { apiPath } from './client.ts';
import type { Context } from './context.ts';
import { visible } from './output.ts';

export interface Chain {
  readonly why: WhyView;
  /** The supervisor did not answer: only what is on disk is told. */
  readonly fromFile: boolean;
}

const AWAY: readonly ErrorCode[] = ['NO_SUPERVISOR', 'SUPERVISOR_SILENT', 'SUPERVISOR_FOREIGN'];

export async function readChain({ client, home, door, output }: Context, name: string): Promise<Chain> {
  try {
    const { item } = (await client.get(apiPath('why', name))) as { item: WhyView };
    return { why: item, fromFile: false };
  } catch (error) {
    if (!(error instanceof GarrisonError) || !AWAY.includes(error.code)) throw error;
    // Another's journal cannot be read: an empty story would look as if all were well.
    if (door.home !== home) throw error;
    const known = { kindOfName: () => null, names: [] };
    const why = await tellWhy(name, new JournalReader(home), known).catch((missing: unknown) => {
      // That the file tells nothing does not mean that there is nothing: the supervisor might know.
      throw missing instanceof GarrisonError && missing.code === 'NOT_FOUND' ? error : missing;
    });
    // Nobody there is said by the story itself; one that is there and silent is news.
    if (error.code !== 'NO_SUPERVISOR') output.error(error);
    return { why, fromFile: true };
  }
}

export function chainLines({ why, fromFile }: Chain): string[] {
  const { subject, steps, isWhole, searchedBackTo, damaged } = why;
  const isOverview = subject.kind === 'overview';
  const none = isOverview
    ? 'Nothing is wrong by the last word of the journal.'
    : `Nothing was noted of ${visible(subject.name)} that would need a story.`;
  return [
    ...(fromFile ? ['No supervisor answers: this is what its journal says, up to its last line.'] : []),
    ...(steps.length === 0 ? [none] : steps.map(stepLine)),
    ...(isWhole ? [] : [`Nothing before ${searchedBackTo ?? ''} was looked at: the journal is longer.`]),
    ...skippedLines(damaged),
  ];
}

/** What a line that cannot be read told is missing from the story. */
function skippedLines(damaged: number): string[] {
  if (damaged === 0) return [];
  const lines = damaged === 1 ? '1 line' : `${String(damaged)} lines`;
  return [
    `${lines} of the journal cannot be read and ${damaged === 1 ? 'was' : 'were'} passed over: what stood there is missing here.`,
  ];
}

/** Below a story that tells the same lines in their order. */
export function whatLedToIt(chain: Chain | null): string[] {
  if (chain === null) return ['What led to it stands further back in the journal than was searched.'];
  return ['What led to what:', ...chainLines(chain).map((line) => `  ${line}`)];
}

function stepLine({ relation, depth, at, sentence, actor, from, reason, evidenceFile }: WhyStep): string {
  const asked = [
    actor === null || actor === 'garrison' ? null : `by ${actor}`,
    from === null ? null : `from ${from}`,
    reason === null ? null : `“${reason}”`,
  ].filter((each) => each !== null);
  const who = asked.length === 0 ? '' : ` (${asked.join(', ')})`;
  const kept = evidenceFile === null ? '' : ` [incidents/${evidenceFile}]`;
  return `${'  '.repeat(depth)}${wordsOf(relation)}${at}  ${visible(`${sentence}${who}${kept}`)}`;
}

function wordsOf(relation: WhyStep['relation']): string {
  switch (relation) {
    case 'subject':
      return '';
    case 'partOf':
      return 'meanwhile, to it: ';
    case 'because':
      return 'because: ';
    case 'before':
      return 'before that: ';
    case 'sameTime':
      return 'at the same time (no cause is proven): ';
  }
}
