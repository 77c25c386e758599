/**
 * Asks an ssh agent at a named socket which public keys and certificates it has.
 * It never asks it to sign, add or forget anything, and never looks for an agent that was not named.
 */
import { createConnection } from 'node:net';

export interface AgentKey {
  readonly type: string;
  /** Of the whole blob, as a .pub file has it. */
  readonly base64: string;
}

export type AgentAnswer =
  | { readonly kind: 'keys'; readonly keys: readonly AgentKey[] }
  /** `said`: what goes behind the agent's name in a sentence. */
  | { readonly kind: 'none'; readonly said: string };

const REQUEST_IDENTITIES = Buffer.from([0, 0, 0, 1, 11]);
const IDENTITIES_ANSWER = 12;
/** What ssh itself takes from an agent at most. */
const LONGEST_ANSWER_BYTES = 256 * 1024;
const ANSWER_WITHIN_MS = 2_000;

/** Never rejects, whatever listens there. */
export function askAgent(socketPath: string): Promise<AgentAnswer> {
  return new Promise((resolve) => {
    const socket = createConnection({ path: socketPath });
    let heard = Buffer.alloc(0);
    const settle = (answer: AgentAnswer): void => {
      clearTimeout(limit);
      socket.destroy();
      resolve(answer);
    };
    const limit = setTimeout(() => settle(none('does not answer')), ANSWER_WITHIN_MS);
    socket.once('error', (error: NodeJS.ErrnoException) => {
      settle(none(`cannot be reached: ${error.code ?? 'no socket'}`));
    });
    socket.once('close', () => settle(none('closed the connection')));
    socket.on('data', (chunk: Buffer) => {
      heard = Buffer.concat([heard, chunk]);
      const answer = readAnswer(heard);
      if (answer !== null) settle(answer);
    });
    socket.write(REQUEST_IDENTITIES);
  });
}

/** Null while it is not whole. */
function readAnswer(heard: Buffer): AgentAnswer | null {
  if (heard.length < 5) return null;
  const length = heard.readUInt32BE(0);
  if (length > LONGEST_ANSWER_BYTES || heard[4] !== IDENTITIES_ANSWER) return none('gives no list of keys');
  if (heard.length < 4 + length) return null;
  const keys = readKeys(heard.subarray(5, 4 + length));
  return keys === null ? none('gives no list of keys') : { kind: 'keys', keys };
}

/** A count, and for each key its blob and a comment, which anybody may have written. */
function readKeys(body: Buffer): AgentKey[] | null {
  const keys: AgentKey[] = [];
  try {
    const count = body.readUInt32BE(0);
    for (let at = 4; keys.length < count;) {
      const blob = fieldAt(body, at);
      const comment = fieldAt(body, at + 4 + blob.length);
      keys.push({ type: fieldAt(blob, 0).toString('latin1'), base64: blob.toString('base64') });
      at += 8 + blob.length + comment.length;
    }
    return keys;
  } catch {
    return null;
  }
}

/** Throws RangeError where it is cut off. */
function fieldAt(bytes: Buffer, at: number): Buffer {
  const end = at + 4 + bytes.readUInt32BE(at);
  if (end > bytes.length) throw new RangeError('cut off');
  return bytes.subarray(at + 4, end);
}

function none(said: string): AgentAnswer {
  return { kind: 'none', said };
}
