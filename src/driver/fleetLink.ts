/**
 * Carries what the supervisors of one queue tell each other: each one's news in a hash, messages in a stream for each.
 * It judges nobody, and keeps nothing that was not delivered: who needs an answer asks again.
 */
import type { Redis } from 'ioredis';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FleetMessage, MemberNews } from '../push/fleetMessage.ts';
import { KEY_PREFIX } from '../queueName.ts';

const MEMBERS_KEY = `${KEY_PREFIX}:members`;
const inboxKey = (homeId: string): string => `${KEY_PREFIX}:inbox:${homeId}`;
/** Of one that is away: more than that would be of no use to it. */
const MOST_KEPT = 2_000;
const WAIT_MS = 1_000;
const AGAIN_MS = 500;
const AT_ONCE = 200;

export interface FleetEvents {
  /** `from`: home id and life of the sender. */
  onMessage(from: { readonly homeId: string; readonly life: string }, message: FleetMessage): void;
  onMembers(members: readonly MemberNews[]): void;
  onFailure(detail: string): void;
}

export class FleetLink {
  readonly #redis: Redis;
  readonly #reader: Redis;
  readonly #self: { readonly homeId: string; readonly life: string };
  readonly #events: FleetEvents;
  #lastId: string | null = null;
  #ended = false;
  #news: MemberNews | null = null;
  #reading: Promise<void> | null = null;

  /** Reads on a connection of its own, since reading waits. */
  constructor(redis: Redis, self: { readonly homeId: string; readonly life: string }, events: FleetEvents) {
    this.#redis = redis;
    this.#reader = redis.duplicate({ lazyConnect: true, commandTimeout: WAIT_MS * 5 });
    this.#reader.on('error', () => undefined);
    this.#self = self;
    this.#events = events;
  }

  start(): void {
    void this.#reader.connect().catch(() => undefined);
    this.#reading = this.#read();
  }

  /** Once no worker of ours lives. */
  async end(): Promise<void> {
    this.#ended = true;
    const last = this.#news;
    if (this.#redis.status === 'ready' && last !== null)
      await this.exchange({ ...last, seq: last.seq + 1, state: 'gone', workers: [], slots: 0 }).catch(
        () => undefined,
      );
    this.#reader.disconnect();
    await this.#reading;
  }

  /** Our own news, and everybody's in return. Rejects while Redis is away. */
  async exchange(news: MemberNews): Promise<void> {
    this.#news = news;
    const transaction = this.#redis.multi().hset(MEMBERS_KEY, news.homeId, JSON.stringify(news));
    const answers = await transaction.hgetall(MEMBERS_KEY).exec();
    const texts = answers?.[1]?.[1] as Record<string, string> | undefined;
    this.#events.onMembers(Object.values(texts ?? {}).flatMap((text) => readJson<MemberNews>(text)));
  }

  send(homeId: string, message: FleetMessage): void {
    const { homeId: sender, life } = this.#self;
    const fields = ['sender', sender, 'life', life, 'body', JSON.stringify(message)];
    void this.#redis
      .xadd(inboxKey(homeId), 'MAXLEN', '~', MOST_KEPT, '*', ...fields)
      .catch((error: unknown) => {
        this.#events.onFailure(`a message to another supervisor was not sent: ${String(error)}`);
      });
  }

  /** Begins behind what was sent to an earlier life. */
  async #read(): Promise<void> {
    while (!this.#ended) {
      try {
        this.#lastId ??= await this.#newestId();
        await this.#readSome(this.#lastId);
      } catch {
        // Redis is away, which the other connection reports.
        await sleep(AGAIN_MS);
      }
    }
  }

  async #newestId(): Promise<string> {
    const [newest] = await this.#reader.xrevrange(inboxKey(this.#self.homeId), '+', '-', 'COUNT', 1);
    return newest === undefined ? '0-0' : newest[0];
  }

  async #readSome(after: string): Promise<void> {
    const key = inboxKey(this.#self.homeId);
    const answer = await this.#reader.xread('COUNT', AT_ONCE, 'BLOCK', WAIT_MS, 'STREAMS', key, after);
    for (const [id, fields] of answer?.[0]?.[1] ?? []) {
      this.#lastId = id;
      const { sender = '', life = '', body = '' } = fieldsOf(fields);
      for (const message of readJson<FleetMessage>(body))
        this.#events.onMessage({ homeId: sender, life }, message);
    }
  }
}

function fieldsOf(fields: readonly string[]): Record<string, string> {
  const pairs = fields.flatMap((name, at) => (at % 2 === 0 ? [[name, fields[at + 1] ?? ''] as const] : []));
  return Object.fromEntries(pairs);
}

/** Of a later Garrison there may be what this one cannot read: none. */
function readJson<T>(text: string): T[] {
  try {
    return [JSON.parse(text) as T];
  } catch {
    return [];
  }
}
