/**
 * The timeline of a running garrison: a push is told of from its asking to its end, beats and their absence are kept, and all of it after a restart.
 */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { BeatsView, TimelineEntry } from '../../src/supervisor/door.ts';
import { startOn, startOwnHosts } from '../support/ownHosts.ts';
import type { Garrison } from '../support/garrison.ts';
import { withParts, type Parts } from '../support/parts.ts';
import { tempHome } from '../support/tempHome.ts';
import { until } from '../support/until.ts';

it('a push has one beginning and one end in the timeline, also after a restart', withParts(timeline));

async function timeline(parts: Parts): Promise<void> {
  const home = tempHome(parts);
  const own = await startOwnHosts(parts, 2);
  const config = 'workers: { count: 1 }';
  const garrison = await startOn(own, parts, { home, config });
  const hosts = own.hosts.map(({ name }) => name);
  const push = await garrison.push('eva', hosts, { reason: 'ticket 7' });
  await garrison.settled(push.id);
  const expected = [`push eva ended: 2 changed`, `push eva on ${hosts.join(', ')} was asked for`];
  await until('its end is told', async () => (await told(garrison, push.id)).length === 2);
  assert.deepEqual(await told(garrison, push.id), expected);
  const beats = await garrison.api<BeatsView>('GET', '/api/v1/workers/push-1/beats');
  assert.equal(beats.items[0]?.kind, 'started');
  assert.ok(beats.items.some(({ kind }) => kind === 'beat'));
  assert.equal(await garrison.end(), 0);
  const again = await startOn(own, parts, { home, config });
  assert.deepEqual(await told(again, push.id), expected);
}

async function told(garrison: Garrison, push: string): Promise<string[]> {
  const { items } = await garrison.api<{ items: TimelineEntry[] }>(
    'GET',
    `/api/v1/timeline?about=${encodeURIComponent(`push/${push}`)}`,
  );
  return items.map(({ sentence }) => sentence);
}
