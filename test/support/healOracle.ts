/**
 * What may be done to a container and what may not, in the words of the issue and from what truly is, not from what the board remembers.
 * It knows nothing of how the board decides.
 */
import type { Treatment } from '../../src/reconciler/treatment.ts';
import type { Edge, Spec } from './healHistory.ts';

export const BUDGET = { restarts: 3, perMs: 1_800_000 };
/** Older than this, an examination says nothing any more. */
/** Before Docker's word of it has come, nobody can know of a signal. */
const EVENT_TAKES_MS = 10;
const EXAMINED_AT_MOST_MS = 16_000;
/** So long a dependent may take to recover behind its root. */
const RECOVERS_WITHIN_MS = 30_000;

/** One container as it was last shown to the board, and what truly happened to it. */
export interface Truth {
  readonly spec: Spec;
  readonly status: string;
  readonly life: string;
  /** As told. */
  readonly health: 'healthy' | 'unhealthy' | 'starting' | 'none';
  readonly isUnprobed: boolean;
  readonly ghostSinceMs: number | null;
  readonly zombiesSinceMs: number | null;
  readonly wellSinceMs: number | null;
  readonly startedAtMs: number;
  /** When its life that runs now was made by a treatment that was seen through. */
  readonly restartedByUsAtMs: number | null;
  readonly endedBy: 'person' | 'treatment' | 'itself' | null;
  readonly signalledAtMs: number;
  readonly examined: {
    readonly life: string;
    readonly begunAtMs: number;
    readonly isKnown: boolean;
    readonly compose: boolean;
  } | null;
  readonly isDeedOpen: boolean;
  readonly isQuarantined: boolean;
}

export interface Question {
  readonly name: string;
  readonly how: Treatment;
  readonly nowMs: number;
  readonly isAsked: boolean;
  readonly isDockerUp: boolean;
  readonly isInMaintenance: boolean;
  /** Restarts of it since a person cleared it, this one left out. */
  readonly restartsAtMs: readonly number[];
  readonly all: ReadonlyMap<string, Truth>;
}

/** Sentences: what is broken by this deed. */
export function broken(question: Question): string[] {
  return [...brokenByAnybody(question), ...(question.isAsked ? [] : brokenByAutomation(question))];
}

function brokenByAnybody({ name, how, nowMs, restartsAtMs, all, isDockerUp }: Question): string[] {
  const own = all.get(name)!;
  const found: string[] = [];
  const isRestart = how === 'restart' || how === 'killAndStart';
  const counted = restartsAtMs.filter((atMs) => nowMs - atMs < BUDGET.perMs).length;
  if (isRestart && counted >= BUDGET.restarts) found.push(`budget: restart ${String(counted + 1)}`);
  if (!isDockerUp) found.push('Docker is away');
  if (own.spec.special !== 'none') found.push(`it is ${own.spec.special}`);
  if (own.status === 'paused') found.push('a person paused it');
  if (own.ghostSinceMs !== null && nowMs - own.ghostSinceMs >= 10_000) found.push('it is a ghost');
  if (own.isDeedOpen) found.push('another deed on it is open');
  for (const [other, truth] of all)
    if (
      other !== name &&
      truth.isDeedOpen &&
      own.spec.project !== null &&
      truth.spec.project === own.spec.project
    )
      found.push(`${other} of the same project is being treated`);
  const { examined } = own;
  if (examined === null) found.push('it was never examined');
  else if (examined.life !== own.life) found.push('another life of it was examined');
  else if (nowMs - examined.begunAtMs > EXAMINED_AT_MOST_MS) found.push('its examination is old');
  else if (!examined.isKnown) found.push('its examination found out nothing');
  else if (examined.compose) found.push('compose was at work on it');
  const signalledMs = nowMs - own.signalledAtMs;
  if (own.status === 'running' && signalledMs > EVENT_TAKES_MS && signalledMs < 10_000)
    found.push('somebody is stopping it');
  return found;
}

