/**
 * The incident as the doctor sees it: compose v1, a sick core, those behind it, zombies, a live session, and no supervisor.
 * What it advises is then done by copy and paste, and must cure it without cutting that session.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { promisify } from 'node:util';
import { readProcStat } from '../../src/proc.ts';
import type { Finding, FindingCode } from '../../src/reconciler/finding.ts';
import { ComposeProject, type ComposeService } from '../support/compose.ts';
import { TestDockerd } from '../support/dockerd.ts';
import {
  freePort,
  importImage,
  openSession,
  runContainer,
  setHealthy,
  startsOf,
  untilHealth,
  type StandIn,
} from '../support/dockerImages.ts';
import { Garrison, runCommand } from '../support/garrison.ts';
import { withParts, type Parts } from '../support/parts.ts';
import { makeTempHome } from '../support/tempHome.ts';
import { until } from '../support/until.ts';

const DEPENDENTS = ['celery', 'koko', 'nginx'];
const ORDER = 'dependsOn: { celery: [core], koko: [core], nginx: [core] }';

if (process.getuid?.() !== 0) {
  it('the doctor', { skip: 'only root can start a dockerd' }, () => undefined);
} else {
  describe('the doctor', () => {
    it('names the cause of the incident, what is harmless, and the step that cures it', withParts(incident));
  });
}

const LATER = { deadlineMs: 60_000 };

interface Report {
  readonly sentence: string;
  readonly items: readonly Finding[];
  readonly well: readonly string[];
}

async function incident(parts: Parts): Promise<void> {
  const dockerd = await TestDockerd.start(parts);
  await importImage(dockerd.dockerode());
  const { project, kokoPort } = await startProject(dockerd);
  // The first process waits for nobody, and what its shells leave behind is left to it.
  const script = 'for one in 1 2 3; do (sleep 1 &); done; exec sleep 1000';
  await runContainer(dockerd.dockerode(), { name: 'leaky', script, networkMode: 'none' });
  const session = await openSession(kokoPort);
  parts.after(() => session.close());
  await setHealthy(project.container('core'), false);
  await allAre(project, 'unhealthy');
  const home = homeWith(parts, `containers: { socket: ${dockerd.socketPath}, ${ORDER} }\n`);

  const text = await until(
    'the zombies are seen',
    async () => {
      const { stdout } = await runCommand(['--home', home, 'doctor']);
      return /There are \d+ zombies/.test(stdout) && stdout.startsWith('jms_core') ? stdout : null;
    },
    LATER,
  );
  assert.match(text, /^jms_core is unhealthy since \S+: its\s+health\s+check\s+failed/);
  assert.match(text, /Do\s+not\s+kill\s+them\s+or\s+their\s+parents/);
  assert.match(text, /jms_celery, jms_koko, jms_nginx depend on it and wait/);

  const { sentence, items } = await report(home, 'InitMissing');
  const [core] = items;
  assert.equal(core?.code, 'ContainerUnhealthy');
  assert.equal(core.what, sentence.replace(/ \(and .*$/, ''));
  assert.equal(core.next, `docker -H ${dockerd.url} restart jms_core`);
  assert.match(core.evidence.join(' '), /would drop 1 live session besides: 1 in jms_koko/);
  assert.equal(items.filter(({ code }) => code === 'ContainerUnhealthy').length, 1);
  assert.match(items.find(({ code }) => code === 'ContainersWaiting')?.harmless ?? '', /Leave them alone/);
  assert.match(items.find(({ code }) => code === 'InitMissing')?.what ?? '', /leaky/);
  assert.ok(items.some(({ code }) => code === 'LiveRestoreOff'));

  await withSupervisor(parts, { home, dockerd });

  await promisify(execFile)('sh', ['-c', core.next]);
  await allAre(project, 'healthy');
  assert.ok(session.isOpen(), 'the session in koko goes on');
  for (const service of DEPENDENTS) assert.equal(await startsOf(project.container(service)), 1);
  const cured = await report(home, null);
  assert.ok(!cured.items.some(({ code }) => code.startsWith('Container')), JSON.stringify(cured.items));
}

/** While one answers, the healing is its; stopped by a signal it is named as such, and it is not blamed for being down. */
async function withSupervisor(
  parts: Parts,
  { home, dockerd }: { home: string; dockerd: TestDockerd },
): Promise<void> {
  const garrison = await Garrison.start(parts, {
    home,
    config: `workers: { count: 1 }\ncontainers: { socket: ${dockerd.socketPath}, ${ORDER} }`,
  });
  const up = await until(
    'the supervisor answers the doctor',
    async () => {
      const seen = await report(home, 'ContainerUnhealthy');
      return seen.well
        .concat(seen.items.map(({ code }) => code))
        .some((each) => /^The supervisor answers|SupervisorSays/.test(each))
        ? seen
        : null;
    },
    LATER,
  );
  assert.match(
    up.items.find(({ code }) => code === 'ContainerUnhealthy')?.next ?? '',
    /garrison .*heal jms_core$/,
  );
  assert.ok(!up.items.some(({ code }) => code === 'SupervisorAway' || code === 'LockLeft'));
  process.kill(garrison.pid, 'SIGSTOP');
  await until('it stands still', () => readProcStat(garrison.pid)?.state === 'T');
  const stopped = await report(home, 'SupervisorStopped');
  process.kill(garrison.pid, 'SIGCONT');
  const finding = stopped.items.find(({ code }) => code === 'SupervisorStopped');
  assert.match(finding?.what ?? '', new RegExp(`pid ${String(garrison.pid)}\\) was stopped by a signal`));
  assert.match(stopped.items[0]?.next ?? '', /^docker -H .* restart jms_core$/);
  await garrison.end();
  const away = (await report(home, 'SupervisorAway')).items.find(({ code }) => code === 'SupervisorAway');
  assert.match(away?.evidence.join(' ') ?? '', /Its journal ends at/);
}

