/**
 * Turns what people ask for into wishes, and says of each operation whether what it wanted is verified yet.
 * It does nothing to a worker or a job itself: the loop does, once the wish is set.
 */
import { now } from '../clock.ts';
import { GarrisonError } from '../errors.ts';
import { incarnationText } from '../heartbeat.ts';
import { isFinal, type JobRecord } from '../push/job.ts';
import type { OperationRequest, OperationView, WorkerVerb, WorkerView } from './door.ts';
import { needRedis } from './needRedis.ts';
import type { JobObservation } from './observation.ts';
import type { Surroundings } from './ports.ts';
import { checkSweep, plannedSweep, SWEEP_PLAN, ZOMBIES, type SweepEnd } from './sweep.ts';
import type { Supervisor } from './supervisor.ts';
import { checkWorker, workerPlan, type Verified } from './workerOperation.ts';

const KEPT = 200;

interface Running {
  view: OperationView;
  /** Asked at every change: is it verified, has it failed? Null while it goes on. */
  check: () => Verified | SweepEnd | null;
}

export class Operations {
  readonly #supervisor: Supervisor;
  readonly #around: Surroundings;
  readonly #list: Running[] = [];
  readonly #onChange: (operation: OperationView) => void;

  constructor(supervisor: Supervisor, around: Surroundings, onChange: (operation: OperationView) => void) {
    this.#supervisor = supervisor;
    this.#around = around;
    this.#onChange = onChange;
    supervisor.onChange((change) => {
      if (change.type !== 'operation') this.#verify();
    });
  }

  list(): OperationView[] {
    // What a sweep did with each of a thousand is told of the one operation, not of a list of them.
    return this.#list.map(({ view: { swept: _, ...view } }) => view).reverse();
  }

  find(id: string): OperationView {
    const found = this.#list.find((entry) => entry.view.id === id);
    if (found === undefined)
      throw new GarrisonError('NOT_FOUND', `there is no operation ${id}`, {
        cure: 'List them with garrison get operations.',
      });
    return found.view;
  }

  async submit(request: OperationRequest): Promise<OperationView> {
    const { verb } = request;
    if (verb === 'reap') return this.#submitSweep({ ...request, target: ZOMBIES });
    if (verb === 'cancel' || verb === 'retry')
      return this.#submitForJobs({ ...request, verb }, await this.#targetJobs(request));
    if (verb !== 'restart' && verb !== 'stop' && verb !== 'start' && verb !== 'quiet')
      throw new GarrisonError('USAGE', verb);
    return this.#submitForWorker({ ...request, verb }, this.#targetWorker(request));
  }

