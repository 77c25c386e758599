/**
 * An alert on its whole way: a real Alertmanager, a running garrison, a real Docker.
 * What counts is how often the container was started, however often the alert was delivered.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, request, type Server } from 'node:http';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { AlertAnswer, ContainerView, OperationView } from '../../src/supervisor/door.ts';
import { TestDockerd } from '../support/dockerd.ts';
import {
  freePort,
  importImage,
  runContainer,
  standInHealthCheck,
  standInScript,
  startsOf,
} from '../support/dockerImages.ts';
import { Garrison } from '../support/garrison.ts';
import { withParts, type Parts } from '../support/parts.ts';
import { makeTempHome } from '../support/tempHome.ts';
import { until } from '../support/until.ts';

const DELIVERIES = 5;
const HOOK = '/api/v1/hooks/alertmanager';

if (process.getuid?.() !== 0) {
  it('alerts', { skip: 'only root can start a dockerd' }, () => undefined);
} else {
  describe('an alert that a real Alertmanager delivers', () => {
    it('five times restarts its container once, over a restart of garrison too', withParts(once));
  });
}

async function once(parts: Parts): Promise<void> {
  const dockerd = await TestDockerd.start(parts);
  await importImage(dockerd.dockerode());
  const standIn = { healthy: 'from each start' } as const;
  const container = await runContainer(dockerd.dockerode(), {
    name: 'core',
    script: standInScript(standIn),
    healthCheck: standInHealthCheck(standIn),
    networkMode: 'none',
    labels: {},
  });
  const pagePort = await freePort();
  const home = makeTempHome();
  parts.after(() => home.remove());
  const start = (): Promise<Garrison> => startGarrison(parts, { home: home.path, pagePort, dockerd });
  const first = await start();
  const made = await first.cli('token', 'create', 'alertmanager', '--scope', 'hook');
  assert.equal(made.exitCode, 0, made.stderr);
  const tap = await startTap(parts, pagePort);
  const alertmanager = await startAlertmanager(parts, { token: made.stdout.trim(), hookPort: tap.port });

  await alertmanager.post();
  await until('it is restarted', async () => (await startsOf(container)) === 2, { deadlineMs: 30_000 });
  await until('the operation is verified', async () => (await operations(first))[0]?.state === 'done', {
    deadlineMs: 30_000,
  });
  await until('it came again', () => tap.answers.length >= 2, { deadlineMs: 20_000 });
  assert.equal(await first.end(), 0);
  const second = await start();
  const heardBefore = tap.answers.length;
  await until(
    'it came five times, and once more to this life of garrison',
    async () => {
      await alertmanager.post();
      return tap.answers.length >= Math.max(DELIVERIES, heardBefore + 2);
    },
    { deadlineMs: 40_000, everyMs: 500 },
  );
  assert.equal(await startsOf(container), 2, 'it was restarted once');
  assert.deepEqual(await operations(second), []);
  const whats = tap.answers.map(({ what }) => what);
  assert.deepEqual(whats, ['done', ...whats.slice(1).map(() => 'duplicate')]);
  assert.equal(new Set(tap.answers.map(({ operation }) => operation)).size, 1);
  assert.deepEqual(
    audited(second).map(({ verb, target, actor }) => [verb, target, actor]),
    [['restart', 'container/core', 'alertmanager']],
  );
}

async function startGarrison(
  parts: Parts,
  { home, pagePort, dockerd }: { home: string; pagePort: number; dockerd: TestDockerd },
): Promise<Garrison> {
  const garrison = await Garrison.start(parts, {
    home,
    page: `127.0.0.1:${String(pagePort)}`,
    config: [
      'workers: { count: 1 }',
      `containers: { socket: ${dockerd.socketPath} }`,
      'hooks: { alertmanager: { actions: { CoreSick: restart } } }',
    ].join('\n'),
  });
  await until(
    'core is healthy',
    async () => {
      const { items } = await garrison.api<{ items: ContainerView[] }>('GET', '/api/v1/containers');
      return items.some(({ state }) => state === 'healthy');
    },
    { deadlineMs: 30_000 },
  );
  return garrison;
}

async function operations(garrison: Garrison): Promise<readonly OperationView[]> {
  return (await garrison.api<{ items: OperationView[] }>('GET', '/api/v1/operations')).items;
}

function audited(garrison: Garrison): readonly Record<string, unknown>[] {
  return readFileSync(join(garrison.home, 'journal.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .filter(({ event }) => event === 'operation');
}

/** Stands between the two and writes down what garrison answered. */
async function startTap(
  parts: Parts,
  pagePort: number,
): Promise<{ port: number; answers: readonly AlertAnswer[] }> {
  const answers: AlertAnswer[] = [];
  const server = createServer((incoming, outgoing) => {
    const headers = { ...incoming.headers, host: `127.0.0.1:${String(pagePort)}` };
    const { method } = incoming;
    const passed = request({ host: '127.0.0.1', port: pagePort, path: HOOK, method, headers }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (part: string) => (text += part));
      answer.on('end', () => {
        if (answer.statusCode === 200) answers.push(...(JSON.parse(text) as { items: AlertAnswer[] }).items);
        outgoing.writeHead(answer.statusCode ?? 502).end(text);
      });
    });
    // As while garrison is being started again.
    passed.on('error', () => outgoing.writeHead(503).end());
    incoming.pipe(passed);
  });
  return { port: await listening(parts, server), answers };
}

async function listening(parts: Parts, server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  parts.after(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

async function startAlertmanager(
  parts: Parts,
  { token, hookPort }: { token: string; hookPort: number },
): Promise<{ post: () => Promise<void> }> {
  const folder = makeTempHome();
  const port = await freePort();
  const config = join(folder.path, 'alertmanager.yml');
  const tokenFile = join(folder.path, 'token');
  writeFileSync(tokenFile, token, { mode: 0o600 });
  writeFileSync(config, configuration(hookPort, tokenFile));
  const child = spawn(
    'prometheus-alertmanager',
    [
      `--config.file=${config}`,
      `--storage.path=${join(folder.path, 'data')}`,
      `--web.listen-address=127.0.0.1:${String(port)}`,
      '--cluster.listen-address=',
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let log = '';
  child.stderr.on('data', (data: Buffer) => (log += data.toString()));
  const exited = new Promise((resolve) => child.once('exit', resolve));
  parts.after(async () => {
    child.kill('SIGTERM');
    await exited;
    folder.remove();
  });
  const url = `http://127.0.0.1:${String(port)}`;
  await until(
    'Alertmanager answers',
    async () => {
      if (child.exitCode !== null) throw new Error(log);
      return (await fetch(`${url}/-/ready`)).ok;
    },
    { deadlineMs: 20_000 },
  );
  const body = JSON.stringify([{ labels: { alertname: 'CoreSick', container: 'core' } }]);
  const post = async (): Promise<void> => {
    const headers = { 'content-type': 'application/json' };
    const answer = await fetch(`${url}/api/v2/alerts`, { method: 'POST', headers, body });
    assert.ok(answer.ok, await answer.text());
  };
  return { post };
}

/** As in README, but for the short times. */
function configuration(hookPort: number, tokenFile: string): string {
  return `
route:
  receiver: garrison
  group_by: [alertname, container]
  group_wait: 0s
  group_interval: 1s
  repeat_interval: 1s
receivers:
  - name: garrison
    webhook_configs:
      - url: http://127.0.0.1:${String(hookPort)}${HOOK}
        send_resolved: false
        max_alerts: 100
        http_config:
          authorization: { credentials_file: ${tokenFile} }
`;
}
