/**
 * Does by itself what the grants' timetables ask for: checks, syncs and surveys, through the same desks as by hand, and follows them to their ends.
 * It decides nothing and changes no host itself; what a person should see first it leaves to one.
 */
import type { Moment } from '../clock.ts';
import { GarrisonError, messageOf } from '../errors.ts';
import { isFinal } from '../push/job.ts';
import type { AccountPlan } from '../push/plan.ts';
import type { Scheduled } from '../reconciler/schedule.ts';
import { decideSync, differs, type PlannedPair } from '../reconciler/scheduledSync.ts';
import type { PushView } from './door.ts';
import type { GrantsBoard, KeptGrants, Running } from './grantsBoard.ts';
import type { RunEnd } from './grantsView.ts';
import { leftoversIn } from './leftoverDesk.ts';
import type { Surroundings } from './ports.ts';
import type { PushDesk } from './pushDesk.ts';
import type { Report } from './publisher.ts';
import type { Supervisor } from './supervisor.ts';
import { sync, UNASKED_PAIRS } from './syncDesk.ts';

export interface GrantsWork {
  readonly board: GrantsBoard;
  readonly mostTakenPercent: number;
  /** Throws HOME_UNUSABLE. */
  readonly keep: (kept: KeptGrants) => void;
  readonly report: Report;
}

interface Needs {
  readonly supervisor: Pick<Supervisor, 'onTurn' | 'onChange' | 'openJobs' | 'standing' | 'observe'>;
  readonly around: Pick<Surroundings, 'wanted' | 'hosts' | 'audit' | 'note' | 'leftovers'>;
  readonly desk: Pick<PushDesk, 'submit' | 'view'>;
  readonly clock: () => Moment;
}

export const SCHEDULE_ACTOR = 'garrison:schedule';

const LOOK_EVERY_MS = 1_000;
/** What jobs tell is kept this often at most: after a crash, the looks since then are made again. */
const KEEP_EVERY_MS = 10_000;
const LONGEST_DETAIL = 500;

export class GrantsSchedule {
  readonly #work: GrantsWork;
  readonly #needs: Needs;
  #isBusy = false;
  #nextLookMs = 0;
  #nextKeepMs = 0;
  #shown = '';

  constructor(work: GrantsWork, needs: Needs) {
    this.#work = work;
    this.#needs = needs;
  }

  /** Looks at the end of each turn; it ends with the supervisor. */
  start(): void {
    const { supervisor } = this.#needs;
    supervisor.onChange((change) => {
      if (change.type === 'jobEnded') this.#work.board.book.hear(change.job);
    });
    supervisor.onTurn(() => {
      this.#turn(this.#needs.clock());
    });
  }

  #turn(at: Moment): void {
    if (this.#isBusy || at.monoMs < this.#nextLookMs) return;
    this.#nextLookMs = at.monoMs + LOOK_EVERY_MS;
    this.#isBusy = true;
    void this.#step(at)
      .catch((error: unknown) => {
        this.#say('error', `the schedule of the grants stumbled: ${messageOf(error)}`);
      })
      .finally(() => {
        this.#isBusy = false;
      });
  }

