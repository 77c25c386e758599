/**
 * What must always hold of a plan, over made-up hosts and wishes: applied it leaves nothing to do, and nobody else's account is ever in it.
 * How a host changes under a plan is modelled here; that real hosts do the same is held by test/worker/plan.test.ts.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { leavesKeys, type AccountWish } from '../../src/push/account.ts';
import { readHostFacts, type HostFacts, type PresentAccount } from '../../src/push/hostFacts.ts';
import { claimNow } from '../../src/push/ownership.ts';
import { changeCodes, planAccount, type AccountPlan } from '../../src/push/plan.ts';

const TOKEN = 'feedbeef';
const KEYS = ['ssh-ed25519 AAAA1', 'ssh-ed25519 AAAA2', 'ssh-rsa BBBB3'] as const;
const GROUPS = ['audio', 'games', 'wheel'] as const;
const COMMENTS = ['', 'Ada L.', 'garrison-x'] as const;

const some = <T>(all: readonly T[]): fc.Arbitrary<T[]> => fc.subarray([...all]);

const bareWishes: fc.Arbitrary<AccountWish> = fc.record({
  name: fc.constant('eva'),
  keys: some(KEYS).map((keys) => keys.map((key) => `${key} somebody`)),
  groups: some(GROUPS),
  shell: fc.constantFrom(null, '/bin/sh', '/bin/bash'),
  sudo: fc.constantFrom({ kind: 'none' } as const, { kind: 'all' } as const),
  comment: fc.constantFrom(...COMMENTS),
});
/** With a password, or without. */
const wishes = fc
  .tuple(bareWishes, fc.boolean())
  .map(([wish, isSet]): AccountWish => (isSet ? { ...wish, passwordHash: 'set' } : wish));

/** With a choice, or without. */
const claiming = fc
  .tuple(wishes, fc.constantFrom('none', 'none', 'adopt', 'takeOver'))
  .map(([wish, claim]): AccountWish => ({ ...wish, claim, privileged: true }));

const accounts: fc.Arbitrary<PresentAccount> = fc.record({
  uid: fc.constantFrom(0, 1000, 1001),
  gecos: fc.constantFrom(`garrison-${TOKEN}`, `Ada L. garrison-${TOKEN},room`, 'Administrator', ''),
  home: fc.constant('/home/eva'),
  shell: fc.constantFrom('/bin/sh', '/bin/bash'),
  password: fc.constantFrom('set', 'locked', 'none'),
  isPasswordWished: fc.boolean(),
  isLocked: fc.boolean(),
  isExpired: fc.boolean(),
  isLockBare: fc.boolean(),
  isLockOurs: fc.boolean(),
  homeOwner: fc.constantFrom(null, 0, 1000, 1001),
  isHalfMade: fc.boolean(),
  keysFile: fc.constantFrom('none', 'file', 'nohome', 'odd', 'unreadable'),
  processes: fc.nat(3),
  groups: some(GROUPS),
  keyLines: fc.nat(4),
});

const factsOf = (account: fc.Arbitrary<PresentAccount | null>): fc.Arbitrary<HostFacts> =>
  account.chain((present) =>
    fc.record({
      isInUse: fc.boolean(),
      account: fc.constant(present),
      place: fc.constant(
        present === null ? { home: '/home/eva', isHomeTaken: false, isGroupTaken: false } : null,
      ),
      mark: fc.record({
        mark: fc.constantFrom('none', 'ours', 'other', 'damaged'),
        state: fc.constantFrom('creating', 'claiming', 'ready', 'revoking', 'revoked'),
        claim: fc.constantFrom('none', 'adopt', 'keysOnly', 'takeOver'),
        token: fc.constantFrom(TOKEN, 'other'),
        uid: fc.constantFrom(null, 1000, 1001),
        hasSudo: fc.boolean(),
        hasPassword: fc.boolean(),
        keys: some(KEYS),
        keysThere: some(KEYS),
        groups: some(GROUPS),
        jobId: fc.constant(null),
        isSameWish: fc.boolean(),
      }),
      taking: fc.option(
        fc.record({
          uidMin: fc.constant(1000),
          privileges: fc.constantFrom('', 'in group wheel'),
          otherGroups: some(['staff', 'lp']),
          otherKeys: fc.nat(3),
          isPasswordFree: fc.boolean(),
        }),
      ),
      keys: some(KEYS),
      groupsMissing: fc.constantFrom<string[]>([], ['nosuch']),
      memberOf: some(GROUPS),
      sudo: fc.record({
        file: fc.constantFrom('absent', 'ours', 'foreign'),
        isRight: fc.boolean(),
        means: fc.constantFrom('missing', 'notIncluded', 'ok'),
        isSound: fc.constantFrom(null, true, false),
        said: fc.constant(''),
        lines: fc.constant([]),
      }),
      lacking: fc.constantFrom<string[]>([], ['flock']),
      isShellUsable: fc.boolean(),
      isReadOnly: fc.boolean(),
      isDiskFull: fc.boolean(),
      digest: fc.constant('ab12cd34'),
    }),
  );
