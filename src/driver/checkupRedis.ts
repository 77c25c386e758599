/**
 * Asks Redis how it is, once and by a connection of its own: PING and INFO, nothing that changes anything.
 * It tries no second time and is over when its time is.
 */
import { Redis } from 'ioredis';
import { monoMs } from '../clock.ts';
import { messageOf } from '../errors.ts';
import type { Part, RedisSeen } from '../reconciler/checkup.ts';
import { addressOptions, describeTarget, type RedisTarget } from '../redisTarget.ts';
import { seen, unseen } from './checkupPart.ts';

export async function checkupRedis(target: RedisTarget, withinMs: number): Promise<Part<RedisSeen>> {
  const redis = new Redis({
    ...addressOptions(target),
    lazyConnect: true,
    enableReadyCheck: false,
    disableClientInfo: true,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    connectTimeout: withinMs,
    commandTimeout: withinMs,
    retryStrategy: () => null,
    sentinelRetryStrategy: () => null,
  });
  let trouble: unknown = null;
  redis.on('error', (error) => (trouble = error));
  try {
    await redis.connect();
    const info = fieldsIn(await redis.info());
    return seen(seenIn(info, describeTarget(target), await answerMs(redis)));
  } catch (error) {
    return unseenBy(trouble ?? error, target);
  } finally {
    redis.disconnect();
  }
}

/** While it reads its files it answers with an error, which is an answer. */
async function answerMs(redis: Redis): Promise<number> {
  const startedMs = monoMs();
  await redis.ping().catch((error: unknown) => {
    if (isLate(error)) throw error;
  });
  return monoMs() - startedMs;
}

function unseenBy(error: unknown, target: RedisTarget): Part<never> {
  const where = describeTarget(target);
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'EACCES' || code === 'EPERM')
    return unseen('notPermitted', `Redis at ${where} may not be asked by this user (${code}).`);
  if (isLate(error)) return unseen('late', `Redis at ${where} takes the connection and does not answer.`);
  if (code === 'ENOENT' || code === 'ECONNREFUSED')
    return unseen('failed', `Redis does not run at ${where} (${code}).`);
  return unseen('failed', `Redis at ${where} cannot be used: ${messageOf(error).slice(0, 200)}.`);
}

function isLate(error: unknown): boolean {
  return /timed out|ETIMEDOUT/i.test(messageOf(error));
}

/** `name:value` lines. */
function fieldsIn(info: string): ReadonlyMap<string, string> {
  return new Map(
    info.split(/\r?\n/).flatMap((line) => {
      const colon = line.indexOf(':');
      return colon < 1 ? [] : [[line.slice(0, colon), line.slice(colon + 1)] as const];
    }),
  );
}

function seenIn(info: ReadonlyMap<string, string>, target: string, answeredInMs: number): RedisSeen {
  const number = (name: string): number | null => {
    const value = info.get(name) ?? '';
    return /^\d+$/.test(value) ? Number(value) : null;
  };
  const text = (name: string): string | null => info.get(name) ?? null;
  const appendOnly = text('aof_enabled');
  return {
    target,
    version: (text('redis_version') ?? 'of unknown version').slice(0, 40),
    answeredInMs,
    role: text('role') ?? 'master',
    isLoading: text('loading') === '1',
    usedBytes: number('used_memory'),
    limitBytes: number('maxmemory'),
    policy: text('maxmemory_policy') ?? '',
    appendOnly: appendOnly === null ? null : appendOnly === '1',
    lastAppend: text('aof_last_write_status'),
    lastSave: text('rdb_last_bgsave_status'),
  };
}
