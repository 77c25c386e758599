/**
 * Containers as the operator sees them, with a real dockerd: who is sick, who explains whom, a ghost, and a daemon that is away.
 * Nothing is healed here: what is seen is all that is told.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ContainerView } from '../../src/supervisor/door.ts';
import { ComposeProject } from '../support/compose.ts';
import { TestDockerd } from '../support/dockerd.ts';
import {
  freePort,
  importImage,
  runContainer,
  setHealthy,
  standInHealthCheck,
  standInScript,
  startsOf,
} from '../support/dockerImages.ts';
import { Garrison } from '../support/garrison.ts';
import { makeGhost } from '../support/ghost.ts';
import { withParts, type Parts } from '../support/parts.ts';
import { until } from '../support/until.ts';

if (process.getuid?.() !== 0) {
  it('containers', { skip: 'only root can start a dockerd' }, () => undefined);
} else {
  describe('containers', () => {
    it('of the incident: four are sick, one explains the others, none is touched', withParts(incident));
    it('a ghost is named, and no longer when Docker sees again', withParts(ghost));
    it(
      'are unknown while the daemon is away, and when it is back but probes them no more',
      withParts(daemonAway),
    );
  });
}

async function incident(parts: Parts): Promise<void> {
  const dockerd = await startDockerd(parts);
  const port = await freePort();
  const behindCore = { standIn: { healthy: { whileHealthy: port } }, dependsOn: ['core'] };
  const project = new ComposeProject(dockerd, {
    name: 'jms',
    services: {
      core: { containerName: 'jms_core', standIn: { healthy: 'from each start', answersAt: port } },
      celery: { containerName: 'jms_celery', ...behindCore },
      koko: { containerName: 'jms_koko', ...behindCore },
      lion: { containerName: 'jms_lion', ...behindCore },
    },
  });
  const started = await project.up();
  assert.equal(started.exitCode, 0, started.stderr);
  // Compose v1 labels no container with what it depends on.
  const dependsOn = 'dependsOn: { celery: [core], koko: [core], lion: [core] }';
  const garrison = await watching(parts, dockerd, dependsOn);
  await shown(garrison, ['jms_celery healthy', 'jms_core healthy', 'jms_koko healthy', 'jms_lion healthy']);
  assert.equal((await garrison.cli('status')).exitCode, 0);

  await setHealthy(project.container('core'), false);
  await shown(garrison, [
    'jms_celery unhealthy jms_core',
    'jms_core unhealthy jms_core',
    'jms_koko unhealthy jms_core',
    'jms_lion unhealthy jms_core',
  ]);
  const status = await garrison.cli('status');
  assert.equal(status.exitCode, 1);
  assert.match(
    status.stdout,
    /Container jms_core is unhealthy .*; it may explain jms_celery, jms_koko, jms_lion; nothing is done to it: nobody chose it: /m,
  );
  assert.match(
    await garrison.text('/metrics'),
    /garrison_container_state\{project="jms",container="jms_core",state="unhealthy"\} 1/,
  );

  await setHealthy(project.container('core'), true);
  await shown(garrison, ['jms_celery healthy', 'jms_core healthy', 'jms_koko healthy', 'jms_lion healthy']);
  for (const service of ['core', 'celery', 'koko', 'lion'])
    assert.equal(await startsOf(project.container(service)), 1, `${service} was left alone`);
}

async function ghost(parts: Parts): Promise<void> {
  const dockerd = await startDockerd(parts);
  const container = await startOne(dockerd);
  const garrison = await watching(parts, dockerd);
  await shown(garrison, ['alone healthy']);
  const undo = await makeGhost(dockerd, container);
  await shown(garrison, ['alone ghost alone']);
  const [view] = await containers(garrison);
  assert.match(view?.detail ?? '', /there is no such process.*restarting the container does not cure that/);
  await undo();
  await shown(garrison, ['alone stopped']);
}

async function daemonAway(parts: Parts): Promise<void> {
  const dockerd = await startDockerd(parts, true);
  const container = await startOne(dockerd);
  const garrison = await watching(parts, dockerd);
  await shown(garrison, ['alone healthy']);
  await dockerd.kill();
  await shown(garrison, ['alone unknown']);
  const status = await garrison.cli('status');
  assert.equal(status.exitCode, 1);
  assert.match(status.stdout, /Docker does not answer since /);
  assert.match(await garrison.text('/metrics'), /^garrison_docker_up 0$/m);
  await dockerd.startAgain();
  await shown(garrison, ['alone healthy']);
  // This dockerd probes nothing that it found running (moby #41871), and calls it healthy for ever.
  await setHealthy(container, false);
  await shown(garrison, ['alone unknown']);
  assert.equal((await containers(garrison))[0]?.reason, 'ProbesStopped');
  await container.restart();
  await shown(garrison, ['alone healthy']);
}

async function startDockerd(parts: Parts, liveRestore = false): Promise<TestDockerd> {
  const dockerd = await TestDockerd.start(parts, { liveRestore });
  await importImage(dockerd.dockerode());
  return dockerd;
}

function startOne(dockerd: TestDockerd): ReturnType<typeof runContainer> {
  const standIn = { healthy: 'from each start' } as const;
  return runContainer(dockerd.dockerode(), {
    name: 'alone',
    script: standInScript(standIn),
    healthCheck: standInHealthCheck(standIn),
    networkMode: 'none',
  });
}

function watching(parts: Parts, dockerd: TestDockerd, more = ''): Promise<Garrison> {
  const config = `workers: { count: 1 }\ncontainers: { socket: ${dockerd.socketPath}${more === '' ? '' : `, ${more}`} }`;
  return Garrison.start(parts, { config });
}

async function containers(garrison: Garrison): Promise<readonly ContainerView[]> {
  return (await garrison.api<{ items: ContainerView[] }>('GET', '/api/v1/containers')).items;
}

/** Name, state and, of the sick, who explains it. */
async function shown(garrison: Garrison, expected: readonly string[]): Promise<void> {
  let last = '';
  const isShown = async (): Promise<boolean> => {
    const views = await containers(garrison);
    last = views.map(({ name, state, root }) => [name, state, root].filter(Boolean).join(' ')).join(', ');
    return last === expected.join(', ');
  };
  await until('it is shown so', isShown, { deadlineMs: 40_000 }).catch((error: unknown) => {
    throw new Error(`${String(error)}; expected ${expected.join(', ')}; shown ${last}`);
  });
}