const anyFacts = factsOf(fc.option(accounts));
/** A host where most can be done: the account, where there is one, is ours. */
const goodFacts = anyFacts.map((facts): HostFacts => ({
  ...facts,
  isInUse: false,
  account:
    facts.account === null
      ? null
      : {
          ...facts.account,
          uid: 1000,
          homeOwner: 1000,
          gecos: `garrison-${TOKEN}`,
          keysFile: 'file',
          isHalfMade: false,
          isLockOurs: facts.mark.state !== 'ready',
        },
  mark: {
    ...facts.mark,
    mark: facts.account === null ? 'none' : 'ours',
    state: facts.mark.state === 'creating' ? 'ready' : facts.mark.state,
    token: TOKEN,
    uid: 1000,
  },
  taking:
    facts.taking === null
      ? null
      : { ...facts.taking, isPasswordFree: facts.account?.isLocked === false && !facts.account.isExpired },
  groupsMissing: [],
  lacking: [],
  isShellUsable: true,
  isReadOnly: false,
  isDiskFull: false,
  sudo: {
    ...facts.sudo,
    file: facts.sudo.file === 'foreign' ? 'absent' : facts.sudo.file,
    means: 'ok',
    isSound: true,
  },
}));

const identity = (key: string): string => key.split(' ', 2).join(' ');

/** As a push leaves the host, by its plan alone. */
function pushed(facts: HostFacts, wish: AccountWish, plan: AccountPlan): HostFacts {
  const does = (code: string): boolean => plan.changes.some((change) => change.code === code);
  const what = (code: string): string[] =>
    plan.changes.filter((each) => each.code === code).map((each) => each.what);
  const before = facts.account;
  const comment = does('comment-set') || before === null ? (what('comment-set')[0] ?? wish.comment) : null;
  const tag = `garrison-${TOKEN}`;
  const account: PresentAccount = {
    ...(before ?? {
      uid: 1000,
      home: '/home/eva',
      password: 'none',
      isPasswordWished: false,
      homeOwner: 1000,
      keysFile: 'file',
      processes: 0,
      groups: [],
      keyLines: 0,
      isHalfMade: false,
      shell: wish.shell ?? '/bin/sh',
      gecos: tag,
      isLocked: false,
      isExpired: false,
      isLockBare: false,
      isLockOurs: false,
    }),
    ...(does('shell-set') ? { shell: what('shell-set')[0] ?? '' } : {}),
    ...(comment === null ? {} : { gecos: comment === '' ? tag : `${comment} ${tag}` }),
    ...(does('password-set') ? { password: 'set', isPasswordWished: true } : {}),
    ...(does('account-unlocked') || does('password-removed') ? { isLocked: false, isExpired: false } : {}),
  };
  const memberOf = [
    ...facts.memberOf.filter((group) => before !== null && !what('groups-removed').includes(group)),
    ...what('groups-added'),
  ];
  const ours = wish.keys
    .map(identity)
    .filter((key) => facts.mark.keys.includes(key) || before === null || !facts.keys.includes(key));
  const keys = before === null ? [] : facts.keys;
  return {
    ...facts,
    account,
    place: null,
    memberOf,
    keys: [...new Set([...keys, ...wish.keys.map(identity).filter(() => does('keys-added'))])],
    mark: {
      ...facts.mark,
      mark: 'ours',
      state: 'ready',
      claim:
        before === null
          ? 'none'
          : claimNow(wish, facts) === 'none'
            ? facts.mark.claim
            : claimNow(wish, facts),
      token: TOKEN,
      uid: 1000,
      keys: leavesKeys(wish) ? facts.mark.keys : ours,
      keysThere: does('keys-removed')
        ? ours
        : leavesKeys(wish)
          ? facts.mark.keysThere
          : facts.mark.keysThere.filter((key) => wish.keys.map(identity).includes(key)),
      groups: wish.groups,
    },
    sudo: {
      ...facts.sudo,
      file: does('sudo-written') ? 'ours' : does('sudo-removed') ? 'absent' : facts.sudo.file,
      isRight: does('sudo-written') || facts.sudo.isRight,
    },
  };
}

