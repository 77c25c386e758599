/**
 * The alerts on what is rare, in the real Prometheus with all durations scaled by one factor: a fault for each, done to a running garrison.
 * Each is silent before its fault and fires for it; the usual ones are in alertsUsual.test.ts.
 */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { readProcStat } from '../../src/proc.ts';
import { AlertScene, untilWell } from '../support/alertScene.ts';
import { setHealthy } from '../support/dockerImages.ts';
import { watchForLeaks } from '../support/leaks.ts';
import { makeKeyPair } from '../support/onHost.ts';
import { inventoryEntry } from '../support/ownHosts.ts';
import { withParts, type Parts } from '../support/parts.ts';
import { tempHome } from '../support/tempHome.ts';
import { until } from '../support/until.ts';

const MIB = 2 ** 20;
const MEMORY_LIMIT_MIB = 256;
/** Over 90 % of the limit, and not over it. */
const HELD_MIB = 243;
/** Within the ten seconds by which the canary must be back. */
const CANARY_TAKES_MS = 6_500;
/** The rule wants twenty that ended. */
const CLOSED_HOSTS = 30;
const FAILED_SIGN_INS = 30;
/** Each is two changes. */
const FLAPS = 5;
const ABSENCES = 3;
/** However long one took. */
const LOOKS_AGAIN_WITHIN_MS = 40_000;

if (process.getuid?.() !== 0) {
  it('alerts', { skip: 'only root can start a dockerd' }, () => undefined);
} else {
  describe('alerts in a real Prometheus, on what is rare', () => {
    const leaks = watchForLeaks();
    after(() => leaks.assertNone());

    it('fire for their faults, one after the other, and for nothing else', withParts(faultsInTurn));
  });
}

interface Triggers {
  readonly mess: string;
  readonly deaf: string;
  readonly stall: string;
}

async function faultsInTurn(parts: Parts): Promise<void> {
  const folder = tempHome(parts);
  const triggers = { mess: join(folder, 'mess'), deaf: join(folder, 'deaf'), stall: join(folder, 'stall') };
  const fixtures = ['messyWorker', 'deafWorker', 'stalledLook'];
  const scene = await AlertScene.start(parts, {
    containers: 'observe: [jms_core]',
    healthy: 'when told',
    workers: `memoryLimit: ${String(MEMORY_LIMIT_MIB)}MiB`,
    inventory: closedHosts(folder),
    env: {
      NODE_OPTIONS: fixtures.map((name) => `--import=${fixture(name)}`).join(' '),
      GARRISON_TEST_MESS: triggers.mess,
      GARRISON_TEST_DEAF: triggers.deaf,
      GARRISON_TEST_STALL: triggers.stall,
    },
    // A container that is made to flap is unhealthy in turn; a worker that was stopped is hung.
    also: ['GarrisonContainerUnhealthy', 'GarrisonWorkerHung'],
  });
  await setHealthy(scene.container, true);
  await untilWell(scene);
  await flappingWorker(scene, triggers);
  await scene.raises('GarrisonZombiesGrowing', { owner: 'worker' }, () => keptZombies(scene, triggers));
  await scene.raises('GarrisonGuardRefusals', { rule: 'OtherUser' }, () => stranger(scene, triggers));
  await restart(scene, 'push-1');
  await stalledLoop(scene, triggers);
  await scene.raises('GarrisonUnsteady', {}, () => comeAndGo(scene));
  await scene.raises('GarrisonLoginAttack', {}, () => failToSignIn(scene));
  await scene.raises('GarrisonPushFailureRatioHigh', { queue: 'push' }, () => pushInVain(scene));
  await scene.raises('GarrisonContainerFlapping', { container: 'jms_core' }, () => flapContainer(scene));
  await hungryWorker(scene, triggers);
  await scene.raises('GarrisonCanaryLate', {}, () => slowCanaries(scene, triggers));
  scene.assertOnlyExpected();
}

/** A new life has none of what was done to the one before. */
async function restart({ garrison }: AlertScene, worker: string): Promise<void> {
  const { exitCode, stderr } = await garrison.cli('restart', worker);
  assert.equal(exitCode, 0, stderr);
}

function fixture(name: string): string {
  return new URL(`../fixtures/${name}.js`, import.meta.url).pathname;
}

/** Nobody listens there. */
function closedHosts(folder: string): string {
  const hostKey = makeKeyPair(join(folder, 'keys')).publicKey.split(' ').slice(0, 2).join(' ');
  const entries = closedNames().map(
    (name, index) =>
      `  ${inventoryEntry(name, { address: `127.0.1.${String(index + 1)}`, port: 9, hostKey })}\n`,
  );
  return `hosts:\n${entries.join('')}`;
}

function closedNames(): readonly string[] {
  return Array.from({ length: CLOSED_HOSTS }, (_, index) => `closed-${String(index + 1)}`);
}

async function failToSignIn({ garrison }: AlertScene): Promise<void> {
  const { stdout } = await garrison.cli('sign-in');
  const page = /http:\/\/[^/\s]+/.exec(stdout)?.[0] ?? '';
  const headers = { authorization: 'Bearer garrison_guessed', connection: 'close' };
  for (let tried = 0; tried < FAILED_SIGN_INS; tried += 1) {
    const { status } = await fetch(`${page}/api/v1/status`, { headers });
    assert.equal(status, 401);
  }
}

