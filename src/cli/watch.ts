/**
 * Shows something again at every change, by the supervisor's stream of events: in place on a terminal, one after another elsewhere.
 * It never polls, says when there has been no news and why, and connects again by itself until it is interrupted.
 */
import { Option } from 'commander';
import { wallTime } from '../clock.ts';
import { GarrisonError, type ErrorCode } from '../errors.ts';
import { seconds } from './columns.ts';
import type { Context } from './context.ts';
import { EXIT } from './exitCodes.ts';
import { hasEnded, pause } from './follow.ts';
import { errorText, visible, visibleLines, type Output } from './output.ts';
import { canDraw, openScreen, type Screen } from './screen.ts';
import { wrapToWidth } from './textWidth.ts';

export interface WatchOption {
  readonly watch?: boolean;
}

export function watchOption(): Option {
  return new Option('-w, --watch', 'show it again at every change, until Ctrl-C');
}

/** Prints the whole once, with what it is given to print with. */
export type Look = (context: Context) => Promise<unknown>;

const RECONNECT_AFTER_MS = 500;
/** Changes of one moment make one look. */
const LOOK_AFTER_MS = 100;
/** It is away, stands still or is being replaced: it may be back any moment. */
const NO_NEWS: readonly ErrorCode[] = ['NO_SUPERVISOR', 'SUPERVISOR_SILENT', 'SUPERVISOR_FOREIGN'];
/** A ping comes every 15 s: without one there is no news. */
const SILENT_AFTER_MS = 20_000;

/** Until Ctrl-C, which is its orderly end. Throws what the very first look throws. */
export async function watch(context: Context, look: Look): Promise<number> {
  const stop = new AbortController();
  const end = (): void => {
    stop.abort();
  };
  // Before the first look: Ctrl-C is its end from the first moment on.
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.on(signal, end);
  const first = await taken(context, look);
  const shown = canDraw(process) && isForPeople(context) ? onScreen(context) : inARow(context);
  const watcher = new Watcher({ context, look, shown, signal: stop.signal });
  process.stdout.on('resize', watcher.redraw);
  try {
    shown.show(first);
    await watcher.follow();
    return EXIT.done;
  } finally {
    watcher.end();
    shown.end();
    process.stdout.off('resize', watcher.redraw);
    for (const signal of signals) process.off(signal, end);
  }
}

function isForPeople({ format }: Context): boolean {
  return format === 'table' || format === 'wide';
}

/** What one look printed. */
interface Frame {
  readonly data: readonly string[];
  readonly notes: readonly string[];
}

interface Shown {
  show(frame: Frame): void;
  /** Null: there is news again. */
  tell(noNews: string | null): void;
  end(): void;
}

async function taken(context: Context, look: Look): Promise<Frame> {
  const data: string[] = [];
  const notes: string[] = [];
  const output: Output = {
    ...context.output,
    // The terminal may have become another.
    columns: context.output.columns,
    data: (text) => data.push(text),
    raw: (text) => data.push(text),
    note: (text) => notes.push(visibleLines(text)),
    progress: () => undefined,
    aside: () => undefined,
    error: (error) => notes.push(visibleLines(errorText(error))),
  };
  await look({ ...context, output });
  return { data, notes };
}

interface WatcherParts {
  readonly context: Context;
  readonly look: Look;
  readonly shown: Shown;
  readonly signal: AbortSignal;
}

class Watcher {
  readonly #parts: WatcherParts;
  #due: NodeJS.Timeout | null = null;
  #silence: NodeJS.Timeout | null = null;
  #isLooking = false;
  #isStale = false;
  #lastNews = wallTime();

  constructor(parts: WatcherParts) {
    this.#parts = parts;
  }

  readonly redraw = (): void => {
    this.#lookSoon();
  };

  async follow(): Promise<void> {
    const { context, signal } = this.#parts;
    while (!hasEnded(signal)) {
      let why = 'the supervisor has ended the stream';
      try {
        for await (const event of context.client.events('/api/v1/events', { signal })) {
          this.#hear();
          // A ping is a level, too: what no event tells of is seen then.
          if (event.event !== 'end') this.#lookSoon();
        }
      } catch (error) {
        if (hasEnded(signal)) return;
        if (!isNoNews(error)) throw error;
        why = whyOf(error);
      }
      this.#noNews(why);
      await pause(RECONNECT_AFTER_MS, signal);
    }
  }