function brokenByAutomation(question: Question): string[] {
  const { name, how, isInMaintenance, all } = question;
  const own = all.get(name)!;
  const found: string[] = [];
  if (how === 'stop') found.push('nobody asked to stop it');
  if (isInMaintenance) found.push('it is in maintenance');
  if (own.isQuarantined) found.push('it is in quarantine');
  if (own.isUnprobed) found.push('Docker could not run its probe');
  if (how === 'start' && own.endedBy !== 'treatment')
    found.push(`no treatment ended it: ${own.endedBy ?? 'it runs'}`);
  if (how !== 'start' && own.spec.chosen !== 'heal') found.push(`it is ${own.spec.chosen}`);
  if (how !== 'start' && own.status !== 'running') found.push(`it is ${own.status}: ${own.endedBy ?? ''}`);
  for (const above of ancestors(all, name)) {
    if (ancestors(all, above).has(name)) continue;
    const truth = all.get(above)!;
    if (truth.isDeedOpen) found.push(`its root ${above} is being treated`);
    if (truth.status === 'running' && (truth.health === 'unhealthy' || truth.health === 'starting'))
      found.push(`its root ${above} is ${truth.health}`);
  }
  if (how === 'start') return found;
  const brake = brakeOf(all, question.nowMs);
  if (brake !== null) found.push(brake);
  if (own.health !== 'unhealthy' && !hasOtherReason(question)) found.push(`it is ${own.health}`);
  return found;
}

/** It is well or starts, and must be restarted all the same. */
function hasOtherReason({ name, nowMs, all }: Question): boolean {
  const own = all.get(name)!;
  if (own.zombiesSinceMs !== null && nowMs - own.zombiesSinceMs >= 59_000) return true;
  return own.spec.edges.some(({ on, by }) => {
    const other = all.get(on);
    const isBound = by === 'network' || by === 'labelRestart';
    return isBound && (other?.restartedByUsAtMs ?? -Infinity) > own.startedAtMs;
  });
}

/** Three or more independent sick ones, and half of all independent ones. */
function brakeOf(all: ReadonlyMap<string, Truth>, nowMs: number): string | null {
  const running = [...all].filter(([, { status }]) => status === 'running' || status === 'restarting');
  const isGhost = ({ ghostSinceMs }: Truth): boolean => ghostSinceMs !== null;
  const sick = running.filter(
    ([name, truth]) =>
      truth.status === 'running' &&
      !isGhost(truth) &&
      truth.health === 'unhealthy' &&
      !isRecovering(all, name, nowMs),
  );
  const explaining = running.filter(
    ([, truth]) => truth.health === 'unhealthy' || isGhost(truth) || truth.isDeedOpen,
  );
  const isKnown = (group: readonly string[]): boolean => group.some((each) => all.get(each)!.isQuarantined);
  const sickRoots = independent(
    all,
    sick.map(([name]) => name),
    explaining.map(([name]) => name),
  ).filter((group) => !isKnown(group));
  const allRoots = independent(
    all,
    running.map(([name]) => name),
    running.map(([name]) => name),
  );
  return sickRoots.length >= 3 && sickRoots.length * 2 >= allRoots.length
    ? `${String(sickRoots.length)} of ${String(allRoots.length)} independent ones are sick`
    : null;
}

/** What it depends on is well again since a moment ago, or Docker is back: it says nothing of the host. */
function isRecovering(all: ReadonlyMap<string, Truth>, name: string, nowMs: number): boolean {
  return [...ancestors(all, name)].some((above) => {
    const { wellSinceMs } = all.get(above)!;
    return above !== name && wellSinceMs !== null && nowMs - wellSinceMs <= RECOVERS_WITHIN_MS;
  });
}

/** Of `some`, those that none of `explaining` explains from outside of their circle; a circle once. */
function independent(
  all: ReadonlyMap<string, Truth>,
  some: readonly string[],
  explaining: readonly string[],
): string[][] {
  const groups = new Map<string, string[]>();
  for (const name of some) {
    const above = ancestors(all, name);
    const circle = [...above].filter((other) => other !== name && ancestors(all, other).has(name));
    const isExplained = explaining.some(
      (other) => other !== name && above.has(other) && !circle.includes(other),
    );
    // One of the circle that is being treated stands for it.
    const isTreated = circle.some((other) => all.get(other)!.isDeedOpen && !some.includes(other));
    if (!isExplained && !isTreated) groups.set([name, ...circle].sort().join(), [name, ...circle]);
  }
  return [...groups.values()];
}

export function ancestors(all: ReadonlyMap<string, Truth>, name: string): ReadonlySet<string> {
  const found = new Set<string>();
  const open: string[] = [name];
  for (let at = open.pop(); at !== undefined; at = open.pop())
    for (const { on } of edgesOf(all, at))
      if (!found.has(on)) {
        found.add(on);
        open.push(on);
      }
  return found;
}

function edgesOf(all: ReadonlyMap<string, Truth>, name: string): readonly Edge[] {
  return (all.get(name)?.spec.edges ?? []).filter(({ on }) => all.has(on));
}
