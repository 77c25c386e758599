/** Bringing back an embedded Redis: what forbids it, what is asked of the loop, and when it is verified. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { now } from '../../src/clock.ts';
import { GarrisonError } from '../../src/errors.ts';
import { prepareForQueue } from '../../src/supervisor/queueOperation.ts';
import { RedisWatch } from '../../src/supervisor/redisWatch.ts';
import type { Supervisor } from '../../src/supervisor/supervisor.ts';
import { worker } from '../support/fakeDoor.ts';
import { momentAt } from '../support/healScene.ts';

interface Desk {
  readonly redis: RedisWatch;
  readonly supervisor: Supervisor;
  readonly queue: { served: boolean; canary: { lastAt: string | null } };
  wish: 'run' | 'stop';
}

function desk(isOurs = true): Desk {
  const startMs = now().monoMs;
  const redis = new RedisWatch(momentAt(startMs), { isOurs, report: () => undefined, dice: () => 0 });
  redis.note({ up: true, detail: 'answers' }, momentAt(startMs));
  const queue: Desk['queue'] = { served: true, canary: { lastAt: 'before' } };
  const supervisor = {
    redis,
    cureRedis: (at: Parameters<RedisWatch['askCure']>[0]) => redis.askCure(at),
    snapshot: () => ({ queue, workers: [worker('push-1', { wish: made.wish })] }),
  } as unknown as Supervisor;
  const made: Desk = { redis, supervisor, queue, wish: 'run' };
  return made;
}

function refusal({ supervisor }: Desk): string {
  try {
    prepareForQueue(supervisor).begin('o-1');
  } catch (error) {
    if (error instanceof GarrisonError) return `${error.code}: ${error.message}`;
  }
  return 'none';
}

const DOWN = { up: false, detail: 'connected, but: no answer' } as const;

describe('a restart of queue/redis', () => {
  it("is refused of somebody else's Redis, of one that answers, and twice", () => {
    const foreign = desk(false);
    foreign.redis.note(DOWN, now());
    assert.match(refusal(foreign), /^REFUSED_BY_GUARD: Redis is not run by Garrison.*no answer/);
    assert.match(refusal(desk()), /^CONFLICTING_STATE: Redis answers/);
    const at = desk();
    at.redis.note(DOWN, now());
    assert.equal(refusal(at), 'none');
    assert.match(refusal(at), /^CONFLICTING_STATE: .*already/);
  });

  it('wakes it first, and is verified only when the test job has come back', () => {
    const at = desk();
    at.redis.note(DOWN, now());
    const check = prepareForQueue(at.supervisor).begin('o-1');
    assert.deepEqual(at.redis.decide(now().monoMs), [{ kind: 'signalRedis', signal: 'SIGCONT' }]);
    assert.equal(check(), null);
    at.redis.note({ up: true, detail: 'answers' }, now());
    assert.deepEqual(at.redis.decide(now().monoMs), []);
    assert.equal(check(), null, 'Redis answers, but nobody has seen a job go through');
    at.queue.canary.lastAt = 'after';
    assert.match(JSON.stringify(check()), /"done".*woken and answers again; the queue's test job came back/);
  });

  it('waits for no test job where people have stopped all workers', () => {
    const at = desk();
    at.wish = 'stop';
    at.queue.served = false;
    at.redis.note(DOWN, now());
    const check = prepareForQueue(at.supervisor).begin('o-1');
    at.redis.note({ up: true, detail: 'answers' }, now());
    at.redis.decide(now().monoMs);
    assert.equal(check()?.state, 'done');
  });

  it('starts one that has ended at once, without waiting for its back-off', () => {
    const at = desk();
    const dead = { exitCode: 1, signal: null };
    for (let deaths = 0; deaths < 4; deaths += 1) at.redis.noteExit(dead, now());
    assert.deepEqual(at.redis.decide(now().monoMs), []);
    prepareForQueue(at.supervisor).begin('o-1');
    assert.deepEqual(at.redis.decide(now().monoMs), [{ kind: 'spawnRedis' }]);
  });
});
