/**
 * Keeps Docker's stream of events open: opened anew when it ends, breaks or was silent too long, without a gap where Docker can fill it.
 * It promises no completeness: what happened is for list and inspect to say.
 */
import type { IncomingMessage } from 'node:http';
import { monoMs } from '../clock.ts';
import { BackOff } from './backOff.ts';
import type { OnDockerCall } from './docker.ts';
import { dockerEvent, LineBuffer, WATCHED_ACTIONS, type DockerEvent } from './dockerEvent.ts';
import { DockerFailure, refusedBy, tooLate, withoutAnswer } from './dockerFailure.ts';
import { DockerClient, type DockerTarget } from './dockerTarget.ts';

export interface DockerStreamEvents {
  onEvent(event: DockerEvent): void;
  /** `afterGap`: it was closed meanwhile, and not all that happened need come. */
  onOpen(afterGap: boolean): void;
  onClosed(why: string): void;
  onCall: OnDockerCall;
}

export interface DockerStreamSettings {
  readonly target: DockerTarget;
  /** A half-open link looks like a quiet one: after so long another one takes over. */
  readonly renewEveryMs: number;
  readonly deadlineMs: number;
  readonly dice: () => number;
}

/** One connection. */
interface Link {
  readonly abort: AbortController;
  openedMs: number | null;
}

const EVENTS = { what: 'following its events', allow: 'GET /events (EVENTS=1 of docker-socket-proxy)' };
const LONG_ENOUGH_MS = 10_000;
/** Docker says that it listens before it does. */
const OVERLAP_MS = 2_000;
/** Only for the daemon's side: we end it earlier. */
const UNTIL_MORE_MS = 60_000;
const KEEP_ALIVE_MS = 15_000;
const REMEMBERED_EVENTS = 2_048;

export class DockerStream {
  readonly #settings: DockerStreamSettings;
  readonly #events: DockerStreamEvents;
  readonly #client: DockerClient;
  readonly #backOff: BackOff;
  readonly #links = new Set<Link>();
  readonly #seen = new Set<string>();
  #current: Link | null = null;
  #timer: NodeJS.Timeout | null = null;
  #state: 'new' | 'running' | 'held' | 'ended' = 'new';
  #openedBefore = false;
  #lastNano = 0;
  /** How far the daemon's clock is before ours. */
  #skewMs = 0;
  #startedWallMs = 0;

  constructor(settings: DockerStreamSettings, events: DockerStreamEvents) {
    this.#settings = settings;
    this.#events = events;
    this.#client = new DockerClient(settings.target);
    this.#backOff = new BackOff(settings.dice);
  }

  get isOpen(): boolean {
    return typeof this.#current?.openedMs === 'number';
  }

