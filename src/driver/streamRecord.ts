/**
 * Writes a recording of the stream of observations, line by line, into a new file of its owner's alone.
 * It never overwrites a file, never grows one without limit, and never keeps the supervisor from its work.
 */
import { closeSync, openSync, writeSync } from 'node:fs';
import { messageOf } from '../errors.ts';

export interface StreamRecord {
  write(line: string): void;
  end(): void;
}

const LARGEST_BYTES = 256 * 1024 * 1024;

/** `onFailure` is told once why there is no (more of the) recording; the lines after that go nowhere. */
export function openStreamRecord(file: string, onFailure: (why: string) => void): StreamRecord {
  let descriptor: number | null = null;
  let bytes = 0;
  const end = (): void => {
    if (descriptor !== null) closeSync(descriptor);
    descriptor = null;
  };
  const giveUp = (why: string): void => {
    end();
    onFailure(why);
  };
  try {
    descriptor = openSync(file, 'wx', 0o600);
  } catch (error) {
    giveUp(
      `nothing is recorded: ${messageOf(error)}; GARRISON_RECORD must name a file that does not exist yet`,
    );
  }
  return {
    write: (line) => {
      if (descriptor === null) return;
      try {
        bytes += writeSync(descriptor, `${line}\n`);
      } catch (error) {
        giveUp(`the recording ends here: ${messageOf(error)}`);
      }
      if (bytes > LARGEST_BYTES) giveUp(`the recording ends here: ${file} has reached its largest size`);
    },
    end,
  };
}
