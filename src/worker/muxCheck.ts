/**
 * Asks an OpenSSH master over its socket whether it is there, as `ssh -O check` does, but within a limit and without a process.
 * It asks for nothing else: no session is opened and nothing reaches the host.
 */
import { createConnection } from 'node:net';

/** OpenSSH's PROTOCOL.mux, version 4: each packet is its length and then words of four bytes, all big-endian. */
const HELLO = 0x0000_0001;
const VERSION = 4;
const ALIVE_CHECK = 0x1000_0004;
const ALIVE = 0x8000_0005;
const REQUEST_ID = 0;
const LONGEST_ANSWER_BYTES = 1024;

/** False when nobody listens, when it answers something else, and when the answer is not there in time: a stopped master accepts and says nothing. */
export function isMasterAlive(socketPath: string, withinMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ path: socketPath });
    const settle = (isAlive: boolean): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(isAlive);
    };
    const timer = setTimeout(settle, withinMs, false);
    let heard = Buffer.alloc(0);
    socket
      .on('error', () => settle(false))
      .on('close', () => settle(false))
      .on('connect', () =>
        socket.write(Buffer.concat([packet(HELLO, VERSION), packet(ALIVE_CHECK, REQUEST_ID)])),
      )
      .on('data', (chunk) => {
        heard = Buffer.concat([heard, chunk]);
        const types = packetTypes(heard);
        if (types.includes(ALIVE)) settle(true);
        else if (types.length > 1 || heard.length > LONGEST_ANSWER_BYTES) settle(false);
      });
  });
}

function packet(...words: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 + 4 * words.length);
  bytes.writeUInt32BE(4 * words.length, 0);
  for (const [index, word] of words.entries()) bytes.writeUInt32BE(word, 4 + 4 * index);
  return bytes;
}

/** Of the packets that are there as a whole. */
function packetTypes(bytes: Buffer): number[] {
  const types: number[] = [];
  let at = 0;
  while (at + 8 <= bytes.length) {
    const end = at + 4 + bytes.readUInt32BE(at);
    if (end > bytes.length) break;
    types.push(bytes.readUInt32BE(at + 4));
    at = end;
  }
  return types;
}
