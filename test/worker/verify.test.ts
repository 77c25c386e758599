/**
 * How the result of a push says that it was verified, and what it finds when the account is as wished and yet shut out.
 * Each scene changes what a real sshd, its files or sudo say on a practice host; nothing is pretended.
 */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { after, before, beforeEach, describe, it } from 'node:test';
import type { PracticeHost } from '../../src/driver/practice.ts';
import type { AccountWish } from '../../src/push/account.ts';
import type { HostResult, PushTask } from '../../src/push/job.ts';
import { inside, makeKey, run, startHostLab, wish, type HostLab } from './hostLab.ts';

const SSHD = '/etc/ssh/sshd_config';

interface Scene {
  readonly what: string;
  /** Run as root before a second push; `$n` is the account. */
  readonly make: string;
  readonly left: RegExp;
  readonly cure: RegExp;
}

const SHUT: readonly Scene[] = [
  {
    what: 'AllowUsers',
    make: `echo 'AllowUsers root somebody' >>${SSHD}`,
    left: /AllowUsers/,
    cure: /add \w+ to AllowUsers/,
  },
  {
    what: 'DenyUsers, by a pattern',
    make: `echo 'DenyUsers z* '"\${n%?}?" >>${SSHD}`,
    left: /DenyUsers/,
    cure: /out of DenyUsers/,
  },
  {
    what: 'AllowGroups',
    make: `echo 'AllowGroups root wheel' >>${SSHD}`,
    left: /AllowGroups/,
    cure: /one of these groups/,
  },
  {
    what: 'DenyGroups',
    make: `echo "DenyGroups $n" >>${SSHD}`,
    left: /DenyGroups/,
    cure: /change DenyGroups/,
  },
  {
    what: 'keys read elsewhere',
    make: `echo 'AuthorizedKeysFile /etc/ssh/keys/%u' >>${SSHD}`,
    left: /keys from \/etc\/ssh\/keys\/%u/,
    cure: /add \.ssh\/authorized_keys/,
  },
  {
    what: 'keys not taken from it',
    make: `printf 'Match User %s\\n PubkeyAuthentication no\\n' $n >>${SSHD}`,
    left: /PubkeyAuthentication/,
    cure: /PubkeyAuthentication yes/,
  },
  {
    what: 'a home that others may write',
    make: 'chmod g+w /home/$n',
    left: /others may write \/home\/\w+,/,
    cure: /chmod go-w \/home\/\w+ there/,
  },
  {
    what: 'a file of keys that others may write',
    make: 'chmod o+w /home/$n/.ssh/authorized_keys',
    left: /others may write \/home\/\w+\/\.ssh\/authorized_keys/,
    cure: /chmod go-w/,
  },
  {
    what: 'a sudo rule that is not read',
    make: `sed -i 's/^@includedir/#@includedir/' /etc/sudoers`,
    left: /sudo -l -U does not show/,
    cure: /run sudo -l -U/,
  },
];