  async #step(at: Moment): Promise<void> {
    const { board } = this.#work;
    const { state, unserved, maintenanceUntil } = this.#needs.supervisor.standing();
    this.#takeSurveys();
    if (state === 'running' && board.isOn) {
      if (board.running !== null) await this.#follow(board.running);
      const decision = board.decide({ unserved, maintenanceUntil }, at);
      if (decision.do === 'begin') await this.#begin(decision.task, at);
    }
    if (at.monoMs >= this.#nextKeepMs && board.book.takeUnkept()) {
      this.#nextKeepMs = at.monoMs + KEEP_EVERY_MS;
      this.#keep();
    }
    this.#show();
  }

  /** Written down before anything is asked for: whoever starts after a crash knows that it was begun. */
  async #begin(task: Scheduled, at: Moment): Promise<void> {
    const { board, keep } = this.#work;
    board.begin(task, at);
    try {
      keep(board.kept());
      this.#needs.around.audit({ event: 'scheduled', task, actor: SCHEDULE_ACTOR });
      this.#goOn('look', task === 'leftovers' ? [await this.#survey()] : await this.#look());
    } catch (error) {
      this.#endBy(error);
    }
  }

  async #follow({ task, step, pushes }: Running): Promise<void> {
    if (pushes === null) {
      this.#end({ outcome: 'failed', detail: 'the supervisor ended while it was being asked for' }, true);
      return;
    }
    const isOpen = this.#needs.supervisor
      .openJobs()
      .some(({ pushId, state }) => !isFinal(state) && pushes.includes(pushId));
    if (isOpen) return;
    const views = await this.#views(pushes);
    if (views === null || views.some(({ state }) => state === 'open')) return;
    if (task === 'sync' && step === 'look') await this.#decideSync(views);
    else this.#endWell(task, views);
  }

  /** Null while Redis cannot tell. */
  async #views(pushes: readonly string[]): Promise<readonly PushView[] | null> {
    try {
      return await Promise.all(pushes.map((id) => this.#needs.desk.view(id)));
    } catch (error) {
      if (error instanceof GarrisonError && error.code === 'NOT_FOUND') return [];
      return null;
    }
  }

  async #decideSync(views: readonly PushView[]): Promise<void> {
    const { board, mostTakenPercent } = this.#work;
    board.noteChecked(this.#needs.clock());
    const planned = views.flatMap(({ jobs }) =>
      jobs.flatMap(({ host, result }): readonly PlannedPair[] => plannedPair(host, result?.plan ?? null)),
    );
    try {
      const decision = decideSync(planned, { mostPairs: UNASKED_PAIRS, mostTakenPercent });
      if (decision.do === 'push') {
        board.goOn('push', null);
        this.#keep();
        this.#goOn('push', await this.#apply(views));
      } else if (decision.do === 'hold') this.#end({ outcome: 'held', detail: decision.why }, false);
      else this.#end({ outcome: 'done', detail: `nothing was to be put right; ${endsOf(views)}` }, false);
    } catch (error) {
      this.#endBy(error);
    }
  }

  #endWell(task: Scheduled, views: readonly PushView[]): void {
    if (task !== 'leftovers') this.#work.board.noteChecked(this.#needs.clock());
    this.#end({ outcome: 'done', detail: endsOf(views) }, false);
  }

  /** Nobody wanted anywhere is nothing to do; a guard's word is a person's to answer; all else is tried again. */
  #endBy(error: unknown): void {
    const detail = messageOf(error);
    const code = error instanceof GarrisonError ? error.code : null;
    if (code === 'NOT_FOUND') {
      this.#work.board.noteChecked(this.#needs.clock());
      this.#end({ outcome: 'done', detail }, false);
    } else if (code === 'REFUSED_BY_GUARD') this.#end({ outcome: 'held', detail }, false);
    else this.#end({ outcome: 'failed', detail }, true);
  }

  #end(end: Omit<RunEnd, 'at'>, again: boolean): void {
    const { board } = this.#work;
    const task = board.running?.task ?? 'check';
    const detail = end.detail.slice(0, LONGEST_DETAIL);
    board.end({ ...end, detail }, again, this.#needs.clock());
    this.#takeSurveys();
    this.#forgetUnwanted();
    this.#needs.around.note({
      event: 'scheduledEnd',
      task,
      outcome: end.outcome,
      detail,
      actor: SCHEDULE_ACTOR,
    });
    this.#say(end.outcome === 'done' ? 'info' : 'warn', `scheduled ${task}: ${end.outcome}: ${detail}`);
    board.book.takeUnkept();
    this.#keep();
  }

  #goOn(step: Running['step'], pushes: readonly string[]): void {
    this.#work.board.goOn(step, pushes);
    this.#keep();
  }

  /** On every host that a grant names. */
  async #look(): Promise<readonly string[]> {
    const { around, desk } = this.#needs;
    const by = { actor: SCHEDULE_ACTOR, reason: 'scheduled' } as const;
    const asked = { ...by, hosts: null, plan: true, confirmed: null };
    return (await sync(asked, around, desk)).map(({ id }) => id);
  }

  /** Just what was looked at and judged: a grant, or a host, that has changed since waits for the next time. */
  async #apply(views: readonly PushView[]): Promise<readonly string[]> {
    const by = { actor: SCHEDULE_ACTOR, reason: 'scheduled' } as const;
    const ids: string[] = [];
    for (const { id, jobs } of views) {
      if (!jobs.some(({ result }) => differs(result?.plan?.verdict ?? null))) continue;
      const push = await this.#needs.desk.submit({
        ...{ kind: 'push', ...by, plan: id, granted: true },
        ...{ account: null, hosts: [], dryRun: false },
      });
      ids.push(push.id);
    }
    return ids;
  }

  async #survey(): Promise<string> {
    const hosts = this.#needs.around.hosts.list().map(({ name }) => name);
    if (hosts.length === 0) throw new GarrisonError('NOT_FOUND', 'there are no hosts');
    const asked = { kind: 'survey', actor: SCHEDULE_ACTOR, reason: 'scheduled', hosts } as const;
    return (await this.#needs.desk.submit({ ...asked, account: null, dryRun: false })).id;
  }

  /** Also of surveys that people asked for. A grants.yaml that cannot be read tells of none: they wait. */
  #takeSurveys(): void {
    const { book } = this.#work.board;
    const surveys = book.newSurveys;
    if (surveys.length === 0) return;
    try {
      book.takeLeftovers(surveys, leftoversIn(surveys, this.#needs.around));
    } catch {
      // Whoever reads the file for more than this says what is wrong with it.
    }
  }

  #forgetUnwanted(): void {
    const wanted = new Map<string, Set<string>>();
    try {
      for (const { host, account } of this.#needs.around.wanted())
        wanted.set(host, (wanted.get(host) ?? new Set()).add(account.name));
    } catch {
      return;
    }
    const hosts = new Set(this.#needs.around.hosts.list().map(({ name }) => name));
    this.#work.board.book.keepOnly(wanted, hosts);
  }

  #keep(): void {
    try {
      this.#work.keep(this.#work.board.kept());
    } catch (error) {
      this.#say('warn', `what checks found is not kept over a restart: ${messageOf(error)}`);
    }
  }

  /** Whoever looks at the overview is told of each change of it. */
  #show(): void {
    const shown = JSON.stringify(this.#work.board.summary());
    if (shown === this.#shown) return;
    this.#shown = shown;
    this.#needs.supervisor.observe({ kind: 'hosts' });
  }

  #say(level: 'info' | 'warn' | 'error', detail: string): void {
    this.#work.report({ level, event: 'grantsSchedule', facts: { detail } });
  }
}

function plannedPair(host: string, plan: AccountPlan | null): readonly PlannedPair[] {
  return plan === null ? [] : [{ host, verdict: plan.verdict, changes: plan.changes }];
}

function endsOf(views: readonly PushView[]): string {
  const ends = new Map<string, number>();
  for (const { jobs } of views)
    for (const { state, result } of jobs) {
      const end = endOf(state, result);
      ends.set(end, (ends.get(end) ?? 0) + 1);
    }
  const counted = [...ends].map(([end, count]) => `${String(count)} ${end}`).join(', ');
  return counted === '' ? 'no job of it is known any more' : counted;
}

function endOf(state: string, result: PushView['jobs'][number]['result']): string {
  const plan = result?.plan ?? null;
  if (state === 'cancelled' || result === null) return state;
  if (plan !== null) return plan.isDrift === true ? 'drifted' : plan.verdict;
  return result.reason === 'SurveyMade'
    ? 'surveyed'
    : `${result.outcome}${state === 'done' ? '' : ` (${result.reason})`}`;
}
