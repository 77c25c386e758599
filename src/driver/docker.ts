/**
 * Asks Docker single questions, each under a time limit of its own and with a bound to the answer's size.
 * It changes nothing in Docker, and repeats no question by itself.
 */
import type { IncomingMessage } from 'node:http';
import type { ContainerFacts } from '../detector/containerFacts.ts';
import { monoMs } from '../clock.ts';
import { containerFacts, objectIn } from './containerFacts.ts';
import { ContainerProcesses } from './containerProcess.ts';
import { DockerFailure, garbage, messageIn, refusedBy, tooLate, withoutAnswer } from './dockerFailure.ts';
import { DockerClient, type DockerTarget } from './dockerTarget.ts';
import { listedContainer, type ListedContainer } from './listedContainer.ts';

export type DockerOutcome = 'ok' | 'failed' | 'timeout';
export type OnDockerCall = (op: string, outcome: DockerOutcome, tookMs: number) => void;

export interface DockerVersion {
  readonly engine: string;
  readonly api: string;
}

const DEADLINE_MS = 10_000;
const MEGABYTE = 1 << 20;

export class DockerCalls {
  readonly target: DockerTarget;
  /** What the host's /proc says of containers' processes. */
  readonly processes: ContainerProcesses;
  readonly #client: DockerClient;
  readonly #onCall: OnDockerCall;
  readonly #deadlineMs: number;
  readonly #underWay = new Set<AbortController>();
  #ended = false;

  constructor(
    target: DockerTarget,
    onCall: OnDockerCall = () => undefined,
    deadlineMs: number = DEADLINE_MS,
  ) {
    this.target = target;
    this.processes = new ContainerProcesses(target.kind === 'socket');
    this.#client = new DockerClient(target);
    this.#onCall = onCall;
    this.#deadlineMs = deadlineMs;
  }

  async version(): Promise<DockerVersion> {
    const what = 'the question for its version';
    const { json } = await this.#ask({ op: 'version', what, path: '/version', mostBytes: MEGABYTE });
    const { Version: engine, ApiVersion: api } = objectIn(json);
    if (typeof engine !== 'string' || typeof api !== 'string') throw garbage(what, 'no version in it');
    return { engine: engine.slice(0, 100), api: api.slice(0, 100) };
  }

  /** All containers, running or not. */
  async list(): Promise<readonly ListedContainer[]> {
    const what = 'listing containers';
    const query = { all: true };
    const { json } = await this.#ask({
      op: 'list',
      what,
      path: '/containers/json',
      query,
      mostBytes: 64 * MEGABYTE,
    });
    if (!Array.isArray(json)) throw garbage(what, 'no list');
    return json.map((entry) => listedContainer(entry)).filter((entry) => entry !== null);
  }

  /** Null: there is no such container. Takes an id or a name. */
  async inspect(id: string): Promise<ContainerFacts | null> {
    const what = `inspecting the container ${id.slice(0, 64)}`;
    const path = `/containers/${encodeURIComponent(id)}/json`;
    const { status, json } = await this.#ask({ op: 'inspect', what, path, mostBytes: 8 * MEGABYTE });
    if (status === 404) return null;
    const answer = containerFacts(json, (pid, of) => this.processes.look(pid, of));
    if (typeof answer === 'string') throw garbage(what, answer);
    return answer;
  }

  /** Whoever still waits for an answer gets a failure at once. */
  end(): void {
    this.#ended = true;
    for (const call of this.#underWay) call.abort(ended());
    this.#client.end();
  }

  async #ask(question: Question): Promise<Answer> {
    if (this.#ended) throw ended();
    const startedMs = monoMs();
    const clock = new AbortController();
    const late = setTimeout(
      () => clock.abort(tooLate(this.target, question.what, this.#deadlineMs)),
      this.#deadlineMs,
    );
    this.#underWay.add(clock);
    let outcome: DockerOutcome = 'failed';
    try {
      const answer = await this.#fetch(question, clock.signal);
      outcome = 'ok';
      return answer;
    } catch (error) {
      const failure = withoutAnswer(this.target, clock.signal.aborted ? clock.signal.reason : error);
      if (failure.trouble === 'too late') outcome = 'timeout';
      throw failure;
    } finally {
      clearTimeout(late);
      this.#underWay.delete(clock);
      this.#onCall(question.op, outcome, monoMs() - startedMs);
    }
  }

  async #fetch({ what, path, query = {}, mostBytes, op }: Question, signal: AbortSignal): Promise<Answer> {
    const answer = await this.#client.get({ path, query, signal });
    const status = answer.statusCode ?? 0;
    const body = await readBody(answer, { mostBytes, what, signal });
    if (status === 404 && op === 'inspect' && messageIn(body) !== null) return { status, json: null };
    if (status < 200 || status > 299) throw refusedBy(status, what, body);
    return { status, json: parsed(body, what) };
  }
}

interface Question {
  readonly op: string;
  /** As in "Docker forbids …". */
  readonly what: string;
  readonly path: string;
  readonly query?: Readonly<Record<string, unknown>>;
  readonly mostBytes: number;
}

interface Answer {
  readonly status: number;
  readonly json: unknown;
}

function ended(): DockerFailure {
  return new DockerFailure('ended', 'Garrison has ended its calls to Docker.');
}

/** An answer that breaks off says so by `aborted` or `close` alone, when it says anything. */
function readBody(
  answer: IncomingMessage,
  {
    mostBytes,
    what,
    signal,
  }: { readonly mostBytes: number; readonly what: string; readonly signal: AbortSignal },
): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const giveUp = (error: Error): void => {
      signal.removeEventListener('abort', abort);
      answer.destroy();
      reject(error);
    };
    const abort = (): void => giveUp(signal.reason as Error);
    signal.addEventListener('abort', abort, { once: true });
    answer.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > mostBytes) giveUp(garbage(what, `more than ${String(mostBytes)} bytes`));
      else chunks.push(chunk);
    });
    answer.on('error', giveUp);
    answer.on('close', () => giveUp(new Error('it closed the connection in the middle of its answer')));
    answer.on('end', () => {
      signal.removeEventListener('abort', abort);
      resolve(Buffer.concat(chunks).toString('utf8'));
    });
    if (signal.aborted) abort();
  });
}

function parsed(body: string, what: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    throw garbage(what, body);
  }
}
