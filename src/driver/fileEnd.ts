/**
 * Reads the end of a file that may be large.
 * It takes a file that cannot be read for an empty one.
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

export interface FileEnd {
  readonly text: string;
  /** The file begins here. */
  readonly isWhole: boolean;
}

export function readEnd(file: string, mostBytes: number): FileEnd {
  let descriptor: number;
  try {
    descriptor = openSync(file, 'r');
  } catch {
    return { text: '', isWhole: true };
  }
  try {
    const { size } = fstatSync(descriptor);
    const buffer = Buffer.alloc(Math.min(size, mostBytes));
    const bytes = readSync(descriptor, buffer, 0, buffer.length, size - buffer.length);
    return { text: buffer.toString('utf8', 0, bytes), isWhole: size <= mostBytes };
  } finally {
    closeSync(descriptor);
  }
}
