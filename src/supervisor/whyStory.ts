/**
 * Tells how something came to be as it is, from the journal alone: so it works from the file, too, when no supervisor runs.
 * It reads so much of the journal and no more, says how far it came, and joins nothing that detector/causes.ts does not.
 */
import { GarrisonError } from '../errors.ts';
import { attemptsIn, causesOf, textsIn, type PastLine } from '../detector/causes.ts';
import { nearestName } from '../detector/nearestName.ts';
import { linesAbout, subjectOf, type Subject } from '../detector/subject.ts';
import type { WhyStep, WhyView } from './historyDoor.ts';
import type { JournalPast, JournalStretch } from './ports.ts';
import { timelineEntryOf, type KindOfName } from './timelineEntry.ts';

/** Of the journal for one answer. */
const MOST_BYTES = 8 * 1024 * 1024;
const MOST_LINES = 40_000;

export interface Known {
  readonly kindOfName: KindOfName;
  /** Of workers, containers and hosts that there are now. */
  readonly names: Iterable<string>;
}

type Kept = JournalStretch['lines'][number];

interface Past {
  readonly lines: readonly PastLine[];
  /** By `seq`, as they stand in the journal. */
  readonly kept: readonly Kept[];
  readonly searchedBackTo: string | null;
  readonly isWhole: boolean;
  readonly damaged: number;
}

export async function tellWhy(name: string, past: JournalPast, known: Known): Promise<WhyView> {
  const read = await readPast(past);
  const subject = subjectOf(name) ?? bareSubject(name, read.lines, known);
  const about = linesAbout(subject, read.lines);
  if (about.length === 0 && !isKnown(subject, read.lines, known)) throw unknown(subject, read, known);
  const steps = causesOf(read.lines, about).map(({ line, relation, explains, depth }): WhyStep => {
    const { id, entry } = read.kept[line.seq] as Kept;
    const told = timelineEntryOf(id, entry, known.kindOfName);
    return {
      ...told,
      relation,
      explains: explains === null ? null : (read.kept[explains]?.id ?? null),
      depth,
    };
  });
  const { searchedBackTo, isWhole, damaged } = read;
  return { subject, steps, searchedBackTo, isWhole, damaged };
}

async function readPast(past: JournalPast): Promise<Past> {
  const kept: Kept[] = [];
  let damaged = 0;
  let bytes = 0;
  let cursor: string | null = null;
  do {
    const stretch = await past.before(cursor);
    damaged += stretch.damaged;
    bytes += stretch.bytes;
    kept.push(...stretch.lines);
    cursor = stretch.next;
  } while (cursor !== null && bytes < MOST_BYTES && kept.length < MOST_LINES);
  kept.reverse();
  const lines = kept.map(({ entry }, seq): PastLine => ({ ...entry, seq, atMs: Date.parse(entry.at) }));
  return { lines, kept, searchedBackTo: lines[0]?.at ?? null, isWhole: cursor === null, damaged };
}

/** A bare name: a worker before a container before a host, now or in the journal. */
function bareSubject(name: string, lines: readonly PastLine[], { kindOfName }: Known): Subject {
  const kind = kindOfName(name);
  if (kind !== null) return { kind, name };
  if (lines.some(({ event, worker }) => event === 'verdict' && worker === name))
    return { kind: 'worker', name };
  if (lines.some(({ event, container }) => event === 'container' && container === name))
    return { kind: 'container', name };
  return { kind: 'host', name };
}

/** It is there, and nothing was noted of it: no error. */
function isKnown({ kind, name }: Subject, lines: readonly PastLine[], { names }: Known): boolean {
  if (kind === 'overview') return true;
  return [...names].includes(name) || lines.some((line) => namesIn(line).includes(name));
}

function unknown(
  { kind, name }: Subject,
  { lines, isWhole, searchedBackTo }: Past,
  known: Known,
): GarrisonError {
  const names = new Set([...known.names, ...lines.flatMap(namesIn)]);
  const nearest = nearestName(name, names);
  const where = isWhole ? 'the journal' : `the journal back to ${searchedBackTo ?? ''}`;
  const what =
    kind === 'host' ? `there is no worker, container or host named ${name}` : `there is no ${kind} ${name}`;
  return new GarrisonError('NOT_FOUND', `${what}, and none in ${where}`, {
    cure:
      nearest === null
        ? 'garrison get workers, containers, hosts, pushes, jobs or operations lists the names'
        : `did you mean ${nearest}?`,
  });
}

/** Whatever a person may ask after. */
function namesIn(line: PastLine): readonly string[] {
  const attempts = attemptsIn(line).flatMap(({ jobId, host }) => [jobId, host]);
  const named = [line.id, line.worker, line.container, line.host].filter((each) => typeof each === 'string');
  return [...named, ...textsIn(line.jobs), ...textsIn(line.hosts), ...attempts];
}
