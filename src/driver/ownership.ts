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

/** Who keeps the queue. */
export interface Owner {
  readonly homeId: string;
  /** Its home folder and machine, for people. */
  readonly where: string;
}

/** Sets or renews when the key is free or ours; gives back whose it is otherwise. */
const TAKE = `
local owner = redis.call('GET', KEYS[1])
if owner and owner ~= ARGV[1] then return owner end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return false`;

const RELEASE = `if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0`;

/** Of the home that keeps the queue: the field `lead` of the cluster's hash, written only by who has the claim. */
export const CLUSTER_KEY = `${KEY_PREFIX}:cluster`;

/**
 * What every write asks first: one that slept through the end of its claim must not write over its successor.
 * Whoever follows writes itself down before it reads; so all that we wrote was there to read, or is refused.
 */
export const UNDER_CLAIM = `
local function isLead(cluster, home)
  local lead = redis.call('HGET', cluster, 'lead')
  return home == '' or not lead or lead == home
end
local NOT_LEADING = redis.error_reply('NOTLEADING another supervisor keeps this queue by now')`;

/** Writes down what was agreed, and who keeps the queue: under the claim alone. */
const LEAD = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return redis.error_reply('NOTLEADING the claim on this queue ended meanwhile') end
redis.call('HSET', KEYS[2], 'clusterId', ARGV[2], 'epoch', ARGV[3], 'lead', ARGV[4])`;

/** Has nobody else led since we did? */
export async function isLead(redis: Redis, homeDir: string): Promise<boolean> {
  const lead = await redis.hget(CLUSTER_KEY, 'lead');
  return lead === null || lead === homeId(homeDir);
}

export async function writeLead(
  redis: Redis,
  homeDir: string,
  agreed: { readonly clusterId: string; readonly epoch: number },
): Promise<void> {
  const { clusterId, epoch } = agreed;
  await redis.eval(LEAD, 2, OWNER_KEY, CLUSTER_KEY, ownName(homeDir), clusterId, epoch, homeId(homeDir));
}

export function isNotLeading(error: unknown): boolean {
  return messageOf(error).startsWith('NOTLEADING');
}

/** Takes the queue, or renews what is ours already: null. While another home owns it: that one, and nothing is changed. */
export async function takeOwnership(redis: Redis, homeDir: string): Promise<Owner | null> {
  const owner = await redis.eval(TAKE, 1, OWNER_KEY, ownName(homeDir), OWNED_FOR_MS);
  if (typeof owner !== 'string') return null;
  const [id = '', ...words] = owner.split(' ');
  return { homeId: id, where: words.join(' ') };
}

/** Throws REDIS_FOREIGN: two supervisors must not run one queue unless both were told that it is shared. */
export function refuseForeign({ where }: Owner): never {
  throw new GarrisonError('REDIS_FOREIGN', `another supervisor uses this Redis: ${where}`, {
    cure: `Stop that one (its claim ends ${String(OWNED_FOR_MS / 1000)} s later), give this one a Redis of its own, or set redis.shared: true on both.`,
  });
}

export async function releaseOwnership(redis: Redis, homeDir: string): Promise<void> {
  await redis.eval(RELEASE, 1, OWNER_KEY, ownName(homeDir));
}

/** An id that stays with the home folder, then words for people. */
function ownName(homeDir: string): string {
  return `${homeId(homeDir)} ${homeDir} on ${hostname()}`;
}

/** 16 hex digits that stay with the home folder. */
export function homeId(homeDir: string): string {
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
