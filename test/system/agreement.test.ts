/**
 * A running garrison and a real Prometheus: in each state that lasts, page, API, metrics, command and alerts say the same at one instant.
 * States that nobody can hold still are compared in test/server/agreement.test.ts, over the same boards.
 */
import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { readProcStat } from '../../src/proc.ts';
import { LiveAgreement } from '../support/agreement/live.ts';
import { AlertScene, untilWell } from '../support/alertScene.ts';
import { runContainer, setHealthy, standInHealthCheck, standInScript } from '../support/dockerImages.ts';
import { watchForLeaks } from '../support/leaks.ts';
import { withParts, type Parts } from '../support/parts.ts';
import { until } from '../support/until.ts';

const COMPARED = [
  ...['starting', 'up', 'late', 'hung', 'draining', 'backoff', 'stopped'].map((state) => `worker ${state}`),
  ...['starting', 'healthy', 'unhealthy', 'paused', 'stopped', 'unknown'].map(
    (state) => `container ${state}`,
  ),
  'container gone',
];
/** With the fifth death in a row it waits for four seconds. */
const DEATHS = 5;

if (process.getuid?.() !== 0) {
  it('agreement', { skip: 'only root can start a dockerd' }, () => undefined);
} else {
  describe('at one instant, for each state that lasts', () => {
    const leaks = watchForLeaks();
    after(() => leaks.assertNone());

    it('the page, the API, the metrics, the command and the alerts agree', withParts(allAgree));
  });
}

interface Watched {
  readonly scene: AlertScene;
  readonly agreement: LiveAgreement;
}

async function allAgree(parts: Parts): Promise<void> {
  const scene = await AlertScene.start(parts, { containers: 'observe: [jms_core]', healthy: 'when told' });
  const watched = { scene, agreement: await LiveAgreement.start(parts, scene) };
  await containersInTurn(watched);
  await drainingAndStopped(watched);
  await hung(watched);
  await backoffAndStarting(watched);
  await surroundingsAway(watched);
  const { compared, thrownAway } = watched.agreement;
  console.log(`${String(thrownAway)} readings were thrown away, since something changed meanwhile`);
  assert.deepEqual([...compared].sort(), [...COMPARED].sort());
}

async function containersInTurn({ scene, agreement }: Watched): Promise<void> {
  const { container, dockerd } = scene;
  await agreement.container('jms_core', 'unhealthy');
  await setHealthy(container, true);
  await untilWell(scene);
  await agreement.container('jms_core', 'healthy');
  await container.pause();
  const second = await runContainer(dockerd.dockerode(), {
    name: 'jms_web',
    script: standInScript({ healthy: 'never' }),
    healthCheck: standInHealthCheck({ healthy: 'never' }, { startPeriodMs: 600_000 }),
    networkMode: 'none',
  });
  await agreement.container('jms_core', 'paused');
  await agreement.container('jms_web', 'starting');
  await container.unpause();
  await second.stop({ t: 1 });
  await agreement.container('jms_web', 'stopped');
  await second.remove();
  await agreement.container('jms_web', undefined);
}

/** Stopped by a signal first, so that it cannot leave at once; and told to leave before that counts as hung. */
async function drainingAndStopped({ scene, agreement }: Watched): Promise<void> {
  const { garrison } = scene;
  await agreement.worker('push-1', 'up');
  const pid = (await scene.worker('push-1')).incarnation?.pid;
  assert.ok(pid);
  process.kill(pid, 'SIGSTOP');
  await garrison.api('POST', '/api/v1/operations', { verb: 'restart', target: 'worker/push-1' });
  const { exitCode, stderr } = await garrison.cli('stop', 'push-2');
  assert.equal(exitCode, 0, stderr);
  await agreement.worker('push-1', 'draining');
  await agreement.worker('push-2', 'stopped');
  process.kill(pid, 'SIGCONT');
  await garrison.cli('start', 'push-2');
  await untilUp(scene, 'push-1');
}

async function hung({ scene, agreement }: Watched): Promise<void> {
  await Promise.all([scene.holdStopped('push-1'), agreement.worker('push-1', 'hung')]);
}

/** The life after the last death is stopped before it is ready. */
async function backoffAndStarting({ scene, agreement }: Watched): Promise<void> {
  await untilUp(scene, 'push-2');
  await scene.killAgainAndAgain('push-2', DEATHS);
  await agreement.worker('push-2', 'backoff');
  const isNew = async (): Promise<number | null> => {
    const { state, incarnation } = await scene.worker('push-2');
    return state === 'starting' && incarnation !== null && readProcStat(incarnation.pid) !== null
      ? incarnation.pid
      : null;
  };
  const pid = await until('push-2 starts', isNew, { everyMs: 5 });
  process.kill(pid, 'SIGSTOP');
  await agreement.worker('push-2', 'starting');
  process.kill(pid, 'SIGCONT');
  await untilUp(scene, 'push-2');
}

async function surroundingsAway({ scene, agreement }: Watched): Promise<void> {
  await scene.dockerd.kill();
  await agreement.container('jms_core', 'unknown');
  await scene.redis.kill();
  await agreement.worker('push-1', 'late');
}

async function untilUp(scene: AlertScene, worker: string): Promise<void> {
  await until(`${worker} is up`, async () => (await scene.worker(worker)).state === 'up', {
    deadlineMs: 30_000,
  });
}
