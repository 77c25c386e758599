/**
 * Calls by name what does not end although it was to: a worker past the deadline of its drain, and whatever is left when the supervisor goes.
 * Each is told once, and it ends nobody.
 */
import type { Straggler } from '../reconciler/straggler.ts';
import type { Report } from './publisher.ts';

/** A process that the supervisor leaves behind, as the hands saw it last. */
export interface LeftBehind {
  readonly pid: number;
  readonly command: string;
  readonly state: string;
  readonly worker: string | null;
}

const MOST_JOBS_NAMED = 10;

export class Stragglers {
  readonly #report: Report;
  /** `overdue 7`, `unkillable 7`: of those that still live. */
  #told: ReadonlySet<string> = new Set();
  #leaves = false;

  constructor(report: Report) {
    this.#report = report;
  }

  /** True when the supervisor ended, or is about to, without something that it had started. */
  get leaves(): boolean {
    return this.#leaves;
  }

  /** All that there are at this moment. */
  note(stragglers: readonly Straggler[]): void {
    const told = new Set(stragglers.map(keyOf));
    for (const straggler of stragglers) if (!this.#told.has(keyOf(straggler))) this.#tell(straggler);
    this.#told = told;
  }

  /** Of the end of the supervisor: these it could not end. */
  noteLeft(left: readonly LeftBehind[]): void {
    for (const { pid, command, state, worker } of left) {
      const whose = worker === null ? '' : ` of ${worker}`;
      const detail = `pid ${String(pid)} (${command}, state ${state})${whose} did not end and is left behind${whyNot(state)}`;
      this.#wouldNotStop({ worker, pid, command, detail });
    }
    if (left.length > 0) this.#leaves = true;
  }

  /** The supervisor goes without them. */
  leave(workers: readonly Straggler[]): void {
    if (workers.length > 0) this.#leaves = true;
  }

  #tell({ worker, pid, stubbornness, letter, jobs }: Straggler): void {
    const command = `garrison worker ${worker}`;
    const who = `${worker} (pid ${String(pid)}, ${command})`;
    if (stubbornness === 'unkillable') {
      const detail = `${who} did not end, not by SIGKILL either${whyNot(letter)}`;
      this.#wouldNotStop({ worker, pid, command, detail });
      return;
    }
    const detail = `${who} did not finish by the deadline and is ended; ${inHand(jobs)}`;
    this.#report({ level: 'warn', event: 'drainOverdue', facts: { worker, pid, command, jobs, detail } });
  }

  #wouldNotStop(facts: Readonly<Record<string, unknown>>): void {
    this.#report({ level: 'error', event: 'wouldNotStop', facts });
  }
}

function keyOf({ stubbornness, pid }: Straggler): string {
  return `${stubbornness} ${String(pid)}`;
}

function whyNot(letter: string | null): string {
  return letter === 'D'
    ? ': it waits for the kernel (state D), where no signal reaches it; look at the disk or file system it uses'
    : ': look for signalRefused in the log, and at the process itself';
}

function inHand(jobs: readonly string[]): string {
  if (jobs.length === 0) return 'it had no job in hand';
  const more = jobs.length > MOST_JOBS_NAMED ? ` and ${String(jobs.length - MOST_JOBS_NAMED)} more` : '';
  return `in hand: ${jobs.slice(0, MOST_JOBS_NAMED).join(', ')}${more}, to be tried again`;
}
