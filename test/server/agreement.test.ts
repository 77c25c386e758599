/**
 * Page, API, metrics, both forms of the command and the shipped alerts say the same at the same instant, in every state that there is.
 * The boards judge what is told to them on a scripted clock, so that a state which passes quickly stands still while all are read.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { CONTAINER_STATES } from '../../src/detector/container.ts';
import { WORKER_STATES } from '../../src/server/words.ts';
import { assertAlertsAgree, type Instant } from '../support/agreement/atEachInstant.ts';
import { EveryState } from '../support/agreement/everyState.ts';
import { assertSameEverywhere, readAll, type Asking, type Reading } from '../support/agreement/readings.ts';
import { callPage, startFakeSupervisor, type FakeSupervisor } from '../support/fakeSupervisor.ts';
import { healthOf, madeUpContainer } from '../support/madeUpContainer.ts';
import { runCli, runCommands } from '../support/runCli.ts';
import { tempHome } from '../support/tempHome.ts';

const WORKERS = ['push-1', 'push-2', 'push-3', 'push-4', 'push-5', 'push-6', 'push-7'];
const CONTAINERS = ['web', 'core', 'koko', 'lion', 'magnus', 'panda', 'razor'];
const SICK = { health: healthOf('unhealthy', 1, { output: 'no answer' }) };
/** Nine deaths in a row are more than the budget. */
const DEATHS = 9;

describe('what is shown of every state', () => {
  let fake: FakeSupervisor;
  let asking: Asking;
  before(async () => {
    fake = await startFakeSupervisor();
    asking = await askingOf(fake);
  });
  after(() => fake.end());

  it('is the same on the page, in the API, the metrics, the command and the alerts', async (t) => {
    const world = new EveryState(WORKERS, {
      selection: { observe: ['lion'] },
      policy: { budget: { restarts: 1, perMs: 1_800_000 } },
    });
    world.showThrough(fake.door);
    const instants: Instant[] = [];
    let seen = '';
    const look = async (): Promise<void> => {
      if (world.digest === seen) return;
      seen = world.digest;
      const { readings, metrics } = await readAll(asking);
      assertSameEverywhere(readings);
      instants.push({ metrics, shown: readings.API as Reading });
      assert.equal(world.digest, seen, 'nothing changed meanwhile');
    };
    await workersInTurn(world, look);
    await containersInTurn(world, look);
    await surroundingsAway(world, look);
    console.log(`${String(instants.length)} instants were compared`);
    assertAllSeen(instants);
    await assertAlertsAgree(instants, tempHome(t));
  });
});

type Look = () => Promise<void>;

/** push-1 starts and never gets further, push-2 stays well. */
async function workersInTurn(world: EveryState, look: Look): Promise<void> {
  await look();
  world.spawn('push-1');
  for (const name of WORKERS.slice(1)) world.live(name);
  await world.pass(1_000, look);
  dieAgain(world, 'push-3', DEATHS);
  dieAgain(world, 'push-4', 2);
  world.drain('push-5');
  world.wishStopped('push-6', true);
  world.die('push-6');
  world.beat('push-7', false);
  await world.pass(6_000, look);
  world.beat('push-2', false);
  await world.pass(5_000, look);
  // The supervisor itself is unwell: whom it has called hung stays so, whom it calls late it knows no longer.
  world.awareness = { ...world.awareness, impairedUntilMs: world.containers.nowMs + 3_500 };
  await world.pass(4_000, look);
  world.beat('push-2', true);
  world.wishStopped('push-6', false);
  for (const name of ['push-5', 'push-7']) world.die(name);
  for (const name of ['push-3', 'push-4', 'push-5', 'push-6', 'push-7']) world.live(name);
  await world.pass(5_000, look);
}

function dieAgain(world: EveryState, worker: string, times: number): void {
  world.die(worker);
  for (let deaths = 1; deaths < times; deaths += 1) {
    world.spawn(worker);
    world.die(worker);
  }
}

async function containersInTurn(world: EveryState, look: Look): Promise<void> {
  const { containers } = world;
  // Each in a project of its own: in one project only one is treated at a time.
  containers.list(...CONTAINERS.map((name) => madeUpContainer(name, { project: name })));
  await look();
  containers.treat = (name) => (name === 'core' ? 'silent' : 'unhealthy');
  containers.become('web', { health: healthOf('starting', 0) });
  for (const name of ['core', 'koko']) containers.become(name, SICK);
  containers.become('magnus', { status: 'paused' });
  containers.become('panda', { status: 'exited', exitCode: 137 });
  await world.pass(120_000, look);
  // Only now: so many at once put the brake on, and then nobody is healed.
  containers.become('lion', SICK);
  containers.become('razor', { process: 'gone' });
  await world.pass(4_000, look);
  containers.recover('web');
  containers.recover('lion');
  containers.become('magnus', { status: 'running' });
  await world.pass(1_000, look);
}

async function surroundingsAway(world: EveryState, look: Look): Promise<void> {
  world.redis(false);
  await world.pass(4_000, look);
  world.containers.docker(false);
  await world.pass(1_000, look);
  world.redis(true);
  await world.pass(5_000, look);
  world.containers.docker(true);
  await world.pass(1_000, look);
  world.remove('panda');
  await look();
}

/** A test that shows nothing of some state would prove nothing of it. */
function assertAllSeen(instants: readonly Instant[]): void {
  const seenOf = (part: 'workers' | 'containers'): string[] =>
    [...new Set(instants.flatMap(({ shown }) => Object.values(shown[part])))].sort();
  assert.deepEqual(seenOf('workers'), [...WORKER_STATES].sort());
  assert.deepEqual(seenOf('containers'), [...CONTAINER_STATES].sort());
  for (const part of ['redis', 'docker'] as const)
    assert.deepEqual([...new Set(instants.map(({ shown }) => shown[part]))].sort(), ['away', 'up']);
  assert.ok(instants.some(({ shown }) => shown.containers['panda'] !== undefined));
  assert.equal(instants.at(-1)?.shown.containers['panda'], undefined, 'it is gone');
}

/** Over the page's port with a token, as Prometheus asks, and by the built command. */
async function askingOf(fake: FakeSupervisor): Promise<Asking> {
  const home = ['--home', fake.home];
  const made = await runCli(['token', 'create', 'reader', '--scope', 'read', ...home]);
  assert.equal(made.exitCode, 0, made.stderr);
  const headers = { authorization: `Bearer ${made.stdout.trim()}` };
  return {
    get: async (path) => {
      const { status, text } = await callPage(fake, { path, headers });
      assert.equal(status, 200, `${path}: ${text}`);
      return text;
    },
    commands: (lines) => runCommands(fake.home, lines),
  };
}
