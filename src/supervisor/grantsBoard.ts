/**
 * Remembers the scheduled work of the grants: when each was last begun, what is under way, how it ended, and what waits for a person.
 * It begins nothing and asks nobody; reconciler/schedule decides, grantsSchedule does.
 */
import type { Moment } from '../clock.ts';
import { decideSchedule, remembered, retryAt, SCHEDULED } from '../reconciler/schedule.ts';
import type { Clocks, Decision, Known, Scheduled, Situation } from '../reconciler/schedule.ts';
import { intervalMs, timetableText, type Timetable } from '../timetable.ts';
import { CheckBook, type KeptChecks } from './checkBook.ts';
import type { GrantsSummary, RunEnd, RunOutcome, ScheduleView } from './grantsView.ts';

export interface Running {
  readonly task: Scheduled;
  /** A sync looks first, then pushes. */
  readonly step: 'look' | 'push';
  /** RFC 3339. */
  readonly since: string;
  /** Null while they are being asked for: after a restart nobody knows which there are. */
  readonly pushes: readonly string[] | null;
}

interface KeptTask {
  readonly timetable: string;
  /** RFC 3339, as all of these. */
  readonly seenAt: string;
  readonly begunAt: string | null;
  readonly end: RunEnd | null;
}

/** What outlives the supervisor. */
export interface KeptGrants extends KeptChecks {
  readonly tasks: Readonly<Partial<Record<Scheduled, KeptTask | undefined>>>;
  readonly running: Running | null;
  readonly held: GrantsSummary['held'];
  readonly lastCheckAt: string | null;
}

export const NOTHING_KEPT: KeptGrants = {
  ...{ hosts: {}, leftovers: [], tasks: {}, running: null, held: null, lastCheckAt: null },
};

interface Task {
  readonly timetable: Timetable;
  readonly seenAt: string;
  known: Known;
  begunAt: string | null;
  end: RunEnd | null;
  waitsFor: string | null;
  readonly runs: Record<RunOutcome, number>;
}

export class GrantsBoard {
  readonly book: CheckBook;
  readonly #tasks: Readonly<Record<Scheduled, Task>>;
  #running: Running | null;
  #held: GrantsSummary['held'];
  #lastCheckAt: string | null;

  constructor(
    timetables: Readonly<Record<Scheduled, Timetable>>,
    { hosts, leftovers, tasks, running, held, lastCheckAt }: KeptGrants,
    startedAt: Moment,
  ) {
    this.book = new CheckBook({ hosts, leftovers });
    const task = (name: Scheduled): Task => taskOf(timetables[name], tasks[name], startedAt);
    this.#tasks = { sync: task('sync'), check: task('check'), leftovers: task('leftovers') };
    this.#running = running;
    this.#held = timetables.sync.kind === 'off' ? null : held;
    this.#lastCheckAt = lastCheckAt;
  }

  get running(): Running | null {
    return this.#running;
  }

  /** False where nothing is ever done by itself. */
  get isOn(): boolean {
    return this.#running !== null || SCHEDULED.some((name) => this.#tasks[name].timetable.kind !== 'off');
  }

  /** What begins now; what is due and may not is told until it may. */
  decide(situation: Omit<Situation, 'isRunning'>, at: Moment): Decision {
    const isRunning = this.#running !== null;
    const decision = decideSchedule(this.#tasks, { ...situation, isRunning }, clocksOf(at));
    for (const name of SCHEDULED) this.#tasks[name].waitsFor = null;
    if (decision.do === 'wait' && this.#running?.task !== decision.due)
      this.#tasks[decision.due].waitsFor = decision.why;
    return decision;
  }

  begin(name: Scheduled, at: Moment): void {
    this.#running = { task: name, step: 'look', since: at.wall, pushes: null };
    // A sync looks at all that a check looks at.
    for (const each of name === 'sync' ? (['sync', 'check'] as const) : [name]) {
      const task = this.#tasks[each];
      task.begunAt = at.wall;
      task.known = { ...task.known, begun: clocksOf(at), retryAtMonoMs: null };
    }
  }

  goOn(step: Running['step'], pushes: readonly string[] | null): void {
    if (this.#running !== null) this.#running = { ...this.#running, step, pushes };
  }

  /** All hosts that could be looked at were. */
  noteChecked(at: Moment): void {
    this.#lastCheckAt = at.wall;
  }

  /** `again`: it was not done at all, and is tried again before its next time. */
  end({ outcome, detail }: Omit<RunEnd, 'at'>, again: boolean, at: Moment): void {
    const running = this.#running;
    if (running === null) return;
    this.#running = null;
    const task = this.#tasks[running.task];
    task.end = { at: at.wall, outcome, detail };
    task.runs[outcome] += 1;
    if (again) task.known = { ...task.known, retryAtMonoMs: retryAt(task.timetable, clocksOf(at)) };
    if (running.task === 'sync' && outcome !== 'failed')
      this.#held = outcome === 'held' ? { since: this.#held?.since ?? at.wall, why: detail } : null;
  }

  summary(): GrantsSummary {
    const { sync, check, leftovers } = this.#tasks;
    const checks = check.timetable.kind === 'off' ? sync : check;
    const since = checks.timetable.kind === 'off' ? null : checks.seenAt;
    return {
      schedule: {
        sync: this.#view('sync', sync),
        check: this.#view('check', check),
        leftovers: this.#view('leftovers', leftovers),
      },
      lastCheckAt: since === null ? null : later(this.#lastCheckAt, since),
      ...this.book.counts(),
      held: this.#held,
    };
  }

  kept(): KeptGrants {
    const kept = ({ timetable, seenAt, begunAt, end }: Task): KeptTask => ({
      ...{ timetable: timetableText(timetable), seenAt, begunAt, end },
    });
    const { sync, check, leftovers } = this.#tasks;
    return {
      tasks: { sync: kept(sync), check: kept(check), leftovers: kept(leftovers) },
      ...{ running: this.#running, held: this.#held, lastCheckAt: this.#lastCheckAt },
      ...this.book.kept(),
    };
  }

  #view(name: Scheduled, { timetable, begunAt, end, waitsFor, runs }: Task): ScheduleView {
    return {
      timetable: timetableText(timetable),
      everyMs: intervalMs(timetable),
      lastBegunAt: begunAt,
      lastEnd: end,
      runningSince: this.#running?.task === name ? this.#running.since : null,
      waitsFor,
      runs: { ...runs },
    };
  }
}

/** Another timetable than before is a new one: what it names of the past was not missed. */
function taskOf(timetable: Timetable, kept: KeptTask | undefined, startedAt: Moment): Task {
  const start = clocksOf(startedAt);
  const isSame = kept?.timetable === timetableText(timetable);
  const seenAt = kept !== undefined && isSame ? kept.seenAt : startedAt.wall;
  const begunAt = kept?.begunAt ?? null;
  const known: Known = {
    seen: remembered(Date.parse(seenAt), start),
    begun: begunAt === null ? null : remembered(Date.parse(begunAt), start),
    retryAtMonoMs: null,
  };
  const runs = { done: 0, held: 0, failed: 0 };
  return { timetable, seenAt, known, begunAt, end: kept?.end ?? null, waitsFor: null, runs };
}

function clocksOf({ monoMs, wall }: Moment): Clocks {
  return { monoMs, wallMs: Date.parse(wall) };
}

function later(one: string | null, other: string): string {
  return one !== null && one > other ? one : other;
}
