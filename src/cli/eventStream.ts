/**
 * Reads server-sent events from an answer as they come.
 * It never takes a stream for alive that has been silent for too long.
 */
import type { IncomingMessage } from 'node:http';
import type { ControlDoor } from '../home.ts';
import { brokenBy, foreign } from './exchange.ts';

export interface ServerEvent {
  readonly event: string;
  readonly data: unknown;
  readonly id: string | null;
}

/** With a ping every 15 s it is dead then, whatever the socket says. */
const SILENT_FOR_MS = 60_000;
/** The snapshot of the largest installation is far below. */
const LONGEST_EVENT_CHARACTERS = 64 * 2 ** 20;

/** Throws NO_SUPERVISOR when it breaks off, SUPERVISOR_FOREIGN for what is no event; `heard` is told of every sign of life. */
export async function* readEvents(
  answer: IncomingMessage,
  { door, heard }: { door: ControlDoor; heard: () => void },
): AsyncIterable<ServerEvent> {
  answer.setEncoding('utf8');
  answer.socket.setTimeout(SILENT_FOR_MS, () => answer.destroy(new Error('silent for 60 s')));
  let rest = '';
  try {
    for await (const chunk of answer) {
      heard();
      const blocks = (rest + String(chunk)).split('\n\n');
      rest = blocks.pop() ?? '';
      if (rest.length > LONGEST_EVENT_CHARACTERS) throw foreign(door, 'its events do not end');
      for (const block of blocks) {
        const event = parseEvent(block, door);
        if (event !== null) yield event;
      }
    }
  } catch (error) {
    throw brokenBy(error as Error, door);
  }
}

function parseEvent(block: string, door: ControlDoor): ServerEvent | null {
  const fields = new Map(
    block.split('\n').map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon), line.slice(colon + 1).replace(/^ /, '')] as const;
    }),
  );
  const data = fields.get('data');
  if (data === undefined) return null;
  return { event: fields.get('event') ?? 'message', data: jsonIn(data, door), id: fields.get('id') ?? null };
}

function jsonIn(text: string, door: ControlDoor): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw foreign(door, 'an event of it is not JSON');
  }
}
