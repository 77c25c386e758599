/**
 * Cuts a byte stream into lines, within bounds.
 * It never holds more than one line of the longest length, however much arrives: the rest of a longer line is dropped.
 */

export interface LineReader {
  /** Takes bytes in, and gives each finished line to the listener. */
  take(chunk: Buffer): void;
  /** Gives what is left as a last line, if anything is. */
  finish(): void;
}

const NEWLINE = 10;

export function lineReader(longestBytes: number, onLine: (line: string) => void): LineReader {
  let held: Buffer[] = [];
  let heldBytes = 0;
  const keep = (part: Buffer): void => {
    const kept = part.subarray(0, Math.max(0, longestBytes - heldBytes));
    if (kept.length === 0) return;
    held.push(kept);
    heldBytes += kept.length;
  };
  const release = (): void => {
    const line = Buffer.concat(held).toString('utf8');
    held = [];
    heldBytes = 0;
    onLine(line.endsWith('\r') ? line.slice(0, -1) : line);
  };
  return {
    take(chunk) {
      let from = 0;
      for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, from)) {
        keep(chunk.subarray(from, at));
        release();
        from = at + 1;
      }
      keep(chunk.subarray(from));
    },
    finish() {
      if (heldBytes > 0) release();
    },
  };
}
