/**
 * Looks, all the while a run of chaos goes on, whether what must never happen has happened: to people, to what is others', to what is shown.
 * It never hurts and never mends; what it saw is in the ledger.
 */
import { lstatSync, readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isAlive } from '../src/proc.ts';
import type { JobView, WorkerView } from '../src/supervisor/door.ts';
import type { ChaosLedger } from './chaosLedger.ts';
import { workerName } from './chaosPeople.ts';
import { isStopped, workerOf } from './chaosProcesses.ts';
import { WORKERS } from './chaosSchedule.ts';
import type { ChaosHost, ChaosStage } from './chaosStage.ts';
import { judgeBudget, judgeEffects, judgeReason } from './chaosVerdict.ts';

const EVERY_MS = 100;
const ASK_EVERY_MS = 250;
const HOSTS_EVERY_MS = 1_000;
/** The detector tells of a stopped process after one second, of a dead one at once; the rest is for a machine that is busy, and for what is shown. */
const TRUE_WITHIN_MS = 7_000;
const JOBS_LOOKED_AT = 200;

export interface Sample {
  readonly atMs: number;
  readonly rssBytes: number;
  readonly handles: number;
}

export class ChaosWatch {
  readonly samples: Sample[] = [];
  readonly #stage: ChaosStage;
  readonly #ledger: ChaosLedger;
  readonly #foreign: ReadonlyMap<string, ReadonlyMap<string, string>>;
  /** Since when a life is seen to be stopped or gone while it is shown as up, by worker and process. */
  readonly #untrueSinceMs = new Map<string, number>();
  #jobs: readonly JobView[] = [];
  #isOver = false;
  #loops: Promise<unknown> = Promise.resolve();

  constructor(stage: ChaosStage, ledger: ChaosLedger) {
    this.#stage = stage;
    this.#ledger = ledger;
    this.#foreign = new Map(stage.hosts.map((host) => [host.name, foreignFiles(host)]));
  }

