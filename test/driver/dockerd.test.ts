/**
 * The parts that tests of containers are made of: a real dockerd, compose v1 that fails as in the incident, a real ghost.
 * It tests nothing of Garrison itself.
 */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { readProcStat } from '../../src/proc.ts';
import { ComposeProject, type ComposeLabels, type ComposeService } from '../support/compose.ts';
import { TestDockerd, hasEnded, within } from '../support/dockerd.ts';
import {
  freePort,
  healthOf,
  importImage,
  openSession,
  runContainer,
  runInside,
  setHealthy,
  standInHealthCheck,
  standInScript,
  startsOf,
  untilHealth,
  type StandIn,
} from '../support/dockerImages.ts';
import { makeGhost } from '../support/ghost.ts';
import { withParts, type Parts } from '../support/parts.ts';
import { until } from '../support/until.ts';

const FILES_OF_THE_MACHINE = ['/etc/docker/key.json', '/var/lib/docker'];

if (process.getuid?.() !== 0) {
  it('a dockerd of a test', { skip: 'only root can start a dockerd' }, () => undefined);
} else {
  describe('a dockerd of a test', () => {
    it('answers, and a container in it becomes healthy and unhealthy', withParts(health));
    it('runs beside another one, and ends what both started', withParts(twoSideBySide));
    it('keeps containers through its own death, with live restore', withParts(death));
    it('leaves nothing, whatever state it is ended in', leavesNothing);
  });
  describe('compose v1 in it', () => {
    it('fails as in the incident, and a restart of the root alone mends it', withParts(incident));
    it('a stand-in that no restart heals stays unhealthy, and one that hangs is killed', withParts(hopeless));
  });
  describe('a ghost in it', () => {
    it('runs for Docker and for nobody else, until containerd goes on', withParts(ghost));
  });
}

async function started(parts: Parts): Promise<TestDockerd> {
  const dockerd = await TestDockerd.start(parts);
  await importImage(dockerd.dockerode());
  return dockerd;
}

/** Without compose: a container of a stand-in. */
function standIn(name: string, what: StandIn): Parameters<typeof runContainer>[1] {
  return {
    name,
    script: standInScript(what),
    healthCheck: standInHealthCheck(what),
    networkMode: what.answersAt === undefined ? 'none' : 'host',
  };
}

async function health(parts: Parts): Promise<void> {
  const dockerd = await started(parts);
  const docker = dockerd.dockerode();
  const container = await runContainer(docker, {
    ...standIn('told', { healthy: 'when told' }),
    labels: { 'garrison.heal': 'true' },
    init: true,
  });
  await untilHealth(container, 'unhealthy');
  await setHealthy(container, true);
  await untilHealth(container, 'healthy');
  await setHealthy(container, false);
  await untilHealth(container, 'unhealthy');
  const { Config, State } = await container.inspect();
  assert.equal(Config.Labels['garrison.heal'], 'true');
  assert.match(readFileSync(`/proc/${String(State.Pid)}/cgroup`, 'utf8'), new RegExp(dockerd.cgroupParent));
  await container.restart();
  assert.equal(await startsOf(container), 2);
  assert.ok(dockerd.socketPath.length < 50, 'a short path');
}

async function twoSideBySide(parts: Parts): Promise<void> {
  const [one, other] = await Promise.all([started(parts), started(parts)]);
  const containers = await Promise.all(
    [one, other].map((dockerd) =>
      runContainer(dockerd.dockerode(), standIn('same-name', { healthy: 'from each start' })),
    ),
  );
  await Promise.all(containers.map((container) => untilHealth(container, 'healthy')));
  assert.notEqual(one.pid, other.pid);
  assert.notEqual(one.containerdPid, other.containerdPid);
  for (const dockerd of [one, other]) {
    assert.equal((await dockerd.dockerode().listContainers()).length, 1);
    assert.equal(readProcStat(dockerd.containerdPid)?.parentPid, dockerd.pid);
  }
  await one.end();
  assert.ok(!existsSync(one.folder));
  assert.equal(await runInside(containers[1]!, 'echo still here'), 'still here');
}

