/**
 * Treatments that Docker does not answer for long: it hangs, or takes a ghost for a container that runs.
 * They are apart from the others because they wait, and do so side by side.
 */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { makeGhost } from '../support/ghost.ts';
import { withParts, type Parts } from '../support/parts.ts';
import { TestHands } from '../support/containerHands.ts';
import { inspected, MADE_UP_ID as ID, run, scripted, world } from '../support/treatment.ts';

if (process.getuid?.() === 0) {
  it(
    'a Docker that hangs, or calls a ghost running, gives no answer in time or a plain one',
    withParts(longWaits),
  );
}

async function ghost(parts: Parts): Promise<void> {
  const all = await world(parts);
  const one = await run(all, { name: 'ghost' });
  const container = all.dockerd.dockerode().getContainer(one.id);
  const undo = await makeGhost(all.dockerd, container);
  // Docker waits 10 s for a word of containerd that stands still, and then as long again.
  const told = await all.hands.treat('killAndStart', one, 40_000);
  assert.match(told.outcome, /^(?:failed|tooLate)$/);
  assert.match(told.detail, /killing the container|still calls it running/);
  await undo();
}

/** Side by side: they do nothing but wait. */
async function longWaits(parts: Parts): Promise<void> {
  await Promise.all([ghost(parts), hangs(parts), hangsBefore(parts)]);
}

async function hangsBefore(parts: Parts): Promise<void> {
  const all = await world(parts);
  const one = await run(all, { name: 'one' });
  await all.dockerd.stop('dockerd');
  const { outcome, detail } = await all.hands.treat('restart', one);
  assert.equal(outcome, 'failed');
  assert.match(detail, /^nothing was done: Docker at .* did not answer inspecting .* within 10000 ms$/);
  all.dockerd.cont('dockerd');
  const { State } = await all.dockerd.dockerode().getContainer(one.id).inspect();
  assert.equal(State.StartedAt, one.startedAt, 'nothing was done');
}

async function hangs(parts: Parts): Promise<void> {
  let restarts = 0;
  const path = await scripted(parts, (request, response) => {
    if (request.method === 'POST') restarts += 1;
    else if (request.url?.includes('/json') === true) response.end(inspected());
  });
  const hands = TestHands.onSocket(parts, path);
  const before = await hands.life(ID);
  const told = hands.treat('killAndStart', before, 25_000);
  const { outcome, detail } = await told;
  assert.equal(outcome, 'tooLate');
  assert.match(detail, /did not answer killing the container c+ within 20000 ms$/);
  assert.equal(restarts, 1);
}
