/**
 * Asks Docker single questions, each under a time limit of its own and with a bound to the answer's size.
 * It repeats no question by itself, and has none that changes anything: dockerDeeds.ts has those.
 */
import type { IncomingMessage } from 'node:http';
import type { ContainerFacts } from '../detector/containerFacts.ts';
import { monoMs } from '../clock.ts';
import { containerFacts, objectIn } from './containerFacts.ts';
import { ContainerProcesses } from './containerProcess.ts';
import { jsonIn, readAnswer, type DockerAnswer, type Reading } from './dockerAnswer.ts';
import {
  DockerFailure,
  garbage,
  messageIn,
  refusedBy,
  tooLate,
  withoutAnswer,
  type Asked,
} from './dockerFailure.ts';
import { DockerClient, isOnThisMachine, type DockerTarget } from './dockerTarget.ts';
import { listedContainer, type ListedContainer } from './listedContainer.ts';

export type DockerOutcome = 'ok' | 'failed' | 'timeout';
export type OnDockerCall = (op: string, outcome: DockerOutcome, tookMs: number) => void;

export interface DockerVersion {
  readonly engine: string;
  readonly api: string;
}

/** Everything that an inspect gives, and what Garrison knows of a container by it. */
export interface Inspected {
  readonly facts: ContainerFacts;
  readonly json: Readonly<Record<string, unknown>>;
}

export interface Question<T> extends Asked {
  /** For the metrics. */
  readonly op: string;
  readonly method?: 'GET' | 'POST';
  readonly path: string;
  readonly query?: Readonly<Record<string, unknown>>;
  readonly deadlineMs?: number | undefined;
  /** Whatever its status is. */
  readonly read: (answer: IncomingMessage, reading: Reading) => Promise<T>;
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
    this.processes = new ContainerProcesses(isOnThisMachine(target));
    this.#client = new DockerClient(target);
    this.#onCall = onCall;
    this.#deadlineMs = deadlineMs;
  }

  async version(): Promise<DockerVersion> {
    const asked = { op: 'version', what: 'the question for its version' };
    const { Version: engine, ApiVersion: api } = objectIn(await this.json(asked, '/version'));
    if (typeof engine !== 'string' || typeof api !== 'string') throw garbage(asked.what, 'no version in it');
    return { engine: engine.slice(0, 100), api: api.slice(0, 100) };
  }

  /** All containers, running or not. */
  async list(): Promise<readonly ListedContainer[]> {
    const asked = { op: 'list', what: 'listing containers', query: { all: true }, mostBytes: 64 * MEGABYTE };
    const json = await this.json(asked, '/containers/json');
    if (!Array.isArray(json)) throw garbage(asked.what, 'no list');
    return json.map((entry) => listedContainer(entry)).filter((entry) => entry !== null);
  }

  /** Null: there is no such container. Takes an id or a name. */
  async inspect(id: string): Promise<ContainerFacts | null> {
    return (await this.inspectWhole(id))?.facts ?? null;
  }

  async inspectWhole(id: string, deadlineMs?: number): Promise<Inspected | null> {
    const what = `inspecting the container ${id.slice(0, 64)}`;
    const asked = { op: 'inspect', what, mostBytes: 8 * MEGABYTE, deadlineMs };
    const answer = await this.#whole(asked, `/containers/${encodeURIComponent(id)}/json`);
    if (answer.status === 404 && messageIn(answer.body) !== null) return null;
    const json = jsonOf(answer, asked);
    const facts = containerFacts(json, (pid, of) => this.processes.look(pid, of));
    if (typeof facts === 'string') throw garbage(what, facts);
    return { facts, json: objectIn(json) };
  }

  /** Of a question that Docker answers with JSON; rejects when it refuses. */
  async json(asked: JsonQuestion, path: string): Promise<unknown> {
    return jsonOf(await this.#whole(asked, path), asked);
  }

  /** Rejects with a DockerFailure, at the latest when its time is over. */
  async ask<T>(question: Question<T>): Promise<T> {
    if (this.#ended) throw ended();
    const { op, what, deadlineMs = this.#deadlineMs } = question;
    const startedMs = monoMs();
    const clock = new AbortController();
    const late = setTimeout(() => clock.abort(tooLate(this.target, what, deadlineMs)), deadlineMs);
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
      this.#onCall(op, outcome, monoMs() - startedMs);
    }
  }

  /** Whoever still waits for an answer gets a failure at once. */
  end(): void {
    this.#ended = true;
    for (const call of this.#underWay) call.abort(ended());
    this.#client.end();
  }

  async #fetch<T>({ method, path, query, what, read }: Question<T>, signal: AbortSignal): Promise<T> {
    const answer = await this.#client.open({ method: method ?? 'GET', path, query: query ?? {}, signal });
    return read(answer, { what, signal });
  }

  #whole({ mostBytes = MEGABYTE, ...asked }: JsonQuestion, path: string): Promise<DockerAnswer> {
    return this.ask({
      ...asked,
      path,
      read: (answer, reading) => readAnswer(answer, { ...reading, mostBytes }),
    });
  }
}

export interface JsonQuestion extends Asked, Pick<Question<unknown>, 'op' | 'query'> {
  readonly mostBytes?: number;
  readonly deadlineMs?: number | undefined;
}

function jsonOf(answer: DockerAnswer, asked: Asked): unknown {
  if (answer.status < 200 || answer.status > 299) throw refusedBy(answer.status, asked, answer.body);
  return jsonIn(answer, asked.what);
}

function ended(): DockerFailure {
  return new DockerFailure('ended', 'Garrison has ended its calls to Docker.');
}
