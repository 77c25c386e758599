/**
 * A Docker that is only told of: so many running containers with health checks, served on a Unix socket as the Engine's API does.
 * It runs none of them; what it says of them follows from the clock, and their processes are this one and its parent.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { ScriptedContainer, type ContainerScript } from './scriptedContainer.ts';
import type { BenchContext } from './benchmark.ts';

export interface DockerScript {
  readonly socketPath: string;
  readonly containers: readonly ContainerScript[];
  /** A restart, a kill, a start takes so long. */
  readonly deedMs: number;
}

export class ScriptedDocker {
  /** Wall clock of each. */
  readonly restartsAtMs: number[] = [];
  readonly asked = new Map<string, number>();
  readonly #script: DockerScript;
  readonly #containers: ReadonlyMap<string, ScriptedContainer>;
  readonly #server: Server;
  readonly #followers = new Set<ServerResponse>();

  private constructor(script: DockerScript) {
    this.#script = script;
    const tell = (line: object): void => this.#tell(line);
    const all = script.containers.map((each) => new ScriptedContainer(each, tell));
    this.#containers = new Map(all.map((container) => [container.id, container]));
    this.#server = createServer((request, response) => this.#answer(request, response));
  }

  static async start(context: BenchContext, script: DockerScript): Promise<ScriptedDocker> {
    const docker = new ScriptedDocker(script);
    await new Promise<void>((resolve) => docker.#server.listen(script.socketPath, resolve));
    context.after(() => docker.#end());
    return docker;
  }

  /** Each of those that are scripted to fail does so from now on. */
  makeSick(): void {
    for (const container of this.#containers.values()) container.makeSick();
  }

  #tell(line: object): void {
    for (const follower of this.#followers) follower.write(`${JSON.stringify(line)}\n`);
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? '/', 'http://docker');
    const [, kind = '', id = '', what = ''] = url.pathname.replace(/^\/v[0-9.]+/, '').split('/');
    const isList = kind === 'containers' && id === 'json';
    const op = isList ? 'list' : kind === 'events' ? kind : what === 'json' ? 'inspect' : what;
    this.asked.set(op, (this.asked.get(op) ?? 0) + 1);
    const container = this.#containers.get(id);
    if (kind === 'events') this.#follow(response);
    else if (isList) say(response, 200, this.#list(url));
    else if (container === undefined) say(response, 404, { message: `No such container: ${id}` });
    else if (op === 'inspect') say(response, 200, container.inspected());
    else if (request.method === 'POST') this.#do(container, what, response);
    else say(response, 404, { message: 'page not found' });
  }

  /** Docker's own filter lets only events of health through, of those that Garrison asks for. */
  #follow(response: ServerResponse): void {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.flushHeaders();
    this.#followers.add(response);
    response.once('close', () => this.#followers.delete(response));
  }

  #list(url: URL): object {
    const { health } = JSON.parse(url.searchParams.get('filters') ?? '{}') as { health?: string[] };
    return [...this.#containers.values()]
      .filter((container) => health === undefined || health.includes(container.health()))
      .map((container) => container.listed());
  }

  #do(container: ScriptedContainer, deed: string, response: ServerResponse): void {
    if (deed === 'restart' || deed === 'kill') this.restartsAtMs.push(Date.now());
    setTimeout(() => {
      if (deed !== 'start') container.die();
      if (deed !== 'kill' && deed !== 'stop') container.begin();
      response.writeHead(204).end();
    }, this.#script.deedMs);
  }

  async #end(): Promise<void> {
    for (const container of this.#containers.values()) container.end();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

function say(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
