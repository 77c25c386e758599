/**
 * Keeps an OpenSSH master open to a host that this worker comes back to, and lends it to the next job on that host.
 * It never makes a job wait: what does not answer at once is not lent, and a job without a loan makes its own connection.
 *
 * What keeping changes in how jobs fail:
 * - A login that the host would refuse by now still works until the connection ends: after `keep` without work, at the latest MOST_AGE_MS old.
 *   What is refused here (another address, user, port, identity or known_hosts) is seen at once, since each is part of the key.
 * - A connection that died unnoticed costs LOAN_ANSWER_MS before the job makes a new one. Until the host's first word not a byte of
 *   the script was sent, so that beginning again is safe; from then on a lost connection is `unknown`, as it is without keeping.
 * - Ending a job's ssh no longer ends its connection, and a stopped master might send later what it had read: so whatever ends a job
 *   out of order also ends its master, and the job ends only when that one is gone.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { monoMs } from '../clock.ts';
import type { PushTask } from '../push/job.ts';
import { makeKeptFolder, removeKeptFolder } from './keptFolder.ts';
import { isMasterAlive } from './muxCheck.ts';
import { connectionKey, startMaster } from './keptMaster.ts';
import { ownChild, signalOwnChild, type OwnChild } from './signal.ts';

/** A connection that answered a moment ago. */
export interface Loan {
  readonly controlPath: string;
  readonly ageMs: number;
  /** To be called once the job's ssh is gone; with `isSound` false the master is ended, and this resolves when it is gone. */
  giveBack(isSound: boolean): Promise<void>;
}

/** Is told of each master by its number: its pid, and null once it is gone. */
export type TellMaster = (number: number, pid: number | null) => void;

/** Within so long a job must hear from its host over a loan; then it makes a connection of its own. */
export const LOAN_ANSWER_MS = 2_000;
/** A master takes some MiB; the one that is idle for the longest makes room. */
const MOST_MASTERS = 32;
const MOST_AGE_MS = 5 * 60_000;
const CHECK_WITHIN_MS = 200;
const KILL_AFTER_MS = 1_000;
/** A host over whose connection a job did not get through gets new ones for so long. */
const BARRED_MS = 5 * 60_000;
const MOST_REMEMBERED = 10_000;

interface Master {
  readonly hostName: string;
  readonly key: string;
  readonly keepMs: number;
  readonly controlPath: string;
  readonly startedMs: number;
  readonly own: OwnChild;
  readonly gone: Promise<void>;
  hasEnded: boolean;
  /** To one job at a time, as a host takes one at a time: sshd's MaxSessions is never near, and ending it hits nobody else. */
  isLent: boolean;
  idleSinceMs: number;
  idleTimer?: NodeJS.Timeout;
}

export class KeptConnections {
  readonly #tell: TellMaster;
  readonly #masters = new Map<string, Master>();
  /** Also those that are told to end. */
  readonly #living = new Set<Master>();
  /** When a connection with this key was last of use, oldest first. */
  readonly #lastUseMs = new Map<string, number>();
  readonly #barredUntilMs = new Map<string, number>();
  /** Undefined before the first is needed, null when it cannot be had. */
  #folder: string | null | undefined;
  #count = 0;
  #isClosed = false;

  constructor(tell: TellMaster) {
    this.#tell = tell;
  }