describe('a push', () => {
  let lab: HostLab;
  let host: PracticeHost;
  let names = 0;
  let name = '';
  let sshd = '';
  let sudoers = '';
  before(async () => {
    lab = await startHostLab(1);
    host = lab.hosts[0]!;
    sshd = inside(host, `cat ${SSHD}`);
    sudoers = inside(host, 'cat /etc/sudoers');
  });
  after(() => lab.end());
  beforeEach(() => {
    names += 1;
    name = `ida${String(names)}`;
    writeFileSync(`${host.filesAt}${SSHD}`, sshd);
    writeFileSync(`${host.filesAt}/etc/sudoers`, sudoers);
  });
  const push = (more: Partial<AccountWish> = {}, task: Partial<PushTask> = {}): Promise<HostResult> =>
    run(lab.task(host, { account: wish({ name, keys: [lab.userKey], ...more }), ...task }));

  it('says by what it was verified, also where nothing was to be done', async () => {
    const commands = Array.from(
      { length: 32 },
      (_, index) => `/usr/bin/journalctl -u unit-${String(index)}.service`,
    );
    for (const outcome of ['changed', 'unchanged']) {
      const result = await push({ sudo: { kind: 'commands', commands } });
      assert.equal(result.outcome, outcome, result.detail);
      assert.equal(result.verified, 'static');
      assert.equal(
        result.verifiedBy,
        'its keys are there by their fingerprints, and it is neither locked nor expired, sshd -T reads its authorized_keys and lets it in, modes and owners are as StrictModes wants, sudo -l -U shows its rule',
      );
    }
    assert.equal((await push({ sudo: { kind: 'all' } })).verified, 'static');
    const without = await push({ keys: [] });
    assert.deepEqual([without.verified, without.verifiedBy], ['static', 'there is nothing to log in with']);
  });

  for (const { what, make, left, cure } of SHUT) {
    it(`finds ${what}, and says what to do`, async () => {
      const wished = { sudo: { kind: 'all' } } as const;
      assert.equal((await push(wished)).outcome, 'changed');
      inside(host, `n=${name}; ${make}`);
      const result = await push(wished);
      assert.equal(`${result.outcome} ${result.reason}`, 'failed VerifyFailed', result.detail);
      assert.match(result.detail, left);
      assert.match(result.detail, cure);
      assert.equal(result.verified, undefined);
    });
  }

  it('that changed the host and finds it shut out says both, and is well after the cure', async () => {
    inside(host, `echo 'AllowUsers root' >>${SSHD}`);
    const result = await push();
    assert.equal(`${result.outcome} ${result.reason}`, 'failed VerifyFailed');
    assert.deepEqual(result.changes, ['created account', 'added key']);
    inside(host, `sed -i 's/^AllowUsers root/& ${name}/' ${SSHD}`);
    const again = await push();
    assert.equal(`${again.outcome} ${String(again.verified)}`, 'unchanged static', again.detail);
  });

  it('names what could not be looked at, and does not fail for it', async () => {
    inside(host, `echo 'AllowUsers root *@10.0.0.*' >>${SSHD}`);
    const some = await push();
    assert.equal(some.outcome, 'changed', some.detail);
    assert.match(some.verifiedBy ?? '', /not seen: from which addresses AllowUsers lets it in$/);
    inside(
      host,
      'mv /usr/sbin/sshd /usr/sbin/sshd.away 2>/dev/null || echo Nonsense yes >>/etc/ssh/sshd_config',
    );
    const none = await push();
    inside(host, '[ ! -e /usr/sbin/sshd.away ] || mv /usr/sbin/sshd.away /usr/sbin/sshd');
    assert.equal(`${none.outcome} ${String(none.verified)}`, 'unchanged static', none.detail);
    assert.match(none.verifiedBy ?? '', /not seen: the settings of sshd \(/);
  });

  it('finds a lock that an sshd without PAM takes for the whole account', async () => {
    inside(host, `useradd -m ${name}; sed -i 's/^UsePAM yes/UsePAM no/' ${SSHD}`);
    const result = await push({ claim: 'adopt' });
    assert.equal(`${result.outcome} ${result.reason}`, 'failed VerifyFailed', result.detail);
    assert.match(result.detail, /usermod -p '\*' ida\d+ there/);
  });

  it('logs in as the account where it holds the key, and is failed by a refusal', async () => {
    const { identityFile } = lab.task(host).ssh;
    const key = readFileSync(`${identityFile}.pub`, 'utf8').trim();
    const result = await push({ keys: [key] });
    assert.equal(`${result.outcome} ${String(result.verified)}`, 'changed login', result.detail);
    assert.match(result.verifiedBy ?? '', /^a second connection logged in as ida\d+; its keys are there/);
    inside(host, `usermod -s /usr/sbin/nologin ${name}`);
    assert.equal(
      (await push({ keys: [key] })).verified,
      'login',
      'a shell that runs nothing comes after the login',
    );
    // PAM turns all away but root, which no look at the settings of sshd shows.
    inside(host, 'touch /etc/nologin');
    const refused = await push({ keys: [key] });
    inside(host, 'rm /etc/nologin');
    assert.equal(`${refused.outcome} ${refused.reason}`, 'failed VerifyFailed', refused.detail);
    assert.match(refused.detail, /a login as ida\d+ with its key is refused \(.*log of sshd on/);
    assert.equal(refused.verified, undefined);
  });

  it('names what sshd wants beside a key', async () => {
    inside(host, `printf 'Match User %s\\n AuthenticationMethods publickey,publickey\\n' ${name} >>${SSHD}`);
    const other = await push();
    assert.equal(`${other.outcome} ${String(other.verified)}`, 'changed static', other.detail);
    assert.match(other.verifiedBy ?? '', /not seen: whether it can do what sshd wants beside a key/);
  });

  it('never tries a key that is not its own', async () => {
    const other = makeKey(lab.homeDir, `other-${name}`);
    const result = await push({ keys: [readFileSync(`${other}.pub`, 'utf8').trim()] });
    assert.equal(result.verified, 'static');
  });
});
