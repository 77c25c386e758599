/**
 * Garrison on Redis with sentinels: the master dies during pushes, and no job is lost and none has two effects.
 * What was done is counted in the hosts' own journals.
 */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { PushView } from '../../src/supervisor/door.ts';
import type { Garrison } from '../support/garrison.ts';
import { startOn, startOwnHosts, type OwnHost, type OwnHosts } from '../support/ownHosts.ts';
import { openParts } from '../support/parts.ts';
import { startNode } from '../support/redisNodes.ts';
import { REDIS_PASSWORD, SENTINEL_PASSWORD, Sentinels } from '../support/sentinels.ts';
import { tempHome } from '../support/tempHome.ts';
import { assertOneEffectEach, told } from '../support/told.ts';
import { until } from '../support/until.ts';

const PUSHES_AROUND = 8;
const COMES_BACK_WITHIN_MS = 30_000;

describe('Redis with sentinels', () => {
  const { parts, end } = openParts();
  let own: OwnHosts;
  let web1: OwnHost;
  let sentinels: Sentinels;
  let garrison: Garrison;

  before(async () => {
    own = await startOwnHosts(parts, 2);
    [web1] = own.hosts as [OwnHost, OwnHost];
    sentinels = await Sentinels.start(parts);
    garrison = await start(tempHome(parts));
  });
  after(end);

  const start = (home: string): Promise<Garrison> =>
    startOn(own, parts, { home, config: `workers: { count: 2, slots: 3 }\n${sentinels.config}` });

  it('is left for the new master when the old one is killed or stands still, with one effect for every push', async () => {
    for (const round of ['killed', 'frozen']) {
      const pushes: PushView[] = [];
      web1.closeGate();
      for (let count = 0; count < PUSHES_AROUND; count += 1)
        pushes.push(await garrison.push(`${round}${String(count)}`, ['web-1', 'web-2']));
      await web1.atGate(`${round}0`);
      const master = await sentinels.master();
      if (round === 'killed') await master.kill();
      else master.signal('SIGSTOP');
      await until('garrison says that Redis is away', async () => !(await garrison.snapshot()).redis.up);
      await assert.rejects(garrison.push('refused', ['web-1']), /Redis is away since .*Nothing was accepted/);
      web1.openGate();
      const next = await sentinels.master(master);
      assert.notEqual(next, master);
      await comesBack();
      pushes.push(await garrison.push(`${round}-later`, ['web-1', 'web-2']));
      await assertAllDone(pushes);
      await sentinels.rejoin(master);
    }
    for (const password of [REDIS_PASSWORD, SENTINEL_PASSWORD])
      assert.ok(!garrison.output.includes(password));
  });

  it('may come back without the last pushes and results, which are saved anew under a higher epoch', async () => {
    const before = await epochOf(garrison);
    await sentinels.cutReplica();
    const ended = await garrison.push('ended', ['web-1']);
    await assertAllDone([ended]);
    web1.closeGate();
    const running = await garrison.push('running', ['web-1', 'web-2']);
    await web1.atGate('running');
    const master = await sentinels.master();
    await master.kill();
    await until('garrison says that Redis is away', async () => !(await garrison.snapshot()).redis.up);
    await sentinels.master(master);
    await comesBack();
    assert.ok((await epochOf(garrison)) > before);
    web1.openGate();
    await assertAllDone([ended, running]);
    await garrison.end('SIGKILL');
    garrison = await start(garrison.home);
    await assertAllDone([ended, running]);
    await sentinels.mendReplica();
    await sentinels.rejoin(master);
  });

  it('accepts a push only with as many replicas as are asked for', async () => {
    const master = await startNode(parts, { settings: ['appendonly yes'] });
    const following = [`replicaof 127.0.0.1 ${String(master.port)}`, 'repl-diskless-sync-delay 0'];
    const replica = await startNode(parts, { settings: following });
    const isFollowed = async (): Promise<boolean> => (await replica.info('master_link_status')) === 'up';
    await until('the replica follows', isFollowed);
    const careful = await startOn(own, parts, {
      config: `workers: { count: 1 }\nredis: { url: "redis://${master.address}", waitForReplicas: 1 }`,
    });
    const first = await careful.push('replicated', ['web-2']);
    assert.equal(told((await careful.settled(first.id)).jobs[0]), 'done changed AccountPushed');
    await replica.kill();
    await assert.rejects(
      careful.push('alone', ['web-2']),
      /too few replicas of Redis have it \(0 of the 1 wanted\); push \S+ was withdrawn and will not run/,
    );
    replica.startAgain();
    await until('the replica follows again', isFollowed);
    const later = await careful.push('together', ['web-2']);
    assert.equal(told((await careful.settled(later.id)).jobs[0]), 'done changed AccountPushed');
    assert.ok(!own.hosts[1]?.read('/etc/passwd').includes('alone'));
    await careful.end();
  });

  it('is looked at by the checkup through the sentinels', async () => {
    const { stdout } = await garrison.cli('doctor', '-o', 'json');
    const { well } = JSON.parse(stdout) as { well: readonly string[] };
    assert.match(well.join('\n'), /Redis 7\S* answers at mymaster of the sentinels 127\.0\.0\.1:/);
  });

  const comesBack = (): Promise<unknown> =>
    until(
      'garrison is on the new master',
      async () => {
        const { up, detail } = (await garrison.snapshot()).redis;
        if (!up) throw new Error(detail);
        return up;
      },
      { deadlineMs: COMES_BACK_WITHIN_MS },
    );

  const assertAllDone = async (pushes: readonly PushView[]): Promise<void> => {
    for (const push of pushes) {
      const { jobs } = await garrison.settled(push.id, 60_000);
      for (const job of jobs) assert.equal(told(job), 'done changed AccountPushed', job.host);
    }
    assertOneEffectEach(own.hosts, pushes);
  };
});

async function epochOf(garrison: Garrison): Promise<number> {
  const text = await readFile(join(garrison.home, 'cluster.json'), 'utf8');
  return (JSON.parse(text) as { epoch: number }).epoch;
}
