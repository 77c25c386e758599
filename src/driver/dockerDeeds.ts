/**
 * Tells Docker to restart, stop, end or start one container, once.
 * It never asks whether that is wise, never tries again, and proves nothing: what became of the container is seen by looking.
 */
import { readAnswer, type DockerAnswer } from './dockerAnswer.ts';
import type { DockerCalls } from './docker.ts';
import { messageIn, refusedBy, type Asked } from './dockerFailure.ts';

/** `kill` sends KILL to its first process. */
export type Deed = 'restart' | 'stop' | 'kill' | 'start';

/** `already`: it was so before. `gone`: there is no such container. */
export type DeedAnswer = 'done' | 'already' | 'gone';

/** Rejects with a DockerFailure when Docker refuses or does not answer in time. */
export async function doToContainer(
  calls: DockerCalls,
  deed: Deed,
  { id, stopTimeoutMs }: { readonly id: string; readonly stopTimeoutMs: number },
): Promise<DeedAnswer> {
  const path = `/containers/${encodeURIComponent(id)}/${deed}`;
  const { doing, allowedBy, isStopping } = DEEDS[deed];
  const asked: Asked = {
    what: `${doing} the container ${id.slice(0, 64)}`,
    allow: `POST /containers/ID/${deed} (${allowedBy}=1 of docker-socket-proxy)`,
  };
  const answer = await calls.ask({
    ...asked,
    op: deed,
    method: 'POST',
    path,
    // Nothing of a time for restart and stop: the container's own stop timeout counts.
    query: deed === 'kill' ? { signal: 'KILL' } : {},
    deadlineMs: isStopping ? stopTimeoutMs + STOP_MORE_MS : DEADLINE_MS,
    read: (given, reading) => readAnswer(given, { ...reading, mostBytes: LONGEST_ANSWER }),
  });
  return meaningOf(answer, { deed, id, asked });
}

/** The daemon takes up to 14 s more than the stop timeout to give up on a container that does not end; then comes the start. */
const STOP_MORE_MS = 30_000;
const DEADLINE_MS = 20_000;
const LONGEST_ANSWER = 1 << 16;

const DEEDS: Readonly<Record<Deed, { doing: string; allowedBy: string; isStopping: boolean }>> = {
  restart: { doing: 'restarting', allowedBy: 'ALLOW_RESTARTS', isStopping: true },
  stop: { doing: 'stopping', allowedBy: 'ALLOW_STOP', isStopping: true },
  kill: { doing: 'killing', allowedBy: 'ALLOW_RESTARTS', isStopping: false },
  start: { doing: 'starting', allowedBy: 'ALLOW_START', isStopping: false },
};

function meaningOf(
  { status, body }: DockerAnswer,
  { deed, id, asked }: { readonly deed: Deed; readonly id: string; readonly asked: Asked },
): DeedAnswer {
  if (status >= 200 && status <= 299) return 'done';
  if (status === 304) return 'already';
  // Not of another one, whose network it has joined.
  if (status === 404 && messageIn(body)?.includes(id) === true) return 'gone';
  if (status === 409 && deed === 'kill' && messageIn(body)?.includes('is not running') === true)
    return 'already';
  throw refusedBy(status, asked, body);
}
