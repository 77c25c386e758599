/** The spare: when it is kept, when it is good enough to take a place, and whom it serves. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { WELL } from '../../src/detector/awareness.ts';
import {
  NOTHING_SEEN,
  record,
  type WorkerEvidence,
  type WorkerObservation,
} from '../../src/detector/evidence.ts';
import { decideStatus } from '../../src/detector/status.ts';
import { DEFAULT_LIMITS, type WorkerStatus } from '../../src/detector/verdict.ts';
import { SPARE_NAME, type Beat, type Incarnation } from '../../src/heartbeat.ts';
import type { Action } from '../../src/reconciler/action.ts';
import { RESTART_POLICY } from '../../src/reconciler/restart.ts';
import {
  afterPromotion,
  readySpare,
  reconcileSpare,
  type SpareQuestion,
} from '../../src/reconciler/spare.ts';
import { answerDeath, FIRST_PLAN, reconcileWorker, type WorkerPlan } from '../../src/reconciler/worker.ts';
import { anyStream, moment } from '../support/madeUpStream.ts';

const LIFE: Incarnation = { pid: 100, startTicks: 5, nonce: 'aa' };
const DRAIN = { drainWithinMs: 30_000, termGraceMs: 2_000 };
const NEVER = { maxJobs: null, maxAgeMs: null };

/** Steps the spare through a script as its board would. */
class Script {
  evidence: WorkerEvidence = NOTHING_SEEN;
  plan: WorkerPlan = FIRST_PLAN;
  more: Partial<SpareQuestion> = {};
  #beats = 0;

  see(nowMs: number, observation: WorkerObservation): void {
    this.evidence = record(this.evidence, observation, moment(nowMs));
  }

