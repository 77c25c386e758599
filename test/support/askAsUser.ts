/**
 * Asks over a Unix socket as another user of the machine: a process of its own that has become that user.
 * It needs root, and no such user need be known to the machine.
 */
import { execFile, spawn } from 'node:child_process';

export interface AsUser {
  readonly uid: number;
  readonly gid: number;
  readonly groups?: readonly number[];
}

export interface Asked {
  readonly method?: string;
  readonly path: string;
  readonly body?: object;
}

export interface AnswerToUser {
  /** 0: no connection, and `text` is the error's code. */
  readonly status: number;
  readonly text: string;
  readonly isReused: boolean;
}

const PROGRAM = new URL('../fixtures/askAsUser.js', import.meta.url).pathname;

/** One after the other, on one connection where it is kept. */
export function askAsUser(
  socketPath: string,
  user: AsUser,
  calls: readonly Asked[],
): Promise<AnswerToUser[]> {
  const wanted = JSON.stringify({ groups: [], ...user, socketPath, calls });
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [PROGRAM, wanted], { cwd: '/', timeout: 60_000 }, (error, stdout, stderr) => {
      if (error !== null) reject(new Error(`${error.message} ${stderr}`));
      else resolve(JSON.parse(stdout) as AnswerToUser[]);
    });
  });
}

/** Opens so many streams at once and keeps them until `end`. */
export async function holdStreams(
  socketPath: string,
  user: AsUser,
  hold: number,
): Promise<{ open: number; refused: number; end: () => Promise<void> }> {
  const wanted = JSON.stringify({ groups: [], ...user, socketPath, hold });
  const child = spawn(process.execPath, [PROGRAM, wanted], {
    cwd: '/',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const isOver = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const line = await new Promise<string>((resolve) =>
    child.stdout.once('data', (data: Buffer) => resolve(data.toString())),
  );
  const end = async (): Promise<void> => {
    child.kill('SIGKILL');
    await isOver;
  };
  return { ...(JSON.parse(line) as { open: number; refused: number }), end };
}
