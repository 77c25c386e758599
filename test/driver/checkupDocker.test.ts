/** A real Docker as a checkup sees it: a ghost, a first process that does not reap, the daemon's own settings; and none at all. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { checkupDocker } from '../../src/driver/checkupDocker.ts';
import { lookAtMachine } from '../../src/driver/machineLook.ts';
import type { ContainerSeen } from '../../src/reconciler/checkup.ts';
import { TestDockerd } from '../support/dockerd.ts';
import { importImage, runContainer } from '../support/dockerImages.ts';
import { makeGhost } from '../support/ghost.ts';
import { withParts, type Parts } from '../support/parts.ts';

async function seenBy(path: string) {
  const target = { kind: 'socket', path } as const;
  return checkupDocker({ target, machine: lookAtMachine(), withinMs: 8_000 });
}

describe('a checkup of Docker', () => {
  it('says why nothing can be seen where there is none', async () => {
    const part = await seenBy('/nowhere/docker.sock');
    assert.ok(part.kind === 'unseen');
    assert.match(part.because, /no socket at \/nowhere\/docker\.sock/);
  });
  it(
    'of a real one',
    { skip: process.getuid?.() === 0 ? false : 'only root can start a dockerd' },
    withParts(real),
  );
});

async function real(parts: Parts): Promise<void> {
  const dockerd = await TestDockerd.start(parts, { liveRestore: true });
  await importImage(dockerd.dockerode());
  const docker = dockerd.dockerode();
  const labels = {
    'com.docker.compose.project': 'jms',
    'com.docker.compose.service': 'core',
    'com.docker.compose.version': '1.29.2',
    'com.docker.compose.project.working_dir': '/opt/jms',
    'com.docker.compose.project.config_files': 'docker-compose.yml,more.yml',
  };
  await runContainer(docker, { name: 'well', init: true, labels, networkMode: 'none' });
  const lost = await runContainer(docker, { name: 'lost', networkMode: 'none' });
  const undo = await makeGhost(dockerd, lost);
  parts.after(undo);
  const part = await seenBy(dockerd.socketPath);
  assert.ok(part.kind === 'seen', JSON.stringify(part));
  // Its containerd stands still: what hangs with it is said, and costs nothing else.
  const { containers, listed, engine, gaps } = part.value;
  assert.match(gaps.join(' '), /^(?:Docker at \S+ did not answer the question for its settings .*)?$/);
  assert.deepEqual(
    containers.map(({ facts }) => facts.name),
    ['lost', 'well'],
  );
  assert.equal(listed, 2);
  assert.match(engine, /^\d+\./);
  const [ghost, well] = containers as [ContainerSeen, ContainerSeen];
  assert.match(ghost.lifelessSince ?? '', /^\d{4}-/);
  assert.equal(well.lifelessSince, null);
  assert.equal(well.hasInit, true);
  assert.equal(ghost.hasInit, false);
  assert.equal(well.composeVersion, '1.29.2');
  assert.equal(well.composeFile, '/opt/jms/docker-compose.yml');
}
