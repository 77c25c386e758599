/**
 * Takes pushes in: by name or by a plan, kept before anything runs, and withdrawn where nobody can say that they were.
 * It runs nothing: the loop does, once the jobs are kept.
 */
import { now } from '../clock.ts';
import { GarrisonError } from '../errors.ts';
import { isFinal, type JobRecord, type PushRecord, type PushSecrets } from '../push/job.ts';
import { mayHaveChanged, undoability, undoneBy } from '../push/undoable.ts';
import type { Asker, PushView } from './door.ts';
import type { PushRequest } from './pushAsk.ts';
import { checkHosts } from './hostCheck.ts';
import { refuseWanted } from './leftoverDesk.ts';
import { needRedis } from './needRedis.ts';
import { planToApply, type PlannedPush } from './planApply.ts';
import type { Surroundings } from './ports.ts';
import { draftPush } from './pushDraft.ts';
import type { SecretDesk } from './secretDesk.ts';
import { isUndo, jobsToUndo, refuseSecondUndo } from './undoDraft.ts';
import type { Supervisor } from './supervisor.ts';

const WITHDRAW_AGAIN_MS = 2_000;
/** A push that so many jobs about its account came after is asked of its hosts. */
const LATER_JOBS = 300;

type Drafted = Parameters<typeof draftPush>[0];

export class PushDesk {
  readonly #supervisor: Supervisor;
  readonly #around: Surroundings;
  readonly #secrets: SecretDesk;
  /** Pushes whose undo is being taken in. */
  readonly #undoing = new Set<string>();

  constructor(supervisor: Supervisor, around: Surroundings, secrets: SecretDesk) {
    this.#supervisor = supervisor;
    this.#around = around;
    this.#secrets = secrets;
  }

  submit(asked: PushRequest): Promise<PushView> {
    return this.#secrets.taking(() => this.#submit(asked));
  }

  async #submit(asked: PushRequest): Promise<PushView> {
    if (!isUndo(asked) || asked.undoOf === undefined) return this.#take(await this.#bound(asked));
    const { push, jobs } = await this.#stored(asked.undoOf);
    if (this.#undoing.has(push.id))
      throw new GarrisonError('CONFLICTING_STATE', `${push.id} is being undone at this moment`);
    this.#undoing.add(push.id);
    try {
      const undone = jobsToUndo(asked, push, jobs);
      if (asked.kind === 'undo') refuseSecondUndo(push, undone, this.#supervisor.openJobs());
      return await this.#take({ ...asked, ...undone });
    } finally {
      this.#undoing.delete(push.id);
    }
  }

  async #bound(asked: PushRequest): Promise<Drafted> {
    if (asked.plan === undefined) return asked;
    const planned = await this.#plannedPush(asked.plan);
    return { ...asked, ...planned, hosts: [...planned.agreed.keys()] };
  }

  async #take(request: Drafted): Promise<PushView> {
    checkHosts(request.hosts, this.#around.hosts);
    if (request.kind === 'remove') refuseWanted(request, this.#around);
    const { push, jobs: drafted } = draftPush(request, (prefix) => this.#around.newId(prefix));
    if (request.dryRun)
      return { ...push, id: 'dry-run', state: 'open', jobs: this.#supervisor.viewsOf(drafted) };
    this.#needRedis('Nothing was accepted');
    const jobs = await this.#secrets.sealInto(drafted, request.secrets);
    this.#around.audit({
      event: 'push',
      id: push.id,
      kind: push.kind,
      account: push.accountName,
      hosts: request.hosts,
      jobs: push.jobIds,
      ...(request.plan === undefined ? {} : { plan: request.plan }),
      ...(request.undoOf === undefined ? {} : { undoOf: request.undoOf }),
      actor: push.actor,
      reason: push.reason,
      ...whereFrom(request),
    });
    await this.#keep(push, jobs);
    this.#supervisor.observe({ kind: 'job', observation: { kind: 'submitted', jobs } });
    // The loop takes the jobs in on its next turn; an answer before that could not say their place in the queue.
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
    return this.#viewPush(push, jobs);
  }

  async view(id: string): Promise<PushView> {
    const { push, jobs } = await this.#stored(id);
    const view = this.#viewPush(push, jobs);
    const ofAccount = await this.#ofAccount(push, view);
    return { ...view, ...undoability(push, view.jobs, ofAccount), undoneBy: undoneBy(jobs, ofAccount) };
  }

  /** Others about the same account, where they have a say in whether this one can be undone. */
  async #ofAccount({ accountName }: PushRecord, { state, jobs }: PushView): Promise<readonly JobRecord[]> {
    if (accountName === null || state === 'open' || !jobs.some(mayHaveChanged)) return [];
    const { items } = await this.#around.memory.find({
      account: accountName,
      ...{ sort: 'newest', after: null, limit: LATER_JOBS },
    });
    const known = new Set(items.map(({ id }) => id));
    return [...items, ...this.#supervisor.openJobs().filter(({ id }) => !known.has(id))];
  }

  async #stored(id: string): Promise<{ push: PushRecord; jobs: readonly JobRecord[] }> {
    this.#needRedis(`Push ${id} cannot be read`);
    const push = await this.#around.memory.push(id);
    if (push === null)
      throw new GarrisonError('NOT_FOUND', `there is no push ${id}`, {
        cure: 'List them with garrison jobs.',
      });
    return { push, jobs: await this.#around.memory.jobsOf(push) };
  }

  async #plannedPush(id: string): Promise<PlannedPush & { readonly secrets?: PushSecrets }> {
    const { push, jobs } = await this.#stored(id);
    return { ...planToApply(push, jobs, now().wall), ...this.#secrets.ofPlan(jobs) };
  }

  #needRedis(consequence: string): void {
    needRedis(this.#supervisor.snapshot().redis, consequence);
  }

  /** Without Redis' word that it was kept, a push is taken back: it must not run at some later start, when nobody expects it. */
  async #keep(push: PushRecord, jobs: readonly JobRecord[]): Promise<void> {
    try {
      await this.#around.memory.create(push, jobs);
    } catch (error) {
      void this.#withdraw(push);
      throw new GarrisonError(
        'REDIS_UNAVAILABLE',
        `${whyNotKept(error)}; push ${push.id} was withdrawn and will not run`,
        {
          cure: cureOf(error) ?? 'garrison status shows when Redis answers again; then repeat the command.',
          cause: error,
        },
      );
    }
  }

  async #withdraw(push: PushRecord): Promise<void> {
    try {
      await this.#around.memory.withdraw(push);
      this.#around.note({ event: 'pushWithdrawn', id: push.id });
    } catch {
      setTimeout(() => void this.#withdraw(push), WITHDRAW_AGAIN_MS).unref();
    }
  }

  #viewPush(push: PushRecord, jobs: readonly JobRecord[]): PushView {
    const views = this.#supervisor.viewsOf(jobs);
    const open = views.some((job) => !isFinal(job.state));
    const state = open ? 'open' : views.every((job) => job.state === 'done') ? 'done' : 'failed';
    return { ...push, state, jobs: views };
  }
}

/** Redis took it, and too few of its replicas did. */
function isHalfKept(error: unknown): error is GarrisonError {
  return error instanceof GarrisonError && error.facts['replicas'] !== undefined;
}

function whyNotKept(error: unknown): string {
  return isHalfKept(error) ? error.message : 'Redis did not answer in time';
}

function cureOf(error: unknown): string | undefined {
  return isHalfKept(error) ? error.cure : undefined;
}

function whereFrom({ from }: Asker): { from?: string } {
  return from === undefined ? {} : { from };
}
