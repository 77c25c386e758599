/**
 * Sees every container of one Docker: list and inspect are the truth, events only say when to look.
 * It judges and changes nothing, and nothing that Docker does makes it throw.
 */
import type { ContainerFacts } from '../detector/containerFacts.ts';
import { monoMs } from '../clock.ts';
import { messageOf } from '../errors.ts';
import { BackOff } from './backOff.ts';
import { ContainerLooks, type Look } from './containerLooks.ts';
import type { DockerCalls, OnDockerCall } from './docker.ts';
import type { DockerEvent } from './dockerEvent.ts';
import { DockerFailure } from './dockerFailure.ts';
import { DockerStream } from './dockerStream.ts';
import { describeDockerTarget } from './dockerTarget.ts';
import { KnownContainers, type ListReading } from './knownContainers.ts';
import type { ListedContainer } from './listedContainer.ts';

export interface DockerWatchEvents {
  /** A complete look; `missed` counts the changes that no event told of: 0 for the first, and after a known gap. */
  onListed(facts: readonly ContainerFacts[], missed: number): void;
  /** One container, looked at again since something happened to it. */
  onSeen(facts: ContainerFacts): void;
  onGone(id: string): void;
  /** Everything that Docker tells of a container, before it is looked at. */
  onEvent(event: DockerEvent): void;
  /** Only on change of either. */
  onDocker(up: boolean, detail: string): void;
  /** The stream is open again after a gap. */
  onReconnect(): void;
  /** Of the stream (`events`) only; the calls tell their own. */
  onCall: OnDockerCall;
}

export interface DockerWatchSettings {
  readonly calls: DockerCalls;
  readonly relistEveryMs: number;
  /** 0 to below 1. */
  readonly dice: () => number;
  readonly renewStreamEveryMs?: number;
  readonly streamDeadlineMs?: number;
}

const RENEW_STREAM_EVERY_MS = 180_000;
const STREAM_DEADLINE_MS = 10_000;
const LOOKS_AT_ONCE = 8;
/** So many in a row without an answer: it is Docker, not the containers. */
const MOST_FAILED = 8;
/** An event may come a little after the list that shows what it tells of. */
const EVENT_GRACE_MS = 500;
const LOOK_AGAIN_MS = 1_000;

export class DockerWatch {
  readonly #settings: DockerWatchSettings;
  readonly #events: DockerWatchEvents;
  readonly #known = new KnownContainers();
  readonly #looks: ContainerLooks;
  readonly #stream: DockerStream;
  readonly #backOff: BackOff;
  /** Whom events told of since the last look began, and since this one did. */
  #told = new Set<string>();
  #toldBefore = new Set<string>();
  #isGapKnown = true;
  #said: string | null = null;
  #wasUp = false;
  #isReached = false;
  #looking: Promise<void> | null = null;
  #lookAgain = false;
  #ended = false;
  #timer: NodeJS.Timeout | null = null;
  #grace: { readonly timer: NodeJS.Timeout; readonly over: () => void } | null = null;