describe('a plan', () => {
  it('that was applied leaves nothing to do', () => {
    fc.assert(
      fc.property(goodFacts, claiming, (facts, wish) => {
        const plan = planAccount('push', wish, facts);
        fc.pre(plan.verdict === 'create' || plan.verdict === 'change');
        const after = planAccount('push', wish, pushed(facts, wish, plan));
        assert.equal(after.verdict, 'unchanged', JSON.stringify({ plan, after }));
      }),
      { numRuns: 2000 },
    );
  });

  it('tells of a password whether it is the wished one, and touches neither it nor the keys unasked', () => {
    fc.assert(
      fc.property(goodFacts, wishes, (facts, wish) => {
        const { verdict, changes } = planAccount('push', wish, facts);
        fc.pre(verdict === 'change' || verdict === 'unchanged');
        const codes = changeCodes(changes);
        const isWished = wish.passwordHash !== undefined;
        const isRemoved = codes.includes('password-removed');
        assert.equal(
          codes.includes('password-set'),
          isWished && (isRemoved || facts.account?.isPasswordWished !== true),
        );
        if (leavesKeys(wish) && !isRemoved && facts.mark.claim !== 'takeOver')
          assert.ok(!codes.includes('keys-removed') && !codes.includes('keys-added'));
      }),
      { numRuns: 2000 },
    );
  });

  it('never has an action for an account that is not proved ours', () => {
    fc.assert(
      fc.property(factsOf(accounts), wishes, fc.constantFrom('push', 'revoke'), (facts, wish, of) => {
        const plan = planAccount(of, wish, facts);
        const { uid, gecos } = facts.account!;
        const isProved =
          facts.mark.mark === 'ours' && uid !== 0 && gecos.includes(`garrison-${facts.mark.token}`);
        // Keys that were given by an explicit choice are taken back, and that is all.
        if (facts.mark.claim === 'keysOnly' && of === 'revoke') {
          assert.ok(plan.changes.every(({ code }) => code === 'keys-removed' || code === 'sudo-removed'));
        } else if (!isProved || facts.isInUse || facts.mark.claim === 'keysOnly') {
          assert.equal(plan.verdict, 'conflict');
          assert.deepEqual(plan.changes, []);
        }
        // Somebody who got the name after ours was removed has another uid.
        if (facts.mark.uid !== uid && facts.mark.state !== 'creating') assert.deepEqual(plan.changes, []);
      }),
      { numRuns: 3000 },
    );
  });

  it('of a foreign account does what was chosen, and nothing more', () => {
    const foreign = goodFacts
      .filter(({ account, taking }) => account !== null && taking !== null)
      .map((facts): HostFacts => ({
        ...facts,
        account: { ...facts.account!, gecos: 'Administrator' },
        mark: { ...facts.mark, mark: 'none', state: '', claim: 'none', keysThere: [], groups: [], uid: null },
        sudo: { ...facts.sudo, file: 'absent', isRight: false },
      }));
    const choices = fc.constantFrom('adopt', 'keysOnly', 'takeOver');
    fc.assert(
      fc.property(foreign, wishes, choices, fc.boolean(), (facts, wish, claim, privileged) => {
        const without = planAccount('push', wish, facts);
        assert.equal(`${without.verdict} ${without.reason}`, 'conflict AccountForeign');
        const plan = planAccount('push', { ...wish, claim, privileged }, facts);
        const codes = changeCodes(plan.changes);
        const isRefused = plan.verdict === 'conflict' || plan.verdict === 'blocked';
        if (facts.taking!.privileges !== '' && claim === 'takeOver' && !privileged)
          assert.equal(plan.reason, 'AccountPrivileged');
        if (claim === 'keysOnly') {
          assert.ok(codes.every((code) => code === 'keys-added'));
          // Also where other keys were given before: a push takes none away.
          const given = { mark: 'ours', claim: 'keysOnly', uid: 1000, keysThere: facts.mark.keys } as const;
          const again = planAccount(
            'push',
            { ...wish, claim },
            { ...facts, mark: { ...facts.mark, ...given } },
          );
          assert.ok(again.changes.every(({ code }) => code === 'keys-added'));
        }
        if (claim === 'adopt' && !isRefused) {
          assert.equal(codes[0], 'account-adopted');
          assert.ok(
            codes.every((code) => !/removed|locked|taken/.test(code)),
            codes.join(),
          );
          if (wish.comment === '') assert.ok(!codes.includes('comment-set'));
        }
        if (claim === 'takeOver' && !isRefused) assert.equal(codes[0], 'account-taken');
        assert.deepEqual(planAccount('revoke', wish, facts).changes, []);
      }),
      { numRuns: 2000 },
    );
  });

  it('never takes over a low uid, whatever is said', () => {
    const low = factsOf(accounts.map((account) => ({ ...account, uid: 999 })));
    fc.assert(
      fc.property(low, wishes, (facts, wish) => {
        const foreign = { ...facts, mark: { ...facts.mark, mark: 'none', claim: 'none' } } as const;
        const plan = planAccount('push', { ...wish, claim: 'takeOver', privileged: true }, foreign);
        assert.equal(plan.verdict, 'conflict');
      }),
    );
  });

  it('removes only keys and groups of ours, and adds only what is wished', () => {
    fc.assert(
      fc.property(fc.oneof(anyFacts, goodFacts), wishes, (facts, wish) => {
        const { changes } = planAccount('push', wish, facts);
        for (const { code, what } of changes) {
          if (code === 'groups-removed' && facts.mark.claim !== 'takeOver')
            assert.ok(facts.mark.groups.includes(what) && !wish.groups.includes(what));
          if (code === 'groups-added') assert.ok(wish.groups.includes(what));
        }
        const removed = changes.filter(({ code }) => code === 'keys-removed').length;
        if (facts.mark.claim !== 'takeOver') assert.ok(removed <= facts.mark.keysThere.length);
        assert.equal(new Set(changeCodes(changes)).size, changeCodes(changes).length);
      }),
    );
  });

  it('has changes when and only when something would be done, and otherwise a reason with a cure', () => {
    fc.assert(
      fc.property(anyFacts, wishes, fc.constantFrom('push', 'revoke'), (facts, wish, of) => {
        const { verdict, changes } = planAccount(of, wish, facts);
        const acts = verdict === 'create' || (verdict === 'change' && of === 'push');
        if (acts) assert.ok(changes.length > 0);
        if (verdict === 'conflict' || verdict === 'blocked' || verdict === 'unchanged')
          assert.deepEqual(changes, []);
      }),
    );
  });
});