async function death(parts: Parts): Promise<void> {
  const dockerd = await TestDockerd.start(parts, { liveRestore: true });
  const docker = dockerd.dockerode();
  await importImage(docker);
  const container = await runContainer(docker, standIn('lives', { healthy: 'from each start' }));
  await untilHealth(container, 'healthy');
  const { Pid } = (await container.inspect()).State;
  const containerdPid = dockerd.containerdPid;
  await dockerd.kill();
  assert.ok(hasEnded(containerdPid), 'containerd dies with the dockerd that started it');
  assert.ok(!hasEnded(Pid), 'the container does not');
  await assert.rejects(within(1000, container.inspect()));
  await dockerd.startAgain();
  assert.equal((await container.inspect()).State.Pid, Pid);
  await dockerd.stop('dockerd');
  await assert.rejects(within(300, container.inspect()), /not within 300 ms/);
  dockerd.cont('dockerd');
  assert.equal((await within(2000, container.inspect())).State.Pid, Pid);
}

/** The worst that a test can leave: dockerd killed, containers and shims running; and containerd standing still. */
async function leavesNothing(): Promise<void> {
  const machines = FILES_OF_THE_MACHINE.map((path) => existsSync(path));
  const traces: string[] = [];
  await withParts(async (parts) => {
    const killed = await started(parts);
    await runContainer(killed.dockerode(), standIn('orphan', { healthy: 'never' }));
    await runContainer(killed.dockerode(), {
      name: 'stubborn',
      script: 'sleep 1000',
      restartPolicy: 'always',
    });
    traces.push(...tracesOf(killed));
    await killed.kill();
    const stopped = await started(parts);
    const container = await runContainer(stopped.dockerode(), { name: 'ghost' });
    traces.push(...tracesOf(stopped));
    await makeGhost(stopped, container);
    assert.notDeepEqual(parts.leaks.find(), [], 'the watch sees them');
  })();
  assert.ok(traces.length > 4, 'cgroups and sockets of shims were found');
  assert.deepEqual(traces.filter(existsSync), []);
  const now = FILES_OF_THE_MACHINE.map((path) => existsSync(path));
  assert.deepEqual(now, machines);
}

/** What of it lies outside of where the leak watch looks. */
function tracesOf(dockerd: TestDockerd): string[] {
  const cgroups = readFileSync('/proc/mounts', 'utf8')
    .split('\n')
    .filter((line) => / cgroup2? /.test(line))
    .map((line) => `${line.split(' ')[1] ?? ''}${dockerd.cgroupParent}`);
  const bundles = join(dockerd.execRoot, 'containerd/daemon/io.containerd.runtime.v2.task/moby');
  const sockets = readdirSync(bundles).map((id) =>
    readFileSync(join(bundles, id, 'address'), 'utf8').replace('unix://', ''),
  );
  const there = [...cgroups, ...sockets].filter(existsSync);
  assert.ok(sockets.every((socket) => there.includes(socket)));
  return [dockerd.folder, ...there];
}

