/**
 * Looks for a checkup at the supervisor of a home folder from outside: its door, its lock, its process, its last words.
 * It takes no lock and sends no signal.
 */
import { request } from 'node:http';
import { wallTime } from '../clock.ts';
import { messageOf } from '../errors.ts';
import type { ControlDoor } from '../home.ts';
import { readProcStat } from '../proc.ts';
import type { Part, SupervisorSeen } from '../reconciler/checkup.ts';
import { listSetAside, SET_ASIDE_IN } from '../setAside.ts';
import { seen, unseen } from './checkupPart.ts';
import { JournalReader } from './journalReader.ts';
import { lockOf } from './lockHolder.ts';

export interface SupervisorCheckup extends SupervisorSeen {
  /** What it answered to the question for its status; null when it did not. */
  readonly status: unknown;
}

export async function checkupSupervisor(
  { home, socketPath }: ControlDoor,
  withinMs: number,
): Promise<Part<SupervisorCheckup>> {
  const { holder, text } = lockOf(home);
  const processState = holder === null || holder === 0 ? null : (readProcStat(holder)?.state ?? null);
  // One that stands still answers nobody: it is asked all the same, but not waited for.
  const patienceMs = processState === 'T' ? Math.min(STANDING_STILL_MS, withinMs) : withinMs;
  const [knock, lastWord] = await Promise.all([knockAt(socketPath, patienceMs), lastWordIn(home)]);
  if (knock.door === 'denied')
    return unseen('notPermitted', `Its socket ${socketPath} is not for this user (${knock.detail}).`);
  return seen({
    door: knock.door,
    pid: holder,
    processState,
    leftLock: holder === null ? text : null,
    version: versionIn(knock.status),
    sentences: [],
    lastWord,
    setAside: listSetAside(home, SET_ASIDE_IN),
    status: knock.status,
  });
}

const STANDING_STILL_MS = 500;

interface Knock {
  readonly door: SupervisorSeen['door'] | 'denied';
  readonly status: unknown;
  readonly detail: string;
}

const LONGEST_ANSWER_BYTES = 16 << 20;

function knockAt(socketPath: string, withinMs: number): Promise<Knock> {
  return new Promise((resolve) => {
    const end = (door: Knock['door'], detail: string, status: unknown = null): void => {
      clearTimeout(late);
      outgoing.destroy();
      resolve({ door, detail, status });
    };
    const options = { socketPath, path: '/api/v1/status', agent: false, headers: { host: 'localhost' } };
    const outgoing = request(options, (answer) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      answer.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes <= LONGEST_ANSWER_BYTES) chunks.push(chunk);
      });
      answer.on('error', () => end('answers', ''));
      answer.on('end', () => {
        const said = jsonIn(Buffer.concat(chunks).toString('utf8'));
        // It is well enough to say that this user may not ask.
        if (answer.statusCode === 403) end('denied', detailIn(said));
        else end('answers', '', said);
      });
    });
    outgoing.on('error', (error: NodeJS.ErrnoException) => end(doorBy(error.code), messageOf(error)));
    const late = setTimeout(() => end('silent', 'no answer in time'), withinMs);
    outgoing.end();
  });
}

function doorBy(code: string | undefined): Knock['door'] {
  switch (code) {
    case 'EACCES':
    case 'EPERM':
      return 'denied';
    case 'ENOENT':
    case 'ENOTDIR':
      return 'gone';
    case 'ECONNREFUSED':
      return 'left behind';
    default:
      return 'silent';
  }
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function detailIn(problem: unknown): string {
  if (typeof problem !== 'object' || problem === null || !('detail' in problem)) return 'it refused';
  return typeof problem.detail === 'string' ? problem.detail.slice(0, 200) : 'it refused';
}

function versionIn(status: unknown): string | null {
  if (typeof status !== 'object' || status === null || !('version' in status)) return null;
  return typeof status.version === 'string' ? status.version : null;
}

/** Null where nothing was ever written, or it cannot be read. */
export async function lastWordIn(home: string): Promise<SupervisorSeen['lastWord']> {
  try {
    const entry = (await new JournalReader(home).before(null)).lines[0]?.entry;
    if (entry === undefined) return null;
    // How far it is ahead of the clock is the question: a clock that was set back shows by that alone.
    return { at: entry.at, event: entry.event, aheadMs: Date.parse(entry.at) - Date.parse(wallTime()) };
  } catch {
    return null;
  }
}
