/**
 * Keeps on disk what can be seen of a worker just before it is killed: its blocked stack, its kernel state, its children, jobs and last lines.
 * It changes nothing of the worker but a pause of its main loop for some milliseconds, and never waits longer than its deadline.
 */
import { open, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Incarnation, JobInHand } from '../heartbeat.ts';
import { KEPT_ID } from '../queueName.ts';
import { childrenOf } from './children.ts';
import { keepIncident } from './incidentFile.ts';
import { seeProcess, type ProcessSeen } from './processSeen.ts';
import { logFileOf } from './retention.ts';

export interface AutopsyRequest {
  readonly homeDir: string;
  readonly worker: string;
  readonly incarnation: Incarnation;
  /** The verdict that leads to the kill. */
  readonly reason: string;
  /** RFC 3339. */
  readonly at: string;
  readonly jobs: readonly JobInHand[];
  readonly ssh: readonly { readonly jobId: string; readonly pid: number }[];
  readonly lastLines: readonly string[];
  /** The stack of the main loop, innermost first; null when the loop did not answer in time. */
  readonly stack: () => Promise<readonly string[] | null>;
}

/** A job that it held. What only its beats tell is null for a job that it took after the last of them. */
export interface JobSeen {
  readonly jobId: string;
  readonly takenAt: string | null;
  readonly heardAt: string | null;
  readonly sshPid: number | null;
  readonly lastLogLines: readonly string[];
}

export interface Autopsy {
  readonly worker: string;
  readonly incarnation: Incarnation;
  readonly reason: string;
  readonly at: string;
  readonly stack: readonly string[] | null;
  readonly process: ProcessSeen;
  readonly children: readonly ProcessSeen[];
  readonly jobs: readonly JobSeen[];
  readonly lastLines: readonly string[];
}

const LOG_TAIL_BYTES = 4 * 1024;
const LOG_LINES = 10;

/** Returns the name of the file under incidents/. Rejects when it could not be written. */
export async function performAutopsy(request: AutopsyRequest): Promise<string> {
  const { homeDir, worker, at, incarnation } = request;
  // The kernel's side first: the pause for the stack wakes the process.
  const seen = {
    process: seeProcess(incarnation.pid),
    children: childrenOf(incarnation.pid).map(seeProcess),
  };
  const jobs = await jobsOf(request);
  const { reason, lastLines } = request;
  const found: Autopsy = {
    worker,
    incarnation,
    reason,
    at,
    stack: await request.stack(),
    ...seen,
    jobs,
    lastLines,
  };
  const name = `${at.replaceAll(/[:.]/g, '-')}-${worker}-${String(incarnation.pid)}.json`;
  return keepIncident(homeDir, name, `${JSON.stringify(found, null, 2)}\n`);
}

/** The document as it was written; null when it is gone or is none. */
export async function readAutopsy(homeDir: string, file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(join(homeDir, 'incidents', basename(file)), 'utf8'));
  } catch {
    return null;
  }
}

/** By the word of its last beat, and of the ssh that it has started since. */
function jobsOf({ jobs, ssh, homeDir }: AutopsyRequest): Promise<JobSeen[]> {
  const ids = new Set([...jobs, ...ssh].map(({ jobId }) => jobId));
  // Its kept connections are no jobs; they are among the children.
  ids.delete(KEPT_ID);
  return Promise.all(
    [...ids].map(async (jobId) => {
      const told = jobs.find((job) => job.jobId === jobId);
      const sshPid = ssh.find((group) => group.jobId === jobId)?.pid ?? null;
      const lastLogLines = await lastLogLinesOf(homeDir, jobId).catch(() => []);
      return { jobId, takenAt: told?.takenAt ?? null, heardAt: told?.heardAt ?? null, sshPid, lastLogLines };
    }),
  );
}

async function lastLogLinesOf(homeDir: string, jobId: string): Promise<string[]> {
  return tail(logFileOf(homeDir, jobId));
}

async function tail(file: string): Promise<string[]> {
  const handle = await open(file, 'r');
  try {
    const { size } = await handle.stat();
    const start = Math.max(0, size - LOG_TAIL_BYTES);
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(LOG_TAIL_BYTES), 0, LOG_TAIL_BYTES, start);
    const lines = buffer.toString('utf8', 0, bytesRead).trimEnd().split('\n');
    return lines.slice(start > 0 ? 1 : 0).slice(-LOG_LINES);
  } finally {
    await handle.close();
  }
}
