/**
 * Passwords on a real practice host: set, kept and changed by their crypt hashes, through locks of ours and beside keys.
 * That the hash is right is proved as a login would: by crypt itself, on the host's own shadow line.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { after, before, beforeEach, describe, it } from 'node:test';
import type { PracticeHost } from '../../src/driver/practice.ts';
import type { AccountWish } from '../../src/push/account.ts';
import type { HostResult, PushTask } from '../../src/push/job.ts';
import { requestLines } from '../../src/push/wire.ts';
import { fingerprint, inside, read, run, startHostLab, wish, type HostLab } from './hostLab.ts';

const hashOf = (password: string, method = '-6'): string =>
  execFileSync('openssl', ['passwd', method, password], { encoding: 'utf8' }).trim();
const ONE = hashOf('first-password');
const TWO = hashOf('second-password', '-5');

describe('a push with a password', () => {
  let lab: HostLab;
  let host: PracticeHost;
  let names = 0;
  let name = '';
  before(async () => {
    lab = await startHostLab(1);
    host = lab.hosts[0]!;
  });
  after(() => lab.end());
  beforeEach(() => {
    names += 1;
    name = `pat${String(names)}`;
  });

  const task = (hash: string | null, more: Partial<AccountWish> = {}): PushTask => {
    const account = wish({ name, ...(hash === null ? {} : { passwordHash: 'set' }), ...more });
    return lab.task(host, { account, ...(hash === null ? {} : { secrets: { passwordHash: hash } }) });
  };
  const push = (hash: string | null, more: Partial<AccountWish> = {}): Promise<HostResult> =>
    run(task(hash, more));
  const revoke = (): Promise<HostResult> => run(lab.task(host, { kind: 'revoke', account: wish({ name }) }));
  const shadow = (): string[] =>
    (read(host, '/etc/shadow') ?? '')
      .split('\n')
      .find((line) => line.startsWith(`${name}:`))
      ?.split(':') ?? [];
  const keys = (): string => inside(host, `cat /home/${name}/.ssh/authorized_keys 2>/dev/null || true`);

  it('makes the account with it, and says that no login proved it', async () => {
    const result = await push(ONE);
    assert.deepEqual(
      [result.outcome, result.changes],
      ['changed', ['created account', 'set password']],
      result.detail,
    );
    assert.equal(shadow()[1], ONE);
    assert.equal(result.verified, 'static');
    assert.match(result.verifiedBy ?? '', /password set, not proven by login/);
    const mark = inside(host, `cat /var/lib/garrison/accounts/${name}`);
    assert.match(mark, /^password yes$/m);
    assert.ok(!mark.includes(ONE));
  });

  it('is unchanged the second time, and changes it where it is another', async () => {
    await push(ONE);
    const untouched = fingerprint(host);
    assert.equal((await push(ONE)).outcome, 'unchanged');
    assert.equal(fingerprint(host), untouched, 'to the byte');
    const changed = await push(TWO);
    assert.deepEqual([changed.outcome, changed.changes], ['changed', ['set password']], changed.detail);
    assert.equal(shadow()[1], TWO);
    inside(host, `echo '${name}:by-hand' | chpasswd`);
    const plan = (await run({ ...task(TWO), kind: 'plan', planOf: 'push' })).plan;
    assert.deepEqual([plan?.verdict, plan?.isDrift], ['change', true], 'somebody changed it there');
    assert.deepEqual((await push(TWO)).changes, ['set password']);
  });

  it('leaves the age and the end of the password as they are', async () => {
    await push(ONE);
    inside(host, `chage -m 3 -M 90 -W 9 -I 20 ${name}`);
    await push(TWO);
    assert.deepEqual(shadow().slice(3, 7), ['3', '90', '9', '20']);
  });

  it('changes the one that is asked for: the keys without one, the password without one', async () => {
    await push(null, { keys: [lab.userKey] });
    assert.equal(shadow()[1], '*');
    assert.deepEqual((await push(ONE)).changes, ['set password']);
    assert.ok(keys().includes(lab.userKey.split(' ')[1] ?? 'x'), 'the key stays');
    assert.equal(
      (await push(null, { keys: [lab.userKey] })).outcome,
      'unchanged',
      'and is still known as ours',
    );
    assert.equal(shadow()[1], ONE, 'the password stays');
    assert.deepEqual((await push(null)).changes, ['removed key']);
    assert.equal(shadow()[1], ONE);
    const both = await push(TWO, { keys: [lab.userKey] });
    assert.deepEqual(both.changes, ['set password', 'added key']);
  });

  it('is locked by a revoke and opened by a push, with the same password or another', async () => {
    await push(ONE, { keys: [lab.userKey] });
    assert.equal((await revoke()).outcome, 'changed');
    assert.deepEqual([shadow()[1], shadow()[7]], [`!${ONE}`, '1']);
    assert.equal((await revoke()).outcome, 'unchanged');
    assert.deepEqual((await push(null, { keys: [lab.userKey] })).changes, ['unlocked account', 'added key']);
    assert.deepEqual([shadow()[1], shadow()[7]], [ONE, '']);
    await revoke();
    assert.deepEqual((await push(ONE)).changes, ['unlocked account']);
    assert.deepEqual([shadow()[1], shadow()[7]], [ONE, '']);
    await revoke();
    assert.deepEqual((await push(TWO)).changes, ['set password', 'unlocked account']);
    assert.deepEqual([shadow()[1], shadow()[7]], [TWO, '']);
  });

  it('never touches an account of somebody else, or one that keeps its own', async () => {
    inside(host, `useradd -m ${name}; echo '${name}:theirs' | chpasswd`);
    const untouched = fingerprint(host);
    assert.equal((await push(ONE)).reason, 'AccountForeign');
    assert.equal(fingerprint(host), untouched);
    await push(null, { keys: [lab.userKey], claim: 'adopt' });
    const adopted = fingerprint(host);
    const refused = await push(ONE);
    assert.deepEqual([refused.outcome, refused.reason], ['conflict', 'PasswordKept'], refused.detail);
    assert.equal(fingerprint(host), adopted);
    const taken = await push(ONE, { claim: 'takeOver' });
    assert.deepEqual(
      taken.changes.slice(0, 3),
      ['took account over', 'removed password', 'set password'],
      taken.detail,
    );
    assert.equal(shadow()[1], ONE);
    assert.equal((await push(ONE)).outcome, 'unchanged');
  });

  /** In place of the host's own, whose folder cannot be written to. */
  const chpasswd = (text: string, mode: string): void => {
    inside(
      host,
      `cat >/root/chpasswd <<'EOF'\n${text}\nEOF\nchmod ${mode} /root/chpasswd; mount --bind /root/chpasswd /usr/sbin/chpasswd`,
    );
  };
  const chpasswdAsWas = (): string => inside(host, 'umount /usr/sbin/chpasswd');

  it('needs chpasswd, which a plan says, and only where a password is wished', async () => {
    chpasswd('', '644');
    try {
      const plan = await run({ ...task(ONE), kind: 'plan', planOf: 'push' });
      assert.deepEqual([plan.reason, plan.plan?.words['tools']], ['HostToolMissing', 'chpasswd']);
      assert.equal((await push(ONE)).reason, 'HostToolMissing');
      assert.equal((await push(null)).outcome, 'changed', 'without one it needs none');
    } finally {
      chpasswdAsWas();
    }
  });

  it('is taken back where it cannot be set, and never told by what chpasswd says', async () => {
    await push(null);
    chpasswd('#!/bin/sh\nread -r line\necho "bad $line" >&2\nexit 1', '755');
    try {
      const failed = await push(ONE);
      assert.deepEqual([failed.outcome, failed.reason], ['failed', 'PasswordNotSet'], failed.detail);
      assert.ok(!JSON.stringify(failed).includes(ONE.slice(0, 20)));
      assert.equal(shadow()[1], '*');
      name = `${name}x`;
      const taken = await push(ONE);
      assert.deepEqual([taken.reason, taken.changes], ['PasswordNotSet', []], taken.detail);
      assert.deepEqual(shadow(), [], 'an account that this push made is taken back');
    } finally {
      chpasswdAsWas();
    }
    assert.equal((await push(ONE)).outcome, 'changed');
  });

  it('tells nothing of either hash, in its plan, its result or its log', async () => {
    await push(ONE);
    const plan = await run({ ...task(TWO), kind: 'plan', planOf: 'push' });
    const said =
      JSON.stringify([plan, await push(TWO), await push(TWO)]) +
      readFileSync(`${lab.homeDir}/job.log`, 'utf8');
    for (const hash of [ONE, TWO]) {
      const [, , salt = 'x', digest = 'x'] = hash.split('$');
      for (const part of [hash, salt, digest, Buffer.from(hash).toString('base64').slice(4, 60)])
        assert.ok(!said.includes(part), part);
    }
    assert.match(said, /set password/);
  });

  it('is not sent without a hash, or with something else', () => {
    const extras = { nonce: 'n', token: 't', askedAt: '', deadlineSeconds: 9, lockWaitSeconds: 1 };
    const without = { ...task(null), account: wish({ name, passwordHash: 'set' }) };
    assert.throws(() => requestLines(without, extras), /did not come with the task/);
    for (const bad of ['set', 'plain', `${ONE}\nkind revoke`, ''])
      assert.throws(() => requestLines({ ...without, secrets: { passwordHash: bad } }, extras));
  });
});
