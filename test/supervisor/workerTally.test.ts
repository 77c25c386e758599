/** Why each worker was started again, and its last beat, over the ends of its lives: told in observations. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  NOTHING_SEEN,
  record,
  type WorkerEvidence,
  type WorkerObservation,
} from '../../src/detector/evidence.ts';
import type { RestartReason } from '../../src/detector/restartReason.ts';
import type { Beat } from '../../src/heartbeat.ts';
import { WorkerTally, type CountedWorker } from '../../src/supervisor/workerTally.ts';

const at = (monoMs: number): { monoMs: number; wall: string } => ({ monoMs, wall: `w${String(monoMs)}` });

class Story {
  readonly tally = new WorkerTally();
  evidence: WorkerEvidence = NOTHING_SEEN;
  #pid = 1;

  see(observation: WorkerObservation, nowMs: number): void {
    this.tally.note('push-1', this.evidence, observation);
    this.evidence = record(this.evidence, observation, at(nowMs));
  }

  /** One life and its end, and what was done to it before. */
  live(nowMs: number, end: { signal?: string; exitCode?: number }, before: Deeds = []): void {
    const incarnation = { pid: (this.#pid += 1), startTicks: 1, nonce: 'n' };
    this.see({ kind: 'spawned', incarnation }, nowMs);
    this.see(
      { kind: 'beat', incarnation, beat: { seq: 1, jobs: [], slots: 10 } as unknown as Beat },
      nowMs + 1,
    );
    for (const deed of before) this.see({ ...deed, incarnation }, nowMs + 2);
    const { exitCode = null, signal = null } = end;
    this.see({ kind: 'exited', incarnation, exitCode, signal, lastLines: [] }, nowMs + 3);
  }

  get measures(): CountedWorker {
    return this.tally.measuresOf('push-1', this.evidence);
  }

  get counted(): [RestartReason, number][] {
    const entries = Object.entries(this.measures.restarts) as [RestartReason, number][];
    return entries.filter(([, count]) => count > 0).sort();
  }
}

type Deeds = readonly (
  | { readonly kind: 'killAsked'; readonly why: 'Hung' | 'DrainDeadline' }
  | { readonly kind: 'drainAsked'; readonly why: 'MemoryLimit' }
)[];

describe('a worker that is started again', () => {
  it('is counted once each time, by why its life before had ended', () => {
    const story = new Story();
    assert.deepEqual([story.counted, story.measures.startedAt], [[], null]);
    story.live(0, { exitCode: 1 });
    assert.deepEqual(story.counted, [], 'it has not been started again yet');
    story.live(10, { signal: 'SIGKILL' });
    story.live(20, { signal: 'SIGKILL' }, [{ kind: 'killAsked', why: 'Hung' }]);
    story.live(30, { exitCode: 0 }, [{ kind: 'drainAsked', why: 'MemoryLimit' }]);
    story.live(40, { signal: 'SIGTERM' }, [
      { kind: 'drainAsked', why: 'MemoryLimit' },
      { kind: 'killAsked', why: 'DrainDeadline' },
    ]);
    story.see({ kind: 'spawnFailed', detail: 'no memory' }, 50);
    story.live(60, { exitCode: 1 });
    assert.deepEqual(story.counted, [
      ['DrainDeadline', 1],
      ['Exited', 1],
      ['Hung', 1],
      ['Killed', 1],
      ['MemoryLimit', 1],
      ['SpawnFailed', 1],
    ]);
    // As the view has it while none lives.
    assert.equal(story.evidence.deaths - 1, 6);
  });

  it('keeps its last beat until the next one', () => {
    const story = new Story();
    story.live(0, { exitCode: 1 });
    assert.deepEqual([story.measures.lastBeatAt, story.measures.startedAt], ['w1', 'w0']);
    story.see({ kind: 'spawnFailed', detail: '' }, 5);
    story.see({ kind: 'spawned', incarnation: { pid: 99, startTicks: 1, nonce: 'x' } }, 10);
    assert.deepEqual([story.measures.lastBeatAt, story.measures.startedAt], ['w1', 'w10']);
  });
});
