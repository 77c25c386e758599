/**
 * The alert rules in the real Prometheus, with all durations scaled by one factor, while faults are done to a running garrison.
 * Each alert is silent before its fault and fires for it; test/long has the faults that take longer.
 */
import { after, describe, it } from 'node:test';
import { AlertScene, untilWell } from '../support/alertScene.ts';
import { setHealthy } from '../support/dockerImages.ts';
import { watchForLeaks } from '../support/leaks.ts';
import { withParts, type Parts } from '../support/parts.ts';
import { until } from '../support/until.ts';

const WORKERS = ['push-1', 'push-2'];

if (process.getuid?.() !== 0) {
  it('alerts', { skip: 'only root can start a dockerd' }, () => undefined);
} else {
  describe('alerts in a real Prometheus', () => {
    const leaks = watchForLeaks();
    after(() => leaks.assertNone());

    it('fire for their faults, one after the other, and for nothing else', withParts(faultsInTurn));
  });
}

async function faultsInTurn(parts: Parts): Promise<void> {
  const scene = await AlertScene.start(parts, { containers: 'observe: [jms_core]', healthy: 'when told' });
  await sickContainer(scene);
  await scene.raises('GarrisonWorkerHung', { worker: 'push-1' }, () => scene.holdStopped('push-1'));
  await noWorkers(scene);
  await scene.raises('GarrisonWorkerCrashLooping', { worker: 'push-2' }, () =>
    scene.killAgainAndAgain('push-2', 5),
  );
  await scene.raises('GarrisonDockerAway', {}, () => scene.dockerd.kill());
  await scene.raises('GarrisonRedisAway', {}, () => scene.redis.kill());
  await scene.raises('GarrisonDown', {}, async () => {
    process.kill(scene.garrison.pid, 'SIGKILL');
    await scene.garrison.exited;
  });
  scene.assertOnlyExpected();
}

/** Only observed, so it stays unhealthy. */
async function sickContainer(scene: AlertScene): Promise<void> {
  await setHealthy(scene.container, true);
  await untilWell(scene);
  await scene.raises('GarrisonContainerUnhealthy', { container: 'jms_core' }, () =>
    setHealthy(scene.container, false),
  );
  await setHealthy(scene.container, true);
  await untilWell(scene);
}

/** A person stops all workers while a job waits; started again, they do it. */
async function noWorkers(scene: AlertScene): Promise<void> {
  const { garrison } = scene;
  const allAre = (state: string) => async (): Promise<boolean> =>
    (await garrison.workers()).every((worker) => worker.state === state);
  await until('all workers are up', allAre('up'), { deadlineMs: 30_000 });
  for (const name of WORKERS) await garrison.cli('stop', name);
  await until('all workers are stopped', allAre('stopped'), { deadlineMs: 30_000 });
  let push = '';
  await scene.raises('GarrisonPushQueueNoWorkers', { queue: 'push' }, async () => {
    push = (await garrison.push('eva', ['practice-1'])).id;
  });
  await scene.raises('GarrisonPushQueueLatencyHigh', { queue: 'push' }, () => Promise.resolve());
  for (const name of WORKERS) await garrison.cli('start', name);
  await garrison.settled(push);
}
