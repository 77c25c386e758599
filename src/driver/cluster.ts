/**
 * Keeps the fence's clusterId and epoch, in Redis and in the home folder, so that losing either one never lets an old order pass for a new one.
 * It never lowers an epoch and never adopts a Redis that belongs to another cluster.
 */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Redis } from 'ioredis';
import { GarrisonError } from '../errors.ts';
import { readKept, type Keeping, type OnSetAside } from '../setAside.ts';
import { KEY_PREFIX } from '../queueName.ts';
import { writeDurably } from './durableFile.ts';
import { bootId } from '../proc.ts';
import { CLUSTER_KEY, homeId, writeLead } from './ownership.ts';

export interface Cluster {
  readonly clusterId: string;
  readonly epoch: number;
}

interface HomeRecord extends Cluster {
  /** The boot in which the epoch was last agreed: after a power cut Redis may have lost its last second. */
  readonly bootId: string;
  /** The Redis it was agreed with; not there from an older Garrison. Another may not have all that this one had. */
  readonly server?: string;
}

interface Stored extends Cluster {
  /** The home that kept the queue last; null from an older Garrison. */
  readonly lead: string | null;
}

const FILE = 'cluster.json';

/** Counts attempts within an epoch; it starts anew only where the epoch has risen. */
export function counterKey(epoch: number): string {
  return `${KEY_PREFIX}:fence:${String(epoch)}`;
}

export interface Agreeing {
  readonly onSetAside?: OnSetAside;
  /** It gave out a number twice, whatever it says of itself. */
  readonly hasGoneBack?: boolean;
}

/** Agrees the epoch between home and Redis, under the claim on the queue; call at every (re)connection, since Redis may have come back empty. */
export async function agreeOnEpoch(
  redis: Redis,
  homeDir: string,
  { onSetAside = () => undefined, hasGoneBack = false }: Agreeing = {},
): Promise<Cluster> {
  const file = join(homeDir, FILE);
  const stored = await readRedis(redis);
  const home = readHome({ homeDir, onSetAside, name: FILE }, stored !== null);
  if (home !== null && stored !== null && home.clusterId !== stored.clusterId) {
    throw new GarrisonError(
      'REDIS_FOREIGN',
      `this Redis belongs to cluster ${stored.clusterId}, but the home folder ${homeDir} belongs to cluster ${home.clusterId}`,
      {
        cure: `Point redis.url at this cluster's own Redis, or use another --home; if Redis was replaced on purpose, remove ${file}.`,
      },
    );
  }
  const own = homeId(homeDir);
  const server = await serverOf(redis);
  const isFollowing = followsAnother(stored, own);
  const agreed = agree(home, stored, { bootId: bootId(), server, isFollowing, hasGoneBack });
  if (home === null || JSON.stringify(home) !== JSON.stringify(agreed)) {
    // Home first: were Redis written first and we died here, a later loss of Redis would hand out the same epoch again.
    await writeDurably(file, JSON.stringify(agreed));
  }
  await writeLead(redis, homeDir, agreed);
  return { clusterId: agreed.clusterId, epoch: agreed.epoch };
}

/** An order of the one that kept the queue before may still be on its way to a host: ours come after it. */
function followsAnother(stored: Stored | null, own: string): boolean {
  return stored !== null && stored.lead !== null && stored.lead !== own;
}

interface Now {
  readonly bootId: string;
  /** Another home kept this queue last. */
  readonly isFollowing: boolean;
  readonly server: string;
  readonly hasGoneBack: boolean;
}

function agree(
  home: HomeRecord | null,
  stored: Cluster | null,
  { bootId: boot, server, isFollowing, hasGoneBack }: Now,
): HomeRecord {
  if (stored === null) {
    const clusterId = home?.clusterId ?? randomBytes(8).toString('hex');
    return { clusterId, epoch: (home?.epoch ?? 0) + 1, bootId: boot, server };
  }
  const { clusterId } = stored;
  // A home without a memory cannot know what it has ordered before.
  if (home === null) return { clusterId, epoch: stored.epoch + 1, bootId: boot, server };
  const redisWentBack = stored.epoch < home.epoch;
  const machineRestarted = home.bootId !== boot;
  // A new master may lack the last numbers that the old one gave out; so may one that started again from an older file.
  const isAnotherServer = home.server !== server;
  if (redisWentBack || machineRestarted || isFollowing || isAnotherServer || hasGoneBack)
    return { clusterId, epoch: Math.max(stored.epoch, home.epoch) + 1, bootId: boot, server };
  return { clusterId, epoch: stored.epoch, bootId: boot, server };
}

/** Without Redis to say the same, a new name would make every host take this for another Garrison: only a person decides that. */
function readHome(keeping: Keeping, isKnownToRedis: boolean): HomeRecord | null {
  if (isKnownToRedis) {
    const kept = readKept(keeping, homeIn);
    return kept.kind === 'read' ? kept.value : null;
  }
  const file = join(keeping.homeDir, keeping.name);
  try {
    return homeIn(readFileSync(file, 'utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw new GarrisonError('HOME_UNUSABLE', `${file} is damaged, and Redis does not know what it said`, {
      cure: 'Restore it from a backup; or remove it, and hosts pushed to before take this for another Garrison (conflict).',
      cause: error,
    });
  }
}

function homeIn(text: string): HomeRecord {
  const kept = JSON.parse(text) as Partial<Record<keyof HomeRecord, unknown>>;
  const { clusterId, epoch, bootId: boot, server } = kept;
  const isGood = typeof clusterId === 'string' && clusterId !== '' && typeof boot === 'string';
  if (!isGood || typeof epoch !== 'number' || !Number.isSafeInteger(epoch) || epoch < 0)
    throw new Error('no cluster');
  return { clusterId, epoch, bootId: boot, ...(typeof server === 'string' ? { server } : {}) };
}

/** Of this life of this server, and of its history: one that followed another for a while has that one's. */
async function serverOf(redis: Redis): Promise<string> {
  const info = `${await redis.info('server')}\n${await redis.info('replication')}`;
  return ['run_id', 'master_replid']
    .map((name) => new RegExp(`^${name}:(\\w*)`, 'm').exec(info)?.[1] ?? '')
    .join(' ');
}

async function readRedis(redis: Redis): Promise<Stored | null> {
  const { clusterId, epoch, lead } = await redis.hgetall(CLUSTER_KEY);
  if (clusterId === undefined || epoch === undefined) return null;
  return { clusterId, epoch: Number(epoch), lead: lead ?? null };
}
