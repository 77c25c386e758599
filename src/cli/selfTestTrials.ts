/**
 * The trials of a self-test: each makes one thing, lets the hands do what they do, and notes which steps it saw.
 * It handles nothing itself, and judges nothing.
 */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { monoMs } from '../clock.ts';
import { readAutopsy } from '../driver/autopsy.ts';
import { makeHider, makeLeaving, makeZombie, type Leaving, type Making } from '../driver/selfTestMakings.ts';
import { borrowOwnCgroup, findDelegation, WorkerCgroup } from '../driver/workerCgroup.ts';
import { lookOnce } from '../driver/zombieScan.ts';
import { messageOf } from '../errors.ts';
import type { Incarnation } from '../heartbeat.ts';
import { readProcStat } from '../proc.ts';
import type { Trial } from '../reconciler/selfTest.ts';
import type { SelfTestCode } from '../reconciler/selfTestCases.ts';
import { BLOCKING_FUNCTION, TERM_HEARD, type HarmfulWorker } from '../selfTestWords.ts';
import type { SelfTestLoop } from './selfTestLoop.ts';

const LOOK_EVERY_MS = 20;

/** A step did not come in time: the trial is over, and nothing is wrong with it. */
class Missed extends Error {}

/** What one trial has in hand. */
export class Attempt {
  readonly loop: SelfTestLoop;
  readonly seen: string[] = [];
  readonly #deadlineMs: number;
  pid: number | null = null;
  hindrance: string | null = null;

  constructor(loop: SelfTestLoop, deadlineMs: number) {
    this.loop = loop;
    this.#deadlineMs = deadlineMs;
  }

