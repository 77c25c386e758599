/**
 * Asks Docker what only an examination needs: a container's processes, its exec sessions, and the daemon's own settings.
 * Each answer is bounded, and none of it is judged.
 */
import { objectIn, textIn } from './containerFacts.ts';
import type { DockerCalls, Inspected } from './docker.ts';
import { garbage } from './dockerFailure.ts';
import { messageOf } from '../errors.ts';
import { withoutSecrets } from './secretWords.ts';

export interface Top {
  readonly titles: readonly string[];
  readonly processes: readonly (readonly string[])[];
}

export interface ExecsSeen {
  readonly count: number;
  /** Sentences. */
  readonly gaps: readonly string[];
}

/** As Docker's host has them. */
export async function readTop(calls: DockerCalls, id: string, deadlineMs: number): Promise<Top> {
  const asked = {
    op: 'top',
    what: `listing the processes of the container ${id}`,
    allow: 'GET /containers/ID/top (CONTAINERS=1 of docker-socket-proxy)',
    query: { ps_args: '-eo pid,ppid,user,stat,etime,rss,args' },
    mostBytes: 4 << 20,
    deadlineMs,
  };
  const { Titles, Processes } = objectIn(
    await calls.json(asked, `/containers/${encodeURIComponent(id)}/top`),
  );
  if (!Array.isArray(Titles) || !Array.isArray(Processes)) throw garbage(asked.what, 'no list of processes');
  const row = (fields: unknown): readonly string[] =>
    (Array.isArray(fields) ? fields : [])
      .slice(0, MOST_FIELDS)
      .map((field) => withoutSecrets(textIn(field).split(' ')).slice(0, LONGEST_FIELD));
  return { titles: row(Titles), processes: Processes.slice(0, MOST_PROCESSES).map(row) };
}

/** Whether containers go on while the daemon is away; null when it does not say. */
export async function readLiveRestore(calls: DockerCalls, deadlineMs: number): Promise<boolean | null> {
  const asked = {
    op: 'info',
    what: 'the question for its settings',
    allow: 'GET /info (INFO=1 of docker-socket-proxy)',
    mostBytes: 4 << 20,
    deadlineMs,
  };
  const { LiveRestoreEnabled } = objectIn(await calls.json(asked, '/info'));
  return typeof LiveRestoreEnabled === 'boolean' ? LiveRestoreEnabled : null;
}

/** Sessions of `docker exec` that run. A health check runs as one, too, and is known by its command. */
export async function countExecs(
  calls: DockerCalls,
  { json }: Inspected,
  deadlineMs: number,
): Promise<ExecsSeen> {
  const all = Array.isArray(json.ExecIDs) ? json.ExecIDs.map(textIn).filter((id) => id !== '') : [];
  const asked = {
    op: 'execInspect',
    what: 'looking at an exec session',
    allow: 'GET /exec/ID/json (EXEC=1 of docker-socket-proxy)',
    deadlineMs,
  };
  const probe = probeCommand(json);
  const looks = all.slice(0, MOST_EXECS).map(async (id): Promise<'session' | 'none' | Error> => {
    try {
      const { Running, ProcessConfig } = objectIn(
        await calls.json(asked, `/exec/${encodeURIComponent(id)}/json`),
      );
      return Running === true && commandOf(ProcessConfig) !== probe ? 'session' : 'none';
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error));
    }
  });
  const seen = await Promise.all(looks);
  const [failure] = seen.filter((look) => look instanceof Error);
  const unknown = seen.filter((look) => look instanceof Error).length + all.length - seen.length;
  return {
    count: seen.filter((look) => look === 'session').length + unknown,
    gaps:
      failure === undefined
        ? []
        : [
            `Which of its ${String(all.length)} exec sessions are health checks cannot be told, so all of them are counted: ${messageOf(failure)}`,
          ],
  };
}

const MOST_PROCESSES = 500;
const MOST_FIELDS = 20;
const LONGEST_FIELD = 300;
const MOST_EXECS = 50;

function commandOf(config: unknown): string {
  const { entrypoint, arguments: rest } = objectIn(config);
  return JSON.stringify([entrypoint, ...(Array.isArray(rest) ? (rest as unknown[]) : [])]);
}

function probeCommand(json: Inspected['json']): string | null {
  const config = objectIn(json.Config);
  const { Test } = objectIn(config.Healthcheck);
  if (!Array.isArray(Test) || Test.length < 2) return null;
  const [kind, ...words] = Test as unknown[];
  if (kind !== 'CMD-SHELL') return JSON.stringify(words);
  const shell =
    Array.isArray(config.Shell) && config.Shell.length > 0 ? (config.Shell as unknown[]) : ['/bin/sh', '-c'];
  return JSON.stringify([...shell, ...words]);
}
