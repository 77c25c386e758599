/**
 * Says what may stand under `redis` in garrison.yaml: one way to one Redis, and what only that way has a use for.
 * It never reads a file and never connects.
 */
import { z } from 'zod';
import { parseAddress } from './redisTarget.ts';

const Text = z.string().min(1);

const Address = z
  .string()
  .refine((text) => parseAddress(text) !== null, 'must be host:port, such as redis-1.example:26379');

export const RedisSection = z
  .strictObject({
    mode: z
      .literal('embedded')
      .optional()
      .describe('a redis-server that Garrison starts and supervises itself'),
    url: Text.optional().describe('redis://, rediss:// or unix:// of a Redis you run; without a password'),
    sentinels: z
      .array(Address)
      .min(1)
      .optional()
      .describe('host:port of each Sentinel that knows where the master is'),
    name: Text.optional().describe("the master's name among the sentinels, such as mymaster"),
    username: Text.optional().describe('the ACL user of the Redis behind the sentinels'),
    passwordFile: Text.optional().describe('file with the password, readable by its owner only'),
    sentinelPasswordFile: Text.optional().describe('likewise, with the password of the sentinels themselves'),
    waitForReplicas: z
      .int()
      .min(1)
      .max(10)
      .optional()
      .describe(
        'a push is accepted only once so many replicas of the master have it; default: none is asked',
      ),
    shared: z
      .boolean()
      .default(false)
      .describe('other supervisors with the same Redis may work off the same queue'),
  })
  .superRefine((redis, context) => {
    for (const [key, message] of problemsOf(redis))
      context.addIssue({ code: 'custom', path: [key], message });
  });

export type RedisValues = z.output<typeof RedisSection>;

/** Each is a way to Redis; at most one may be given. */
const WAYS = ['mode', 'url', 'sentinels'] as const;
type Way = (typeof WAYS)[number];

const WORDS: Readonly<Record<Way, string>> = {
  mode: 'mode: embedded',
  url: 'url',
  sentinels: 'sentinels',
};

/** Which ways have a use for a key; the words come after "needs". */
const USES: readonly (readonly [key: keyof RedisValues, ways: readonly Way[], needs: string])[] = [
  ['shared', ['url', 'sentinels'], 'url or sentinels: an embedded redis-server has one supervisor'],
  ['passwordFile', ['url', 'sentinels'], 'url or sentinels: an embedded redis-server has no password'],
  ['waitForReplicas', ['url', 'sentinels'], 'url or sentinels: an embedded redis-server has no replicas'],
  ['name', ['sentinels'], 'sentinels, which know the master by it'],
  ['username', ['sentinels'], 'sentinels; a url names its user itself: redis://USER@HOST'],
  ['sentinelPasswordFile', ['sentinels'], 'sentinels'],
];

type Problem = readonly [key: string, message: string];

function problemsOf(redis: RedisValues): readonly Problem[] {
  const [way = 'mode', ...others] = WAYS.filter((each) => redis[each] !== undefined);
  const contradictions = others.map((other): Problem => [
    other,
    `contradicts ${WORDS[way]}; keep one of the two`,
  ]);
  const useless = USES.flatMap(([key, ways, needs]): readonly Problem[] => {
    const isGiven = redis[key] !== undefined && redis[key] !== false;
    return isGiven && !ways.includes(way) ? [[key, `needs ${needs}`]] : [];
  });
  const wrongUrl = redis.url === undefined ? null : redisUrlProblem(redis.url);
  return [
    ...contradictions,
    ...useless,
    ...(wrongUrl === null ? [] : [['url', wrongUrl] as const]),
    ...(way === 'sentinels' && redis.name === undefined
      ? [['name', "is missing: the master's name among the sentinels, such as mymaster"] as const]
      : []),
  ];
}

function redisUrlProblem(text: string): string | null {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    return 'must be a URL such as rediss://redis.example:6379 or unix:///run/redis.sock';
  }
  if (!['redis:', 'rediss:', 'unix:'].includes(url.protocol))
    return 'must begin with redis://, rediss:// or unix://';
  if (url.password !== '')
    return 'holds a password; put it in a file and name that with passwordFile, or set GARRISON_REDIS_PASSWORD';
  if (url.protocol === 'unix:' && (url.host !== '' || url.pathname.length < 2))
    return 'must name a socket, such as unix:///run/redis.sock';
  if (url.protocol !== 'unix:' && url.hostname === '') return 'names no host';
  return null;
}