  /** Null when there is none, or none that can be relied on. */
  async borrow(task: PushTask): Promise<Loan | null> {
    const key = connectionKey(task);
    this.#closeOthersOf(task.host.name, key);
    const master = key === null ? undefined : this.#masters.get(key);
    if (master === undefined || this.#isClosed || master.isLent) return null;
    if (monoMs() - master.startedMs > MOST_AGE_MS) {
      this.#dismiss(master);
      return null;
    }
    // Lent before it is asked: it must not end for idleness meanwhile.
    this.#begin(master);
    if (await isMasterAlive(master.controlPath, CHECK_WITHIN_MS)) return this.#loan(master);
    this.#end(master);
    // One that is not open yet is none that hangs; it has its own limit.
    const isLate = monoMs() - master.startedMs > task.ssh.connectTimeoutMs;
    if (isLate || existsSync(master.controlPath)) this.#discard(master);
    return null;
  }

  /** A connection of the job's own was of use. When one was within `keep` before, the host has work, and the next job finds one open. */
  noteUse(task: PushTask): void {
    const key = connectionKey(task);
    const keepMs = task.ssh.keepMs ?? 0;
    if (key === null || keepMs === 0 || this.#isClosed) return;
    const nowMs = monoMs();
    const lastMs = this.#lastUseMs.get(key) ?? -Infinity;
    this.#lastUseMs.delete(key);
    this.#lastUseMs.set(key, nowMs);
    forgetOldest(this.#lastUseMs);
    if (nowMs - lastMs > keepMs || this.#masters.has(key)) return;
    if ((this.#barredUntilMs.get(key) ?? 0) > nowMs || !this.#makeRoom()) return;
    this.#start(task, key, keepMs);
  }

  /** No more loans; resolves when all masters are gone. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const master of this.#living) if (!master.isLent) this.#dismiss(master);
    await Promise.all([...this.#living].map(({ gone }) => gone));
    if (typeof this.#folder === 'string') removeKeptFolder(this.#folder);
    this.#folder = null;
  }

  #loan(master: Master): Loan {
    let isBack = false;
    return {
      controlPath: master.controlPath,
      ageMs: monoMs() - master.startedMs,
      giveBack: async (isSound) => {
        if (isBack) return;
        isBack = true;
        this.#end(master);
        if (isSound) return;
        this.#discard(master);
        await master.gone;
      },
    };
  }

  #begin(master: Master): void {
    master.isLent = true;
    clearTimeout(master.idleTimer);
  }

  #end(master: Master): void {
    master.isLent = false;
    if (master.hasEnded) return;
    this.#rest(master);
    if (this.#isClosed || this.#masters.get(master.key) !== master) this.#dismiss(master);
  }

  #rest(master: Master): void {
    master.idleSinceMs = monoMs();
    clearTimeout(master.idleTimer);
    master.idleTimer = setTimeout(() => this.#dismiss(master), master.keepMs).unref();
  }

  #start(task: PushTask, key: string, keepMs: number): void {
    this.#folder ??= this.#folder === null ? null : makeKeptFolder();
    if (this.#folder === null) return;
    const number = (this.#count += 1);
    const controlPath = join(this.#folder, String(number));
    const child = startMaster(task, { controlPath, number });
    const { pid } = child;
    if (pid === undefined) return;
    const master: Master = {
      ...{ hostName: task.host.name, key, keepMs, controlPath },
      ...{ startedMs: monoMs(), own: ownChild(pid), hasEnded: false, isLent: false, idleSinceMs: monoMs() },
      gone: new Promise((resolve) => {
        child.once('exit', () => {
          this.#forget(master, number);
          resolve();
        });
      }),
    };
    this.#masters.set(key, master);
    this.#living.add(master);
    this.#tell(number, pid);
    this.#rest(master);
  }

  #forget(master: Master, number: number): void {
    master.hasEnded = true;
    clearTimeout(master.idleTimer);
    this.#living.delete(master);
    if (this.#masters.get(master.key) === master) this.#masters.delete(master.key);
    this.#tell(number, null);
  }

  /** In order: no loan any more, and it ends by itself; KILL a second later. One that is lent ends when it is given back. */
  #dismiss(master: Master): void {
    if (this.#masters.get(master.key) === master) this.#masters.delete(master.key);
    if (master.hasEnded || master.isLent) return;
    signalMaster(master, 'SIGTERM');
    setTimeout(() => signalMaster(master, 'SIGKILL'), KILL_AFTER_MS);
  }

  /** At once, with the session on it: whatever hangs in it must not reach the host later. */
  #discard(master: Master): void {
    if (this.#masters.get(master.key) === master) this.#masters.delete(master.key);
    this.#barredUntilMs.set(master.key, monoMs() + BARRED_MS);
    forgetOldest(this.#barredUntilMs);
    signalMaster(master, 'SIGKILL');
  }

  /** What was made with another address, user, identity or set of known keys is not used once more. */
  #closeOthersOf(hostName: string, key: string | null): void {
    for (const master of this.#masters.values())
      if (master.hostName === hostName && master.key !== key) this.#dismiss(master);
  }

  #makeRoom(): boolean {
    if (this.#living.size < MOST_MASTERS) return true;
    const idle = [...this.#masters.values()].filter(({ isLent }) => !isLent);
    const oldest = idle.sort((a, b) => a.idleSinceMs - b.idleSinceMs)[0];
    if (oldest !== undefined) this.#dismiss(oldest);
    // Not before that one is gone: the bound is one of processes.
    return false;
  }
}

/** Only while its exit has not been seen: from then on the pid may be another's. */
function signalMaster(master: Master, signal: 'SIGTERM' | 'SIGKILL'): void {
  if (!master.hasEnded) signalOwnChild(master.own, signal);
}

function forgetOldest(times: Map<string, number>): void {
  const [oldest] = times.keys();
  if (times.size > MOST_REMEMBERED && oldest !== undefined) times.delete(oldest);
}