  constructor(settings: DockerWatchSettings, events: DockerWatchEvents) {
    const { calls, dice } = settings;
    this.#settings = settings;
    this.#events = events;
    this.#backOff = new BackOff(dice);
    this.#looks = new ContainerLooks((id) => calls.inspect(id), LOOKS_AT_ONCE);
    this.#stream = new DockerStream(
      {
        target: calls.target,
        dice,
        renewEveryMs: settings.renewStreamEveryMs ?? RENEW_STREAM_EVERY_MS,
        deadlineMs: settings.streamDeadlineMs ?? STREAM_DEADLINE_MS,
      },
      {
        onEvent: (event) => this.#onEvent(event),
        onOpen: (afterGap) => this.#onOpen(afterGap),
        onClosed: () => this.#onGap(),
        onCall: (op, outcome, tookMs) => events.onCall(op, outcome, tookMs),
      },
    );
  }

  start(): void {
    this.#wake();
  }

  /** At one container, soon. */
  look(id: string): void {
    void this.#lookAt(id);
  }

  /** Ends the calls, too; resolves when nothing is left open. */
  async end(): Promise<void> {
    this.#ended = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#endGrace();
    this.#stream.end();
    this.#settings.calls.end();
    await this.#looking;
  }

  #onEvent(event: DockerEvent): void {
    if (this.#ended) return;
    this.#told.add(event.id);
    this.#events.onEvent(event);
    this.look(event.id);
  }

  #onOpen(afterGap: boolean): void {
    if (afterGap) this.#events.onReconnect();
    this.#wake();
  }

  #onGap(): void {
    this.#isGapKnown = true;
    if (!this.#ended) this.#wake();
  }

  async #lookAt(id: string): Promise<void> {
    const look = await this.#looks.look(id, 'urgent');
    if (this.#ended) return;
    this.#apply(id, look);
    if (look.kind === 'seen') this.#events.onSeen(look.facts);
    if (look.kind === 'failed' && this.#looking === null) this.#lookIn(LOOK_AGAIN_MS);
  }

  #apply(id: string, look: Look): void {
    if (look.kind === 'seen') this.#known.see(look.facts, monoMs());
    else if (look.kind === 'failed') this.#known.doubt(id);
    else if (this.#known.forget(id)) this.#events.onGone(id);
  }

  /** Now, or as soon as the look that is under way has ended. */
  #wake(): void {
    if (this.#ended) return;
    if (this.#looking !== null) {
      this.#lookAgain = true;
      return;
    }
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#looking = this.#lookAtAll().then((nextMs) => {
      this.#looking = null;
      const again = this.#lookAgain && this.#isReached;
      this.#lookAgain = false;
      if (again) this.#wake();
      else this.#lookIn(nextMs);
    });
  }

  #lookIn(afterMs: number): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = this.#ended ? null : setTimeout(() => this.#wake(), afterMs);
  }

  /** Resolves to the time until the next one; never rejects. */
  async #lookAtAll(): Promise<number> {
    const startedWallMs = Date.now();
    const before = this.#known.ids();
    const wasGap = this.#isGapKnown;
    this.#isGapKnown = false;
    this.#toldBefore = this.#told;
    this.#told = new Set();
    try {
      const list = await this.#settings.calls.list();
      // From before the list on: what happens during the looks is told.
      this.#stream.start(startedWallMs);
      const { processes } = this.#settings.calls;
      const processOf = processes.look.bind(processes);
      const reading = this.#known.read(list, { before, atMs: monoMs(), processOf });
      const failed = await this.#lookAtSome(reading.toLookAt);
      const missed = wasGap ? 0 : await this.#missedIn(reading);
      if (this.#ended) return 0;
      for (const id of reading.gone) if (this.#known.forget(id)) this.#events.onGone(id);
      this.#isUp(failed);
      if (!this.#stream.isOpen) this.#isGapKnown = true;
      this.#events.onListed(this.#known.all(), missed);
      if (missed > 0) this.#stream.distrust();
      return failed.length > 0
        ? Math.min(LOOK_AGAIN_MS, this.#settings.relistEveryMs)
        : this.#settings.relistEveryMs;
    } catch (error) {
      return this.#isDown(error);
    }
  }

  /** Those that failed; throws when it is not the containers that fail. */
  async #lookAtSome(listed: readonly ListedContainer[]): Promise<readonly unknown[]> {
    const failed: unknown[] = [];
    let inARow = 0;
    let seen = 0;
    const queue = [...listed];
    const lookAtNext = async (): Promise<void> => {
      for (let entry = queue.shift(); entry !== undefined; entry = queue.shift()) {
        const look = await this.#looks.look(entry.id, 'calm');
        if (this.#ended) return;
        this.#apply(entry.id, look);
        if (look.kind === 'failed') {
          failed.push(look.error);
          inARow += 1;
          if (inARow >= MOST_FAILED) queue.length = 0;
        } else {
          this.#known.settle(entry);
          inARow = 0;
          seen += 1;
        }
      }
    };
    await Promise.all(Array.from({ length: LOOKS_AT_ONCE }, lookAtNext));
    const isForbidden = failed.some(
      (error) => error instanceof DockerFailure && error.trouble === 'forbidden',
    );
    const nothingSeen = seen === 0 && this.#known.isEmpty;
    if (inARow >= MOST_FAILED || (failed.length > 0 && (isForbidden || nothingSeen))) throw failed.at(-1);
    return failed;
  }

  async #missedIn({ changed }: ListReading): Promise<number> {
    const untold = (): readonly string[] =>
      changed.filter((id) => !this.#told.has(id) && !this.#toldBefore.has(id));
    if (untold().length === 0) return 0;
    await new Promise<void>((resolve) => {
      this.#grace = { timer: setTimeout(resolve, EVENT_GRACE_MS), over: resolve };
    });
    this.#grace = null;
    return this.#isGapKnown ? 0 : untold().length;
  }

  #endGrace(): void {
    if (this.#grace === null) return;
    clearTimeout(this.#grace.timer);
    this.#grace.over();
  }

  #isUp(failed: readonly unknown[]): void {
    this.#backOff.reset();
    this.#wasUp = true;
    this.#isReached = true;
    const answers = `Docker answers at ${describeDockerTarget(this.#settings.calls.target)}`;
    const [first] = failed;
    this.#say(
      true,
      failed.length === 0
        ? `${answers}.`
        : `${answers}, but ${String(failed.length)} containers could not be looked at: ${messageOf(first)}`,
    );
  }

  /** Resolves to the time until the next try. */
  #isDown(error: unknown): number {
    if (this.#ended) return 0;
    this.#isReached = false;
    this.#stream.hold();
    this.#isGapKnown = true;
    for (const id of this.#known.ids()) this.#known.doubt(id);
    this.#say(false, messageOf(error));
    const neverThere = !this.#wasUp && error instanceof DockerFailure && error.trouble === 'no socket';
    return neverThere ? this.#settings.relistEveryMs : this.#backOff.nextMs();
  }

  #say(up: boolean, detail: string): void {
    const said = `${String(up)} ${detail}`;
    if (said === this.#said) return;
    this.#said = said;
    this.#events.onDocker(up, detail);
  }
}
