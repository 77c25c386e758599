/**
 * Keeps two supervisors from running the same queue: Redis remembers which home folder owns it, for as long as that one renews.
 * A home that starts again takes its own back at once; it never takes a living other's.
 */
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { Redis } from 'ioredis';
import { GarrisonError, messageOf } from '../errors.ts';
import { KEY_PREFIX } from '../queueName.ts';
import { readKept, type Keeping } from '../setAside.ts';

const FILE = 'home-id';
const OWNER_KEY = `${KEY_PREFIX}:owner`;
/** Outlives a pause of the owner's that is no death; a taken-over queue is then refused to it. */
const OWNED_FOR_MS = 15_000;

/** Sets or renews when the key is free or ours; gives back whose it is otherwise. */
const TAKE = `
local owner = redis.call('GET', KEYS[1])
if owner and owner ~= ARGV[1] then return owner end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return false`;

const RELEASE = `if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0`;

/** Takes the queue, or renews what is ours already. Throws REDIS_FOREIGN while another home owns it. */
export async function takeOwnership(redis: Redis, homeDir: string): Promise<void> {
  const owner = await redis.eval(TAKE, 1, OWNER_KEY, ownName(homeDir), OWNED_FOR_MS);
  if (typeof owner !== 'string') return;
  throw new GarrisonError(
    'REDIS_FOREIGN',
    `another supervisor uses this Redis: ${owner.split(' ').slice(1).join(' ')}`,
    {
      cure: `Stop that one (its claim ends ${String(OWNED_FOR_MS / 1000)} s later), or give this one a Redis of its own.`,
    },
  );
}

export async function releaseOwnership(redis: Redis, homeDir: string): Promise<void> {
  await redis.eval(RELEASE, 1, OWNER_KEY, ownName(homeDir));
}

/** An id that stays with the home folder, then words for people. */
function ownName(homeDir: string): string {
  return `${homeId(homeDir)} ${homeDir} on ${hostname()}`;
}

function homeId(homeDir: string): string {
  const file = join(homeDir, FILE);
  // Looked at already at the start; it may have been removed since.
  if (!existsSync(file)) keepHomeId({ homeDir, onSetAside: () => undefined });
  return readFileSync(file, 'utf8').trim();
}

/** Makes it where it is missing or damaged: all that hangs on it is a claim, which ends by itself. Throws HOME_UNUSABLE. */
export function keepHomeId(keeping: Omit<Keeping, 'name'>): void {
  const kept = readKept({ ...keeping, name: FILE }, (text) => {
    if (!/^[0-9a-f]{16}\n?$/.test(text)) throw new Error('no id');
    return text;
  });
  if (kept.kind === 'read') return;
  const file = join(keeping.homeDir, FILE);
  try {
    writeFileSync(file, `${randomBytes(8).toString('hex')}\n`, { mode: 0o600, flush: true });
  } catch (error) {
    throw new GarrisonError('HOME_UNUSABLE', `cannot write ${file}: ${messageOf(error)}`, {
      cure: 'Free space there or mend the folder.',
      cause: error,
    });
  }
}
