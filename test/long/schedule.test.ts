/**
 * Scheduled work on real practice hosts: a check finds what was changed and touches nothing, a sync puts it right as nobody,
 * a survey finds what is left over, and a restart of the supervisor forgets none of it.
 */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { GrantsSummary, HostCheckView, KnownLeftover } from '../../src/supervisor/door.ts';
import { Garrison } from '../support/garrison.ts';
import { openParts, type Parts } from '../support/parts.ts';
import { makeTempHome } from '../support/tempHome.ts';
import { until } from '../support/until.ts';

const WAIT = { deadlineMs: 150_000, everyMs: 250 };
const LOOK = 'ls -l --time-style=full-iso /etc/sudoers.d; cat /etc/passwd /etc/group';

describe('by its timetable', () => {
  let parts: Parts;
  let end: () => Promise<void>;
  let garrison: Garrison;
  const home = makeTempHome();
  before(async () => {
    ({ parts, end } = openParts());
    garrison = await start('grants: { check: every 1m, leftovers: every 1m }');
  });
  after(async () => {
    await end();
    home.remove();
  });

  const start = (more: string): Promise<Garrison> =>
    Garrison.start(parts, { home: home.path, practice: 2, config: `workers: { count: 1 }\n${more}` });
  const grants = (sudo: string, hosts: readonly string[], names: readonly string[] = ['lee']): void => {
    const accounts = names.map((name) => `  ${name}: { keys: ["${garrison.keys.publicKey}"] }`);
    const grant = `  - { accounts: [${names.join(', ')}], hosts: [${hosts.join(', ')}], sudo: ${sudo} }`;
    writeFileSync(join(home.path, 'grants.yaml'), ['accounts:', ...accounts, 'grants:', grant].join('\n'));
  };
  const summary = async (): Promise<GrantsSummary> => {
    const { grants: told } = await garrison.snapshot();
    assert.ok(told !== undefined);
    return told;
  };
  const untilSummary = (what: string, holds: (told: GrantsSummary) => boolean): Promise<true> =>
    until(what, async () => holds(await summary()), WAIT);

  it('a check finds what somebody changed on a host, and touches nothing', async () => {
    grants('all', ['practice-1', 'practice-2']);
    assert.equal((await garrison.cli('sync')).exitCode, 0);
    await untilSummary('both hosts are in order', ({ hosts }) => hosts.inOrder === 2);
    await garrison.tell('practice-1', 'rm /etc/sudoers.d/garrison-lee');
    const asLeft = await garrison.tell('practice-1', LOOK);
    await untilSummary('the drift is found', ({ driftedHosts }) => driftedHosts === 1);
    const check = await garrison.api<HostCheckView>('GET', '/api/v1/checks/practice-1');
    assert.deepEqual(
      [check.state, check.findings[0]?.account, check.findings[0]?.kinds],
      ['drifted', 'lee', ['rule']],
    );
    assert.match(check.findings[0]?.what.join() ?? '', /write sudo rule/);
    const found = await garrison.pushView(check.findings[0]?.push ?? '');
    assert.deepEqual([found.kind, found.actor], ['plan', 'garrison:schedule']);
    const listed = await garrison.api<{ items: HostCheckView[] }>('GET', '/api/v1/checks?state=inOrder');
    assert.deepEqual(
      listed.items.map(({ name }) => name),
      ['practice-2'],
    );
    assert.match(
      (await garrison.cli('status')).stdout,
      /drift: on 1 host .*practice-1.* garrison (?:--home \S+ )?sync --check/,
    );
    assert.match(await garrison.text('/metrics'), /garrison_drift\{kind="rule"\} 1\n/);
    assert.equal(await garrison.tell('practice-1', LOOK), asLeft);
  });

  it('a survey finds an account that no grant wants any more', async () => {
    grants('all', ['practice-1']);
    await untilSummary('it is known as left over', ({ leftovers }) => leftovers.open === 1);
    const { items } = await garrison.api<{ items: KnownLeftover[] }>('GET', '/api/v1/leftovers');
    assert.deepEqual(
      items.map(({ host, account }) => `${host}/${account}`),
      ['practice-2/lee'],
    );
    assert.match((await garrison.cli('status')).stdout, /leftovers: 1 account/);
  });

  it('a restart forgets nothing of it, and a sync that was due meanwhile puts it right', async () => {
    await garrison.end();
    const file = join(home.path, 'checks.json');
    const kept = JSON.parse(readFileSync(file, 'utf8')) as { tasks: Record<string, object> };
    kept.tasks['sync'] = {
      timetable: 'every 1m',
      seenAt: '2026-01-01T00:00:00.000Z',
      begunAt: null,
      end: null,
    };
    writeFileSync(file, JSON.stringify(kept));
    garrison = await start('grants: { sync: every 1m }');
    const { driftedHosts, leftovers } = await summary();
    assert.deepEqual([driftedHosts, leftovers.open], [1, 1]);
    // A practice host is made anew with each start, so that it lacks the account by now.
    await untilSummary('its end is told', ({ schedule }) => schedule.sync.lastEnd?.outcome === 'done');
    assert.equal((await summary()).driftedHosts, 0);
    assert.match((await summary()).schedule.sync.lastEnd?.detail ?? '', /^1 changed$/);
    assert.match(await garrison.tell('practice-1', 'ls /etc/sudoers.d'), /garrison-lee/);
    assert.match((await garrison.cli('why', 'practice-1')).stdout, /garrison:schedule/);
  });

  it('a sync that would take away from many does nothing and says what to type; nor does one without readable grants', async () => {
    grants('all', ['practice-1', 'practice-2'], ['ann', 'bob', 'cid']);
    assert.equal((await garrison.cli('sync')).exitCode, 0);
    grants('none', ['practice-1', 'practice-2'], ['ann', 'bob', 'cid']);
    await untilSummary('it is held', ({ held }) => held !== null);
    assert.match((await summary()).held?.why ?? '', /take keys, groups or sudo away from 6 of 6/);
    assert.match(
      (await garrison.cli('status')).stdout,
      /has done nothing since .* plan --grants, then garrison/,
    );
    assert.match(await garrison.tell('practice-2', 'ls /etc/sudoers.d'), /garrison-ann/);
    writeFileSync(join(home.path, 'grants.yaml'), 'grants: [');
    await untilSummary(
      'it says that it cannot read',
      ({ schedule }) => schedule.sync.lastEnd?.outcome === 'failed',
    );
    assert.match((await summary()).schedule.sync.lastEnd?.detail ?? '', /grants\.yaml/);
    assert.match(await garrison.tell('practice-2', 'ls /etc/sudoers.d'), /garrison-ann/);
  });
});
