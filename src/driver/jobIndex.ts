/**
 * Names the keys by which remembered jobs and pushes are found, and the scripts that keep them true to the records.
 * It never reads a list: jobWalk does; each script changes a record and all that points to it, or nothing.
 */
import { isFinal, type JobRecord, type PushRecord } from '../push/job.ts';
import { KEY_PREFIX } from '../queueName.ts';
import { CLUSTER_KEY, UNDER_CLAIM } from './ownership.ts';

export const OPEN_JOBS = `${KEY_PREFIX}:jobs:open`;
export const JOB_INDEX = `${KEY_PREFIX}:jobs`;
export const PUSH_INDEX = `${KEY_PREFIX}:pushes`;
export const jobKey = (id: string): string => `${KEY_PREFIX}:job:${id}`;
export const pushKey = (id: string): string => `${KEY_PREFIX}:push:${id}`;
/** Pushes of which not every job is kept yet, with their records: none of them was accepted. */
export const UNMADE_PUSHES = `${KEY_PREFIX}:pushes:unmade`;
/** Of a push: how many of its jobs are in which state, and the text it is found by. */
export const pushFactsKey = (id: string): string => `${KEY_PREFIX}:push-facts:${id}`;
export const jobsBy = (what: 'state' | 'host' | 'account' | 'push', value: string): string =>
  `${JOB_INDEX}:${what}:${value}`;
export const pushesBy = (what: 'state' | 'account', value: string): string =>
  `${PUSH_INDEX}:${what}:${value}`;
/** Of all jobs, by the time at which their state began. */
export const CHANGED_INDEX = `${JOB_INDEX}:changed`;

/** What stands around each word that is looked for whole; none of them can be in what a person looks for. */
const MARKS = { state: '\u0001', host: '\u0002', account: '\u0003', push: '\u0004', end: '\u0005' } as const;

/** The text that is in the facts of a job (or push) which has exactly this word. */
export function factOf(what: 'state' | 'host' | 'account' | 'push', value: string): string {
  return `${MARKS[what]}${value}${MARKS.end}`;
}

/** What a person looks for, as it stands in the facts: without case, and without what marks them. */
export function factText(text: string): string {
  return text.toLowerCase().replace(/\p{Cc}+/gu, ' ');
}

function jobFacts({ id, pushId, host, account, state, kind, worker, result }: JobRecord): string {
  const exact = [
    factOf('state', state),
    factOf('host', host),
    factOf('account', account?.name ?? ''),
    factOf('push', pushId),
  ];
  const said = [id, pushId, host, account?.name, state, kind, worker, result?.outcome, result?.reason];
  const text = [...said, result?.detail].filter((each) => typeof each === 'string').join('\n');
  return `${exact.join('')}${text.split('\n').map(factText).join('\n')}`;
}

function pushFacts({ id, kind, accountName, actor, reason }: PushRecord): string {
  const text = [id, kind, accountName, actor, reason].filter((each) => each !== null);
  return `${factOf('account', accountName ?? '')}${text.map(factText).join('\n')}`;
}

/** Moves a push among its indexes when the states of its jobs say so. */
const PUSH_STATE = `
local function count(push, state, by)
  local facts = ARGV[1] .. ':push-facts:' .. push
  local made = redis.call('ZSCORE', ARGV[1] .. ':pushes', push)
  if not made then return end
  redis.call('HINCRBY', facts, state, by)
  local open, bad = 0, 0
  for _, each in ipairs({'queued', 'starting', 'running', 'verifying'}) do open = open + (tonumber(redis.call('HGET', facts, each) or '0')) end
  for _, each in ipairs({'failed', 'cancelled', 'unknown'}) do bad = bad + (tonumber(redis.call('HGET', facts, each) or '0')) end
  local now = open > 0 and 'open' or (bad > 0 and 'failed' or 'done')
  local was = redis.call('HGET', facts, 'push')
  if was == now then return end
  if was then redis.call('ZREM', ARGV[1] .. ':pushes:state:' .. was, push) end
  redis.call('ZADD', ARGV[1] .. ':pushes:state:' .. now, made, push)
  redis.call('HSET', facts, 'push', now)
end`;

/**
 * Of as many jobs as are given: a key and twelve values for each. The last key counts, where ARGV[3] says so.
 * Of two supervisors that had the same job, the one that gave out its later attempt has the word: the other was followed.
 */
