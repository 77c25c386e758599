/**
 * Sends notices to every channel that they concern, in order, each channel by itself, and counts how that ended.
 * It never keeps anybody waiting, and never holds more than a bounded number of them.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { OpenChannel } from '../alertSettings.ts';
import { afterTry, concerns, type Notice } from '../reconciler/notice.ts';
import { bodyOf } from '../reconciler/noticeText.ts';
import { callService } from './noticeCall.ts';

export const NOTICE_OUTCOMES = ['delivered', 'failed', 'dropped'] as const;
export type NoticeOutcome = (typeof NOTICE_OUTCOMES)[number];

export interface NoticeCount {
  readonly channel: string;
  readonly outcome: NoticeOutcome;
  readonly count: number;
}

export interface NotifierSettings {
  readonly host: string;
  readonly channels: readonly OpenChannel[];
  readonly deadlineMs?: number;
  /** Multiplies every pause between tries; for tests. */
  readonly pauseFactor?: number;
  /** Told once a notice is given up, with what may be told of why. */
  readonly onLost: (lost: {
    channel: string;
    outcome: 'failed' | 'dropped';
    what: string;
    detail: string;
  }) => void;
}

interface Channel {
  readonly settings: OpenChannel;
  readonly queue: Notice[];
  readonly counts: Record<NoticeOutcome, number>;
  sending: Promise<void> | null;
}

const DEADLINE_MS = 10_000;
const MOST_QUEUED = 100;

export class Notifier {
  readonly #settings: NotifierSettings;
  readonly #channels: readonly Channel[];
  readonly #ending = new AbortController();

  constructor(settings: NotifierSettings) {
    this.#settings = settings;
    this.#channels = settings.channels.map((channel) => ({
      settings: channel,
      queue: [],
      counts: { delivered: 0, failed: 0, dropped: 0 },
      sending: null,
    }));
  }

  tell(notice: Notice): void {
    for (const channel of this.#channels)
      if (concerns(channel.settings.minSeverity, notice)) this.#enqueue(channel, notice);
  }

  counts(): readonly NoticeCount[] {
    return this.#channels.flatMap(({ settings, counts }) =>
      NOTICE_OUTCOMES.map((outcome) => ({ channel: settings.name, outcome, count: counts[outcome] })),
    );
  }

  /** Cuts off what is being sent; what was not sent is counted as dropped. */
  async end(): Promise<void> {
    this.#ending.abort();
    await Promise.all(this.#channels.flatMap(({ sending }) => sending ?? []));
    for (const channel of this.#channels)
      for (const notice of channel.queue.splice(0))
        this.#lose(channel, notice, 'garrison ended before it was sent');
  }

  #enqueue(channel: Channel, notice: Notice): void {
    const { queue } = channel;
    if (this.#ending.signal.aborted) return;
    queue.push(notice);
    const oldest = queue.length > MOST_QUEUED ? queue.shift() : undefined;
    if (oldest !== undefined) this.#lose(channel, oldest, `more than ${String(MOST_QUEUED)} wait to be sent`);
    channel.sending ??= this.#sendAll(channel).finally(() => {
      channel.sending = null;
    });
  }

  async #sendAll(channel: Channel): Promise<void> {
    while (!this.#ending.signal.aborted) {
      const notice = channel.queue.shift();
      if (notice === undefined) return;
      await this.#send(channel, notice);
    }
  }

  async #send(channel: Channel, notice: Notice): Promise<void> {
    const { host, deadlineMs = DEADLINE_MS, pauseFactor = 1, onLost } = this.#settings;
    const { settings, counts } = channel;
    const { signal } = this.#ending;
    const body = bodyOf(settings.template, notice, host);
    for (let tries = 1; ; tries += 1) {
      const result = await callService({ channel: settings, body, deadlineMs, signal, wallMs: Date.now() });
      const next = afterTry(tries, result);
      if (next === 'delivered') {
        counts.delivered += 1;
        return;
      }
      if (signal.aborted) {
        channel.queue.unshift(notice);
        return;
      }
      if (next === 'failed') {
        counts.failed += 1;
        const why = result.kind === 'failed' ? result.why : '';
        const detail = `given up at try ${String(tries)}: ${why}`;
        onLost({ channel: settings.name, outcome: 'failed', what: notice.what, detail });
        return;
      }
      await pause(next.againInMs * pauseFactor, undefined, { signal }).catch(() => undefined);
    }
  }

  #lose({ settings, counts }: Channel, { what }: Notice, detail: string): void {
    counts.dropped += 1;
    this.#settings.onLost({ channel: settings.name, outcome: 'dropped', what, detail });
  }
}
