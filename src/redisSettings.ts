/**
 * Turns what garrison.yaml says of Redis into what is in effect, and reads the passwords that it names.
 * It never tells a password, and never connects.
 */
import { readFileSync, statSync } from 'node:fs';
import { GarrisonError, messageOf } from './errors.ts';
import type { RedisValues } from './redisSchema.ts';
import { parseAddress, parseRedisUrl, type RedisAddress, type RedisTarget } from './redisTarget.ts';

interface OfAnotherServer {
  readonly passwordFile: string | null;
  /** Other supervisors may work off the same queue. */
  readonly shared: boolean;
  /** So many replicas must have a push before it is accepted. */
  readonly waitForReplicas: number;
}

export type RedisSetting =
  | { readonly mode: 'embedded' }
  | ({ readonly mode: 'url'; readonly url: string } & OfAnotherServer)
  | ({
      readonly mode: 'sentinels';
      readonly sentinels: readonly RedisAddress[];
      readonly name: string;
      readonly username: string | null;
      readonly sentinelPasswordFile: string | null;
    } & OfAnotherServer);

export function redisInEffect(values: RedisValues, absolute: (path: string) => string): RedisSetting {
  const { url, sentinels, name = '', username = null, shared, waitForReplicas = 0 } = values;
  const file = (path: string | undefined): string | null => (path === undefined ? null : absolute(path));
  const others = { passwordFile: file(values.passwordFile), shared, waitForReplicas };
  if (url !== undefined) return { mode: 'url', url, ...others };
  if (sentinels === undefined) return { mode: 'embedded' };
  return {
    mode: 'sentinels',
    sentinels: addressesIn(sentinels),
    ...{ name, username, ...others },
    sentinelPasswordFile: file(values.sentinelPasswordFile),
  };
}

function addressesIn(texts: readonly string[]): readonly RedisAddress[] {
  return texts.flatMap((text) => parseAddress(text) ?? []);
}

/** As `config show` has it. */
export function writtenRedis(redis: RedisValues): Record<string, string> {
  const { url, sentinels, name, username, passwordFile, sentinelPasswordFile, waitForReplicas } = redis;
  const given = {
    'redis.mode': url === undefined && sentinels === undefined ? 'embedded' : undefined,
    'redis.url': url,
    'redis.sentinels': sentinels?.join(', '),
    'redis.name': name,
    'redis.username': username,
    'redis.passwordFile': passwordFile,
    'redis.sentinelPasswordFile': sentinelPasswordFile,
    'redis.shared': String(redis.shared),
    'redis.waitForReplicas': waitForReplicas === undefined ? undefined : String(waitForReplicas),
  };
  return Object.fromEntries(
    Object.entries(given).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])),
  );
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Where Redis is, with the passwords: for memory only. Throws CONFIG_INVALID when a file cannot be had. */
export function redisTarget(redis: RedisSetting, embeddedSocket: string, env: Environment): RedisTarget {
  switch (redis.mode) {
    case 'embedded':
      return { kind: 'socket', path: embeddedSocket };
    case 'url':
      return parseRedisUrl(redis.url, redisPassword(redis, env));
    case 'sentinels': {
      const { sentinels, name, username, sentinelPasswordFile: file } = redis;
      const sentinelPassword = file === null ? null : readPasswordFile('redis.sentinelPasswordFile', file);
      return {
        kind: 'sentinels',
        ...{ sentinels, name, username, sentinelPassword },
        password: redisPassword(redis, env),
      };
    }
  }
}

/** From its file or from GARRISON_REDIS_PASSWORD; null when neither is set. */
export function redisPassword(redis: RedisSetting, env: Environment): string | null {
  if (redis.mode === 'embedded') return null;
  if (redis.passwordFile === null) return env['GARRISON_REDIS_PASSWORD'] ?? null;
  return readPasswordFile('redis.passwordFile', redis.passwordFile);
}

function readPasswordFile(key: string, file: string): string {
  let text: string;
  let mode: number;
  try {
    mode = statSync(file).mode;
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new GarrisonError('CONFIG_INVALID', `${key}: ${file} cannot be read: ${messageOf(error)}`, {
      cause: error,
    });
  }
  if ((mode & 0o077) !== 0) {
    throw new GarrisonError('CONFIG_INVALID', `${key}: ${file} can be read by other users`, {
      cure: `chmod 600 ${file}`,
    });
  }
  const [password = ''] = text.split('\n');
  if (password !== '') return password;
  throw new GarrisonError('CONFIG_INVALID', `${key}: ${file} is empty`, {
    cure: 'write the password on its first line',
  });
}
