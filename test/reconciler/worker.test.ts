/** What is done about one worker: one action per life and per death, a drain that always ends. */
import { WELL } from '../../src/detector/awareness.ts';
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  NOTHING_SEEN,
  record,
  type WorkerEvidence,
  type WorkerObservation,
} from '../../src/detector/evidence.ts';
import { decideStatus } from '../../src/detector/status.ts';
import { DEFAULT_LIMITS, type StatusQuestion } from '../../src/detector/verdict.ts';
import type { Incarnation } from '../../src/heartbeat.ts';
import type { Action } from '../../src/reconciler/action.ts';
import { RESTART_POLICY } from '../../src/reconciler/restart.ts';
import {
  answerDeath,
  FIRST_PLAN,
  reconcileWorker,
  type RecycleLimits,
  type WorkerPlan,
  type Wish,
} from '../../src/reconciler/worker.ts';

const LIFE: Incarnation = { pid: 100, startTicks: 5, nonce: 'aa' };
const RUN: Wish = { worker: 'run', recycle: null, recycleFor: 'Person' };

/** Steps one worker through a script as the loop would, keeping its evidence and plan between the steps. */
class Script {
  evidence: WorkerEvidence = NOTHING_SEEN;
  plan: WorkerPlan = FIRST_PLAN;
  queueOpen = true;
  othersSettled = true;
  recycleLimits: RecycleLimits = { maxJobs: null, maxAgeMs: null };
  canary: StatusQuestion['canary'] = null;
  spare: Incarnation | null = null;

  see(nowMs: number, observation: WorkerObservation): void {
    this.evidence = record(this.evidence, observation, { monoMs: nowMs, wall: '' });
  }

  step(nowMs: number, wish: Wish = RUN): Action | null {
    const common = {
      worker: 'push-1',
      wish,
      evidence: this.evidence,
      nowMs,
      jitter: 0,
      policy: RESTART_POLICY,
      drain: { drainWithinMs: 30_000, termGraceMs: 2_000 },
      queueOpen: this.queueOpen,
      limits: DEFAULT_LIMITS,
      othersSettled: () => this.othersSettled,
      recycleLimits: this.recycleLimits,
    };
    this.plan = answerDeath({ ...common, plan: this.plan });
    const status = decideStatus({
      evidence: this.evidence,
      wish: wish.worker,
      stopping: false,
      canary: this.canary,
      overBudget: this.plan.overBudget,
      awareness: WELL,
      brokerAwaySince: null,
      brokerBackAt: null,
      oldestWaitingMs: 0,
      queueStillMs: 0,
      convictedAt: null,
      limits: DEFAULT_LIMITS,
      nowMs,
    });
    const decision = reconcileWorker({ ...common, status, plan: this.plan, spare: this.spare });
    this.plan = decision.plan;
    return decision.action;
  }

  up(nowMs: number): void {
    this.see(nowMs, { kind: 'spawned', incarnation: LIFE });
    this.see(nowMs, { kind: 'ready', incarnation: LIFE });
    this.see(nowMs, { kind: 'resumed', incarnation: LIFE });
  }
}

