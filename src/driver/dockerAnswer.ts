/**
 * Reads an answer of Docker's to its end, or to a bound.
 * It asks nothing and trusts no length that is announced.
 */
import type { IncomingMessage } from 'node:http';
import { brokenOff, garbage } from './dockerFailure.ts';

export interface Reading {
  /** As in "Docker answered … with something that is no such answer". */
  readonly what: string;
  /** Fires when the time is over. */
  readonly signal: AbortSignal;
}

export interface DockerAnswer {
  readonly status: number;
  readonly body: string;
}

/** Rejects when it is longer, breaks off or takes too long. */
export async function readAnswer(
  answer: IncomingMessage,
  reading: Reading & { readonly mostBytes: number },
): Promise<DockerAnswer> {
  const { mostBytes, what } = reading;
  const chunks: Buffer[] = [];
  let bytes = 0;
  await readChunks(answer, reading, (chunk) => {
    bytes += chunk.length;
    if (bytes > mostBytes) throw garbage(what, `more than ${String(mostBytes)} bytes`);
    chunks.push(chunk);
  });
  return { status: answer.statusCode ?? 0, body: Buffer.concat(chunks).toString('utf8') };
}

/** Resolves at its end. One that breaks off says so by `aborted` or `close` alone, when it says anything. */
export function readChunks(
  answer: IncomingMessage,
  { signal }: Reading,
  take: (chunk: Buffer) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const giveUp = (error: unknown): void => {
      signal.removeEventListener('abort', abort);
      answer.destroy();
      reject(error instanceof Error ? error : new Error(String(error)));
    };
    const abort = (): void => giveUp(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    answer.on('data', (chunk: Buffer) => {
      try {
        take(chunk);
      } catch (error) {
        giveUp(error);
      }
    });
    answer.on('error', giveUp);
    answer.on('close', () => giveUp(brokenOff()));
    answer.on('end', () => {
      signal.removeEventListener('abort', abort);
      resolve();
    });
    if (signal.aborted) abort();
  });
}

export function jsonIn({ body }: DockerAnswer, what: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    throw garbage(what, body);
  }
}