async function startProject(dockerd: TestDockerd): Promise<{ project: ComposeProject; kokoPort: number }> {
  const [corePort, kokoPort] = [await freePort(), await freePort()];
  const behindCore = (more: Partial<StandIn> = {}): ComposeService => ({
    standIn: { healthy: { whileHealthy: corePort }, ...more },
    dependsOn: ['core'],
  });
  const services = {
    core: { containerName: 'jms_core', standIn: { healthy: 'from each start', answersAt: corePort } },
    celery: { containerName: 'jms_celery', ...behindCore() },
    koko: { containerName: 'jms_koko', ...behindCore({ answersAt: kokoPort }) },
    nginx: { containerName: 'jms_nginx', ...behindCore() },
  } as const;
  const project = new ComposeProject(dockerd, { name: 'jms', services });
  const started = await project.up();
  assert.equal(started.exitCode, 0, started.stderr);
  await allAre(project, 'healthy');
  return { project, kokoPort };
}

async function allAre(project: ComposeProject, health: 'healthy' | 'unhealthy'): Promise<void> {
  await Promise.all(['core', ...DEPENDENTS].map((name) => untilHealth(project.container(name), health)));
}

function homeWith(parts: Parts, settings: string): string {
  const home = makeTempHome();
  const { path } = home;
  parts.after(() => home.remove());
  writeFileSync(join(path, 'garrison.yaml'), settings);
  return path;
}

/** On a starved machine a part may come too late for one report, which then says so. */
async function report(home: string, code: FindingCode | null): Promise<Report> {
  return until(
    code ?? 'Docker is seen',
    async () => {
      const { stdout } = await runCommand(['--home', home, 'doctor', '-o', 'json']);
      const seen = JSON.parse(stdout) as Report;
      const isComplete = seen.well.some((line) => line.startsWith('Docker answers'));
      return isComplete && (code === null || seen.items.some((each) => each.code === code)) ? seen : null;
    },
    LATER,
  );
}
