/**
 * Says how a recorded stream of observations is written and read: one header, then one JSON line for each turn of the loop.
 * It opens no file and judges nothing; it holds what the detector is given, never a job, a key or a secret.
 */
import type { Moment } from '../clock.ts';
import { WELL } from '../detector/awareness.ts';
import type { WorkerObservation } from '../detector/evidence.ts';
import { DEFAULT_LIMITS } from '../detector/verdict.ts';
import { GarrisonError } from '../errors.ts';
import type { Wish } from '../reconciler/worker.ts';
import type { Surroundings } from './outlook.ts';
import type { WorkerBoardSettings } from './workerBoard.ts';

export const STREAM_FORMAT = 'garrison-stream/1';

export type StreamSettings = Omit<WorkerBoardSettings, 'dice' | 'earlier' | 'keep'>;
export type AroundWorkers = Omit<Surroundings, 'at'>;

export interface StreamHeader {
  readonly format: typeof STREAM_FORMAT;
  readonly startedAt: string;
  readonly settings: StreamSettings;
}

/** All that the board of workers was given from one decision to the next, in order: wishes, observations, surroundings. */
export interface StreamTurn {
  readonly at: Moment;
  readonly wishes: readonly { readonly worker: string; readonly wish: Wish }[];
  readonly seen: readonly {
    readonly worker: string;
    readonly at: Moment;
    readonly observation: WorkerObservation;
  }[];
  readonly around: AroundWorkers;
}

/** What a turn holds unless its line, or one before it, says otherwise; also for streams older than one of these fields. */
const CALM: AroundWorkers = {
  brokerAwaySince: null,
  brokerBackAt: null,
  awareness: WELL,
  oldestWaitingMs: 0,
  queueStillMs: 0,
  canary: null,
  drain: { drainWithinMs: 0, termGraceMs: 0 },
  stopping: false,
  queueOpen: false,
};

/** Of a stream that is older than this setting. */
const NEVER = { maxJobs: null, maxAgeMs: null };

/** Writes a stream line by line, the header at once; of the surroundings only what is new. */
export class StreamWriter {
  readonly #write: (line: string) => void;
  #around: AroundWorkers = CALM;

  constructor({ startedAt, settings }: Omit<StreamHeader, 'format'>, write: (line: string) => void) {
    this.#write = write;
    write(JSON.stringify({ format: STREAM_FORMAT, startedAt, settings }));
  }

  add({ at, wishes, seen, around }: StreamTurn): void {
    const before = this.#around as unknown as Readonly<Record<string, unknown>>;
    const fresh = Object.entries(around).filter(([name, value]) => text(value) !== text(before[name]));
    this.#around = around;
    this.#write(
      text({
        at,
        ...(fresh.length === 0 ? {} : { around: Object.fromEntries(fresh) }),
        ...(wishes.length === 0 ? {} : { wishes }),
        ...(seen.length === 0 ? {} : { seen }),
      }),
    );
  }
}

/** Reads a whole stream; a last line that was cut off with its writer is left out. */
export function readStream(streamText: string): { header: StreamHeader; turns: StreamTurn[] } {
  const [first = '', ...lines] = streamText.split('\n').slice(0, -1);
  const header = first.startsWith('{') ? (JSON.parse(first) as StreamHeader) : null;
  if (header?.format !== STREAM_FORMAT) {
    throw new GarrisonError(
      'USAGE',
      `this is no recorded stream: its first line does not say ${STREAM_FORMAT}`,
      {
        cure: 'Name a file that GARRISON_RECORD of this version has written.',
      },
    );
  }
  const older: Partial<StreamSettings> = header.settings;
  const settings = {
    ...header.settings,
    recycleLimits: older.recycleLimits ?? NEVER,
    limits: { ...DEFAULT_LIMITS, ...header.settings.limits },
  };
  let around = CALM;
  const turns = lines.map((line) => {
    const turn = JSON.parse(line, withInfinities) as Partial<StreamTurn> & Pick<StreamTurn, 'at'>;
    around = { ...around, ...turn.around };
    return { at: turn.at, wishes: turn.wishes ?? [], seen: turn.seen ?? [], around };
  });
  return { header: { ...header, settings }, turns };
}

/** JSON has no infinite numbers, and `never` is one in the observer's health: they travel by name. */
function text(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) =>
    part === Infinity || part === -Infinity ? String(part) : part,
  );
}

function withInfinities(_key: string, part: unknown): unknown {
  return part === 'Infinity' || part === '-Infinity' ? Number(part) : part;
}
