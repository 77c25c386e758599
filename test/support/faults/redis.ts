/**
 * Faults of Redis: it hangs, or it is gone for a while.
 * Only servers that the test or its garrison started are touched.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Garrison } from '../garrison.ts';
import type { Parts } from '../parts.ts';
import { TestRedis } from '../redisServer.ts';
import { Watch, WELL, type Expected, type FaultRun } from './watch.ts';

const HANGS_FOR_MS = 10_000;
const TIMES = 3;
const BETWEEN_MS = 1_000;
const GONE_FOR_MS = 20_000;
/** A ping is sent every 2 s and given 5 s, and Redis is called away 2 s after the first that failed. */
const NOTICED_AFTER_MS = 9_000;
/** No ping can have failed before. */
const UNNOTICED_BEFORE_MS = 5_000;
const AWAY = ['late BrokerAway', 'up Beating'];

/** Each time it hangs for long enough, all workers are late and nobody is restarted; a shorter time is not worth a word. */
export async function redisHangs(parts: Parts, scale: number): Promise<FaultRun> {
  const forMs = HANGS_FOR_MS * scale;
  assert.ok(
    forMs > NOTICED_AFTER_MS || forMs < UNNOTICED_BEFORE_MS,
    'no verdict can be expected between the two',
  );
  const watch = await Watch.start(parts);
  const pid = redisPid(watch.garrison);
  for (let time = 0; time < TIMES; time += 1) {
    process.kill(pid, 'SIGSTOP');
    await sleep(forMs);
    const wokenAtMs = performance.now();
    process.kill(pid, 'SIGCONT');
    if (forMs > NOTICED_AFTER_MS) await watch.shown('push-1', 'up Beating', wokenAtMs);
    else await sleep(BETWEEN_MS);
  }
  const shown = forMs > NOTICED_AFTER_MS ? [...WELL, ...AWAY, ...AWAY, ...AWAY] : WELL;
  const all: Expected = { sequence: shown };
  return watch.judge({ 'push-1': all, 'push-2': all });
}

/** A Redis of one's own, since the embedded one would be started again at once. */
export async function redisGone(parts: Parts, scale: number): Promise<FaultRun> {
  const redis = await TestRedis.start();
  parts.after(() => redis.end());
  const config = `workers: { count: 2 }\nredis: { url: "${redis.url}" }`;
  const watch = await Watch.start(parts, { config });
  await redis.kill();
  await sleep(GONE_FOR_MS * scale);
  assert.equal(watch.now('push-1'), 'late BrokerAway');
  redis.startAgain();
  const all: Expected = { sequence: [...WELL, ...AWAY] };
  return watch.judge({ 'push-1': all, 'push-2': all });
}

/** The redis-server that is a child of this garrison. */
function redisPid(garrison: Garrison): number {
  const pid = String(garrison.pid);
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ');
  const found = children.find((child) =>
    readFileSync(`/proc/${child}/cmdline`, 'utf8').startsWith('redis-server'),
  );
  assert.ok(found);
  return Number(found);
}