  /** `sinceWallMs`: from when on it should tell what happened. Goes on after `hold`, too. */
  start(sinceWallMs: number): void {
    if (this.#state === 'ended' || this.#state === 'running') return;
    if (this.#state === 'new') this.#startedWallMs = sinceWallMs;
    this.#state = 'running';
    this.#backOff.reset();
    if (this.#current === null) this.#open();
  }

  /** No more tries, until started again; a stream that is open stays so. */
  hold(): void {
    if (this.#state !== 'running') return;
    this.#state = 'held';
    if (this.#current === null) this.#setTimer(null, 0);
  }

  /** It has missed something, and so is not what it seems. */
  distrust(): void {
    if (this.#current !== null && this.isOpen) this.#close(this.#current, 'it did not tell of a change');
  }

  end(): void {
    this.#state = 'ended';
    this.#setTimer(null, 0);
    this.#current = null;
    for (const link of this.#links) link.abort.abort(new DockerFailure('ended', 'The stream was ended.'));
    this.#client.end();
  }

  #open(): void {
    const before = this.#current;
    const link: Link = { abort: new AbortController(), openedMs: null };
    this.#links.add(link);
    this.#current = link;
    void this.#follow(link).then(
      () => this.#opened(link, before),
      (error: unknown) => {
        // The one that it was to take over from may be broken as well: nothing has come of it for long.
        if (before !== null) this.#drop(before);
        link.openedMs = before?.openedMs ?? null;
        this.#close(link, withoutAnswer(this.#settings.target, error).message);
      },
    );
  }

  /** Resolves when it is open. */
  async #follow(link: Link): Promise<void> {
    const { deadlineMs, target } = this.#settings;
    const startedMs = monoMs();
    const late = setTimeout(
      () => link.abort.abort(tooLate(target, 'the question for its events', deadlineMs)),
      deadlineMs,
    );
    let outcome: 'ok' | 'failed' | 'timeout' = 'failed';
    try {
      const answer = await this.#client.open({
        method: 'GET',
        path: '/events',
        query: this.#query(),
        signal: link.abort.signal,
      });
      this.#read(link, answer);
      outcome = 'ok';
    } catch (error) {
      if (error instanceof DockerFailure && error.trouble === 'too late') outcome = 'timeout';
      throw error;
    } finally {
      clearTimeout(late);
      this.#events.onCall('events', outcome, monoMs() - startedMs);
    }
  }

  #query(): Readonly<Record<string, unknown>> {
    const nowMs = Date.now() + this.#skewMs;
    const sinceMs =
      this.#lastNano === 0 ? this.#startedWallMs + this.#skewMs - OVERLAP_MS : this.#lastNano / 1e6 - 1;
    return {
      since: (sinceMs / 1000).toFixed(6),
      until: ((nowMs + this.#settings.renewEveryMs + UNTIL_MORE_MS) / 1000).toFixed(0),
      filters: { type: ['container'], event: WATCHED_ACTIONS },
    };
  }

  #read(link: Link, answer: IncomingMessage): void {
    const said = Date.parse(answer.headers.date ?? '');
    // It comes in whole seconds: a difference below that is none.
    if (!Number.isNaN(said)) this.#skewMs = Math.abs(said - Date.now()) < 1500 ? 0 : said - Date.now();
    const status = answer.statusCode ?? 0;
    if (status !== 200) {
      answer.destroy();
      throw refusedBy(status, EVENTS, '');
    }
    // Over SSH it is a channel, which has none of its own.
    if ('setKeepAlive' in answer.socket) answer.socket.setKeepAlive(true, KEEP_ALIVE_MS);
    const lines = new LineBuffer();
    answer.on('data', (chunk: Buffer) => {
      for (const line of lines.add(chunk)) this.#take(line);
    });
    for (const sign of ['end', 'aborted', 'close'] as const)
      answer.on(sign, () => this.#close(link, 'it ended the stream'));
    answer.on('error', (error) => this.#close(link, error.message));
    link.abort.signal.addEventListener('abort', () => answer.destroy(), { once: true });
  }

  #take(line: string): void {
    const event = this.#state === 'ended' ? null : dockerEvent(line);
    if (event === null) return;
    const key = `${String(event.atNano)} ${event.id} ${event.action}`;
    if (this.#seen.has(key)) return;
    this.#seen.add(key);
    if (this.#seen.size > REMEMBERED_EVENTS)
      for (const oldest of this.#seen) if (this.#seen.delete(oldest)) break;
    this.#lastNano = Math.max(this.#lastNano, event.atNano);
    this.#events.onEvent(event);
  }

  #opened(link: Link, before: Link | null): void {
    if (before !== null) this.#drop(before);
    if (this.#current !== link) return;
    link.openedMs = monoMs();
    this.#setTimer(() => this.#open(), this.#settings.renewEveryMs);
    if (before !== null) return;
    const afterGap = this.#openedBefore;
    this.#openedBefore = true;
    this.#events.onOpen(afterGap);
  }

  #close(link: Link, why: string): void {
    this.#drop(link);
    if (this.#current !== link) return;
    this.#current = null;
    if (link.openedMs !== null && monoMs() - link.openedMs >= LONG_ENOUGH_MS) this.#backOff.reset();
    const wasOpen = link.openedMs !== null;
    this.#setTimer(this.#state === 'running' ? () => this.#open() : null, this.#backOff.nextMs());
    if (wasOpen) this.#events.onClosed(why);
  }

  #drop(link: Link): void {
    this.#links.delete(link);
    link.abort.abort(new DockerFailure('ended', 'The stream was closed.'));
  }

  #setTimer(then: (() => void) | null, afterMs: number): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = then === null ? null : setTimeout(then, afterMs);
  }
}