  /** Waits for the step. Throws Missed when it does not come. */
  async step(id: string, isSeen: () => boolean | Promise<boolean>): Promise<void> {
    while (!(await isSeen())) {
      if (monoMs() > this.#deadlineMs) throw new Missed(id);
      await sleep(LOOK_EVERY_MS);
    }
    this.seen.push(id);
  }

  /** Waits for its pid, and for the end of whom it is left by. */
  async made({ pid }: Making): Promise<number> {
    const late = sleep(Math.max(0, this.#deadlineMs - monoMs()), 0, { ref: false });
    const own = await Promise.race([pid, late]);
    if (own === 0) throw new Missed('made');
    this.pid = own;
    return own;
  }

  /** Waits until this worker is ready, and lets it do its harm. */
  async harmed(worker: HarmfulWorker): Promise<Incarnation> {
    let incarnation: Incarnation | null = null;
    while (incarnation === null) {
      const at = this.loop.indexOf(worker, ({ kind }) => kind === 'beat');
      const observation = this.loop.workersSeen[at]?.observation;
      if (observation?.kind === 'beat') incarnation = observation.incarnation;
      else if (monoMs() > this.#deadlineMs) throw new Missed('ready');
      else await sleep(LOOK_EVERY_MS);
    }
    this.pid = incarnation.pid;
    this.loop.doHarm(worker, incarnation);
    return incarnation;
  }
}

type Run = (attempt: Attempt) => Promise<void>;

/** Never rejects. */
export async function tryOut(code: SelfTestCode, loop: SelfTestLoop, deadlineMs: number): Promise<Trial> {
  const attempt = new Attempt(loop, deadlineMs);
  const beganMs = monoMs();
  let trouble: string | null = null;
  try {
    await RUNS[code](attempt);
  } catch (error) {
    if (!(error instanceof Missed)) trouble = messageOf(error);
  }
  const { pid, seen, hindrance } = attempt;
  return { code, pid, seen, hindrance, trouble, tookMs: monoMs() - beganMs };
}

const RUNS: Readonly<Record<SelfTestCode, Run>> = {
  Zombie: tryZombie,
  Orphan: (attempt) => tryLeaving(attempt, 'outliver'),
  TermIgnorer: tryTermIgnorer,
  SetsidEscapee: (attempt) => tryLeaving(attempt, 'escapee'),
  HiddenEscapee: tryHider,
  Stopped: tryStopped,
  LoopBlocked: tryBlocked,
};

async function tryZombie(attempt: Attempt): Promise<void> {
  const making = makeZombie();
  const { launcher } = making;
  const pid = await attempt.made(making);
  await attempt.step('seen', async () =>
    (await lookOnce()).seen.some((zombie) => zombie.pid === pid && zombie.parentPid === launcher.pid),
  );
  launcher.signalGroup('SIGKILL');
  await attempt.step('exitKept', () => launcher.exit()?.signal === 'SIGKILL');
  await attempt.step('reaped', () => attempt.loop.reaped.has(pid) && readProcStat(pid) === null);
}

async function tryLeaving(attempt: Attempt, kind: Leaving): Promise<void> {
  const { loop } = attempt;
  const life = randomBytes(6).toString('hex');
  loop.lives.add(life);
  const pid = await attempt.made(makeLeaving(kind, life));
  await attempt.step('adopted', () => loop.adopted.get(pid)?.life === life);
  // The next turn of the loop has it before it.
  await sleep(SPARED_FOR_MS);
  await attempt.step('spared', () => (readProcStat(pid)?.state ?? 'Z') !== 'Z');
  loop.lives.delete(life);
  await attempt.step('ended', () => loop.reaped.get(pid) === 'worker' && readProcStat(pid) === null);
}

const SPARED_FOR_MS = 300;

async function tryHider(attempt: Attempt): Promise<void> {
  const { loop } = attempt;
  const delegation = findDelegation() ?? (process.getuid?.() === 0 ? borrowOwnCgroup() : null);
  if (delegation === null) {
    attempt.hindrance =
      process.getuid?.() === 0
        ? 'this process is in no cgroup of version 2 that can be seen'
        : 'only root, or a unit with Delegate=yes, can make a cgroup here';
    return;
  }
  const cgroup = WorkerCgroup.make(delegation, randomBytes(6).toString('hex'));
  if (cgroup === null) {
    attempt.hindrance =
      'no cgroup with a kill file can be made here (/sys/fs/cgroup is read-only, or Linux is older than 5.14)';
    return;
  }
  const making = makeHider(cgroup);
  const ended = async (): Promise<void> => {
    await making.launcher.exited;
    await cgroup.end(() => undefined);
  };
  loop.lastly.add(ended);
  const pid = await attempt.made(making);
  await attempt.step('hidden', () => cgroup.pids().includes(pid) && loop.adopted.get(pid)?.life === null);
  let isEnded = false;
  void ended().then(() => (isEnded = true));
  loop.lastly.delete(ended);
  await attempt.step('ended', () => isEnded && loop.reaped.has(pid));
}

async function tryTermIgnorer(attempt: Attempt): Promise<void> {
  const { loop } = attempt;
  await attempt.harmed('deaf');
  loop.stop('deaf');
  await attempt.step('asked', () => loop.indexOf('deaf', ({ kind }) => kind === 'drainAsked') >= 0);
  await attempt.step('termHeard', () =>
    loop.lines.some(({ worker, line }) => worker === 'deaf' && line === TERM_HEARD),
  );
  await attempt.step('killed', () => killedAt(loop, 'deaf') >= 0);
}

async function tryStopped(attempt: Attempt): Promise<void> {
  const { loop } = attempt;
  const { nonce } = await attempt.harmed('stopped');
  await attempt.step('stopSeen', () => letterAt(loop, 'T') >= 0);
  await attempt.step('woken', () => {
    const continuedAt = loop.indexOf('stopped', ({ kind }) => kind === 'continued');
    const wokenAt = letterAt(loop, 'S');
    if (continuedAt < 0 || wokenAt < 0) return false;
    const isBeat = (seen: SelfTestLoop['workersSeen'][number]['observation']): boolean =>
      seen.kind === 'beat' && seen.incarnation.nonce === nonce;
    return loop.indexOf('stopped', isBeat, Math.max(continuedAt, letterAt(loop, 'T'))) >= 0;
  });
}

function letterAt(loop: SelfTestLoop, letter: string): number {
  return loop.indexOf('stopped', (seen) => seen.kind === 'procState' && seen.letter === letter);
}

async function tryBlocked(attempt: Attempt): Promise<void> {
  const { loop } = attempt;
  const { nonce } = await attempt.harmed('blocked');
  await attempt.step(
    'blockSeen',
    () =>
      loop.indexOf('blocked', ({ kind }) => kind === 'threadBeat') >= 0 &&
      loop.wasJudged('blocked', 'LoopBlocked'),
  );
  await attempt.step('stackRead', async () => {
    const at = loop.indexOf('blocked', (seen) => seen.kind === 'autopsied' && seen.file !== null);
    const observation = loop.workersSeen[at]?.observation;
    if (observation?.kind !== 'autopsied' || observation.file === null) return false;
    return JSON.stringify(await readAutopsy(loop.homeDir, observation.file)).includes(BLOCKING_FUNCTION);
  });
  await attempt.step('killed', () => killedAt(loop, 'blocked') >= 0);
  await attempt.step(
    'replaced',
    () => loop.indexOf('blocked', (seen) => seen.kind === 'ready' && seen.incarnation.nonce !== nonce) >= 0,
  );
}

function killedAt(loop: SelfTestLoop, worker: HarmfulWorker): number {
  return loop.indexOf(worker, (seen) => seen.kind === 'exited' && seen.signal === 'SIGKILL');
}
