/**
 * Seals what a push carries in secret before it is kept, opens it where a plan is applied, and changes the key that it rests under.
 * It shows, logs and answers with no secret and no sealed text.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { GarrisonError } from '../errors.ts';
import {
  isFinal,
  placeOfSecrets,
  type JobRecord,
  type PushSecrets,
  type SealedSecrets,
} from '../push/job.ts';
import type { Asker, SecretsView } from './door.ts';
import { needRedis } from './needRedis.ts';
import type { Surroundings } from './ports.ts';
import type { Supervisor } from './supervisor.ts';

/** What was in a worker's hands, or on its way to Redis, is found by the next one. */
const MOST_PASSES = 20;
const PASS_AGAIN_MS = 250;

export class SecretDesk {
  readonly #supervisor: Pick<Supervisor, 'openJobs' | 'observe' | 'snapshot'>;
  readonly #around: Pick<Surroundings, 'secrets' | 'memory' | 'audit'>;
  readonly #taking = new Set<Promise<unknown>>();
  #isRotating = false;

  constructor(
    supervisor: Pick<Supervisor, 'openJobs' | 'observe' | 'snapshot'>,
    around: Pick<Surroundings, 'secrets' | 'memory' | 'audit'>,
  ) {
    this.#supervisor = supervisor;
    this.#around = around;
  }

  /** Until it ends, no key is forgotten: what it has sealed may not be kept yet. */
  async taking<T>(take: () => Promise<T>): Promise<T> {
    const taken = take();
    this.#taking.add(taken);
    try {
      return await taken;
    } finally {
      this.#taking.delete(taken);
    }
  }

  /** Once for all jobs of a push. Throws HOME_UNUSABLE where the key cannot be used. */
  async sealInto(
    jobs: readonly JobRecord[],
    secrets: PushSecrets | undefined,
  ): Promise<readonly JobRecord[]> {
    const [first] = jobs;
    if (secrets === undefined || first === undefined) return jobs;
    const text = await this.#around.secrets.seal(secrets.passwordHash, placeOfSecrets(first.pushId));
    const sealed = { passwordHash: text };
    return jobs.map((job) => ({ ...job, sealed }));
  }

  /** Of a plan that is to be applied. */
  ofPlan(jobs: readonly JobRecord[]): { readonly secrets?: PushSecrets } {
    const [first] = jobs;
    if (first?.sealed === undefined) return {};
    const opened = this.#open(first.pushId, first.sealed);
    if ('unreadable' in opened)
      throw new GarrisonError(
        'CONFLICTING_STATE',
        `plan ${first.pushId} cannot be applied: its password hash cannot be read: ${opened.unreadable}`,
        { cure: 'Make a new plan, with the hash.' },
      );
    return { secrets: { passwordHash: opened.text } };
  }

  async status(): Promise<SecretsView> {
    needRedis(this.#supervisor.snapshot().redis, 'What is sealed cannot be counted');
    const { secrets } = this.#around;
    const present = secrets.present();
    const needs = new Map<string, number>();
    const readable = new Map<string, boolean>();
    const seen = new Set<string>();
    let unreadable = 0;
    for (const [job, kept] of await this.#sealed()) {
      if (seen.has(job.id)) continue;
      seen.add(job.id);
      const id = secrets.keyIdOf(kept.passwordHash) ?? '';
      needs.set(id, (needs.get(id) ?? 0) + 1);
      const isReadable = readable.get(kept.passwordHash) ?? 'text' in this.#open(job.pushId, kept);
      readable.set(kept.passwordHash, isReadable);
      if (!isReadable) unreadable += 1;
    }
    const earlier = secrets.earlier().map((id) => ({ id, jobs: needs.get(id) ?? 0 }));
    return { ...present, earlier, sealed: seen.size, unreadable };
  }

  /**
   * Each step leaves every record readable: the present key is kept beside, then a new one takes its place, then what rests
   * under an earlier one is sealed anew, and a key goes only when no record needs it. A rotation that was cut short is ended by the next.
   */
  async rotate(by: Asker, reason: string | null): Promise<SecretsView> {
    needRedis(this.#supervisor.snapshot().redis, 'Nothing was changed');
    if (this.#isRotating)
      throw new GarrisonError('CONFLICTING_STATE', 'the key is being changed already', {
        cure: 'garrison secrets status shows how it stands.',
      });
    this.#isRotating = true;
    try {
      await this.#rotate(by, reason);
    } finally {
      this.#isRotating = false;
    }
    return this.status();
  }

  async #rotate(by: Asker, reason: string | null): Promise<void> {
    const { secrets, audit } = this.#around;
    const before = secrets.present();
    if (before.problem !== null) throw new GarrisonError('HOME_UNUSABLE', before.problem);
    audit({ event: 'secrets', verb: 'rotate', key: before.key, reason, ...by });
    await secrets.keepPresent();
    await secrets.renew();
    await Promise.allSettled(this.#taking);
    for (let pass = 0; pass < MOST_PASSES; pass += 1) {
      if ((await this.#sealAnew()) === 0) break;
      await sleep(PASS_AGAIN_MS);
    }
    const needed = new Set<string | null>();
    for (const [, { passwordHash }] of await this.#sealed()) needed.add(secrets.keyIdOf(passwordHash));
    for (const id of secrets.earlier()) if (!needed.has(id)) await secrets.forget(id);
  }

  /** How many there were to do. */
  async #sealAnew(): Promise<number> {
    const { secrets } = this.#around;
    const { key } = secrets.present();
    const anew = new Map<string, SealedSecrets>();
    let count = 0;
    for (const [job, kept] of await this.#sealed()) {
      if (secrets.keyIdOf(kept.passwordHash) === key) continue;
      const opened = this.#open(job.pushId, kept);
      // It is told by the status, and by its job when it is to run; the key may be found again.
      if ('unreadable' in opened) continue;
      count += 1;
      const known = anew.get(kept.passwordHash);
      const sealed = known ?? { passwordHash: await secrets.seal(opened.text, placeOfSecrets(job.pushId)) };
      anew.set(kept.passwordHash, sealed);
      await this.#replace(job, sealed);
    }
    return count;
  }

  /** The record of an open job is the loop's to change; one that ends now is found by the next pass. */
  async #replace(job: JobRecord, sealed: SealedSecrets): Promise<void> {
    const isOpen = this.#supervisor.openJobs().some((open) => open.id === job.id);
    if (isOpen)
      this.#supervisor.observe({ kind: 'job', observation: { kind: 'resealed', jobId: job.id, sealed } });
    else if (isFinal(job.state))
      await this.#around.memory.save({ ...job, sealed, revision: job.revision + 1 });
  }

  /** Every record that rests sealed; first as the loop has it, then as it is stored. */
  async #sealed(): Promise<readonly (readonly [JobRecord, SealedSecrets])[]> {
    const stored = await this.#around.memory.sealedJobs();
    return [...this.#supervisor.openJobs(), ...stored].flatMap((job) =>
      job.sealed === undefined ? [] : [[job, job.sealed] as const],
    );
  }

  #open(pushId: string, { passwordHash }: SealedSecrets): ReturnType<Surroundings['secrets']['open']> {
    return this.#around.secrets.open(passwordHash, placeOfSecrets(pushId));
  }
}