  beat(nowMs: number): void {
    this.#beats += 1;
    this.see(nowMs, { kind: 'beat', incarnation: LIFE, beat: beatOf(this.#beats) });
  }

  stands(nowMs: number): void {
    this.see(nowMs, { kind: 'spawned', incarnation: LIFE });
    this.see(nowMs, { kind: 'ready', incarnation: LIFE });
    this.beat(nowMs);
  }

  dies(nowMs: number): void {
    const how = { exitCode: null, signal: 'SIGKILL', lastLines: [] };
    this.see(nowMs, { kind: 'exited', incarnation: LIFE, ...how });
  }

  status(nowMs: number): WorkerStatus {
    return statusOf(this.evidence, nowMs);
  }

  ready(nowMs: number): Incarnation | null {
    return readySpare(this.evidence, { status: this.status(nowMs), nowMs });
  }

  step(nowMs: number): Action | null {
    const common = {
      ...{ evidence: this.evidence, nowMs, jitter: 0, policy: RESTART_POLICY, drain: DRAIN },
      ...{ limits: DEFAULT_LIMITS, recycleLimits: NEVER },
    };
    const wish = { worker: 'quiet', recycle: null, recycleFor: 'Person' } as const;
    this.plan = answerDeath({ ...common, worker: SPARE_NAME, wish, queueOpen: false, plan: this.plan });
    const decision = reconcileSpare({
      ...{ ...common, status: this.status(nowMs), plan: this.plan },
      ...{ wanted: true, isOverMemory: false, someoneStarts: false },
      ...this.more,
    });
    this.plan = decision.plan;
    return decision.action;
  }
}

function beatOf(seq: number): Beat {
  const idle = { loopDelayP99Ms: 1, unansweredMs: null, jobs: [], slots: 10, jobsDone: 0 };
  return { seq, ...idle, rssBytes: 80_000_000 };
}

function statusOf(evidence: WorkerEvidence, nowMs: number): WorkerStatus {
  return decideStatus({
    ...{ evidence, wish: 'quiet', stopping: false, overBudget: false, awareness: WELL },
    ...{ brokerAwaySince: null, brokerBackAt: null, oldestWaitingMs: 0, queueStillMs: 0 },
    ...{ convictedAt: null, canary: null, limits: DEFAULT_LIMITS, nowMs },
  });
}

describe('keeping a spare', () => {
  it('starts one, once, and not while a worker is being started', () => {
    const script = new Script();
    script.more = { someoneStarts: true };
    assert.equal(script.step(0), null);
    script.more = {};
    assert.deepEqual(script.step(10), { kind: 'spawnWorker', worker: SPARE_NAME });
    assert.equal(script.step(11), null);
  });

  it('starts none where none is wanted, and ends the one that is there', () => {
    const script = new Script();
    script.more = { wanted: false };
    assert.equal(script.step(0), null);
    script.more = {};
    script.step(1);
    script.stands(2);
    assert.equal(script.step(3), null, 'it stands, and nothing is told to it');
    script.more = { wanted: false };
    assert.equal(script.step(4)?.kind, 'drainWorker');
    script.see(4, { kind: 'drainAsked', incarnation: LIFE, why: 'DrainAsked' });
    assert.equal(script.ready(5), null, 'on its way out it serves nobody');
    assert.equal(script.step(4 + DRAIN.drainWithinMs)?.kind, 'killWorker', 'whatever it does');
  });

  it('has a back-off of its own when it dies', () => {
    const script = new Script();
    script.step(0);
    script.stands(1);
    script.dies(1_000);
    assert.equal(script.step(1_000)?.kind, 'spawnWorker', 'at once the first time');
    script.stands(1_010);
    script.dies(2_000);
    assert.equal(script.step(2_000), null);
    assert.equal(script.step(2_000 + RESTART_POLICY.firstDelayMs)?.kind, 'spawnWorker');
  });

  it('is ended over the memory limit, when too old and when hung', () => {
    const heavy = new Script();
    heavy.stands(0);
    heavy.more = { isOverMemory: true };
    const drained = heavy.step(100);
    assert.ok(drained?.kind === 'drainWorker' && drained.why === 'MemoryLimit');
    const old = new Script();
    old.stands(0);
    old.more = { recycleLimits: { maxJobs: null, maxAgeMs: 1_000 } };
    old.beat(999);
    assert.equal(old.step(999), null);
    const recycled = old.step(1_000);
    assert.ok(recycled?.kind === 'drainWorker' && recycled.why === 'AgeLimit');
    const hung = new Script();
    hung.stands(0);
    assert.equal(hung.step(DEFAULT_LIMITS.hungAfterMs)?.kind, 'autopsy', 'looked at as any other');
    hung.see(DEFAULT_LIMITS.hungAfterMs, { kind: 'autopsyAsked', incarnation: LIFE });
    hung.see(DEFAULT_LIMITS.hungAfterMs, { kind: 'autopsied', incarnation: LIFE, file: 'x' });
    assert.equal(hung.step(DEFAULT_LIMITS.hungAfterMs + 1)?.kind, 'killWorker');
  });

  it('starts the next one a second after one has taken a place, whatever failed before', () => {
    const plan = afterPromotion({ ...FIRST_PLAN, startAtMs: null }, 5_000);
    const script = new Script();
    script.plan = plan;
    assert.equal(script.step(5_999), null);
    assert.equal(script.step(6_000)?.kind, 'spawnWorker');
  });
});

describe('a spare that may take a place', () => {
  it('is ready, was heard a moment ago, and runs', () => {
    const script = new Script();
    assert.equal(script.ready(0), null);
    script.see(0, { kind: 'spawned', incarnation: LIFE });
    assert.equal(script.ready(0), null);
    script.see(0, { kind: 'ready', incarnation: LIFE });
    assert.equal(script.ready(0), null, 'it has not beaten yet');
    script.beat(100);
    assert.deepEqual(script.ready(100), LIFE);
    assert.equal(script.ready(2_600), null, 'silent for two beats and a half');
    script.beat(2_700);
    script.see(2_700, { kind: 'procState', incarnation: LIFE, letter: 'T' });
    assert.equal(script.ready(2_700), null, 'stopped');
    script.see(2_800, { kind: 'procState', incarnation: LIFE, letter: 'S' });
    script.see(2_800, { kind: 'threadBeat', incarnation: LIFE, mainStaleMs: 1_200 });
    assert.equal(script.ready(2_800), null, 'its loop stands');
    script.see(2_900, { kind: 'threadBeat', incarnation: LIFE, mainStaleMs: 5 });
    assert.deepEqual(script.ready(2_900), LIFE);
    script.dies(3_000);
    assert.equal(script.ready(3_000), null);
  });

  it('whatever was seen: lives, has beaten within 2.5 s, and was neither told to leave nor found ill', () => {
    let served = 0;
    fc.assert(
      fc.property(anyStream(1_500), (turns) => {
        let evidence = NOTHING_SEEN;
        let nowMs = 0;
        for (const { gapMs, seen } of turns) {
          nowMs += gapMs;
          for (const { observation } of seen) evidence = record(evidence, observation, moment(nowMs));
          const status = statusOf(evidence, nowMs);
          const spare = readySpare(evidence, { status, nowMs });
          if (spare === null) continue;
          served += 1;
          assert.deepEqual(spare, evidence.incarnation);
          assert.equal(status.state, 'up');
          assert.ok(evidence.lastBeatAt !== null && nowMs - evidence.lastBeatAt.monoMs < 2_500);
          assert.equal(evidence.drainAskedAt ?? evidence.killAskedAt, null);
        }
      }),
      { numRuns: 300 },
    );
    assert.ok(served > 0, 'there were some');
  });
});

describe('whom the spare serves', () => {
  const answer = (plan: Partial<WorkerPlan>, wish: 'run' | 'quiet' = 'run'): string | undefined =>
    reconcileWorker({
      ...{
        worker: 'push-1',
        evidence: NOTHING_SEEN,
        status: statusOf(NOTHING_SEEN, 10),
        nowMs: 10,
        jitter: 0,
      },
      ...{
        wish: { worker: wish, recycle: null, recycleFor: 'Person' },
        policy: RESTART_POLICY,
        drain: DRAIN,
      },
      ...{ queueOpen: true, limits: DEFAULT_LIMITS, othersSettled: () => true, recycleLimits: NEVER },
      plan: { ...FIRST_PLAN, ...plan },
      spare: LIFE,
    }).action?.kind;

  it('is a worker whose start nothing holds back, and that is to take jobs', () => {
    assert.equal(answer({ atOnce: true }), 'promoteSpare');
    assert.equal(answer({ atOnce: false }), 'spawnWorker', 'its back-off has passed: it keeps failing');
    assert.equal(answer({ atOnce: true }, 'quiet'), 'spawnWorker');
    assert.equal(answer({ atOnce: true, startAtMs: 11 }), undefined, 'not before its time');
  });
});
