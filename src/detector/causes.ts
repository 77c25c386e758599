/**
 * Says what led to what by the journal's own lines: push → attempt → a worker's life → Redis → container → a person's operation.
 * It calls nothing a cause that ids, a life or an operation do not prove: what only happened at the same time is said to be just that.
 */

/** One line of the journal; `seq` rises with its place there, which counts where times are equal or a clock was set. */
export interface PastLine {
  readonly seq: number;
  readonly at: string;
  readonly atMs: number;
  readonly event: string;
  readonly [fact: string]: unknown;
}

/**
 * `because`: proven by an id, a life or an operation that both lines name, or by the Redis that both say they miss.
 * `before`: earlier in the same life, or of the same sickness; no more is known.
 * `partOf`: it happened to the very push or job.
 * `sameTime`: nothing but the time joins them.
 */
export type Relation = 'subject' | 'partOf' | 'because' | 'before' | 'sameTime';

export interface Cause {
  readonly line: PastLine;
  readonly relation: Relation;
  /** `seq` of what it explains; null for the subject itself. */
  readonly explains: number | null;
  readonly depth: number;
}

const MOST_STEPS = 60;
const MOST_EACH = 4;
const DEEPEST = 7;
/** A container's news may come so long before Redis is missed, or so much later since Docker was asked later. */
const BEFORE_MS = 60_000;
const AFTER_MS = 10_000;

interface Attempt {
  readonly jobId: string;
  readonly pushId: string;
  readonly host: string;
}

type Link = readonly [PastLine, Exclude<Relation, 'subject'>];

/** What led to these lines, each line once: the subject's own first, and each explained before the next. */
export function causesOf(lines: readonly PastLine[], subject: readonly PastLine[]): Cause[] {
  const inOrder = lines.toSorted((one, other) => one.seq - other.seq);
  const found = new Map<number, Cause>();
  const waiting: Cause[] = subject
    .toSorted((one, other) => one.seq - other.seq)
    .map((line) => ({ line, relation: 'subject', explains: null, depth: 0 }));
  for (const cause of waiting) found.set(cause.line.seq, cause);
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    if (next.depth >= DEEPEST || found.size >= MOST_STEPS) break;
    for (const [line, relation] of linksOf(next.line, inOrder)) {
      if (found.has(line.seq) || found.size >= MOST_STEPS) continue;
      const cause: Cause = { line, relation, explains: next.line.seq, depth: next.depth + 1 };
      found.set(line.seq, cause);
      // What only happened at the same time explains nothing, but why it happened itself may be known.
      waiting.push(cause);
    }
  }
  return treeOrder([...found.values()]);
}

/** Each with what explains it right below it. */
function treeOrder(causes: readonly Cause[]): Cause[] {
  const below = (seq: number | null): Cause[] =>
    causes
      .filter(({ explains }) => explains === seq)
      .sort((one, other) => one.line.seq - other.line.seq)
      .flatMap((cause) => [cause, ...below(cause.line.seq)]);
  return below(null);
}

function linksOf(line: PastLine, all: readonly PastLine[]): readonly Link[] {
  const earlier = all.filter(({ seq }) => seq < line.seq);
  switch (line.event) {
    case 'push':
      return linksOfPush(line, all);
    case 'attemptsLost':
      return lastOf(earlier.filter(isOfLife(line)).filter(isEnd), 1).map((end) => [end, 'because']);
    case 'verdict':
      return linksOfVerdict(line, earlier);
    case 'redisDown':
      return lastOf(all.filter(isNearInTime(line)), MOST_EACH).map((near) => [near, 'sameTime']);
    case 'container':
      return linksOfContainer(line, earlier);
    case 'operationEnded':
      return earlier.filter(isOperation(line.id)).map((asked) => [asked, 'because']);
    default:
      return [];
  }
}

/** All that happened to it between its asking and its end. */
function linksOfPush(push: PastLine, all: readonly PastLine[]): readonly Link[] {
  const later = all.filter(({ seq }) => seq > push.seq);
  const jobs = new Set(textsIn(push.jobs));
  const lost = later.filter((line) => attemptsIn(line).some(isOfPush(push, jobs)));
  const lives = new Set(lost.map(nonceOf));
  // How a life went that it was lost with stands below that loss.
  const held = (line: PastLine): boolean =>
    isTrouble(line) && !lives.has(nonceOf(line)) && textsIn(line.jobs).some((job) => jobs.has(job));
  const isAsked = ({ event, target }: PastLine): boolean =>
    event === 'operation' && (target === push.id || jobs.has(String(target)));
  const happened = later.filter((line) => lost.includes(line) || held(line) || isAsked(line));
  const end = later.find((line) => line.event === 'pushEnded' && line.id === push.id);
  const during = later.filter(({ seq, event }) => event === 'redisDown' && seq < (end?.seq ?? Infinity));
  const away = [...awayAt(all, push), ...during];
  return [
    ...lastOf(happened, 3 * MOST_EACH).map((line): Link => [line, 'partOf']),
    ...lastOf(away, MOST_EACH).map((line): Link => [line, 'sameTime']),
  ];
}

/** Lines of earlier versions do not name the jobs of a push. */
function isOfPush(push: PastLine, jobs: ReadonlySet<string>): (attempt: Attempt) => boolean {
  return ({ jobId, pushId }) => pushId === push.id && (jobs.size === 0 || jobs.has(jobId));
}