  end(): void {
    for (const timer of [this.#due, this.#silence]) if (timer !== null) clearTimeout(timer);
  }

  #hear(): void {
    this.#lastNews = wallTime();
    if (this.#silence !== null) clearTimeout(this.#silence);
    this.#silence = setTimeout(() => {
      this.#noNews('the supervisor is silent');
    }, SILENT_AFTER_MS);
    this.#parts.shown.tell(null);
  }

  #noNews(why: string): void {
    this.#parts.shown.tell(`no news since ${seconds(this.#lastNews)}: ${why}; connecting again`);
  }

  #lookSoon(): void {
    this.#isStale = true;
    if (this.#isLooking) return;
    this.#due ??= setTimeout(() => {
      this.#due = null;
      void this.#look();
    }, LOOK_AFTER_MS);
  }

  async #look(): Promise<void> {
    const { context, look, shown, signal } = this.#parts;
    this.#isLooking = true;
    this.#isStale = false;
    try {
      const frame = await taken(context, look);
      if (!hasEnded(signal)) shown.show(frame);
    } catch (error) {
      // The stream's own end says when nobody answers; what is named may be gone and come again.
      if (!isNoNews(error) && !hasEnded(signal))
        shown.show({ data: [], notes: [visibleLines(errorText(error))] });
    }
    this.#isLooking = false;
    if (this.#wantsAnother()) this.#lookSoon();
  }

  /** Something has changed while it looked. */
  #wantsAnother(): boolean {
    return this.#isStale && !hasEnded(this.#parts.signal);
  }
}

function isNoNews(error: unknown): error is GarrisonError {
  return error instanceof GarrisonError && NO_NEWS.includes(error.code);
}

/** One that stands still needs somebody: what to do stands beside it. */
function whyOf({ code, message, cure }: GarrisonError): string {
  return code === 'NO_SUPERVISOR' || cure === undefined ? message : `${message} (next: ${cure})`;
}

function onScreen({ output }: Context): Shown {
  const screen: Screen = openScreen(process);
  let frame: Frame = { data: [], notes: [] };
  let noNews: string | null = null;
  let at = wallTime();
  const draw = (): void => {
    const head = noNews ?? `as of ${seconds(at)}; every change is shown; Ctrl-C ends`;
    const told = foldedTo(visible(head), output.columns);
    const rest = ['', ...frame.data, ...frame.notes].flatMap((text) => text.split('\n'));
    screen.draw([
      ...told.map((line) => output.paint(line, noNews === null ? 'dim' : 'bad')),
      ...rest.flatMap((line) => foldedTo(line, output.columns)),
    ]);
  };
  return {
    show: (next) => {
      frame = next;
      at = wallTime();
      draw();
    },
    tell: (text) => {
      const isOther = text !== noNews;
      noNews = text;
      if (isOther) draw();
    },
    end: () => {
      screen.end();
    },
  };
}

/** So that the number of lines is known. A line that is painted has been made to fit already. */
function foldedTo(line: string, columns: number | null): readonly string[] {
  return columns === null || line.includes('\u001b') ? [line] : wrapToWidth(line, columns);
}

/** Only what differs from what was printed last. */
function inARow({ output, format }: Context): Shown {
  let printed = '';
  let lines = new Set<string>();
  let hasToldNoNews = false;
  const show = ({ data, notes }: Frame): void => {
    const text = [...data, ...notes].join('\n');
    const comparable = text.replace(/"observedAt": ?"[^"]*"/, '');
    if (comparable === printed) return;
    const isFirst = printed === '';
    printed = comparable;
    if (format === 'jsonl') {
      for (const line of data) if (!lines.has(line)) output.data(line);
      lines = new Set(data);
      return;
    }
    if (!isFirst && format !== 'json') output.data(`\n${seconds(wallTime())}`);
    if (data.length > 0) output.data(data.join('\n'));
    for (const note of notes) output.note(note);
  };
  return {
    show,
    tell: (text) => {
      if (text === null && hasToldNoNews) output.note('there is news again');
      if (text !== null && !hasToldNoNews) output.note(text);
      hasToldNoNews = text !== null;
    },
    end: () => undefined,
  };
}
