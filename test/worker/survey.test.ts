/**
 * Surveys on real practice hosts: which accounts of ours are there, what each holds on to, and whose account has its name now.
 * A survey changes nothing, and makes no folder on a host that Garrison never touched.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { PracticeHost } from '../../src/driver/practice.ts';
import type { HostResult } from '../../src/push/job.ts';
import type { OwnedAccount } from '../../src/push/survey.ts';
import { fingerprint, inside, run, startHostLab, wish, type HostLab } from './hostLab.ts';

describe('a survey', () => {
  let lab: HostLab;
  let host: PracticeHost;
  before(async () => {
    lab = await startHostLab(1);
    host = lab.hosts[0]!;
  });
  after(() => lab.end());

  const push = (name: string, granted?: boolean): Promise<HostResult> =>
    run(
      lab.task(host, {
        account: wish({ name, keys: [lab.userKey] }),
        ...(granted === undefined ? {} : { granted }),
      }),
    );
  const survey = async (): Promise<ReadonlyMap<string, OwnedAccount>> => {
    const result = await run(lab.task(host, { kind: 'survey', account: null }));
    assert.equal(`${result.outcome} ${result.reason}`, 'unchanged SurveyMade', result.detail);
    return new Map(result.owned?.map((each) => [each.name, each]));
  };

  it('of a host that has none of ours finds none, and leaves no trace', async () => {
    assert.equal((await survey()).size, 0);
    assert.equal(inside(host, 'ls /var/lib | grep -c garrison || true').trim(), '0');
  });

  it('tells what each account of ours holds on to, and whose name it is now', async () => {
    for (const name of ['amy', 'bob', 'cid', 'dan', 'eve', 'a.b']) await push(name, name === 'amy');
    await run(lab.task(host, { kind: 'revoke', account: wish({ name: 'bob' }) }));
    const uid = inside(host, 'id -u amy').trim();
    inside(
      host,
      [
        'mkdir -p /var/spool/cron/crontabs; echo "* * * * * true" >/var/spool/cron/crontabs/amy',
        'mkdir -p /var/tmp/left; for n in 1 2 3; do echo >"/var/tmp/left/$n\n-rw 1 $n"; done; chown -R amy /var/tmp/left',
        'echo own >/home/amy/own; chown amy /home/amy/own',
        // One record of lastlog: its first four bytes are the time, 1700000000.
        `printf '\\000\\361\\123\\145' | dd of=/var/log/lastlog bs=1 seek=$((${uid} * 292)) conv=notrunc 2>/dev/null`,
        'userdel -r cid; userdel -r dan; useradd -m dan',
        // A process may call itself anything.
        'cp /bin/sleep "/home/amy/x\nprocesses 0"; setsid setpriv --reuid amy --clear-groups "/home/amy/x\nprocesses 0" 600 >/dev/null 2>&1 </dev/null & true',
        'echo torn >/var/lib/garrison/accounts/torn; sed s/c1/c9/ /var/lib/garrison/accounts/amy >/var/lib/garrison/accounts/zoe',
      ].join('\n'),
    );
    const before = fingerprint(host);
    const found = await survey();
    assert.equal(fingerprint(host), before, 'nothing is changed');
    assert.deepEqual([...found.keys()].sort(), ['a.b', 'amy', 'bob', 'cid', 'dan', 'eve']);
    const amy = found.get('amy')!;
    assert.deepEqual(
      [amy.presence, amy.state, amy.wasGranted, amy.isLocked, amy.uid],
      ['ours', 'ready', true, false, Number(uid)],
    );
    assert.deepEqual([amy.processes, amy.sessions, amy.hasCrontab], [1, 1, true]);
    assert.match(amy.running.join(), /^\d+ x/);
    assert.equal(amy.lastLogin, '2023-11-14T22:13:20Z');
    // The folder, the three files in it, and the crontab is root's.
    assert.ok((amy.filesElsewhere?.count ?? 0) >= 4, JSON.stringify(amy));
    assert.match(amy.since ?? '', /^20\d\d-\d\d-\d\dT/);
    const bob = found.get('bob')!;
    assert.deepEqual([bob.state, bob.isLocked, bob.wasGranted, bob.processes], ['revoked', true, false, 0]);
    assert.equal(bob.lastLogin, 'never');
    assert.deepEqual([found.get('cid')?.presence, found.get('dan')?.presence], ['absent', 'other']);
    assert.equal(found.get('cid')?.processes, null, 'of an account that is not there nothing is told');
    inside(host, 'pkill -u amy');
    const result = await run(lab.task(host, { kind: 'survey', account: null }));
    assert.deepEqual(result.facts, { others: '1', damaged: '1', untold: '0' });
  });

  it('remembers that grants wanted an account, also when a person pushes it later, and forgets it with the account', async () => {
    await push('fay', true);
    await push('fay', false);
    await push('gus', false);
    const first = await survey();
    assert.deepEqual([first.get('fay')?.wasGranted, first.get('gus')?.wasGranted], [true, false]);
    assert.equal((await push('gus', true)).reason, 'AlreadyAsWished');
    assert.equal((await survey()).get('gus')?.wasGranted, true, 'also where nothing else was to be done');
    inside(host, 'userdel -r fay');
    await push('fay', false);
    assert.equal((await survey()).get('fay')?.wasGranted, false);
  });

  it('says unknown where the host cannot tell', async () => {
    inside(host, 'mv /var/log/lastlog /var/log/was; mv /var/log/wtmp /var/log/was2 || true');
    assert.equal((await survey()).get('eve')?.lastLogin, null);
    inside(host, 'mv /var/log/was /var/log/lastlog');
  });
});
