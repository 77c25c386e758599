/**
 * Everything a command prints: data to stdout, progress and errors to stderr, colour only where it is wanted.
 * It never lets a control character from a host reach the terminal, and a closed pipe never becomes a stack trace.
 */
import { wallTime } from '../clock.ts';
import { GarrisonError, messageOf } from '../errors.ts';
import { EXIT, type CommandKind } from './exitCodes.ts';

export type ColorWish = 'auto' | 'always' | 'never';
/** `good` green, `warn` yellow, `bad` red, `dim` for what rests; the word is always there, too. */
export type Tone = 'good' | 'bad' | 'warn' | 'dim' | 'plain';

export interface Output {
  /** Data: one or more whole lines, without the last line end. */
  readonly data: (text: string) => void;
  /** Data as it is, for logs. */
  readonly raw: (text: string) => void;
  /** Progress and remarks. */
  readonly note: (text: string) => void;
  /** One line that is written over; on a terminal only. */
  readonly progress: (text: string) => void;
  /** A remark that takes the place of progress where there is no terminal. */
  readonly aside: (text: string) => void;
  readonly error: (error: unknown) => void;
  readonly paint: (text: string, tone: Tone) => string;
  /** Of the terminal, or as COLUMNS says; null in a file or a pipe, where nothing is cut. */
  readonly columns: number | null;
}

export interface Streams {
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
}

const CODE_OF: Readonly<Record<Exclude<Tone, 'plain'>, string>> = {
  good: '32',
  bad: '31',
  warn: '33',
  dim: '2',
};

export function createOutput(
  streams: Streams,
  color: ColorWish,
  env: Readonly<Record<string, string | undefined>>,
): Output {
  const { stdout, stderr } = streams;
  let progressShown = false;
  const clearProgress = (): void => {
    if (progressShown) stderr.write('\r\u001b[K');
    progressShown = false;
  };
  const note = (text: string): void => {
    clearProgress();
    stderr.write(`${visibleLines(text)}\n`);
  };
  return {
    data: (text) => {
      clearProgress();
      stdout.write(`${text}\n`);
    },
    raw: (text) => stdout.write(text),
    note,
    progress: (text) => {
      if (!stderr.isTTY) return;
      clearProgress();
      progressShown = true;
      stderr.write(visible(text).slice(0, Math.max(20, stderr.columns - 1)));
    },
    aside: (text) => {
      if (!stderr.isTTY) note(text);
    },
    error: (error) => note(errorText(error)),
    paint: painter(wantsColor(stdout, color, env)),
    get columns() {
      return columnsOf(stdout, env);
    },
  };
}

function painter(painted: boolean): Output['paint'] {
  return (text, tone) => (painted && tone !== 'plain' ? `\u001b[${CODE_OF[tone]}m${text}\u001b[0m` : text);
}

/** `garrison: what …` and, when there is one, `next: cure`. */
export function errorText(error: unknown): string {
  const cure = error instanceof GarrisonError ? error.cure : undefined;
  const what = `garrison: ${messageOf(error)}`;
  return cure === undefined ? what : `${what}\n  next: ${cure}`;
}

/** Nobody is left to tell: the reader of a pipe has gone, or the terminal has. */
const READER_GONE: readonly (string | undefined)[] = ['EPIPE', 'EIO', 'ECONNRESET'];

/** The reader of a pipe may go at any time (`| head`), which is no failure; a disk that takes nothing (`> FILE`) is. */
export function endQuietlyOnClosedPipe(stream: NodeJS.WriteStream, running: () => CommandKind | null): void {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (READER_GONE.includes(error.code)) process.exit(process.exitCode ?? EXIT.done);
    if (stream !== process.stderr)
      process.stderr.write(
        `${errorText(
          new GarrisonError('INTERNAL', `the output cannot be written: ${messageOf(error)}`, {
            cure: 'make room where it goes, then again; what was asked of the supervisor goes on',
          }),
        )}\n`,
      );
    process.exit(running() === 'look' ? EXIT.unknown : EXIT.failed);
  });
}

/** One line in which every control, C1 and direction-changing character is spelled out. */
export function visible(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g, spelled);
}

/** The same, but lines and tabs stay. */
export function visibleLines(text: string): string {
  return text
    .split('\n')
    .map((line) => line.replace(/\r$/, '').split('\t').map(visible).join('\t'))
    .join('\n');
}

/** One thing as the API gives it, for commands that print what they already have. */
export function itemJson(kind: string, item: unknown): string {
  return visibleJson({ apiVersion: 'garrison/v1', kind, observedAt: wallTime(), item });
}

/** JSON in which nothing but plain line ends can act on a terminal. */
export function visibleJson(value: unknown, indent = 2): string {
  return JSON.stringify(value, null, indent).replace(
    /[\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function spelled(character: string): string {
  const known: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };
  const code = character.charCodeAt(0);
  return (
    known[character] ??
    (code < 256 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`)
  );
}

const USUAL_COLUMNS = 80;
const LEAST_COLUMNS = 20;

function columnsOf(
  stdout: NodeJS.WriteStream,
  env: Readonly<Record<string, string | undefined>>,
): number | null {
  const told = Number(env['COLUMNS']);
  if (Number.isInteger(told) && told > 0) return Math.max(LEAST_COLUMNS, told);
  if (!stdout.isTTY) return null;
  return Math.max(LEAST_COLUMNS, stdout.columns || USUAL_COLUMNS);
}

function wantsColor(
  stdout: NodeJS.WriteStream,
  wish: ColorWish,
  env: Readonly<Record<string, string | undefined>>,
): boolean {
  if (wish !== 'auto') return wish === 'always';
  const refused = (env['NO_COLOR'] ?? '') !== '' || env['TERM'] === 'dumb';
  return stdout.isTTY && !refused;
}
