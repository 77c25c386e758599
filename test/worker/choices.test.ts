/**
 * What a person may choose for somebody else's account, on a real practice host: adopt it, give it keys only, take it over.
 * That each is planned as it is done is held by plan.test.ts; here is what stays, what goes, and what a revoke leaves.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, beforeEach, describe, it } from 'node:test';
import type { PracticeHost } from '../../src/driver/practice.ts';
import type { AccountWish } from '../../src/push/account.ts';
import type { HostResult, JobKind } from '../../src/push/job.ts';
import { fingerprint, inside, makeKey, read, run, startHostLab, wish, type HostLab } from './hostLab.ts';

/** A password, groups, a rule in /etc/sudoers itself, a key, a comment and a shell of its own. */
const ADMIN = (key: string): string =>
  `groupadd -f wheel; useradd -m -s /bin/dash -c 'Lee, room 7' -G wheel,audio $n; echo "$n:secret" | chpasswd; mkdir -m 700 /home/$n/.ssh; echo "${key}" >/home/$n/.ssh/authorized_keys; chown -R $n: /home/$n/.ssh; echo "$n ALL=(ALL) ALL" >>/etc/sudoers`;

describe("somebody else's account", () => {
  let lab: HostLab;
  let host: PracticeHost;
  let names = 0;
  let name = '';
  let ownKey = '';
  before(async () => {
    lab = await startHostLab(1);
    host = lab.hosts[0]!;
    ownKey = readFileSync(`${makeKey(lab.homeDir, 'own')}.pub`, 'utf8').trim();
  });
  after(() => lab.end());
  beforeEach(() => {
    names += 1;
    name = `lee${String(names)}`;
    inside(host, `n=${name}; ${ADMIN(ownKey)}`);
  });

  const send = (more: Partial<AccountWish> = {}, kind: JobKind = 'push'): Promise<HostResult> =>
    run(lab.task(host, { kind, account: wish({ name, keys: [lab.userKey], ...more }) }));
  const done = async (more: Partial<AccountWish>, expected: string, kind: JobKind = 'push') => {
    const result = await send(more, kind);
    assert.equal(`${result.outcome} ${result.reason}`, expected, result.detail);
    return result;
  };
  const line = (file: string, of = name): string =>
    (read(host, file) ?? '').split('\n').find((each) => each.startsWith(`${of}:`)) ?? '';
  const groups = (): string[] => inside(host, `id -Gn ${name}`).trim().split(' ').sort();
  const keys = (): string => read(host, `/home/${name}/.ssh/authorized_keys`) ?? '';
  const rules = (): string =>
    (read(host, '/etc/sudoers') ?? '') + (read(host, `/etc/sudoers.d/garrison-${name}`) ?? '');

  it('that is adopted keeps what it has, is ours from then on, and a revoke takes back what we added and locks nothing', async () => {
    const shadow = line('/etc/shadow');
    const first = await done(
      { claim: 'adopt', groups: ['games'], sudo: { kind: 'all' } },
      'changed AccountPushed',
    );
    assert.deepEqual(first.changes, ['adopted account', 'added to groups', 'added key', 'wrote sudo rule']);
    assert.equal(line('/etc/shadow'), shadow);
    assert.match(line('/etc/passwd'), /:Lee garrison-[0-9a-f]+, room 7:\/home\/\w+:\/bin\/dash$/);
    assert.deepEqual(groups(), ['audio', 'games', name, 'wheel'].sort());
    assert.equal(keys(), `${ownKey}\n${lab.userKey}\n`);
    assert.match(rules(), new RegExp(`^${name} ALL=\\(ALL\\) ALL$`, 'm'));
    const mark = read(host, `/var/lib/garrison/accounts/${name}`) ?? '';
    assert.match(mark, /^claim adopt$/m);
    assert.match(mark, /^was comment Lee, room 7$/m);
    assert.match(mark, /^was shell \/bin\/dash$/m);

    // Ours now: no choice is needed any more, and what was its own still stays.
    await done({ groups: ['games'], sudo: { kind: 'all' } }, 'unchanged AlreadyAsWished');
    const less = await done({ keys: [] }, 'changed AccountPushed');
    assert.deepEqual(less.changes, ['removed from groups', 'removed key', 'removed sudo rule']);
    await done({ groups: ['games'], sudo: { kind: 'all' } }, 'changed AccountPushed');

    const revoked = await done({}, 'changed AccountReleased', 'revoke');
    assert.match(revoked.detail, /is not locked/);
    assert.equal(line('/etc/shadow'), shadow);
    assert.equal(keys(), `${ownKey}\n`);
    assert.deepEqual(groups(), ['audio', name, 'wheel'].sort());
    assert.match(rules(), new RegExp(`^${name} ALL=\\(ALL\\) ALL$`, 'm'));
    assert.equal(read(host, `/etc/sudoers.d/garrison-${name}`), null);
    await done({}, 'unchanged AlreadyReleased', 'revoke');
  });

  it('that gets keys only stays as it is but for them, and a revoke takes just these', async () => {
    const before = fingerprint(host, ['/etc']);
    const given = await done({ claim: 'keysOnly' }, 'changed AccountPushed');
    assert.deepEqual(given.changes, ['added key']);
    assert.equal(fingerprint(host, ['/etc']), before);
    assert.equal(keys(), `${ownKey}\n${lab.userKey}\n`);
    await done({ claim: 'keysOnly' }, 'unchanged AlreadyAsWished');
    const untouched = fingerprint(host);
    await done({}, 'conflict AccountForeign');
    assert.equal(fingerprint(host), untouched, 'it is still not ours');

    const revoked = await done({}, 'changed AccountReleased', 'revoke');
    assert.deepEqual(revoked.changes, ['removed key']);
    assert.equal(fingerprint(host, ['/etc']), before);
    assert.equal(keys(), `${ownKey}\n`);
    await done({}, 'unchanged AlreadyReleased', 'revoke');
  });

  it('of which a key of ours was theirs before keeps it at a revoke', async () => {
    await done({ claim: 'keysOnly', keys: [ownKey, lab.userKey] }, 'changed AccountPushed');
    await done({}, 'changed AccountReleased', 'revoke');
    assert.equal(keys(), `${ownKey}\n`);
  });

  it('that is taken over is as wished and nothing else, and a revoke locks it', async () => {
    await done({ claim: 'takeOver' }, 'conflict AccountPrivileged');
    const taken = await done(
      {
        claim: 'takeOver',
        privileged: true,
        groups: ['games', 'audio'],
        comment: 'Eva L.',
        shell: '/bin/bash',
      },
      'changed AccountPushed',
    );
    assert.deepEqual(taken.changes, [
      'took account over',
      'removed password',
      'set shell',
      'set comment',
      'added to groups',
      'removed from groups',
      'added key',
      'removed key',
    ]);
    assert.match(line('/etc/passwd'), /:Eva L\. garrison-[0-9a-f]+, room 7:\/home\/\w+:\/bin\/bash$/);
    assert.match(line('/etc/shadow'), /^\w+:\*:/);
    assert.deepEqual(groups(), ['audio', 'games', name].sort());
    assert.equal(keys(), `${lab.userKey}\n`);
    await done(
      { claim: 'takeOver', privileged: true, groups: ['games', 'audio'], comment: 'Eva L.' },
      'unchanged AlreadyAsWished',
    );
    await done({}, 'changed AccountRevoked', 'revoke');
    assert.match(line('/etc/shadow'), /^\w+:!\*:/);
  });

  it('is never taken over where it is root, logs the push in, or belongs to the system, whatever is said', async () => {
    inside(host, `usermod -u 777 ${name}`);
    const before = fingerprint(host);
    await done({ claim: 'takeOver', privileged: true }, 'conflict AccountOfSystem');
    inside(host, `sed -i 's/^UID_MIN.*/UID_MIN 500/' /etc/login.defs`);
    await done({ claim: 'takeOver' }, 'conflict AccountPrivileged');
    assert.equal(fingerprint(host), before);
    inside(host, `sed -i 's/^UID_MIN.*/UID_MIN 1000/' /etc/login.defs`);
    const inUse = lab.task(host, { account: wish({ name: host.user, claim: 'takeOver', privileged: true }) });
    assert.notEqual((await run(inUse)).outcome, 'changed');
    assert.equal(fingerprint(host), before);
  });

  it('of a like name is another: a dot is only a dot', async () => {
    inside(host, `useradd -m ${name}.b; useradd -m -G wheel ${name}xb`);
    const other = line('/etc/passwd', `${name}xb`);
    const result = await done({ name: `${name}.b`, claim: 'takeOver' }, 'changed AccountPushed');
    assert.ok(!result.changes.includes('removed from groups'), 'the groups of the other are not its own');
    assert.equal(line('/etc/passwd', `${name}xb`), other);
    assert.match(inside(host, `id -Gn ${name}xb`), /wheel/);
  });

  for (const claim of ['adopt', 'takeOver'] as const) {
    it(`whose ${claim} was cut off half way is finished by the next push`, async () => {
      const account = wish({ name, keys: [lab.userKey], claim, privileged: true, sudo: { kind: 'all' } });
      const first = lab.task(host, { account });
      // The rule cannot be written, so the push stops when the account is ours already.
      inside(host, 'mkdir /etc/sudoers.d/.garrison.new');
      const stopped = await run(first);
      assert.equal(`${stopped.outcome} ${stopped.reason}`, 'failed SudoNotWritten', stopped.detail);
      inside(
        host,
        `rmdir /etc/sudoers.d/.garrison.new; echo '${ownKey}' >>/home/${name}/.ssh/authorized_keys`,
      );
      const again = await run(lab.again(first));
      assert.equal(again.outcome, 'changed', again.detail);
      await done({ claim, privileged: true, sudo: { kind: 'all' } }, 'unchanged AlreadyAsWished');
      if (claim === 'takeOver') assert.equal(keys(), `${lab.userKey}\n`);
    });

    it(`whose ${claim} left only a record is still somebody else's`, async () => {
      const mark =
        'v1\nstate claiming\ncluster c1\njob j-x\ntoken feed\nuid $(id -u $n)\nexpire \nlocked no\nsudo no\nclaim ' +
        claim;
      inside(
        host,
        `n=${name}; mkdir -p /var/lib/garrison/accounts; printf '%s\\nend\\n' "${mark}" >/var/lib/garrison/accounts/$n`,
      );
      const untouched = fingerprint(host);
      await done({}, 'conflict AccountForeign');
      await done({}, 'conflict AccountForeign', 'revoke');
      assert.equal(fingerprint(host), untouched);
      await done({ claim, privileged: true }, 'changed AccountPushed');
    });
  }
});
