/**
 * The alerts whose faults take minutes even with all durations of the rules scaled: beyond all budgets, and left on.
 * The others are in test/system.
 */
import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { LiveAgreement } from '../support/agreement/live.ts';
import { AlertScene, untilWell } from '../support/alertScene.ts';
import { setHealthy } from '../support/dockerImages.ts';
import { watchForLeaks } from '../support/leaks.ts';
import { withParts, type Parts } from '../support/parts.ts';
import { until } from '../support/until.ts';

/** What comes on the way there, and with it. */
const ON_THE_WAY = ['GarrisonWorkerCrashLooping', 'GarrisonContainerUnhealthy', 'GarrisonContainerFlapping'];
/** A worker has failed after nine deaths within its budget's time, or after ten when its pauses between them happened to be long. */
const DEATHS = 10;

if (process.getuid?.() !== 0) {
  it('alerts', { skip: 'only root can start a dockerd' }, () => undefined);
} else {
  describe('alerts in a real Prometheus, that take long', () => {
    const leaks = watchForLeaks();
    after(() => leaks.assertNone());

    it('fire for a container and a worker beyond their budgets', withParts(beyondBudget));
    it('fire for maintenance that was left on', withParts(leftOn));
  });
}

async function beyondBudget(parts: Parts): Promise<void> {
  const scene = await AlertScene.start(parts, {
    containers: 'confirm: 1s, heal: [jms_core]',
    healthy: 'never',
    also: ON_THE_WAY,
  });
  const agreement = await LiveAgreement.start(parts, scene);
  const isQuarantined = async (): Promise<boolean> => (await scene.containerView())?.state === 'quarantined';
  await scene.raises('GarrisonContainerQuarantined', { container: 'jms_core' }, async () => {
    await until('it is in quarantine', isQuarantined, { deadlineMs: 120_000, everyMs: 100 });
  });
  await agreement.container('jms_core', 'quarantined');
  await scene.raises('GarrisonWorkerFailed', { worker: 'push-1' }, () =>
    scene.killUntilFailed('push-1', DEATHS),
  );
  await agreement.worker('push-1', 'failed');
  scene.assertOnlyExpected();
}

async function leftOn(parts: Parts): Promise<void> {
  const scene = await AlertScene.start(parts, { containers: 'observe: [jms_core]', healthy: 'when told' });
  await setHealthy(scene.container, true);
  await untilWell(scene);
  await scene.raises('GarrisonMaintenanceLeftOn', { scope: 'container/jms_core' }, async () => {
    const { exitCode, stderr } = await scene.garrison.cli(
      'maintenance',
      'on',
      'container/jms_core',
      '--for',
      '30m',
    );
    assert.equal(exitCode, 0, stderr);
  });
  scene.assertOnlyExpected();
}