describe('reconciling a worker', () => {
  it('starts it once, and not again before it is seen', () => {
    const script = new Script();
    assert.equal(script.step(0)?.kind, 'spawnWorker');
    assert.equal(script.step(1), null);
  });

  it('answers one death once: at once the first time, after its delay the second', () => {
    const script = new Script();
    script.step(0);
    script.up(0);
    script.see(1_000, {
      kind: 'exited',
      incarnation: LIFE,
      exitCode: null,
      signal: 'SIGKILL',
      lastLines: [],
    });
    assert.equal(script.step(1_000)?.kind, 'spawnWorker');
    assert.equal(script.step(1_001), null);
    script.up(1_010);
    script.see(2_000, { kind: 'exited', incarnation: LIFE, exitCode: 1, signal: null, lastLines: [] });
    assert.equal(script.step(2_000), null);
    assert.equal(script.step(2_499), null);
    assert.equal(script.step(2_500)?.kind, 'spawnWorker');
  });

  it('looks at a hung worker before it kills it, and does each once', () => {
    const script = new Script();
    const hungAtMs = DEFAULT_LIMITS.hungAfterMs;
    script.step(0);
    script.up(0);
    const look = script.step(hungAtMs);
    assert.ok(look?.kind === 'autopsy' && look.reason === 'NoBeat');
    script.see(hungAtMs, { kind: 'autopsyAsked', incarnation: LIFE });
    assert.equal(script.step(hungAtMs + 100), null);
    script.see(hungAtMs + 200, { kind: 'autopsied', incarnation: LIFE, file: 'x.json' });
    const action = script.step(hungAtMs + 200);
    const order = { signal: 'SIGKILL', why: 'Hung' };
    assert.deepEqual(action, { kind: 'killWorker', worker: 'push-1', incarnation: LIFE, ...order });
    script.see(hungAtMs + 200, { kind: 'killAsked', incarnation: LIFE, why: 'Hung' });
    assert.equal(script.step(hungAtMs + 205), null);
  });

  it('kills without the autopsy when that does not come', () => {
    const script = new Script();
    const hungAtMs = DEFAULT_LIMITS.hungAfterMs;
    script.step(0);
    script.up(0);
    script.step(hungAtMs);
    script.see(hungAtMs, { kind: 'autopsyAsked', incarnation: LIFE });
    assert.equal(script.step(hungAtMs + 1_999), null);
    assert.equal(script.step(hungAtMs + 2_000)?.kind, 'killWorker');
  });

  it('ends the ssh of a job that its worker should have ended, once, and leaves the worker alone', () => {
    const script = new Script();
    script.step(0);
    script.up(0);
    script.step(1);
    const job = { jobId: 'j-1', attempt: 3, takenAt: '', heardAt: '', silentMs: 64_999, isReporting: false };
    const beat = {
      seq: 1,
      loopDelayP99Ms: 0,
      unansweredMs: 0,
      jobs: [job],
      slots: 2,
      jobsDone: 0,
      rssBytes: 1,
    };
    script.see(100, { kind: 'beat', incarnation: LIFE, beat });
    assert.equal(script.step(100), null);
    const end = { kind: 'endJob', worker: 'push-1', incarnation: LIFE, jobId: 'j-1', attempt: 3 };
    assert.deepEqual(script.step(101), end);
    script.see(101, { kind: 'jobEndAsked', incarnation: LIFE, jobId: 'j-1', attempt: 3 });
    assert.equal(script.step(102), null);
  });

  it('drains a worker whose canary is late, counts that as a failure, and spares it while another is away', () => {
    const script = new Script();
    script.step(0);
    script.up(0);
    script.step(1);
    const beat = { seq: 1, loopDelayP99Ms: 0, unansweredMs: 0, jobs: [], slots: 2, jobsDone: 0, rssBytes: 1 };
    const lateAtMs = 100 + DEFAULT_LIMITS.canaryWithinMs;
    script.see(lateAtMs, { kind: 'beat', incarnation: LIFE, beat });
    script.canary = { since: { monoMs: 100, wall: '' }, taken: false };
    script.othersSettled = false;
    assert.equal(script.step(lateAtMs), null);
    script.othersSettled = true;
    const action = script.step(lateAtMs);
    assert.ok(action?.kind === 'drainWorker' && action.why === 'CanaryLate');
    script.see(lateAtMs, { kind: 'drainAsked', incarnation: LIFE, why: 'CanaryLate' });
    script.see(lateAtMs + 5, { kind: 'exited', incarnation: LIFE, exitCode: 0, signal: null, lastLines: [] });
    script.step(lateAtMs + 5);
    assert.equal(script.plan.history.consecutive, 1);
  });

  it('wakes a stopped process once, and kills it when it is still stopped five seconds later', () => {
    const script = new Script();
    script.step(0);
    script.up(0);
    script.step(1);
    script.see(500, { kind: 'procState', incarnation: LIFE, letter: 'T' });
    assert.equal(script.step(1_000), null);
    assert.equal(script.step(1_500)?.kind, 'resumeWorker');
    script.see(1_500, { kind: 'continued', incarnation: LIFE });
    assert.equal(script.step(6_499), null);
    assert.equal(script.step(6_500)?.kind, 'autopsy');
  });

  it('leaves a worker in uninterruptible sleep alone, since no signal reaches it', () => {
    const script = new Script();
    script.step(0);
    script.up(0);
    script.see(500, { kind: 'procState', incarnation: LIFE, letter: 'D' });
    assert.equal(script.step(DEFAULT_LIMITS.hungAfterMs), null);
  });

  it('drains a worker that a person stops, then TERM, then KILL, and leaves it stopped', () => {
    const script = new Script();
    const stop: Wish = { worker: 'stop', recycle: null, recycleFor: 'Person' };
    script.step(0);
    script.up(0);
    const why = 'DrainAsked';
    const drain = { kind: 'drainWorker', worker: 'push-1', incarnation: LIFE, why };
    assert.deepEqual(script.step(1, stop), drain);
    script.see(1, { kind: 'drainAsked', incarnation: LIFE, why: 'DrainAsked' });
    assert.equal(script.step(30_000, stop), null);
    const term = script.step(30_001, stop);
    assert.ok(term?.kind === 'killWorker' && term.signal === 'SIGTERM');
    script.see(30_001, { kind: 'killAsked', incarnation: LIFE, why: 'DrainDeadline' });
    assert.equal(script.step(32_000, stop), null);
    const kill = script.step(32_001, stop);
    assert.ok(kill?.kind === 'killWorker' && kill.signal === 'SIGKILL');
    script.see(32_010, {
      kind: 'exited',
      incarnation: LIFE,
      exitCode: null,
      signal: 'SIGKILL',
      lastLines: [],
    });
    assert.equal(script.step(99_000, stop), null);
    assert.equal(script.step(99_001, RUN)?.kind, 'spawnWorker');
  });

  it('replaces exactly the life that was to be recycled, without a failure on its account', () => {
    const script = new Script();
    script.step(0);
    script.up(0);
    const recycle: Wish = { worker: 'run', recycle: LIFE, recycleFor: 'Person' };
    const told = script.step(5, recycle);
    assert.equal(told?.kind, 'drainWorker');
    script.see(5, { kind: 'drainAsked', incarnation: LIFE, why: 'DrainAsked' });
    script.see(9, { kind: 'exited', incarnation: LIFE, exitCode: 0, signal: null, lastLines: [] });
    assert.equal(script.step(9, recycle)?.kind, 'spawnWorker');
    assert.equal(script.plan.history.consecutive, 0);
    script.see(10, { kind: 'spawned', incarnation: { pid: 7, startTicks: 1, nonce: 'bb' } });
    script.see(10, { kind: 'ready', incarnation: { pid: 7, startTicks: 1, nonce: 'bb' } });
    assert.equal(saying(script.step(11, recycle)), 'resume', 'the next life is not drained');
  });

  it('lets a new life take jobs once the queue is known to be ours, and says quiet and resume once each', () => {
    const script = new Script();
    script.queueOpen = false;
    script.step(0);
    script.up(0);
    assert.equal(script.step(1), null);
    script.queueOpen = true;
    assert.equal(saying(script.step(2)), 'resume');
    assert.equal(script.step(3), null);
    const quiet: Wish = { worker: 'quiet', recycle: null, recycleFor: 'Person' };
    assert.equal(saying(script.step(5, quiet)), 'quiet');
    assert.equal(script.step(6, quiet), null);
    assert.equal(saying(script.step(7, RUN)), 'resume');
    assert.equal(script.step(8, RUN), null);
  });

  it('counts a life that was over its memory limit from the start as a failure, so that it backs off', () => {
    const script = new Script();
    const recycle: Wish = { worker: 'run', recycle: LIFE, recycleFor: 'MemoryLimit' };
    script.step(0);
    script.up(0);
    script.see(5, { kind: 'drainAsked', incarnation: LIFE, why: 'MemoryLimit' });
    script.see(9, { kind: 'exited', incarnation: LIFE, exitCode: 0, signal: null, lastLines: [] });
    script.step(9, recycle);
    assert.equal(script.plan.history.consecutive, 1);
  });

  it('tells a worker once of ended children, and drains it when it still does not wait for them', () => {
    const script = new Script();
    script.step(0);
    script.up(0);
    script.step(1);
    script.see(100, { kind: 'zombiesHeld', incarnation: LIFE, count: 50 });
    assert.equal(script.step(100)?.kind, 'nudgeWorker');
    script.see(100, { kind: 'nudged', incarnation: LIFE });
    assert.equal(script.step(5_099), null);
    script.othersSettled = false;
    assert.equal(script.step(5_100), null);
    script.othersSettled = true;
    const action = script.step(5_100);
    assert.ok(action?.kind === 'drainWorker' && action.why === 'ZombiesHeld');
  });

  it('leaves a worker alone that has waited for its children meanwhile', () => {
    const script = new Script();
    script.step(0);
    script.up(0);
    script.step(1);
    script.see(100, { kind: 'zombiesHeld', incarnation: LIFE, count: 1 });
    script.see(100, { kind: 'nudged', incarnation: LIFE });
    script.see(1_100, { kind: 'zombiesHeld', incarnation: LIFE, count: 0 });
    assert.equal(script.step(9_000), null);
  });

  it('replaces a worker at its limits of jobs and age, one at a time and without a failure', () => {
    for (const [limits, jobsDone, nowMs, why] of [
      [{ maxJobs: 3, maxAgeMs: null }, 3, 10, 'JobLimit'],
      [{ maxJobs: null, maxAgeMs: 60_000 }, 0, 60_000, 'AgeLimit'],
    ] as const) {
      const script = new Script();
      script.recycleLimits = limits;
      script.step(0);
      script.up(0);
      script.step(1);
      const beat = { seq: 1, loopDelayP99Ms: 0, unansweredMs: 0, jobs: [], slots: 2, jobsDone, rssBytes: 1 };
      script.see(nowMs, { kind: 'beat', incarnation: LIFE, beat });
      script.othersSettled = false;
      assert.equal(script.step(nowMs), null);
      script.othersSettled = true;
      const action = script.step(nowMs);
      assert.ok(action?.kind === 'drainWorker' && action.why === why);
      script.see(nowMs, { kind: 'drainAsked', incarnation: LIFE, why });
      script.see(nowMs + 5, { kind: 'exited', incarnation: LIFE, exitCode: 0, signal: null, lastLines: [] });
      assert.equal(script.step(nowMs + 5)?.kind, 'spawnWorker');
      assert.equal(script.plan.history.consecutive, 0);
    }
  });

  it('backs off from the failed spawn itself, not from the death before it', () => {
    const script = new Script();
    script.step(0);
    let starts = 0;
    for (let nowMs = 1; nowMs < 10_000; nowMs += 1) {
      script.see(nowMs, { kind: 'spawnFailed', detail: 'no setpriv' });
      while (nowMs < 10_000 && script.step(nowMs)?.kind !== 'spawnWorker') nowMs += 1;
      starts += 1;
    }
    assert.ok(starts <= 8, String(starts));
  });
});

function saying(action: Action | null): string | null {
  return action?.kind === 'tellWorker' ? action.message.type : null;
}
