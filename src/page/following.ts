/**
 * Keeps one stream of events open over lost connections, and asks every few seconds in its place where none comes through.
 * It never gives up by itself, and never reads what is told.
 */

export interface Followed {
  address(): string;
  /** Puts the listeners on a new stream; each calls `heard` with whatever has come. */
  listen(source: EventSource, heard: () => void): void;
  /** One plain question: in the stream's place, or (the first time) only to learn why it was lost. */
  ask(signal: AbortSignal, isInstead: boolean): Promise<void>;
  /** The question failed, too: is anything more to be tried? */
  goesOnAfter(error: unknown): boolean;
  /** Nobody sees the page, and nothing is heard until somebody does. */
  rests(): void;
  /** How long to wait before the next stream. */
  delayMs(failures: number): number;
}

/** The stream pings each 15 s: silent for so long, it is dead whatever the socket says. */
const SILENT_MS = 35_000;
/** A proxy that holds streams back lets none of these begin. */
const BEGINS_WITHIN_MS = 10_000;
const FAILURES_BEFORE_ASKING = 2;
export const ASK_EVERY_MS = 3_000;
/** Of its few connections to one server the browser leaves those to the tabs that somebody sees. */
const HIDDEN_MS = 10_000;

export class Following {
  readonly #followed: Followed;
  #source: EventSource | null = null;
  #asking: AbortController | null = null;
  #failures = 0;
  #againTimer = 0;
  #watchTimer = 0;
  #askTimer = 0;
  #hiddenTimer = 0;
  #isAtRest = true;
  readonly #openSoon = (): void => {
    if (document.visibilityState === 'visible') this.#reopen();
  };
  readonly #seenOrHidden = (): void => {
    clearTimeout(this.#hiddenTimer);
    if (document.visibilityState === 'hidden')
      this.#hiddenTimer = window.setTimeout(() => this.#restUnseen(), HIDDEN_MS);
    else if (this.#source === null) this.#reopen();
  };

  constructor(followed: Followed) {
    this.#followed = followed;
  }

  start(): void {
    this.stop();
    this.#failures = 0;
    addEventListener('online', this.#openSoon);
    document.addEventListener('visibilitychange', this.#seenOrHidden);
    this.#open();
    this.#seenOrHidden();
  }

  /** Ends every request, and begins none. */
  stop(): void {
    removeEventListener('online', this.#openSoon);
    document.removeEventListener('visibilitychange', this.#seenOrHidden);
    clearTimeout(this.#hiddenTimer);
    this.#rest();
  }

  /** As if the connection were lost at this moment. */
  readonly lost = (): void => {
    this.#close();
    this.#failures += 1;
    clearTimeout(this.#againTimer);
    this.#againTimer = window.setTimeout(() => this.#open(), this.#followed.delayMs(this.#failures));
    void this.#ask();
  };

  /** Connects anew at once, to an address that has changed. */
  reopen(): void {
    clearTimeout(this.#againTimer);
    this.#open();
  }

  /** The waits begin anew, but what is asked meanwhile goes on. */
  #reopen(): void {
    this.#failures = Math.min(this.#failures, FAILURES_BEFORE_ASKING);
    this.reopen();
  }

  #open(): void {
    this.#close();
    this.#isAtRest = false;
    const source = new EventSource(this.#followed.address());
    this.#source = source;
    this.#watch(BEGINS_WITHIN_MS);
    this.#followed.listen(source, () => this.#heard());
    // The browser gives up for good on some endings and retries at once on others; ours is one rule for all.
    source.onerror = this.lost;
  }

  /** Only what has come through proves that a stream does: a connection alone may still be held back. */
  #heard(): void {
    this.#failures = 0;
    this.#stopAsking();
    this.#watch(SILENT_MS);
  }

  async #ask(): Promise<void> {
    if (this.#asking !== null) return;
    clearTimeout(this.#askTimer);
    const asking = new AbortController();
    this.#asking = asking;
    const isInstead = this.#isInstead();
    try {
      await this.#followed.ask(asking.signal, isInstead);
    } catch (error) {
      if (this.#asking === asking && !this.#followed.goesOnAfter(error)) this.#rest();
    }
    // Stopped meanwhile, or a stream came through.
    if (this.#asking !== asking) return;
    this.#asking = null;
    if (!this.#isInstead()) return;
    this.#askTimer = window.setTimeout(() => void this.#ask(), isInstead ? ASK_EVERY_MS : 0);
  }

  #isInstead(): boolean {
    return this.#failures >= FAILURES_BEFORE_ASKING;
  }

  #watch(withinMs: number): void {
    clearTimeout(this.#watchTimer);
    this.#watchTimer = window.setTimeout(this.lost, withinMs);
  }

  #close(): void {
    clearTimeout(this.#watchTimer);
    this.#source?.close();
    this.#source = null;
  }

  #stopAsking(): void {
    clearTimeout(this.#askTimer);
    this.#asking?.abort();
    this.#asking = null;
  }

  #restUnseen(): void {
    if (this.#isAtRest) return;
    this.#rest();
    this.#followed.rests();
  }

  /** Nothing more is tried until the page is looked at again, or the network is back. */
  #rest(): void {
    this.#isAtRest = true;
    this.#close();
    clearTimeout(this.#againTimer);
    this.#stopAsking();
  }
}