function linksOfVerdict(verdict: PastLine, earlier: readonly PastLine[]): readonly Link[] {
  const ofLife = earlier.filter(isOfLife(verdict));
  const before = lastOf(ofLife.filter(isTrouble), 1).map((line): Link => [line, 'before']);
  const broker = verdict.reason === 'BrokerAway' ? awayAt(earlier, verdict) : [];
  const start = ofLife[0]?.seq ?? verdict.seq;
  const asked = isWished(verdict)
    ? lastOf(earlier.filter(isOperationOn(`worker/${String(verdict.worker)}`, start)), 1)
    : [];
  return [...before, ...[...broker, ...asked].map((line): Link => [line, 'because'])];
}

function linksOfContainer(line: PastLine, earlier: readonly PastLine[]): readonly Link[] {
  const own = earlier.filter((each) => each.event === 'container' && each.container === line.container);
  const lastWell = own.findLast(({ what }) => what === 'healed' || what === 'recovered')?.seq ?? -1;
  const sinceWell = own.filter(({ seq }) => seq > lastWell);
  const isDeed = ['treated', 'restarted', 'asked', 'healed', 'healFailed', 'quarantineCleared'].includes(
    String(line.what),
  );
  const wanted = isDeed && typeof line.actor === 'string' && line.actor !== 'garrison';
  const asked = wanted
    ? lastOf(openOperations(earlier).filter(isByOn(line.actor, `container/${String(line.container)}`)), 1)
    : [];
  const links: Link[] = asked.map((each) => [each, 'because']);
  if (line.what === 'sick' || (wanted && asked.length > 0)) return links;
  const sick = lastOf(
    sinceWell.filter(({ what }) => what === 'sick'),
    1,
  );
  return [...links, ...sick.map((each): Link => [each, line.what === 'treated' ? 'because' : 'before'])];
}

/** The outage of Redis that was under way there; none when it had answered again. */
function awayAt(lines: readonly PastLine[], { seq }: PastLine): PastLine[] {
  const last = lines.findLast((line) => line.seq < seq && /^redis(Up|Down)$/.test(line.event));
  return last?.event === 'redisDown' ? [last] : [];
}

/** A verdict that says that something was wrong, and that people were shown. */
export function isTrouble({ event, shown, state, reason }: PastLine): boolean {
  if (event !== 'verdict' || shown === false) return false;
  return ['late', 'hung', 'failed', 'unknown', 'backoff'].includes(String(state)) || reason === 'JobStuck';
}

function isEnd({ event, shown, reason }: PastLine): boolean {
  const ends = ['Exited', 'Killed', 'CrashLoop', 'StoppedByPerson', 'SupervisorStopping'];
  return event === 'verdict' && shown !== false && ends.includes(String(reason));
}

function isWished({ reason }: PastLine): boolean {
  return reason === 'DrainAsked' || reason === 'StoppedByPerson' || reason === 'Quiet';
}

/** Of the very same process: two lines that do not both name one are never joined. */
function isOfLife(line: PastLine): (other: PastLine) => boolean {
  const nonce = nonceOf(line);
  return (other) => nonce !== null && other.worker === line.worker && nonceOf(other) === nonce;
}

function nonceOf({ life }: PastLine): string | null {
  const nonce = (life as { readonly nonce?: unknown } | null | undefined)?.nonce;
  return typeof nonce === 'string' && nonce !== '' ? nonce : null;
}

function isOperation(id: unknown): (line: PastLine) => boolean {
  return (line) => line.event === 'operation' && typeof id === 'string' && line.id === id;
}

/** After the life had begun: what was asked for before it was about another one. */
function isOperationOn(target: string, afterSeq: number): (line: PastLine) => boolean {
  return (line) =>
    line.event === 'operation' &&
    line.seq > afterSeq &&
    ['restart', 'stop', 'quiet'].includes(String(line.verb)) &&
    isTarget(line.target, target);
}

function isByOn(actor: unknown, target: string): (line: PastLine) => boolean {
  return (line) => line.actor === actor && isTarget(line.target, target);
}

/** A bare name is as good as `worker/NAME`. */
function isTarget(target: unknown, wanted: string): boolean {
  return target === wanted || `${wanted.slice(0, wanted.indexOf('/'))}/${String(target)}` === wanted;
}

/** Asked for, and not ended yet at the end of these lines. */
function openOperations(lines: readonly PastLine[]): PastLine[] {
  const ended = new Set(lines.filter(({ event }) => event === 'operationEnded').map(({ id }) => id));
  return lines.filter(({ event, id }) => event === 'operation' && !ended.has(id));
}

const CONTAINER_NEWS = ['sick', 'treated', 'restarted', 'healFailed', 'quarantined'];

function isNearInTime(line: PastLine): (other: PastLine) => boolean {
  return (other) => {
    const afterMs = other.atMs - line.atMs;
    const isNews = other.event === 'container' && CONTAINER_NEWS.includes(String(other.what));
    return (isNews || other.event === 'dockerAway') && afterMs >= -BEFORE_MS && afterMs <= AFTER_MS;
  };
}

/** What a line says of attempts that were lost. */
export function attemptsIn({ event, attempts }: PastLine): Attempt[] {
  if (event !== 'attemptsLost' || !Array.isArray(attempts)) return [];
  return attempts.filter((each) => typeof each === 'object' && each !== null) as never;
}

export function textsIn(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((each) => typeof each === 'string') : [];
}

function lastOf<T>(list: readonly T[], count: number): T[] {
  return list.slice(-count);
}
