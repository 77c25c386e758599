/**
 * Opens single requests to one Docker daemon, through dockerode's own options and transport.
 * It judges no answer and sets no time limit: it gives every answer as it comes, whatever its status.
 */
import { readFileSync } from 'node:fs';
import { Agent, type ClientRequest, type IncomingMessage } from 'node:http';
import { Agent as TlsAgent } from 'node:https';
import { join } from 'node:path';
import { inspect } from 'node:util';
import Dockerode from 'dockerode';
import { sshWay, type SshTarget } from './dockerSsh.ts';

export type DockerTarget =
  | { readonly kind: 'socket'; readonly path: string }
  /** `tcp://` or `https://`; a certPath holds ca.pem, cert.pem and key.pem. */
  | { readonly kind: 'host'; readonly url: string; readonly certPath: string | null }
  | SshTarget;

export interface DockerRequest {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly query: Readonly<Record<string, unknown>>;
  readonly signal: AbortSignal;
}

/** For people; nothing of a password that stands in the address. */
export function describeDockerTarget(target: DockerTarget): string {
  if (target.kind === 'socket') return target.path;
  const { protocol, host, username } = addressOf(target.url);
  return `${protocol}//${username === '' ? '' : `${username}@`}${host}`;
}

/** Then its containers' processes are in our /proc. */
export function isOnThisMachine(target: DockerTarget): boolean {
  return target.kind === 'socket';
}

export class DockerClient {
  readonly #target: DockerTarget;
  #opened: Opened | null = null;

  constructor(target: DockerTarget) {
    this.#target = target;
  }

  /** Settles at the latest when the signal fires; dockerode's own promises need not. */
  open({ method, path, query, signal }: DockerRequest): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const abort = (): void => reject(signal.reason as Error);
      signal.addEventListener('abort', abort, { once: true });
      const opened = this.#open();
      opened.dial(
        {
          path: `${path}?`,
          method,
          // A body that is empty is left out; without the two names the query would be sent as one, too.
          options: { _query: query, _body: {} },
          isStream: true,
          statusCodes: EVERY_STATUS,
          abortSignal: signal,
        },
        (error, answer) => {
          signal.removeEventListener('abort', abort);
          if (answer === null) {
            reject(this.#refusal() ?? error ?? new Error('no answer'));
            return;
          }
          // Whoever reads it listens, too; until then nothing may be thrown.
          answer.on('error', () => undefined);
          if (signal.aborted) answer.destroy();
          resolve(answer);
        },
      );
    });
  }

  /** Of a host whose key is not known; the next try begins anew, since it may be known by then. */
  #refusal(): Error | null {
    const refusal = this.#opened?.refusal() ?? null;
    if (refusal === null) return null;
    this.end();
    return new Error(refusal);
  }

  /** Ends what is under way, too. */
  end(): void {
    this.#opened?.agent.destroy();
    this.#opened = null;
  }

  /** At the first request, not before: certificates may be missing, and that is for the request to say. */
  #open(): Opened {
    if (this.#opened !== null) return this.#opened;
    const { agent, refusal = () => null, ...options } = optionsFor(this.#target);
    // Its types do not know of the agent.
    const all = { ...NOTHING_FROM_THE_ENVIRONMENT, ...options, agent };
    const dialler = new Dockerode(all).modem as { dial: Dial };
    this.#opened = { dial: (request, given) => dialler.dial(request, given), agent, refusal };
    return this.#opened;
  }
}

type Dial = (request: object, given: (error: Error | null, answer: IncomingMessage | null) => void) => void;
type Refusal = () => string | null;
interface Opened {
  readonly dial: Dial;
  readonly agent: Agent;
  readonly refusal: Refusal;
}
type Options = Omit<Dockerode.DockerOptions, 'agent' | 'sshOptions'> & {
  readonly agent: Agent;
  readonly sshOptions?: object;
  readonly refusal?: Refusal;
};

/** A connection for each request: one kept open would be found dead only by a request that waits for nothing. */
const AGENT_OPTIONS = { keepAlive: false };

/** docker-modem throws away the status of what it takes for a failure, and reads its body without end. */
const EVERY_STATUS = Object.fromEntries(Array.from({ length: 500 }, (_, index) => [index + 100, true]));

/** docker-modem would mix DOCKER_HOST and its kind into a target that was chosen already. */
const NOTHING_FROM_THE_ENVIRONMENT = {
  socketPath: undefined,
  host: undefined,
  port: undefined,
  username: undefined,
  protocol: 'http',
  ca: undefined,
  cert: undefined,
  key: undefined,
  timeout: undefined,
} as const;

function optionsFor(target: DockerTarget): Options {
  if (target.kind === 'socket')
    return { socketPath: target.path, agent: withoutRedirects(new Agent(AGENT_OPTIONS)) };
  // docker-modem connects by an agent of its own for each request.
  if (target.kind === 'ssh') return { ...sshWay(target), protocol: 'ssh', agent: new Agent(AGENT_OPTIONS) };
  const { protocol, hostname, port } = addressOf(target.url);
  const secure = protocol === 'https:' || target.certPath !== null;
  return {
    host: hostname,
    port: port || (secure ? 2376 : 2375),
    protocol: secure ? 'https' : 'http',
    ...(target.certPath === null ? {} : certificatesIn(target.certPath)),
    agent: withoutRedirects(secure ? new TlsAgent(AGENT_OPTIONS) : new Agent(AGENT_OPTIONS)),
  };
}

function addressOf(url: string): URL {
  const address = new URL(url);
  if (!['tcp:', 'http:', 'https:', 'ssh:'].includes(address.protocol))
    throw new Error(
      `the address ${address.protocol}//${address.host} of Docker is none of tcp://, https:// and ssh://`,
    );
  return address;
}

function certificatesIn(folder: string): Pick<Dockerode.DockerOptions, 'ca' | 'cert' | 'key'> {
  const read = (name: string): Buffer => readFileSync(join(folder, name));
  return { ca: read('ca.pem'), cert: read('cert.pem'), key: read('key.pem') };
}

/** docker-modem follows one by a request whose failure nobody listens to, which ends the process; Docker sends none. */
function withoutRedirects<T extends Agent>(agent: T): T {
  const own = agent as unknown as { addRequest: (request: ClientRequest, ...rest: unknown[]) => void };
  const add = own.addRequest.bind(agent);
  own.addRequest = (request, ...rest) => {
    request.prependListener('response', (answer) => delete answer.headers.location);
    add(request, ...rest);
  };
  // docker-modem writes each request out for a debug log that nobody reads, with every socket of the agent: 15 ms of a core.
  Object.defineProperty(agent, inspect.custom, { value: () => 'Agent' });
  return agent;
}
