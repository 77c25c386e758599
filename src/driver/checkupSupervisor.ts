/**
 * Looks for a checkup at the supervisor of a home folder from outside: its door, its lock, its process, its last words.
 * It takes no lock and sends no signal.
 */
import { lstatSync, readFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { wallTime } from '../clock.ts';
import { messageOf } from '../errors.ts';
import type { ControlDoor } from '../home.ts';
import { readProcStat } from '../proc.ts';
import type { Part, SupervisorSeen } from '../reconciler/checkup.ts';
import { seen, unseen } from './checkupPart.ts';
import { JournalReader } from './journalReader.ts';

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
    status: knock.status,
  });
}

/** Of the process that holds the lock of the home folder; null when nobody does, or it cannot be seen. */
export function supervisorPidOf(home: string): number | null {
  const { holder } = lockOf(home);
  return holder === 0 ? null : holder;
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

interface Lock {
  /** 0 where its pid cannot be seen. */
  readonly holder: number | null;
  /** What the file says; null when it says nothing. */
  readonly text: string | null;
}

/** As the kernel lists it: trying the lock would take it from a supervisor that starts at this very moment. */
function lockOf(home: string): Lock {
  const file = join(home, 'supervisor.lock');
  try {
    const text = readFileSync(file, 'utf8').trim().slice(0, 100);
    const { ino } = lstatSync(file);
    const holder = holderIn(readFileSync('/proc/locks', 'utf8'), ino, Number(text));
    return { holder, text: text === '' ? null : text };
  } catch {
    return { holder: null, text: null };
  }
}

/** Inodes are only unique on one device, which some file systems number otherwise in this list: the pid decides between several. */
function holderIn(locks: string, inode: number, writtenPid: number): number | null {
  const pids = [...locks.matchAll(/^\d+: FLOCK +ADVISORY +WRITE +(-?\d+) [0-9a-f]+:[0-9a-f]+:(\d+) /gm)]
    .filter(([, , number]) => Number(number) === inode)
    .map(([, pid]) => Math.max(0, Number(pid)));
  return pids.find((pid) => pid === writtenPid) ?? pids[0] ?? null;
}

async function lastWordIn(home: string): Promise<SupervisorSeen['lastWord']> {
  try {
    const entry = (await new JournalReader(home).before(null)).lines[0]?.entry;
    if (entry === undefined) return null;
    // How far it is ahead of the clock is the question: a clock that was set back shows by that alone.
    return { at: entry.at, event: entry.event, aheadMs: Date.parse(entry.at) - Date.parse(wallTime()) };
  } catch {
    return null;
  }
}
