/** Why a push took so long, on real parts: its Redis was stopped and its worker killed, and the chain names both with their times, also without a supervisor. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { WhyView } from '../../src/supervisor/door.ts';
import { startOn, startOwnHosts } from '../support/ownHosts.ts';
import { withParts, type Parts } from '../support/parts.ts';
import { TestRedis } from '../support/redisServer.ts';
import { until } from '../support/until.ts';

it('names the outage and the dead worker', withParts(why));

async function why(parts: Parts): Promise<void> {
  const redis = await TestRedis.start();
  parts.after(() => redis.end());
  const own = await startOwnHosts(parts, 1);
  const [host] = own.hosts;
  assert.ok(host);
  host.closeGate();
  const garrison = await startOn(own, parts, {
    config: `workers: { count: 1 }\nredis: { url: "${redis.url}" }`,
  });
  const push = await garrison.push('eva', [host.name], { reason: 'ticket 7' });
  await host.atGate('eva');
  const [worker] = await garrison.workers();
  assert.ok(worker?.incarnation);
  await redis.kill();
  await until('the worker misses Redis', async () => (await garrison.workers())[0]?.reason === 'BrokerAway');
  redis.startAgain();
  await until('Redis is back', async () => (await garrison.snapshot()).redis.up);
  process.kill(worker.incarnation.pid, 'SIGKILL');
  const tell = async (name: string): Promise<WhyView> =>
    garrison.api('GET', `/api/v1/why/${encodeURIComponent(name)}`);
  await until('the loss is told', async () =>
    (await tell(push.id)).steps.some(({ event }) => event === 'attemptsLost'),
  );
  host.openGate();
  const told = await tell(push.id);
  const events = told.steps.map(({ event, relation, depth }) => `${String(depth)} ${relation} ${event}`);
  assert.deepEqual(events.filter((each) => !each.startsWith('0')).slice(0, 3), [
    '1 sameTime redisDown',
    '1 partOf attemptsLost',
    '2 because verdict',
  ]);
  const died = told.steps.find(({ relation }) => relation === 'because');
  assert.match(died?.sentence ?? '', new RegExp(`SIGKILL|${String(worker.incarnation.pid)}`));
  assert.ok(told.steps.some(({ sentence }) => sentence.includes('BrokerAway')));
  assert.deepEqual(
    (await tell(push.jobs[0]?.id ?? '')).steps.map(({ id }) => id),
    told.steps.map(({ id }) => id),
  );
  const typo = await garrison.cli('why', 'pusj-1');
  assert.match(typo.stderr, /did you mean push-1\?/);
  await garrison.end();
  const fromFile = await garrison.cli('why', push.id);
  assert.equal(fromFile.exitCode, 0, fromFile.stderr);
  for (const step of told.steps) assert.ok(fromFile.stdout.includes(step.at), fromFile.stdout);
  assert.match(fromFile.stdout, /No supervisor answers/);
}
