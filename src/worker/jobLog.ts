/**
 * Appends what happens in one attempt to the job's log file, one readable line each.
 * It never fails a job: a log that cannot be written is given up, and it never grows a file beyond its limit.
 */
import { createWriteStream, statSync } from 'node:fs';
import { printable } from '../push/answer.ts';

export interface JobLog {
  write(source: 'garrison' | 'host' | 'ssh', text: string): void;
  /** Resolves when everything is in the file, or never will be. */
  end(): Promise<void>;
}

const MOST_BYTES = 1024 * 1024;
const LONGEST_TEXT = 1000;

export function openJobLog(file: string, nowWall: () => string): JobLog {
  const stream = createWriteStream(file, { flags: 'a', mode: 0o600 });
  let room = MOST_BYTES - sizeOf(file);
  let broken = false;
  stream.on('error', () => {
    broken = true;
  });
  const append = (line: string): void => {
    if (broken || room <= 0) return;
    room -= Buffer.byteLength(line);
    stream.write(room > 0 ? line : 'the log is full; the rest is not kept\n');
  };
  return {
    write(source, text) {
      append(`${nowWall()} ${source}: ${printable(text.slice(0, LONGEST_TEXT))}\n`);
    },
    end: () =>
      new Promise((resolve) => {
        if (broken) {
          resolve();
          return;
        }
        stream.once('close', resolve);
        stream.end();
      }),
  };
}

function sizeOf(file: string): number {
  try {
    return statSync(file).size;
  } catch {
    return 0;
  }
}
