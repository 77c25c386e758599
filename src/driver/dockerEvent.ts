/**
 * Reads Docker's stream of events, which comes in pieces that are no lines, for what woke it up.
 * It takes nothing from an event that newer engines don't send, and no line makes it fail.
 */
import { isContainerId, objectIn } from './containerFacts.ts';

export interface DockerEvent {
  readonly id: string;
  /** Without what some actions carry after a colon, as `health_status: unhealthy`. */
  readonly action: string;
  /** Of a `kill`: the number or name that Docker was told; null for others. */
  readonly signal: string | null;
  /** By the daemon's clock, to about a microsecond: a double holds no more. */
  readonly atNano: number;
}

/** Actions that change what an inspect says, or tell of a person's hand; probes make three others each time they run. */
export const WATCHED_ACTIONS: readonly string[] = [
  'create',
  'destroy',
  'die',
  'health_status',
  'kill',
  'oom',
  'pause',
  'rename',
  'restart',
  'start',
  'stop',
  'unpause',
  'update',
];

/** Lines of chunks; one that is longer than any event is dropped to its end. */
export class LineBuffer {
  #left: Buffer = Buffer.alloc(0);
  #skipping = false;

  add(chunk: Buffer): string[] {
    const pieces = Buffer.concat([this.#left, chunk]);
    const lines: string[] = [];
    let from = 0;
    for (let at = pieces.indexOf(10); at >= 0; at = pieces.indexOf(10, from)) {
      if (!this.#skipping) lines.push(pieces.toString('utf8', from, at));
      this.#skipping = false;
      from = at + 1;
    }
    this.#left = Buffer.from(pieces.subarray(from));
    if (this.#left.length > LONGEST_LINE_BYTES) {
      this.#left = Buffer.alloc(0);
      this.#skipping = true;
    }
    return lines;
  }
}

/** Null for what is no event of a container, or of no interest. */
export function dockerEvent(line: string): DockerEvent | null {
  let parsed: unknown;
  try {
    parsed = JSON.parse(line);
  } catch {
    return null;
  }
  const { Type, Action, Actor, time, timeNano } = objectIn(parsed);
  const { ID: id, Attributes } = objectIn(Actor);
  if (Type !== 'container' || typeof Action !== 'string' || !isContainerId(id)) return null;
  const [action = ''] = Action.split(':');
  if (!WATCHED_ACTIONS.includes(action)) return null;
  const { signal } = objectIn(Attributes);
  return {
    id,
    action,
    signal: action === 'kill' && typeof signal === 'string' ? signal.slice(0, 20) : null,
    atNano: positive(timeNano) ?? (positive(time) ?? 0) * 1e9,
  };
}

/** An engine's label values may be as long as they like, and all of them are in every event. */
const LONGEST_LINE_BYTES = 4 << 20;

function positive(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) && value > 0 && value < 1e19 ? value : null;
}
