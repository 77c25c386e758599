/**
 * Does the faults of a run of chaos, each to one part that this run started, and takes back those that last.
 * It draws nothing and judges nothing: what it did is told in a line.
 */
import { closeSync, existsSync, openSync, renameSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ChaosLedger } from './chaosLedger.ts';
import { workerName } from './chaosPeople.ts';
import { redisOf, sessionsOf, signalIfSame, sshClientsOf, workerOf, type Process } from './chaosProcesses.ts';
import type { Fault } from './chaosSchedule.ts';
import type { ChaosHost, ChaosStage } from './chaosStage.ts';

type Of<K extends Fault['kind']> = Extract<Fault, { kind: K }>;

const LOGIN_WITHIN_MS = 1_500;
const LOOP_EVERY_MS = 25;

export class ChaosHands {
  readonly #stage: ChaosStage;
  readonly #ledger: ChaosLedger;
  /** Hurt in a way that lasts: the same is not done again meanwhile. */
  readonly #busy = new Set<string>();

  constructor(stage: ChaosStage, ledger: ChaosLedger) {
    this.#stage = stage;
    this.#ledger = ledger;
  }

  /** Resolves, when it is over, to what was done. */
  async do(fault: Fault): Promise<string> {
    switch (fault.kind) {
      case 'killWorker':
        return this.#killWorker(workerName(fault.worker));
      case 'stopWorker':
        return this.#stopWorker(fault);
      case 'crashLoop':
        return this.#crashLoop(fault);
      case 'leaveLogin':
        return this.#leaveLogin(workerName(fault.worker));
      case 'killSsh':
        return killed(picked(sshClientsOf(this.#supervisorPid()), fault.pick));
      case 'killSession':
        return killed(picked(sessionsOf(this.#host(fault.host).sshd.pid), fault.pick));
      case 'stopSshd':
      case 'fillHost':
      case 'cutLink':
      case 'slowLink':
      case 'holdLink':
        return this.#hurtHost(fault);
      case 'killRedis':
        return killed(redisOf(this.#supervisorPid()));
      case 'stopRedis':
        return this.#stop('redis', redisOf(this.#supervisorPid()), fault.forMs);
      case 'killSupervisor':
      case 'stopSupervisor':
      case 'breakSpool':
        return this.#hurtSupervisor(fault);
    }
  }

  #supervisorPid(): number {
    const { garrison } = this.#stage;
    if (garrison === null) throw new Error('the supervisor is down');
    return garrison.pid;
  }

  #host(index: number): ChaosHost {
    const host = this.#stage.hosts[index];
    if (host === undefined) throw new Error(`there is no host ${String(index)}`);
    return host;
  }

  #killWorker(worker: string): string {
    const supervisorPid = this.#supervisorPid();
    const found = workerOf(supervisorPid, worker);
    if (found === null) return `${worker} has no process`;
    const life = { supervisorPid, worker, startTicks: found.startTicks };
    this.#ledger.seeLife(life);
    if (signalIfSame(found, 'SIGKILL')) this.#ledger.noteKill(life);
    return `killed ${worker} (pid ${String(found.pid)})`;
  }

  #stopWorker({ worker, forMs }: Of<'stopWorker'>): Promise<string> {
    const name = workerName(worker);
    return this.#stop(name, workerOf(this.#supervisorPid(), name), forMs);
  }

  async #crashLoop({ worker, forMs }: Of<'crashLoop'>): Promise<string> {
    const name = workerName(worker);
    const before = this.#ledger.kills.length;
    const endMs = performance.now() + forMs;
    while (performance.now() < endMs) {
      // Of a supervisor that is down meanwhile there is none.
      if (this.#stage.garrison !== null) this.#killWorker(name);
      await sleep(LOOP_EVERY_MS);
    }
    return `killed ${name} ${String(this.#ledger.kills.length - before)} times`;
  }

  /** The one it starts is seen by its file; then the worker dies. */
  async #leaveLogin(worker: string): Promise<string> {
    const trigger = this.#stage.loginTrigger;
    writeFileSync(trigger, `${worker} ${join(this.#stage.home, 'sshd')}\n`);
    const endMs = performance.now() + LOGIN_WITHIN_MS;
    while (existsSync(trigger) && performance.now() < endMs) await sleep(LOOP_EVERY_MS);
    await sleep(2 * LOOP_EVERY_MS);
    const isThere = !existsSync(trigger);
    rmSync(trigger, { force: true });
    this.#stage.noteLogins();
    return `${isThere ? 'an SSH server was started' : 'no SSH server was started'}; ${this.#killWorker(worker)}`;
  }

  async #hurtHost(fault: Of<'stopSshd' | 'fillHost' | 'cutLink' | 'slowLink' | 'holdLink'>): Promise<string> {
    const host = this.#host(fault.host);
    const { forMs } = fault;
    switch (fault.kind) {
      case 'stopSshd':
        return this.#stop(`${host.name} sshd`, host.sshd, forMs);
      case 'fillHost':
        return this.#lasting(`${host.name} disk`, forMs, () => fill(host));
      case 'cutLink':
        return this.#lasting(`${host.name} cut`, forMs, () => {
          host.link.cut(true);
          return () => host.link.cut(false);
        });
      case 'slowLink':
        return this.#lasting(`${host.name} slow`, forMs, () => {
          host.link.slow(fault.delayMs);
          return () => host.link.slow(0);
        });
      case 'holdLink':
        return this.#lasting(`${host.name} hold`, forMs, () => {
          host.link.hold(fault);
          return () => host.link.hold(null);
        });
    }
  }

  #hurtSupervisor(fault: Of<'killSupervisor' | 'stopSupervisor' | 'breakSpool'>): Promise<string> {
    return this.#once('supervisor', async () => {
      switch (fault.kind) {
        case 'killSupervisor':
          await this.#stage.fell(fault.downMs, () => this.#ledger.forgetUnsure());
          return 'killed and started again';
        case 'stopSupervisor': {
          const { garrison } = this.#stage;
          if (garrison === null) return 'it is down';
          this.#stage.undisturbedSinceMs = Infinity;
          garrison.process.kill('SIGSTOP');
          await sleep(fault.forMs);
          garrison.process.kill('SIGCONT');
          this.#stage.undisturbedSinceMs = performance.now();
          return 'stopped and woken';
        }
        case 'breakSpool':
          await this.#breakSpool(fault);
          return 'results could not be written, and it was killed and started again';
      }
    });
  }

  async #breakSpool({ forMs, downMs }: Of<'breakSpool'>): Promise<void> {
    const spool = join(this.#stage.home, 'spool');
    renameSync(spool, `${spool}.away`);
    writeFileSync(spool, '');
    this.#ledger.resultsHeldUp = true;
    await sleep(forMs);
    await this.#stage.fell(downMs, () => {
      rmSync(spool);
      renameSync(`${spool}.away`, spool);
      this.#ledger.forgetUnsure();
      this.#ledger.resultsHeldUp = false;
    });
  }

  #stop(what: string, target: Process | null, forMs: number): Promise<string> {
    if (target === null) return Promise.resolve(`${what} has no process`);
    return this.#lasting(what, forMs, () => {
      signalIfSame(target, 'SIGSTOP');
      return () => void signalIfSame(target, 'SIGCONT');
    });
  }

  #lasting(what: string, forMs: number, begin: () => () => void): Promise<string> {
    return this.#once(what, async () => {
      const mend = begin();
      await sleep(forMs);
      mend();
      return `${what} for ${String(forMs)} ms`;
    });
  }

  async #once(what: string, work: () => Promise<string>): Promise<string> {
    if (this.#busy.has(what)) return `${what} is hurt already`;
    this.#busy.add(what);
    try {
      return await work();
    } finally {
      this.#busy.delete(what);
    }
  }
}

function picked(found: readonly Process[], pick: number): Process | null {
  return found[pick % Math.max(1, found.length)] ?? null;
}

function killed(target: Process | null): string {
  if (target === null) return 'there was none';
  return signalIfSame(target, 'SIGKILL') ? `killed pid ${String(target.pid)}` : 'it was gone';
}

/** To the last byte; the file system of a practice host holds 48 MiB at most. */
function fill(host: ChaosHost): () => void {
  const file = `${host.filesAt}/var/tmp/filler`;
  const handle = openSync(file, 'w');
  try {
    for (const bytes of [1_048_576, 4_096, 1]) while (writes(handle, bytes));
  } finally {
    closeSync(handle);
  }
  return () => rmSync(file, { force: true });
}

function writes(handle: number, bytes: number): boolean {
  try {
    return writeSync(handle, Buffer.alloc(bytes)) > 0;
  } catch {
    return false;
  }
}
