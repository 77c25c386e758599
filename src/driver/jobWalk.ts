/**
 * Reads a list of jobs or pushes from the index that fits best, looking at each one's facts where no index says enough.
 * It never looks at more than its bounds allow in one call: it then says how far it came, and goes on from there.
 */
import type { Redis } from 'ioredis';
import type { Place, Wanted } from '../push/jobQuery.ts';
import { factOf, factText } from './jobIndex.ts';

export interface Walk {
  /** A sorted set of ids by a time in milliseconds. */
  readonly index: string;
  /** A found id's hash is under this key with the id after it. */
  readonly factsPrefix: string;
  /** What all of it must be in the facts; empty when the index says it all. */
  readonly needles: readonly string[];
  readonly oldestFirst: boolean;
  readonly after: Place | null;
  readonly limit: number;
}

export interface Walked {
  readonly ids: readonly string[];
  /** From where to go on; null at the end. */
  readonly next: Place | null;
  /** How many were looked at. */
  readonly looked: number;
}

/** One script holds Redis for some milliseconds at most. */
const LOOKS_AT_ONCE = 1_000;
const MOST_LOOKS = 20_000;
/** A list call is to be answered within 50 ms. */
const LOOKS_FOR_MS = 15;

/** ARGV: oldest first?, time and id to go on after, how many are wanted and looked at, the key's beginning, needles. */
const STEP = `
local key, old, ms, id = KEYS[1], ARGV[1] == '1', ARGV[2], ARGV[3]
local wanted, looks, prefix = tonumber(ARGV[4]), tonumber(ARGV[5]), ARGV[6]
local from = 0
if ms ~= '' then
  if old then from = redis.call('ZCOUNT', key, '-inf', '(' .. ms) else from = redis.call('ZCOUNT', key, '(' .. ms, '+inf') end
  local low, high = from, from + redis.call('ZCOUNT', key, ms, ms)
  while low < high do
    local middle = math.floor((low + high) / 2)
    local there = redis.call(old and 'ZRANGE' or 'ZREVRANGE', key, middle, middle)[1]
    local passed = (old and there <= id) or (not old and there >= id)
    if passed then low = middle + 1 else high = middle end
  end
  from = low
end
local ids = redis.call(old and 'ZRANGE' or 'ZREVRANGE', key, from, from + looks - 1)
local found, looked = {}, 0
for _, each in ipairs(ids) do
  if #found == wanted then break end
  looked = looked + 1
  local fits = true
  if #ARGV > 6 then
    local facts = redis.call('HGET', prefix .. each, 'facts')
    for needle = 7, #ARGV do
      if not facts or not string.find(facts, ARGV[needle], 1, true) then fits = false break end
    end
  end
  if fits then found[#found + 1] = each end
end
local last = ids[looked]
local more = from + looked < redis.call('ZCARD', key)
return { found, looked, more and 1 or 0, last or '', last and redis.call('ZSCORE', key, last) or '' }`;

type StepAnswer = [found: string[], looked: number, more: number, lastId: string, lastMs: string];

export async function walk(redis: Redis, asked: Walk): Promise<Walked> {
  const untilMs = performance.now() + LOOKS_FOR_MS;
  const ids: string[] = [];
  let looked = 0;
  let next = asked.after;
  do {
    const [found, count, more, lastId, lastMs] = await step(redis, {
      ...asked,
      after: next,
      limit: asked.limit - ids.length,
    });
    ids.push(...found);
    looked += count;
    next = more === 1 && lastId !== '' ? { id: lastId, ms: Number(lastMs) } : null;
  } while (next !== null && ids.length < asked.limit && looked < MOST_LOOKS && performance.now() < untilMs);
  return { ids, next, looked };
}

async function step(
  redis: Redis,
  { index, factsPrefix, needles, oldestFirst, after, limit }: Walk,
): Promise<StepAnswer> {
  const place = after === null ? ['', ''] : [String(after.ms), after.id];
  const looks = needles.length === 0 ? limit : LOOKS_AT_ONCE;
  const bounds = [String(limit), String(looks), factsPrefix];
  return (await redis.eval(
    STEP,
    1,
    index,
    oldestFirst ? '1' : '0',
    ...place,
    ...bounds,
    ...needles,
  )) as StepAnswer;
}

/** What the facts of each must have; what the chosen index holds already is left out. */
export function needlesOf(wanted: Wanted, indexedBy: keyof Wanted | null): readonly string[] {
  const exact = (['state', 'host', 'account', 'push'] as const).flatMap((what) => {
    const value = wanted[what];
    return value === undefined || what === indexedBy ? [] : [factOf(what, value)];
  });
  const text = factText(wanted.q ?? '').trim();
  return text === '' ? exact : [...exact, text];
}
