/**
 * Plans on real practice hosts: each says what the push then does, changes nothing itself, and binds the push that applies it.
 * The plan is made of facts in TypeScript, the push by the script on the host: here the two must come to the same, state by state.
 */
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import type { PracticeHost } from '../../src/driver/practice.ts';
import type { AccountWish } from '../../src/push/account.ts';
import type { HostResult, PlanAgreed, PushTask } from '../../src/push/job.ts';
import { changeCodes, type AccountPlan, type PlanVerdict } from '../../src/push/plan.ts';
import { fingerprint, inside, run, startHostLab, wish, type HostLab } from './hostLab.ts';

/** How a change that was made is told, by the code under which it was planned. */
const DONE: Readonly<Record<string, string>> = {
  'account-created': 'created account',
  'account-adopted': 'adopted account',
  'account-taken': 'took account over',
  'password-removed': 'removed password',
  'password-set': 'set password',
  'account-unlocked': 'unlocked account',
  'account-locked': 'locked account',
  'shell-set': 'set shell',
  'comment-set': 'set comment',
  'groups-added': 'added to groups',
  'groups-removed': 'removed from groups',
  'keys-added': 'added key',
  'keys-removed': 'removed key',
  'sudo-written': 'wrote sudo rule',
  'sudo-removed': 'removed sudo rule',
};

interface Scene {
  /** Of the host, and what is wished of it. */
  readonly state: string;
  /** Run as root; `$n` is the account. */
  readonly make?: string;
  /** Pushed before, so that the account is ours. */
  readonly first?: Partial<AccountWish>;
  readonly wish?: Partial<AccountWish>;
  /** The password that is wished, and the one that was pushed before. */
  readonly hash?: string;
  readonly firstHash?: string;
  readonly of?: 'push' | 'revoke';
  /** Revoked before. */
  readonly revoked?: boolean;
  readonly verdict: PlanVerdict;
  /** Where it says why nothing is done. */
  readonly reason?: string;
}

const FULL = { groups: ['games'], shell: '/bin/bash', sudo: { kind: 'all' }, comment: 'Ada L.' } as const;

/** As an administrator has one: a password, groups, a rule of its own, a key, another shell. */
const ADMIN = `groupadd -f wheel; useradd -m -s /bin/dash -c 'Lee, room 7' -G wheel,audio $n; echo "$n:secret" | chpasswd; mkdir -m 700 /home/$n/.ssh; echo "ssh-ed25519 ${'A'.repeat(68)} own" >/home/$n/.ssh/authorized_keys; chown -R $n: /home/$n/.ssh`;
const PLAIN = ADMIN.replace('wheel,audio', 'audio');

const HASH = `$6$saltsalt$${'a'.repeat(86)}`;
const OTHER = `$y$j9T$saltsaltsalt$${'b'.repeat(43)}`;
const WITH_PASSWORD: readonly Scene[] = [
  { state: 'nobody, and a password', wish: FULL, hash: HASH, verdict: 'create' },
  {
    state: 'the wished password',
    first: FULL,
    firstHash: HASH,
    wish: FULL,
    hash: HASH,
    verdict: 'unchanged',
  },
  { state: 'another password', first: FULL, firstHash: OTHER, wish: FULL, hash: HASH, verdict: 'change' },
  {
    state: 'no password, and one wished beside no key',
    first: FULL,
    wish: { ...FULL, keys: [] },
    hash: HASH,
    verdict: 'change',
  },
  { state: 'a password that no push names', first: FULL, firstHash: HASH, wish: FULL, verdict: 'unchanged' },
  {
    state: 'a revoked account with the wished password',
    first: FULL,
    firstHash: HASH,
    revoked: true,
    wish: FULL,
    hash: HASH,
    verdict: 'change',
  },
  {
    state: 'a revoked account with another password',
    first: FULL,
    firstHash: OTHER,
    revoked: true,
    wish: FULL,
    hash: HASH,
    verdict: 'change',
  },
  {
    state: 'a password of ours that was locked by hand',
    first: {},
    firstHash: HASH,
    make: 'usermod -L $n',
    hash: HASH,
    verdict: 'conflict',
    reason: 'AccountLockedByHand',
  },
  {
    state: "somebody else's password",
    make: PLAIN,
    hash: HASH,
    verdict: 'conflict',
    reason: 'AccountForeign',
  },
  {
    state: 'an account to take over with a password',
    make: PLAIN,
    wish: { ...FULL, claim: 'takeOver' },
    hash: HASH,
    verdict: 'change',
  },
  {
    state: 'an account to take over with no key but a password',
    make: PLAIN,
    wish: { keys: [], claim: 'takeOver' },
    hash: HASH,
    verdict: 'change',
  },
  {
    state: 'an account to take over that has the wished password',
    make: `${PLAIN}; usermod -p '${HASH}' $n`,
    wish: { claim: 'takeOver' },
    hash: HASH,
    verdict: 'change',
  },
  {
    state: 'an account without a password to take over',
    make: 'useradd -m -p "*" $n',
    wish: { claim: 'takeOver' },
    verdict: 'change',
  },
  { state: 'a password to revoke', first: FULL, firstHash: HASH, of: 'revoke', verdict: 'change' },
];

