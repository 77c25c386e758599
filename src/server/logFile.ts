/**
 * Reads parts of a job's log file: where the last lines begin, and what comes after a byte, in whole lines.
 * It never reads more at once than it was asked for, however long the file is.
 */
import { open, stat, type FileHandle } from 'node:fs/promises';

const CHUNK_BYTES = 64 * 1024;

/** Text of a log: the first byte it has, the first after it, and how long the file is. */
export interface LogPart {
  readonly text: string;
  readonly from: number;
  readonly to: number;
  readonly size: number;
}

/** Where the first whole line among the last bytes begins. */
export async function tailOffset(file: string, tailBytes: number): Promise<number> {
  const size = await sizeOf(file);
  if (size <= tailBytes) return 0;
  const from = size - tailBytes;
  const handle = await open(file, 'r');
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(CHUNK_BYTES), 0, CHUNK_BYTES, from);
    return from + buffer.subarray(0, bytesRead).indexOf(0x0a) + 1;
  } finally {
    await handle.close();
  }
}

/** A log that is not written yet has no bytes. */
export async function sizeOf(file: string): Promise<number> {
  return (await stat(file).catch(() => null))?.size ?? 0;
}

/** What was written from this byte on, in whole lines unless the log has ended; of a log not written yet, nothing. */
export async function readPart(
  file: string,
  offset: number,
  { hasEnded, mostBytes = CHUNK_BYTES }: { readonly hasEnded: boolean; readonly mostBytes?: number },
): Promise<LogPart> {
  let handle: FileHandle;
  try {
    handle = await open(file, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return { text: '', from: 0, to: 0, size: 0 };
  }
  try {
    const { size } = await handle.stat();
    // A log shorter than what was seen of it is another log: it is told from its beginning.
    const from = offset > size ? 0 : offset;
    const room = Math.min(mostBytes, size - from);
    if (room === 0) return { text: '', from, to: from, size };
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(room), 0, room, from);
    const isLast = hasEnded && from + bytesRead >= size;
    const length = isLast ? bytesRead : wholeLines(buffer.subarray(0, bytesRead), mostBytes);
    return { text: buffer.toString('utf8', 0, length), from, to: from + length, size };
  } finally {
    await handle.close();
  }
}

/** How many of these bytes are whole lines; a line that is longer than all that is read at once is cut between characters. */
function wholeLines(chunk: Buffer, mostBytes: number): number {
  const lineEnd = chunk.lastIndexOf(0x0a) + 1;
  if (lineEnd > 0 || chunk.length < mostBytes) return lineEnd;
  let length = chunk.length;
  while (length > chunk.length - 4 && ((chunk[length - 1] ?? 0) & 0xc0) === 0x80) length -= 1;
  return length - 1;
}