describe('the facts of a host', () => {
  const telling = (...lines: string[]): string => Buffer.from(`${lines.join('\n')}\n`).toString('base64');
  const ABSENT = [
    'account absent',
    'mark none',
    'sudoFile absent',
    'sudoMeans ok',
    'home /home/eva',
    'digest ab12cd',
  ];

  it('are read where all that counts is there', () => {
    const facts = readHostFacts(telling(...ABSENT, 'sudoLine eva ALL=(ALL) ALL', 'nonsense x'));
    assert.equal(facts?.place?.home, '/home/eva');
    assert.deepEqual(facts.sudo.lines, ['eva ALL=(ALL) ALL']);
  });

  it('are none where anything that counts is missing, impossible or torn', () => {
    for (const without of ABSENT.filter((line) => !line.startsWith('home')))
      assert.equal(readHostFacts(telling(...ABSENT.filter((line) => line !== without))), null, without);
    assert.equal(
      readHostFacts(telling('account present', ...ABSENT.slice(1))),
      null,
      'present, and nothing told of it',
    );
    assert.equal(readHostFacts('%%%'), null);
    assert.equal(readHostFacts(''), null);
    assert.equal(readHostFacts(telling(...ABSENT.map((line) => line.replace('ab12cd', 'no$(id)')))), null);
  });

  it('never become more than so many, nor longer, nor able to move a terminal', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 300 }), (text) => {
        const line = `sudoLine ${text.replaceAll('\n', ' ')}\u001b[2J`;
        const facts = readHostFacts(telling(...ABSENT, ...Array<string>(500).fill(line)));
        assert.ok(facts !== null && facts.sudo.lines.length <= 400);
        for (const said of facts.sudo.lines) assert.ok(!said.includes('\u001b') && said.length <= 4096);
      }),
      { numRuns: 50 },
    );
  });
});