const SCENES: readonly Scene[] = [
  ...WITH_PASSWORD,
  {
    state: "an administrator's account to adopt",
    make: ADMIN,
    wish: { ...FULL, claim: 'adopt' },
    verdict: 'change',
  },
  {
    state: 'an account to adopt as it is',
    make: ADMIN,
    wish: { claim: 'adopt', keys: [] },
    verdict: 'change',
  },
  {
    state: 'an account without a password to adopt',
    make: 'useradd -m $n',
    wish: { claim: 'adopt' },
    verdict: 'change',
  },
  {
    state: 'an account to adopt that was locked by hand',
    make: `${PLAIN}; usermod -L $n`,
    wish: { claim: 'adopt' },
    verdict: 'conflict',
    reason: 'AccountLockedByHand',
  },
  {
    state: "an administrator's account to give keys only",
    make: ADMIN,
    wish: { claim: 'keysOnly' },
    verdict: 'change',
  },
  {
    state: 'nobody to give keys only',
    wish: { claim: 'keysOnly' },
    verdict: 'blocked',
    reason: 'AccountMissing',
  },
  {
    state: 'an account of ours to give keys only',
    first: {},
    wish: { claim: 'keysOnly' },
    verdict: 'conflict',
    reason: 'AccountOurs',
  },
  { state: 'an account to take over', make: PLAIN, wish: { ...FULL, claim: 'takeOver' }, verdict: 'change' },
  {
    state: 'an account to take over, with nothing wished',
    make: PLAIN,
    wish: { claim: 'takeOver', keys: [] },
    verdict: 'change',
  },
  {
    state: 'an account to take over that was locked by hand',
    make: `${PLAIN}; usermod -L -e 1 $n`,
    wish: { claim: 'takeOver' },
    verdict: 'change',
  },
  {
    state: 'an account of wheel to take over',
    make: ADMIN,
    wish: { claim: 'takeOver' },
    verdict: 'conflict',
    reason: 'AccountPrivileged',
  },
  {
    state: 'an account with a rule in a list to take over',
    make: `${PLAIN}; echo "nobody,$n ALL=(root) /bin/true" >>/etc/sudoers`,
    wish: { claim: 'takeOver' },
    verdict: 'conflict',
    reason: 'AccountPrivileged',
  },
  {
    state: 'an account with a rule for its uid to take over',
    make: `${PLAIN}; echo "#$(id -u $n) ALL=(root) /bin/true" >>/etc/sudoers`,
    wish: { claim: 'takeOver' },
    verdict: 'conflict',
    reason: 'AccountPrivileged',
  },
  {
    state: 'an account of wheel to take over by name',
    make: ADMIN,
    wish: { ...FULL, claim: 'takeOver', privileged: true },
    verdict: 'change',
  },
  {
    state: 'an account of the system to take over',
    make: 'useradd -r -m $n',
    wish: { claim: 'takeOver', privileged: true },
    verdict: 'conflict',
    reason: 'AccountOfSystem',
  },
  {
    state: 'an account with another uid 0 to adopt',
    make: 'useradd -o -u 0 -m $n',
    wish: { claim: 'adopt' },
    verdict: 'conflict',
    reason: 'AccountForeign',
  },
  { state: 'nobody to adopt', wish: { ...FULL, claim: 'adopt' }, verdict: 'create' },
  { state: 'nobody of that name', wish: FULL, verdict: 'create' },
  { state: 'an account of ours, as wished', first: FULL, wish: FULL, verdict: 'unchanged' },
  {
    state: 'an account of ours, and another wish',
    first: FULL,
    wish: { groups: ['audio'], shell: '/bin/dash', sudo: { kind: 'none' }, keys: [], comment: '' },
    verdict: 'change',
  },
  {
    state: 'an account of ours whose rule was changed by hand',
    first: FULL,
    wish: FULL,
    make: 'chmod u+w /etc/sudoers.d/garrison-$n; echo "$n ALL=(ALL) ALL" >>/etc/sudoers.d/garrison-$n',
    verdict: 'change',
  },
  {
    state: 'an account of ours that lost its key and its group',
    first: FULL,
    wish: FULL,
    make: 'rm /home/$n/.ssh/authorized_keys; gpasswd -d $n games',
    verdict: 'change',
  },
  { state: 'an account of ours that was revoked', first: FULL, wish: FULL, revoked: true, verdict: 'change' },
  {
    state: "somebody else's account",
    make: 'useradd -m -G games $n; echo "$n:secret" | chpasswd',
    verdict: 'conflict',
    reason: 'AccountForeign',
  },
  {
    state: 'an account of ours that was locked by hand',
    first: {},
    make: 'usermod -L $n',
    verdict: 'conflict',
    reason: 'AccountLockedByHand',
  },
  {
    state: 'an account that was made again by somebody else',
    first: {},
    make: 'userdel -r $n; useradd -m $n',
    verdict: 'conflict',
    reason: 'AccountMarkMismatch',
  },
  {
    state: 'a damaged mark',
    first: {},
    make: 'echo torn >/var/lib/garrison/accounts/$n',
    verdict: 'conflict',
    reason: 'AccountMarkDamaged',
  },
  { state: 'a home in its place', make: 'mkdir /home/$n', verdict: 'conflict', reason: 'HomeExists' },
  { state: 'a group in its place', make: 'groupadd $n', verdict: 'conflict', reason: 'GroupNameTaken' },
  {
    state: "a stranger's sudoers file in its place",
    make: 'echo "# mine" >/etc/sudoers.d/garrison-$n',
    verdict: 'conflict',
    reason: 'SudoFileForeign',
  },
  {
    state: 'a group that is not there',
    wish: { groups: ['nosuch'] },
    verdict: 'blocked',
    reason: 'GroupMissing',
  },
  {
    state: 'a shell that is not there',
    wish: { shell: '/bin/nosuch' },
    verdict: 'blocked',
    reason: 'ShellMissing',
  },
  { state: 'a home that went', first: {}, make: 'rm -r /home/$n', verdict: 'blocked', reason: 'HomeMissing' },
  {
    state: 'keys behind a link',
    first: {},
    make: 'mv /home/$n/.ssh /home/$n/was; ln -s was /home/$n/.ssh',
    verdict: 'blocked',
    reason: 'KeysUnusual',
  },
  {
    state: 'an account whose removal was cut short',
    first: FULL,
    wish: FULL,
    revoked: true,
    make: 'sed -i "s/^state .*/state removing/" /var/lib/garrison/accounts/$n',
    verdict: 'change',
  },
  {
    state: 'the record of an account that was removed',
    first: FULL,
    wish: FULL,
    revoked: true,
    make: 'userdel -r $n; sed -i "s/^state .*/state removed/" /var/lib/garrison/accounts/$n',
    verdict: 'create',
  },
  { state: 'an account to revoke', first: FULL, of: 'revoke', verdict: 'change' },
  { state: 'an account revoked before', first: FULL, revoked: true, of: 'revoke', verdict: 'unchanged' },
  { state: 'nobody to revoke', of: 'revoke', verdict: 'unchanged' },
  {
    state: "somebody else's account to revoke",
    make: 'useradd -m $n',
    of: 'revoke',
    verdict: 'conflict',
    reason: 'AccountForeign',
  },
];