  begin(): void {
    this.#loops = Promise.all([
      this.#loop(EVERY_MS, () => this.#lookAround()),
      this.#loop(ASK_EVERY_MS, () => this.#ask()),
      this.#loop(HOSTS_EVERY_MS, () => {
        this.lookAtForeigners();
        judgeEffects(this.#stage.hosts, this.#jobs, this.#ledger);
        judgeBudget(this.#ledger);
      }),
    ]);
  }

  async end(): Promise<void> {
    this.#isOver = true;
    await this.#loops;
  }

  /** What others have on the hosts is, byte for byte, what it was. */
  lookAtForeigners(): void {
    for (const host of this.#stage.hosts) {
      const now = foreignFiles(host);
      for (const [path, before] of this.#foreign.get(host.name) ?? []) {
        if (now.get(path) === before) continue;
        this.#ledger.violate(
          'foreignUntouched',
          `${path} on ${host.name} is not as it was: ${now.get(path) ?? 'gone'}`,
        );
      }
    }
  }

  async #loop(everyMs: number, look: () => void | Promise<void>): Promise<void> {
    while (!this.#isOver) {
      await look();
      await sleep(everyMs);
    }
  }

  #lookAround(): void {
    for (const bystander of this.#stage.bystanders) {
      if (!isAlive(bystander))
        this.#ledger.violate('noForeignSignal', `${bystander.what} (pid ${String(bystander.pid)}) is gone`);
      else if (isStopped(bystander))
        this.#ledger.violate(
          'noForeignSignal',
          `${bystander.what} (pid ${String(bystander.pid)}) was stopped`,
        );
    }
    const { garrison } = this.#stage;
    if (garrison === null) return;
    const { exitCode, signalCode } = garrison.process;
    if (exitCode !== null || signalCode !== null)
      this.#ledger.violate(
        'staysUp',
        `the supervisor ended by itself (${String(exitCode ?? signalCode)}): ${garrison.output.slice(-800)}`,
      );
    for (let index = 0; index < WORKERS; index += 1) {
      const worker = workerName(index);
      const life = workerOf(garrison.pid, worker);
      if (life !== null)
        this.#ledger.seeLife({ supervisorPid: garrison.pid, worker, startTicks: life.startTicks });
    }
  }

  async #ask(): Promise<void> {
    const { garrison } = this.#stage;
    // One that is stopped on purpose does not answer, and one that is killed breaks off.
    if (garrison === null || this.#stage.undisturbedSinceMs === Infinity) return;
    try {
      const workers = await garrison.workers();
      this.#sample(garrison.pid);
      for (const worker of workers) this.#judgeShown(worker);
      const { items } = await garrison.api<{ items: readonly JobView[] }>(
        'GET',
        `/api/v1/jobs?sort=changed&limit=${JOBS_LOOKED_AT}`,
      );
      this.#jobs = items;
      for (const job of items) {
        this.#ledger.see(job);
        judgeReason(job, this.#ledger);
      }
    } catch {
      // Redis is away, or the supervisor was killed meanwhile.
    }
  }

  #judgeShown({ name, state, incarnation }: WorkerView): void {
    if (state === 'stopped' && !this.#ledger.perhapsStopped.has(name))
      this.#ledger.violate('statusTrue', `${name} is shown as stopped, and nobody has ever stopped it`);
    const untrue =
      state === 'up' && incarnation !== null && (!isAlive(incarnation) || isStopped(incarnation));
    if (!untrue) {
      this.#untrueSinceMs.delete(name);
      return;
    }
    const nowMs = performance.now();
    const firstMs = this.#untrueSinceMs.get(name) ?? nowMs;
    this.#untrueSinceMs.set(name, firstMs);
    const sinceMs = Math.max(firstMs, this.#stage.undisturbedSinceMs);
    if (nowMs - sinceMs > TRUE_WITHIN_MS)
      this.#ledger.violate(
        'statusTrue',
        `${name} (pid ${String(incarnation.pid)}) is shown as up while its process is stopped or gone`,
      );
  }

  #sample(pid: number): void {
    const folder = `/proc/${String(pid)}`;
    const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`${folder}/status`, 'utf8'))?.[1];
    const handles = readdirSync(`${folder}/fd`).length;
    this.samples.push({ atMs: this.#ledger.elapsedMs, rssBytes: Number(kilobytes ?? 0) * 1024, handles });
  }
}

const TABLES = ['passwd', 'shadow', 'group', 'gshadow', 'subuid', 'subgid'];

/** Lines that name accounts of others, and their homes and sudo rules, with modes and owners. */
function foreignFiles(host: ChaosHost): ReadonlyMap<string, string> {
  const seen = new Map<string, string>();
  for (const table of TABLES) {
    const lines = readFileSync(`${host.filesAt}/etc/${table}`, 'utf8').split('\n');
    for (const line of lines)
      if (!line.startsWith('chaos') && line !== '')
        seen.set(`/etc/${table}: ${line.split(':')[0] ?? ''}`, line);
  }
  const homes = readdirSync(`${host.filesAt}/home`).filter((name) => name.startsWith('foreign'));
  for (const name of homes) takeTree(host.filesAt, `/home/${name}`, seen);
  takeTree(host.filesAt, '/etc/sudoers', seen);
  takeTree(host.filesAt, '/etc/sudoers.d/foreign0', seen);
  return seen;
}

function takeTree(root: string, path: string, seen: Map<string, string>): void {
  const stat = lstatSync(`${root}${path}`, { throwIfNoEntry: false });
  if (stat === undefined) return;
  const head = [stat.mode.toString(8), stat.uid, stat.gid].join(' ');
  if (stat.isDirectory()) {
    const names = readdirSync(`${root}${path}`).sort();
    seen.set(path, `${head} ${names.join(' ')}`);
    for (const name of names) takeTree(root, join(path, name), seen);
  } else
    seen.set(
      path,
      `${head} ${stat.isSymbolicLink() ? readlinkSync(`${root}${path}`) : readFileSync(`${root}${path}`, 'latin1')}`,
    );
}