async function incident(parts: Parts): Promise<void> {
  const dockerd = await started(parts);
  const [core, koko] = [await freePort(), await freePort()];
  const dependent = (more: Partial<StandIn> = {}): ComposeService => ({
    standIn: { healthy: { whileHealthy: core }, ...more },
    dependsOn: ['core'],
  });
  const project = new ComposeProject(dockerd, {
    name: 'jms',
    services: {
      core: {
        containerName: 'jms_core',
        standIn: { healthy: 'from each start', answersAt: core },
        labels: { cost: '$5' },
      },
      koko: { ...dependent({ answersAt: koko }), containerName: 'jms_koko' },
      celery: dependent(),
    },
  });
  const first = await project.up();
  assert.equal(first.exitCode, 0, first.stderr);
  const everyone = ['core', 'koko', 'celery'].map((name) => project.container(name));
  await Promise.all(everyone.map((container) => untilHealth(container, 'healthy')));
  const session = await openSession(koko);

  await setHealthy(project.container('core'), false);
  await Promise.all(everyone.map((container) => untilHealth(container, 'unhealthy')));
  await project.container('celery').remove({ force: true });
  const failed = await project.up();
  assert.equal(failed.exitCode, 1);
  assert.match(failed.stderr, /jms_core is up-to-date/);
  assert.match(failed.stderr, /ERROR: for celery {2}Container "[0-9a-f]{12}" is unhealthy/);

  await project.container('core').restart();
  await untilHealth(project.container('koko'), 'healthy');
  assert.equal(await startsOf(project.container('koko')), 1, 'it recovered by itself');
  const heard = session.lines();
  await until('the session goes on', () => session.lines() > heard);
  assert.ok(session.isOpen());
  await checkLabels(project);
  await project.container('koko').restart();
  await until('the session was cut', () => !session.isOpen());
}

async function checkLabels(project: ComposeProject): Promise<void> {
  const { Config } = await project.container('koko').inspect();
  const { 'com.docker.compose.config-hash': hash, ...labels } = Config.Labels;
  const expected: ComposeLabels = {
    'com.docker.compose.project': 'jms',
    'com.docker.compose.service': 'koko',
    'com.docker.compose.container-number': '1',
    'com.docker.compose.oneoff': 'False',
    'com.docker.compose.project.config_files': 'docker-compose.yml',
    'com.docker.compose.project.working_dir': project.folder,
    'com.docker.compose.version': labels['com.docker.compose.version'] ?? '',
  };
  assert.deepEqual(labels, expected, 'nothing of depends_on');
  assert.match(hash ?? '', /^[0-9a-f]{64}$/);
  assert.equal((await project.container('core').inspect()).Config.Labels.cost, '$5');
}

async function hopeless(parts: Parts): Promise<void> {
  const dockerd = await started(parts);
  const project = new ComposeProject(dockerd, {
    name: 'jms',
    services: {
      core: { standIn: { healthy: 'never', onStop: 'hangs' } },
      late: { standIn: { healthy: 'from the second start' } },
      koko: { standIn: { healthy: 'from each start' }, dependsOn: ['core'] },
    },
  });
  const said = await project.up();
  assert.equal(said.exitCode, 1);
  assert.match(said.stderr, /ERROR: for koko {2}Container "[0-9a-f]{12}" is unhealthy/);
  await assert.rejects(project.container('koko').inspect(), { statusCode: 404 });
  const [core, late] = [project.container('core'), project.container('late')];
  await untilHealth(late, 'unhealthy');
  await Promise.all([core.restart({ t: 1 }), late.restart()]);
  await untilHealth(late, 'healthy');
  await untilHealth(core, 'unhealthy');
  await core.stop({ t: 1 });
  assert.equal((await core.inspect()).State.ExitCode, 137, 'it had to be killed');
  await late.stop();
  assert.equal((await late.inspect()).State.ExitCode, 0);
}

async function ghost(parts: Parts): Promise<void> {
  const dockerd = await started(parts);
  const container = await runContainer(dockerd.dockerode(), standIn('ghost', { healthy: 'from each start' }));
  await untilHealth(container, 'healthy');
  const before = (await container.inspect()).State;
  const undo = await makeGhost(dockerd, container);
  const during = (await container.inspect()).State;
  assert.equal(readProcStat(during.Pid), null, 'no such process');
  assert.deepEqual(
    [during.Status, during.Running, during.Pid, during.StartedAt],
    ['running', true, before.Pid, before.StartedAt],
  );
  await undo();
  const { Status, Running, Pid, ExitCode } = (await container.inspect()).State;
  assert.deepEqual(
    { Status, Running, Pid, ExitCode },
    { Status: 'exited', Running: false, Pid: 0, ExitCode: 137 },
  );
  await container.start();
  await untilHealth(container, 'healthy');
  assert.equal(await healthOf(container), 'healthy');
}