  #submitSweep(request: OperationRequest): OperationView {
    if (request.dryRun)
      return { ...this.#planned(request, [], SWEEP_PLAN), ...plannedSweep(this.#supervisor.zombies) };
    this.#audit(request);
    const asked = now();
    this.#supervisor.observe({ kind: 'sweepAsked' });
    const check = (): SweepEnd | null => checkSweep(this.#supervisor.zombies, asked);
    return this.#add(request, { interrupts: [], detail: SWEEP_PLAN, check });
  }

  #submitForWorker(request: OperationRequest & { verb: WorkerVerb }, worker: WorkerView): OperationView {
    const interrupts =
      request.verb === 'restart' || request.verb === 'stop'
        ? worker.jobs.map((id) => `job ${id} on ${worker.name}`)
        : [];
    if (request.dryRun) return this.#planned(request, interrupts, workerPlan(request.verb, worker));
    this.#audit(request);
    const before = worker.incarnation?.nonce ?? null;
    const check = (): Verified | null =>
      checkWorker(request.verb, before, this.#supervisor.worker(worker.name));
    // The old incarnation must be noted before the wish is set, or its own end could not be told from the next one's.
    this.#wish(request, worker);
    return this.#add(request, { interrupts, detail: workerPlan(request.verb, worker), check });
  }

  #wish(request: OperationRequest, worker: WorkerView): void {
    const { verb } = request;
    const wish = verb === 'stop' ? 'stop' : verb === 'quiet' ? 'quiet' : 'run';
    const { workers } = this.#supervisor.snapshot();
    const kept = Object.fromEntries(workers.map((each) => [each.name, each.wish]));
    // Kept first: a wish that took effect but is forgotten at the next start would be a latch that lifts itself.
    this.#around.keepWishes({ ...kept, [worker.name]: wish });
    this.#supervisor.setWish(worker.name, {
      worker: wish,
      recycle: verb === 'restart' ? worker.incarnation : null,
      recycleFor: 'Person',
    });
  }

  #submitForJobs(
    request: OperationRequest & { verb: 'cancel' | 'retry' },
    jobs: readonly JobRecord[],
  ): OperationView {
    const affected = jobs.filter((job) => (request.verb === 'cancel' ? !isFinal(job.state) : canRetry(job)));
    if (affected.length === 0) {
      const ended = jobs.every((job) => isFinal(job.state));
      const notYet = ended ? 'has no failed, cancelled or unknown job' : 'has not ended yet';
      const nothing = request.verb === 'cancel' ? 'has already ended' : notYet;
      const cure = 'See how it stands with garrison jobs.';
      throw new GarrisonError(
        'CONFLICTING_STATE',
        `${request.target} ${nothing}; nothing to ${request.verb}`,
        { cure },
      );
    }
    const names = affected.map((job) => `job ${job.id} on host ${job.host} (${job.state})`);
    const interrupts = request.verb === 'cancel' ? names : [];
    const detail = `${request.verb} ${names.join(', ')}`;
    if (request.dryRun) return this.#planned(request, interrupts, detail);
    this.#audit(request);
    for (const job of affected)
      this.#supervisor.observe({ kind: 'job', observation: jobWish(request.verb, job) });
    return this.#add(request, { interrupts, detail, check: this.#awaitEnds(request.verb, affected) });
  }

  /** A cancelled job has ended; a retried one has ended anew, and well. */
  #awaitEnds(verb: 'cancel' | 'retry', before: readonly JobRecord[]): Running['check'] {
    const ended = new Map<string, JobRecord>();
    return () => {
      for (const job of before) {
        const latest = ended.get(job.id) ?? this.#supervisor.viewOf(job);
        const isKept = this.#supervisor.isKept(job.id);
        if (isFinal(latest.state) && latest.revision > job.revision && isKept) ended.set(job.id, latest);
      }
      if (ended.size < before.length) return null;
      const ends = [...ended.values()];
      const detail = ends.map((job) => `job ${job.id} on host ${job.host}: ${endOf(job)}`).join(', ');
      const isWell = verb === 'cancel' || ends.every((job) => job.state === 'done');
      return { state: isWell ? 'done' : 'failed', detail: `ended: ${detail}` };
    };
  }

  #targetWorker(request: OperationRequest): WorkerView {
    const name = request.target.replace(/^worker\//, '');
    const worker = this.#supervisor.worker(name);
    if (worker === null) {
      const known = this.#supervisor.snapshot().workers.map((each) => each.name);
      throw new GarrisonError('NOT_FOUND', `there is no worker ${name}`, {
        cure: `The workers are: ${known.join(', ')}.`,
      });
    }
    const current = worker.incarnation === null ? 'none' : incarnationText(worker.incarnation);
    if (request.ifIncarnation !== null && request.ifIncarnation !== current) {
      throw new GarrisonError(
        'INCARNATION_CHANGED',
        `${name} is now incarnation ${current}, not ${request.ifIncarnation}; nothing was done`,
        {
          cure: 'Look at it again and repeat the command with the current one.',
        },
      );
    }
    return worker;
  }

  async #targetJobs({ target }: OperationRequest): Promise<readonly JobRecord[]> {
    const id = target.replace(/^(job|push)\//, '');
    const open = this.#supervisor.openJobs().filter((job) => job.id === id || job.pushId === id);
    // With Redis away the open jobs are still known here, so a cancel works.
    if (open.some((job) => job.id === id)) return open;
    if (!this.#supervisor.snapshot().redis.up && open.length > 0) return open;
    needRedis(this.#supervisor.snapshot().redis, `${id} cannot be looked up`);
    const { memory } = this.#around;
    const push = await memory.push(id);
    const stored = push === null ? await memory.job(id) : null;
    const found = push === null ? (stored === null ? [] : [stored]) : await memory.jobsOf(push);
    if (found.length === 0)
      throw new GarrisonError('NOT_FOUND', `there is no job or push ${id}`, {
        cure: 'List them with garrison jobs.',
      });
    return found.map((job) => open.find((each) => each.id === job.id) ?? job);
  }

  #planned(request: OperationRequest, interrupts: readonly string[], detail: string): OperationView {
    return { ...this.#head(request), id: 'dry-run', state: 'planned', interrupts, detail };
  }

  #add(
    request: OperationRequest,
    running: { interrupts: readonly string[]; detail: string; check: Running['check'] },
  ): OperationView {
    const { interrupts, detail, check } = running;
    const view: OperationView = {
      ...this.#head(request),
      id: this.#around.newId('o'),
      state: 'running',
      interrupts,
      detail,
    };
    this.#list.push({ view, check });
    if (this.#list.length > KEPT) this.#list.splice(0, this.#list.length - KEPT);
    this.#onChange(view);
    setImmediate(() => {
      this.#verify();
    });
    return view;
  }

  #head(
    request: OperationRequest,
  ): Pick<OperationView, 'verb' | 'target' | 'actor' | 'reason' | 'createdAt'> {
    const { verb, target, actor, reason } = request;
    return { verb, target, actor, reason, createdAt: now().wall };
  }

  #audit(request: OperationRequest): void {
    const { verb, target, actor, reason } = request;
    this.#around.audit({ event: 'operation', verb, target, actor, reason });
  }

  #verify(): void {
    for (const entry of this.#list) {
      if (entry.view.state !== 'running') continue;
      const end = entry.check();
      if (end === null) continue;
      entry.view = { ...entry.view, ...end };
      this.#around.note({ event: 'operationEnded', id: entry.view.id, ...end });
      this.#onChange(entry.view);
    }
  }
}

function endOf({ state, result }: JobRecord): string {
  return state === 'cancelled' ? state : (result?.outcome ?? state);
}

function canRetry(job: JobRecord): boolean {
  return job.state === 'failed' || job.state === 'cancelled' || job.state === 'unknown';
}

function jobWish(verb: 'cancel' | 'retry', job: JobRecord): JobObservation {
  return verb === 'cancel' ? { kind: 'cancelAsked', jobId: job.id } : { kind: 'reopened', job };
}