describe('a plan', () => {
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
    name = `eva${String(names)}`;
  });

  const wished = (more: Partial<AccountWish> = {}): AccountWish =>
    wish({ name, keys: [lab.userKey], ...more });
  /** The hash goes beside the account, as in every task. */
  const withHash = (account: AccountWish, hash?: string): Pick<PushTask, 'account' | 'secrets'> =>
    hash === undefined
      ? { account }
      : { account: { ...account, passwordHash: 'set' }, secrets: { passwordHash: hash } };
  type Asked = readonly [planOf?: 'push' | 'revoke', hash?: string];
  const plan = async (account: AccountWish, ...[planOf = 'push', hash]: Asked): Promise<HostResult> =>
    run(lab.task(host, { kind: 'plan', planOf, ...withHash(account, hash) }));
  const planned = async (account: AccountWish, ...asked: Asked): Promise<AccountPlan> => {
    const result = await plan(account, ...asked);
    assert.ok(result.plan, result.detail);
    return result.plan;
  };
  const apply = (account: AccountWish, kind: 'push' | 'revoke', agreed: PlanAgreed): Promise<HostResult> =>
    run(lab.task(host, { kind, account, agreed }));
  const applyScene = ({ wish: more, hash, of = 'push' }: Scene, agreed: PlanAgreed): Promise<HostResult> =>
    run(lab.task(host, { kind: of, ...withHash(wished(more), hash), agreed }));

  for (const scene of SCENES) {
    it(`of a host with ${scene.state} is what the ${scene.of ?? 'push'} does`, async () => {
      const { of = 'push', make, first, firstHash, hash, revoked = false, verdict, reason } = scene;
      if (first !== undefined) await run(lab.task(host, withHash(wished(first), firstHash)));
      if (revoked) await run(lab.task(host, { kind: 'revoke', account: wished() }));
      if (make !== undefined) inside(host, `n=${name}; ${make}`);
      const untouched = fingerprint(host);
      const made = await planned(wished(scene.wish), of, hash);
      assert.equal(made.verdict, verdict, JSON.stringify(made));
      if (reason !== undefined) assert.equal(made.reason, reason);
      assert.equal(fingerprint(host), untouched, 'a plan changes nothing');
      assert.equal(
        (await planned(wished(scene.wish), of, hash)).digest,
        made.digest,
        'and sees the same again',
      );

      const agreed = { digest: made.digest, changes: changeCodes(made.changes) };
      const result = await applyScene(scene, agreed);
      const expected = { create: 'changed', change: 'changed', unchanged: 'unchanged', conflict: 'conflict' };
      if (verdict === 'blocked') assert.ok(['failed', 'conflict'].includes(result.outcome), result.detail);
      else assert.equal(result.outcome, expected[verdict], result.detail);
      assert.equal(result.reason, made.reason, result.detail);
      assert.deepEqual(
        result.changes,
        changeCodes(made.changes).map((code) => DONE[code]),
      );
      if (verdict === 'conflict' || verdict === 'blocked') assert.equal(fingerprint(host), untouched);
      else
        assert.equal(
          (await planned(wished(scene.wish), of, hash)).verdict,
          'unchanged',
          'nothing is left to do',
        );
    });
  }

  it("says of an administrator's account what is there, and makes no folder on a host that Garrison never touched", async () => {
    inside(
      host,
      `rm -rf /var/lib/garrison; groupadd -f wheel; useradd -m -G wheel,audio ${name}; echo "${name}:x" | chpasswd; echo '${name} ALL=(ALL) NOPASSWD: ALL' >>/etc/sudoers`,
    );
    const result = await plan(wished({ sudo: { kind: 'all' } }));
    assert.equal(`${result.outcome} ${result.reason}`, 'conflict AccountForeign');
    const notes = result.plan?.notes.join('\n') ?? '';
    assert.match(notes, /uid \d+, home \/home\/eva\d+, shell \S+, password set, groups eva\d+ audio wheel/);
    assert.match(notes, /ALL=\(ALL\) NOPASSWD: ALL/);
    assert.equal(inside(host, 'ls /var/lib | grep -c garrison || true').trim(), '0');
  });

  for (const [what, change] of [
    ['a key', 'echo "ssh-ed25519 AAAA other" >>/home/$n/.ssh/authorized_keys'],
    ['the password', 'echo "$n:other" | chpasswd'],
    ['the shell', 'usermod -s /bin/dash $n'],
    ['a rule of its own', 'echo "$n ALL=(ALL) ALL" >>/etc/sudoers'],
    ['the mark', 'sed -i "s/^sudo .*/sudo yes/" /var/lib/garrison/accounts/$n'],
  ] as const) {
    it(`is refused when ${what} was changed since, and nothing is touched`, async () => {
      await run(lab.task(host, { account: wished() }));
      const { digest, changes } = await planned(wished(FULL));
      inside(host, `n=${name}; ${change}`);
      const before = fingerprint(host);
      const result = await apply(wished(FULL), 'push', { digest, changes: changeCodes(changes) });
      assert.equal(`${result.outcome} ${result.reason}`, 'conflict HostChangedSincePlan', result.detail);
      assert.equal(fingerprint(host), before);
    });
  }

  it('is refused when the host comes to something else than what was agreed', async () => {
    const { digest } = await planned(wished());
    const result = await apply(wished(), 'push', { digest, changes: ['account-created'] });
    assert.equal(`${result.outcome} ${result.reason}`, 'failed PlanDiffers', result.detail);
    assert.equal((await planned(wished())).verdict, 'create');
  });
});
