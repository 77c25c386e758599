/**
 * Says in plain words why a call to Docker came to nothing, and what to do about it.
 * It never carries more of an answer than 200 characters, and decides nothing.
 */
import { messageOf } from '../errors.ts';
import { describeDockerTarget, type DockerTarget } from './dockerTarget.ts';

export type DockerTrouble =
  | 'no socket'
  | 'not permitted'
  | 'unreachable'
  /** The connection was lost after the question: whether Docker has heard it is not known. */
  | 'broken off'
  | 'forbidden'
  | 'refused'
  | 'too late'
  | 'garbage'
  | 'ended';

/** What Docker is asked for, and what a proxy before it must let through. */
export interface Asked {
  /** As in "Docker forbids …". */
  readonly what: string;
  /** Such as `POST /containers/ID/restart (ALLOW_RESTARTS=1 of docker-socket-proxy)`. */
  readonly allow?: string;
}

export class DockerFailure extends Error {
  readonly trouble: DockerTrouble;

  constructor(trouble: DockerTrouble, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'DockerFailure';
    this.trouble = trouble;
  }
}

/** Of a request that got no answer. */
export function withoutAnswer(target: DockerTarget, error: unknown): DockerFailure {
  if (error instanceof DockerFailure) return error;
  const where = safely(target);
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ENOENT' && target.kind === 'socket')
    return new DockerFailure(
      'no socket',
      `Docker has no socket at ${where}. Install or start Docker, or name its socket with containers.socket in garrison.yaml.`,
      error,
    );
  if (code === 'EACCES' || code === 'EPERM')
    return new DockerFailure(
      'not permitted',
      `The socket of Docker, ${where}, may not be opened by the user that Garrison runs as (${code}). Run Garrison as root or add that user to the group docker.`,
      error,
    );
  if (code === 'ECONNREFUSED')
    return new DockerFailure(
      'unreachable',
      `Docker does not answer at ${where}: nobody listens there (ECONNREFUSED). Look at systemctl status ${target.kind === 'ssh' ? 'ssh' : 'docker'}.`,
      error,
    );
  const isBrokenOff = code === 'ECONNRESET' || code === 'EPIPE';
  // What the other side has said of it is lost.
  const hint =
    isBrokenOff && target.kind === 'ssh'
      ? ' Over SSH the host needs the command docker system dial-stdio.'
      : '';
  return new DockerFailure(
    isBrokenOff ? 'broken off' : 'unreachable',
    `Docker did not answer at ${where}: ${cut(messageOf(error))}.${hint}`,
    error,
  );
}

/** Of an answer that breaks off before its end. */
export function brokenOff(): Error {
  const message = 'it closed the connection in the middle of its answer';
  return Object.assign(new Error(message), { code: 'ECONNRESET' });
}

/** Of an answer that is none of 200 to 299. */
export function refusedBy(status: number, { what, allow }: Asked, body: string): DockerFailure {
  const said = saidIn(body);
  if (status === 401 || status === 403)
    return new DockerFailure(
      'forbidden',
      `Docker, or a proxy before its socket, forbids ${what} (answer ${String(status)}${said}). Allow ${allow ?? 'it'} there.`,
    );
  return new DockerFailure('refused', `Docker answered ${what} with ${String(status)}${said}.`);
}

export function tooLate(target: DockerTarget, what: string, deadlineMs: number): DockerFailure {
  return new DockerFailure(
    'too late',
    `Docker at ${safely(target)} did not answer ${what} within ${String(deadlineMs)} ms.`,
  );
}

export function garbage(what: string, detail: string): DockerFailure {
  return new DockerFailure(
    'garbage',
    `Docker answered ${what} with something that is no such answer: ${cut(detail)}.`,
  );
}

/** `: TEXT`, of Docker's own message or what else came; empty when nothing did. */
function saidIn(body: string): string {
  const text = cut(messageIn(body) ?? body);
  return text === '' ? '' : `: ${text}`;
}

/** What Docker says of a refusal; null when it is no answer of Docker's. */
export function messageIn(body: string): string | null {
  try {
    const answer: unknown = JSON.parse(body);
    if (typeof answer !== 'object' || answer === null || !('message' in answer)) return null;
    return typeof answer.message === 'string' ? answer.message : null;
  } catch {
    return null;
  }
}

/** One line, with nothing in it that a terminal would obey. */
function cut(text: string): string {
  return text
    .slice(0, 1000)
    .replace(/[\p{C}\s]+/gu, ' ')
    .trim()
    .replace(/\.$/, '')
    .slice(0, LONGEST_QUOTE);
}

/** Docker's own are shorter; that a host's key is not known, and what to do, is not. */
const LONGEST_QUOTE = 300;

function safely(target: DockerTarget): string {
  try {
    return describeDockerTarget(target);
  } catch {
    return 'the configured address';
  }
}