export const SAVE_JOBS = `${UNDER_CLAIM}${PUSH_STATE}
if not isLead(KEYS[3], ARGV[2]) then return NOT_LEADING end
local open, all = KEYS[1], KEYS[2]
local function save(key, record, number, attempt, final, id, state, created, since, push, host, account, facts)
  local before = redis.call('HMGET', key, 'revision', 'state', 'attempt')
  local revision = tonumber(number)
  if before[1] and (tonumber(before[1]) > revision or (before[2] and tonumber(before[1]) == revision)) then return end
  if before[3] and tonumber(before[3]) > tonumber(attempt) then return end
  redis.call('HSET', key, 'record', record, 'revision', number, 'attempt', attempt, 'state', state, 'facts', facts)
  if final == '1' then redis.call('SREM', open, id) else redis.call('SADD', open, id) end
  if not before[2] then
    redis.call('ZADD', all, created, id)
    redis.call('ZADD', all .. ':push:' .. push, created, id)
    redis.call('ZADD', all .. ':host:' .. host, created, id)
    if account ~= '' then redis.call('ZADD', all .. ':account:' .. account, created, id) end
  end
  if before[2] ~= state then
    redis.call('ZADD', all .. ':changed', since, id)
    redis.call('ZADD', all .. ':state:' .. state, created, id)
    if before[2] then
      redis.call('ZREM', all .. ':state:' .. before[2], id)
      count(push, before[2], -1)
    end
    count(push, state, 1)
  end
end
for at = 4, #ARGV, 12 do save(KEYS[4 + (at - 4) / 12], unpack(ARGV, at, at + 11)) end
if ARGV[3] == '1' then return redis.call('INCR', KEYS[#KEYS]) end`;

/** Of as many jobs as are given: a key and an id for each. */
const DROP_JOBS = `${UNDER_CLAIM}
if not isLead(KEYS[3], ARGV[1]) then return NOT_LEADING end
local open, all = KEYS[1], KEYS[2]
for at = 2, #ARGV do
  local id, key = ARGV[at], KEYS[at + 2]
  local known = redis.call('HMGET', key, 'record', 'state')
  redis.call('ZREM', all, id)
  redis.call('ZREM', all .. ':changed', id)
  redis.call('SREM', open, id)
  if known[2] then redis.call('ZREM', all .. ':state:' .. known[2], id) end
  if known[1] then
    local job = cjson.decode(known[1])
    redis.call('ZREM', all .. ':push:' .. job.pushId, id)
    redis.call('ZREM', all .. ':host:' .. job.host, id)
    if type(job.account) == 'table' then redis.call('ZREM', all .. ':account:' .. job.account.name, id) end
  end
  redis.call('DEL', key)
end`;

export type ScriptCall = [script: string, keys: number, ...rest: string[]];

/** `home`: the id of the home that writes, which must keep the queue; empty for who asks for none. `counterKey` is counted in the same step, and answered. */
export function savingJobs(jobs: readonly JobRecord[], home: string, counterKey?: string): ScriptCall {
  const keys = [OPEN_JOBS, JOB_INDEX, CLUSTER_KEY, ...jobs.map(({ id }) => jobKey(id))];
  if (counterKey !== undefined) keys.push(counterKey);
  const counts = counterKey === undefined ? '0' : '1';
  return [SAVE_JOBS, keys.length, ...keys, KEY_PREFIX, home, counts, ...jobs.flatMap(savedOf)];
}

function savedOf(job: JobRecord): readonly string[] {
  const { id, pushId, host, state, revision, attempt, account } = job;
  return [
    ...[JSON.stringify(job), String(revision), String(attempt), isFinal(state) ? '1' : '0', id, state],
    ...[String(Date.parse(job.createdAt)), String(Date.parse(job.since)), pushId, host, account?.name ?? ''],
    jobFacts(job),
  ];
}

export function droppingJobs(ids: readonly string[], home: string): ScriptCall {
  const keys = [OPEN_JOBS, JOB_INDEX, CLUSTER_KEY, ...ids.map(jobKey)];
  return [DROP_JOBS, keys.length, ...keys, home, ...ids];
}

/** Each value of a command after its name; all of them or none. */
const CALL_ALL = `${UNDER_CLAIM}
if not isLead(KEYS[1], ARGV[1]) then return NOT_LEADING end
for _, command in ipairs(cjson.decode(ARGV[2])) do redis.call(unpack(command)) end`;

/** The second word of each command is its key. */
export function callingAll(commands: readonly (readonly string[])[], home: string): ScriptCall {
  const keys = [CLUSTER_KEY, ...new Set(commands.map(([, key = '']) => key))];
  return [CALL_ALL, keys.length, ...keys, home, JSON.stringify(commands)];
}

/** What makes a push known; sent before its jobs, which are counted in it. */
export function savingPush(push: PushRecord): readonly (readonly string[])[] {
  const made = String(Date.parse(push.createdAt));
  const { jobIds, ...rest } = push;
  const { id, accountName } = push;
  const record = JSON.stringify({ ...rest, hosts: jobIds.length });
  return [
    ['set', pushKey(id), JSON.stringify(push)],
    ['zadd', PUSH_INDEX, made, id],
    ['hset', pushFactsKey(id), 'facts', pushFacts(push), 'record', record],
    ...(accountName === null ? [] : [['zadd', pushesBy('account', accountName), made, id]]),
  ];
}

export function droppingPush(id: string, accountName: string | null): readonly (readonly string[])[] {
  const states = ['open', 'done', 'failed'].map((state) => ['zrem', pushesBy('state', state), id]);
  return [
    ['del', pushKey(id), pushFactsKey(id)],
    ['zrem', PUSH_INDEX, id],
    ['hdel', UNMADE_PUSHES, id],
    ...states,
    ...(accountName === null ? [] : [['zrem', pushesBy('account', accountName), id]]),
  ];
}
