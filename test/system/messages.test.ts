/**
 * What a person is told of a real ghost by a running garrison: once, over a restart of garrison too, and that it is over.
 * The address is a secret, and is looked for wherever it might have been told.
 */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { ContainerView } from '../../src/supervisor/door.ts';
import { TestDockerd } from '../support/dockerd.ts';
import { importImage, runContainer, standInHealthCheck, standInScript } from '../support/dockerImages.ts';
import { Garrison } from '../support/garrison.ts';
import { makeGhost } from '../support/ghost.ts';
import { withParts, type Parts } from '../support/parts.ts';
import { makeTempHome } from '../support/tempHome.ts';
import { until } from '../support/until.ts';

const SECRET = 'only-they-know';

if (process.getuid?.() !== 0) {
  it('messages', { skip: 'only root can start a dockerd' }, () => undefined);
} else {
  describe('a message of a real ghost', () => {
    it('comes once, over a restart of garrison too, and so does the all clear', withParts(ofGhost));
  });
}

interface Message {
  readonly event: string;
  readonly what: string;
  readonly command: string;
}

async function ofGhost(parts: Parts): Promise<void> {
  const dockerd = await TestDockerd.start(parts);
  await importImage(dockerd.dockerode());
  const standIn = { healthy: 'from each start' } as const;
  const container = await runContainer(dockerd.dockerode(), {
    name: 'alone',
    script: standInScript(standIn),
    healthCheck: standInHealthCheck(standIn),
    networkMode: 'none',
    labels: {},
  });
  const { heard, port } = await startReceiver(parts);
  const home = makeTempHome();
  parts.after(() => home.remove());
  const urlFile = join(home.path, 'address');
  writeFileSync(urlFile, `http://127.0.0.1:${String(port)}/${SECRET}\n`, { mode: 0o600 });
  const start = (): Promise<Garrison> =>
    Garrison.start(parts, {
      home: home.path,
      config: `workers: { count: 1 }\ncontainers: { socket: ${dockerd.socketPath} }\nnotify: [ { urlFile: address } ]`,
    });
  const first = await start();
  await shownAs(first, 'healthy');
  const undo = await makeGhost(dockerd, container);
  const [begun] = await until('a person is told', () => heard.length > 0 && heard, { deadlineMs: 30_000 });
  assert.deepEqual(
    [begun?.event, begun?.what, begun?.command],
    ['begun', 'container alone is a ghost', 'garrison why container/alone'],
  );
  const counted = 'garrison_notifications_total{channel="plain-1",outcome="delivered"} 1';
  assert.ok((await first.text('/metrics')).includes(counted));
  assertSecret(first, (await first.cli('config', 'show')).stdout);
  assert.equal(await first.end(), 0);

  const second = await start();
  await shownAs(second, 'ghost');
  await undo();
  await shownAs(second, 'stopped');
  await until('the all clear', () => heard.some(({ event }) => event === 'over'), { deadlineMs: 30_000 });
  assert.deepEqual(
    heard.map(({ event, what }) => [event, what]),
    [
      ['begun', 'container alone is a ghost'],
      ['over', 'container alone is a ghost'],
    ],
  );
  assertSecret(second, (await second.cli('config', 'show', '-o', 'json')).stdout);
}

function assertSecret(garrison: Garrison, shown: string): void {
  assert.match(shown, /notify/);
  const journal = readFileSync(join(garrison.home, 'journal.jsonl'), 'utf8');
  for (const text of [shown, garrison.output, journal]) assert.ok(!text.includes(SECRET));
}

async function shownAs(garrison: Garrison, state: string): Promise<void> {
  await until(
    `it is ${state}`,
    async () => {
      const { items } = await garrison.api<{ items: ContainerView[] }>('GET', '/api/v1/containers');
      return items[0]?.state === state;
    },
    { deadlineMs: 40_000 },
  );
}

async function startReceiver(parts: Parts): Promise<{ heard: readonly Message[]; port: number }> {
  const heard: Message[] = [];
  const server = createServer((incoming, outgoing) => {
    let text = '';
    incoming.setEncoding('utf8').on('data', (part: string) => (text += part));
    incoming.on('end', () => {
      assert.equal(incoming.url, `/${SECRET}`);
      heard.push(JSON.parse(text) as Message);
      outgoing.end('{}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  parts.after(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return { heard, port: (server.address() as { port: number }).port };
}
