/**
 * Finds the lines of the journal that are about what somebody asks of: a push, a job, a worker, a container, an operation, a host, or the whole.
 * It explains nothing: causes.ts does.
 */
import { attemptsIn, isTrouble, textsIn, type PastLine } from './causes.ts';

export type SubjectKind =
  'push' | 'job' | 'worker' | 'container' | 'operation' | 'incident' | 'host' | 'overview';

export interface Subject {
  readonly kind: SubjectKind;
  readonly name: string;
}

const MOST_LINES = 8;
const KINDS: readonly string[] = ['push', 'job', 'worker', 'container', 'operation', 'incident', 'host'];
const OF_IDS: Readonly<Record<string, SubjectKind>> = { p: 'push', j: 'job', o: 'operation', i: 'incident' };

/** What a name means by itself; null for a bare name, which may be a worker, a container or a host. */
export function subjectOf(text: string): Subject | null {
  if (text === '' || text === 'overview') return { kind: 'overview', name: 'overview' };
  const slash = text.indexOf('/');
  const kind = text.slice(0, Math.max(0, slash));
  if (KINDS.includes(kind)) return { kind: kind as SubjectKind, name: text.slice(slash + 1) };
  const ofId = /^([pjoi])-\d[0-9a-z-]*$/.exec(text)?.[1];
  return ofId === undefined ? null : { kind: OF_IDS[ofId] as SubjectKind, name: text };
}

/** In the journal's order; none when nothing was noted of it. */
export function linesAbout({ kind, name }: Subject, given: readonly PastLine[]): PastLine[] {
  const lines = given.toSorted((one, other) => one.seq - other.seq);
  const last = (found: readonly PastLine[]): PastLine[] => found.slice(-MOST_LINES);
  switch (kind) {
    case 'push':
      return last(lines.filter((line) => isOfPush(line, name)));
    case 'job':
      return last(linesOfJob(name, lines));
    case 'worker':
      return last(lines.filter((line) => line.event === 'verdict' && line.worker === name));
    case 'container':
      return last(lines.filter((line) => line.event === 'container' && line.container === name));
    case 'operation':
      return last(lines.filter((line) => line.event.startsWith('operation') && line.id === name));
    case 'incident':
      return last(lines.filter((line) => line.event === 'verdict' && line.id === name));
    case 'host':
      return last(lines.filter((line) => isOfHost(line, name)));
    case 'overview':
      return wrongNow(lines);
  }
}

function isOfPush({ event, id }: PastLine, name: string): boolean {
  return (event === 'push' || event === 'pushEnded' || event === 'pushWithdrawn') && id === name;
}

/** Of its push only what happened to this job. */
function linesOfJob(name: string, lines: readonly PastLine[]): PastLine[] {
  const push = lines.find((line) => line.event === 'push' && textsIn(line.jobs).includes(name));
  if (push === undefined) return lines.filter((line) => attemptsIn(line).some(({ jobId }) => jobId === name));
  const host = textsIn(push.hosts)[textsIn(push.jobs).indexOf(name)] ?? '';
  const ends = lines.filter((line) => line.event === 'pushEnded' && line.id === push.id);
  return [{ ...push, jobs: [name], hosts: [host] }, ...ends];
}

function isOfHost(line: PastLine, name: string): boolean {
  if (line.event === 'push') return textsIn(line.hosts).includes(name);
  return line.event === 'trust' && line.host === name;
}

/** Where the last word on something is a bad one. */
function wrongNow(lines: readonly PastLine[]): PastLine[] {
  const last = new Map<string, PastLine>();
  for (const line of lines) {
    const about = stateOf(line);
    if (about !== null) last.set(about, line);
  }
  return [...last.values()].filter(isWrong);
}

const WELL_OR_SICK = ['sick', 'healFailed', 'quarantined', 'healed', 'recovered', 'quarantineCleared'];

/** What the line says the state of; null of all other lines. */
function stateOf(line: PastLine): string | null {
  if (line.event === 'verdict') return line.shown === false ? null : `worker/${String(line.worker)}`;
  if (line.event === 'container')
    return WELL_OR_SICK.includes(String(line.what)) ? `container/${String(line.container)}` : null;
  return line.event === 'redisUp' || line.event === 'redisDown' ? 'redis' : null;
}

function isWrong(line: PastLine): boolean {
  if (line.event === 'verdict') return isTrouble(line);
  if (line.event === 'container') return ['sick', 'healFailed', 'quarantined'].includes(String(line.what));
  return line.event === 'redisDown';
}
