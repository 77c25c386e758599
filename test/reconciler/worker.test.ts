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
import { DEFAULT_LIMITS } from '../../src/detector/verdict.ts';
import type { Incarnation } from '../../src/heartbeat.ts';
import type { Action } from '../../src/reconciler/action.ts';
import { RESTART_POLICY } from '../../src/reconciler/restart.ts';
import {
  answerDeath,
  FIRST_PLAN,
  reconcileWorker,
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
    };
    this.plan = answerDeath({ ...common, plan: this.plan });
    const status = decideStatus({
      evidence: this.evidence,
      wish: wish.worker,
      stopping: false,
      overMemory: wish.recycleFor === 'MemoryLimit',
      overBudget: this.plan.overBudget,
      awareness: WELL,
      brokerAwaySince: null,
      oldestWaitingMs: 0,
      limits: DEFAULT_LIMITS,
      nowMs,
    });
    const decision = reconcileWorker({ ...common, status, plan: this.plan });
    this.plan = decision.plan;
    return decision.action;
  }

  up(nowMs: number): void {
    this.see(nowMs, { kind: 'spawned', incarnation: LIFE });
    this.see(nowMs, { kind: 'ready', incarnation: LIFE });
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
    script.see(1_000, { kind: 'exited', incarnation: LIFE, exitCode: null, signal: 'SIGKILL' });
    assert.equal(script.step(1_000)?.kind, 'spawnWorker');
    assert.equal(script.step(1_001), null);
    script.up(1_010);
    script.see(2_000, { kind: 'exited', incarnation: LIFE, exitCode: 1, signal: null });
    assert.equal(script.step(2_000), null);
    assert.equal(script.step(2_499), null);
    assert.equal(script.step(2_500)?.kind, 'spawnWorker');
  });

  it('kills a hung worker once', () => {
    const script = new Script();
    script.step(0);
    script.up(0);
    const action = script.step(DEFAULT_LIMITS.hungAfterMs);
    assert.deepEqual(action, {
      kind: 'killWorker',
      worker: 'push-1',
      incarnation: LIFE,
      signal: 'SIGKILL',
      why: 'Hung',
    });
    script.see(DEFAULT_LIMITS.hungAfterMs, { kind: 'killAsked', incarnation: LIFE, why: 'Hung' });
    assert.equal(script.step(DEFAULT_LIMITS.hungAfterMs + 5), null);
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
    const kill = script.step(6_500);
    assert.ok(kill?.kind === 'killWorker' && kill.signal === 'SIGKILL');
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
    assert.deepEqual(script.step(1, stop), {
      kind: 'tellWorker',
      worker: 'push-1',
      incarnation: LIFE,
      message: { type: 'drain' },
    });
    script.see(1, { kind: 'drainAsked', incarnation: LIFE });
    assert.equal(script.step(30_000, stop), null);
    const term = script.step(30_001, stop);
    assert.ok(term?.kind === 'killWorker' && term.signal === 'SIGTERM');
    script.see(30_001, { kind: 'killAsked', incarnation: LIFE, why: 'DrainDeadline' });
    assert.equal(script.step(32_000, stop), null);
    const kill = script.step(32_001, stop);
    assert.ok(kill?.kind === 'killWorker' && kill.signal === 'SIGKILL');
    script.see(32_010, { kind: 'exited', incarnation: LIFE, exitCode: null, signal: 'SIGKILL' });
    assert.equal(script.step(99_000, stop), null);
    assert.equal(script.step(99_001, RUN)?.kind, 'spawnWorker');
  });

  it('replaces exactly the life that was to be recycled, without a failure on its account', () => {
    const script = new Script();
    script.step(0);
    script.up(0);
    const recycle: Wish = { worker: 'run', recycle: LIFE, recycleFor: 'Person' };
    const told = script.step(5, recycle);
    assert.ok(told?.kind === 'tellWorker' && told.message.type === 'drain');
    script.see(5, { kind: 'drainAsked', incarnation: LIFE });
    script.see(9, { kind: 'exited', incarnation: LIFE, exitCode: 0, signal: null });
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
    script.see(5, { kind: 'drainAsked', incarnation: LIFE });
    script.see(9, { kind: 'exited', incarnation: LIFE, exitCode: 0, signal: null });
    script.step(9, recycle);
    assert.equal(script.plan.history.consecutive, 1);
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
