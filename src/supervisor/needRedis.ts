/**
 * Refuses what needs Redis while it is away, in words that say since when and what did not happen.
 * It asks nobody: the state is given.
 */
import { GarrisonError } from '../errors.ts';
import type { Snapshot } from './door.ts';

/** Throws REDIS_UNAVAILABLE; `consequence` is a sentence without its full stop. */
export function needRedis(redis: Snapshot['redis'], consequence: string): void {
  if (redis.up) return;
  throw new GarrisonError(
    'REDIS_UNAVAILABLE',
    `Redis is away since ${redis.since}: ${redis.detail}. ${consequence}.`,
    {
      cure: 'garrison status shows when it is back; then repeat the command.',
    },
  );
}