async function pushInVain({ garrison }: AlertScene): Promise<void> {
  const push = await garrison.push('eva', closedNames());
  const { jobs } = await garrison.settled(push.id);
  assert.deepEqual([...new Set(jobs.map(({ state }) => state))], ['failed']);
}

/** Each change is seen by Prometheus before the next. */
async function flapContainer({ container, prometheus }: AlertScene): Promise<void> {
  for (let flap = 0; flap < FLAPS; flap += 1)
    for (const healthy of [false, true]) {
      await setHealthy(container, healthy);
      const query = 'garrison_container_state{container="jms_core",state="healthy"}';
      await until('prometheus has seen it', async () => (await prometheus.value(query)) === Number(healthy));
    }
}

/** Replaced afterwards, so that it gives the memory back. */
async function hungryWorker(scene: AlertScene, { mess }: Triggers): Promise<void> {
  await scene.raises('GarrisonWorkerMemoryHigh', { worker: 'push-2' }, async () => {
    writeFileSync(mess, `push-2 hungry ${String(HELD_MIB * MIB)}`);
    const holds = async (): Promise<boolean> =>
      ((await scene.worker('push-2')).rssBytes ?? 0) > 0.9 * MEMORY_LIMIT_MIB * MIB;
    await until('it holds the memory', holds, { deadlineMs: 20_000 });
  });
  assert.equal((await scene.worker('push-2')).restarts, 0, 'near the limit is not over it');
  await restart(scene, 'push-2');
}

/** Nobody hears the queue's test job until it has waited for some seconds, each time until the alert fires. */
async function slowCanaries({ garrison, prometheus }: AlertScene, { deaf }: Triggers): Promise<void> {
  while (!prometheus.everFired().includes('GarrisonCanaryLate')) {
    const { workers, queue } = await garrison.snapshot();
    const { sentAt } = queue.canary;
    const hears = sentAt !== null && Date.now() - Date.parse(sentAt) > CANARY_TAKES_MS;
    const pids = workers.map(({ incarnation }) => String(incarnation?.pid));
    writeFileSync(deaf, hears ? '' : pids.join('\n'));
    await sleep(50);
  }
  rmSync(deaf);
}

/** Its beats stay away for so long, again and again, that it is late in turn; replaced afterwards. */
async function flappingWorker(scene: AlertScene, { mess }: Triggers): Promise<void> {
  await scene.raises('GarrisonWorkerFlapping', { worker: 'push-1' }, () => {
    writeFileSync(mess, 'push-1 mute');
    return Promise.resolve();
  });
  assert.equal((await scene.worker('push-1')).restarts, 0);
  await restart(scene, 'push-1');
}

/** It waits for none of its children, and does not hear that it should leave: they stay until it is killed. */
async function keptZombies(scene: AlertScene, { mess }: Triggers): Promise<void> {
  for (const what of ['zombies 3', 'deaf']) {
    writeFileSync(mess, `push-1 ${what}`);
    await until(`it does ${what}`, () => !existsSync(mess));
  }
  const { incarnation } = await scene.worker('push-1');
  await until('it was replaced', async () => isAnother(scene, incarnation?.pid), { deadlineMs: 90_000 });
}

async function isAnother(scene: AlertScene, pid: number | undefined): Promise<boolean> {
  const { incarnation, state } = await scene.worker('push-1');
  return incarnation?.pid !== pid && state === 'up';
}

/** Garrison would wake it and may not; the test does. */
async function stranger(scene: AlertScene, { mess }: Triggers): Promise<void> {
  const pid = (await scene.worker('push-1')).incarnation?.pid ?? 0;
  writeFileSync(mess, 'push-1 stranger');
  // The order is taken a moment before it is followed: stopped in between, it would still be Garrison's to wake.
  await until('it is a stranger', () =>
    /^Uid:\t65534\t65534\t/m.test(readFileSync(`/proc/${String(pid)}/status`, 'utf8')),
  );
  process.kill(pid, 'SIGSTOP');
  const refused = /^garrison_guard_refusals_total\{rule="OtherUser"\} [1-9]/m;
  await until('it was refused', async () => refused.test(await scene.garrison.text('/metrics')), {
    deadlineMs: 30_000,
  });
  assert.equal(readProcStat(pid)?.state, 'T');
  process.kill(pid, 'SIGCONT');
}

async function stalledLoop(scene: AlertScene, { stall }: Triggers): Promise<void> {
  await scene.raises('GarrisonLoopStalled', { loop: 'zombies' }, () => {
    writeFileSync(stall, '');
    return Promise.resolve();
  });
  rmSync(stall);
  const lastLook = 'garrison_loop_last_success_timestamp_seconds{loop="zombies"}';
  const { prometheus } = scene;
  for (const which of ['the look that hung', 'the next one']) {
    const before = await prometheus.value(lastLook);
    const hasEnded = async (): Promise<boolean> => (await prometheus.value(lastLook)) !== before;
    await until(`${which} has ended`, hasEnded, { deadlineMs: LOOKS_AGAIN_WITHIN_MS });
  }
}

/** Stopped for as long as Prometheus needs to miss it, which is not long enough to call it down. */
async function comeAndGo({ garrison, prometheus }: AlertScene): Promise<void> {
  for (let time = 0; time < ABSENCES; time += 1)
    for (const [signal, up] of [
      ['SIGSTOP', 0],
      ['SIGCONT', 1],
    ] as const) {
      garrison.process.kill(signal);
      await until(
        `prometheus has seen ${signal}`,
        async () => (await prometheus.value('up{job="garrison"}')) === up,
      );
    }
}
