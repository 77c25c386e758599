/**
 * What tests of treatments are made of: containers of a real Docker that the hands see, and a scripted Docker with one made-up container.
 * It treats nothing.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import type { ContainerFacts } from '../../src/detector/containerFacts.ts';
import { TestHands } from './containerHands.ts';
import { TestDockerd } from './dockerd.ts';
import { importImage, runContainer } from './dockerImages.ts';
import type { Parts } from './parts.ts';
import { makeTempHome } from './tempHome.ts';
import { until } from './until.ts';

export const MADE_UP_ID = 'c'.repeat(64);

export interface World {
  readonly dockerd: TestDockerd;
  readonly hands: TestHands;
}

export async function world(parts: Parts, liveRestore = false): Promise<World> {
  const dockerd = await TestDockerd.start(parts, { liveRestore });
  await importImage(dockerd.dockerode());
  return { dockerd, hands: TestHands.onSocket(parts, dockerd.socketPath) };
}

export async function run(
  { dockerd, hands }: World,
  request: Parameters<typeof runContainer>[1],
): Promise<ContainerFacts> {
  const { id } = await runContainer(dockerd.dockerode(), { networkMode: 'none', ...request });
  await until('it is seen running', () => hands.seen.get(id)?.status === 'running');
  return hands.life(id);
}

export type Answerer = (request: IncomingMessage, response: ServerResponse) => void;

/** A Docker that has one container and answers as told. */
export async function scripted(parts: Parts, answer: Answerer): Promise<string> {
  const home = makeTempHome();
  const path = join(home.path, 'd');
  const server = createServer((request, response) => {
    const url = request.url ?? '';
    if (url.startsWith('/containers/json'))
      response.end(
        JSON.stringify([{ Id: MADE_UP_ID, Names: ['/one'], State: 'running', Status: 'Up 3 hours' }]),
      );
    else if (url.startsWith('/events')) response.flushHeaders();
    else answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  parts.after(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    home.remove();
  });
  return path;
}

export function inspected(status = 'running'): string {
  const State = {
    Status: status,
    Running: status === 'running',
    Pid: 0,
    StartedAt: '2026-01-01T00:00:00Z',
  };
  return JSON.stringify({ Id: MADE_UP_ID, Name: '/one', State });
}
