/**
 * Undos on real practice hosts: a push that is undone leaves the host as it was, to the byte; one that anybody changed since is not touched;
 * and one that is killed at any step is finished by the next attempt. It is no test file itself: who asks says how many of the cases run.
 */
import assert from 'node:assert/strict';
import { readFileSync, readdirSync, existsSync, statSync } from 'node:fs';
import { after, before, beforeEach, describe, it } from 'node:test';
import type { PracticeHost } from '../../src/driver/practice.ts';
import type { AccountWish } from '../../src/push/account.ts';
import type { HostResult, PushTask } from '../../src/push/job.ts';
import { requestLines } from '../../src/push/wire.ts';
import { standardInput, type ScriptKind } from '../../src/worker/remoteScript.ts';
import { feed, fingerprint, inside, run, startHostLab, wish, type HostLab } from './hostLab.ts';

const FULL = { groups: ['games'], shell: '/bin/bash', sudo: { kind: 'all' }, comment: 'Ada L.' } as const;

/** An administrator's: a password, groups, a rule of its own, keys with an odd mode and no newline at their end, another shell. */
const ADMIN = `groupadd -f wheel; useradd -m -s /bin/dash -c 'Lee, room 7' -G wheel,audio $n; echo "$n:secret" | chpasswd; chage -d 19000 -E 30000 $n; usermod -a -G audio backup; mkdir -m 755 /home/$n/.ssh; printf 'ssh-ed25519 ${'A'.repeat(68)} own\\n# mine\\n\\nssh-rsa BBBB' >/home/$n/.ssh/authorized_keys; chmod 644 /home/$n/.ssh/authorized_keys; chown -R $n: /home/$n/.ssh; echo "$n ALL=(root) /bin/true" >/etc/sudoers.d/own-$n`;
const PLAIN = `useradd -m -s /bin/dash -c 'Lee, room 7' -G audio $n; echo "$n:secret" | chpasswd; chage -d 19000 $n`;

interface Scene {
  readonly state: string;
  /** Run as root; `$n` is the account. */
  readonly make?: string;
  /** Pushed before, so that the account is ours. */
  readonly first?: Partial<AccountWish>;
  readonly revoked?: boolean;
  readonly wish?: Partial<AccountWish>;
  readonly of?: 'push' | 'revoke';
}

const SCENES: readonly Scene[] = [
  { state: 'an account that was made' },
  { state: 'an account that was made with all', wish: FULL },
  { state: 'an account that was made without a key', wish: { keys: [] } },
  { state: 'an account with a new key', first: { keys: [] } },
  { state: 'an account that lost its keys', first: {}, wish: { keys: [] } },
  { state: 'an account with all added', first: {}, wish: FULL },
  { state: 'an account with all taken away', first: FULL, wish: {} },
  {
    state: 'an account with another rule',
    first: FULL,
    wish: { ...FULL, sudo: { kind: 'commands', commands: ['/bin/true'] } },
  },
  {
    state: 'an account with another shell and comment',
    first: FULL,
    wish: { ...FULL, shell: '/bin/dash', comment: 'Ada' },
  },
  { state: 'an account that was unlocked', first: FULL, revoked: true, wish: FULL },
  { state: 'an account that was revoked', first: FULL, of: 'revoke' },
  {
    state: 'an account that was locked again',
    first: FULL,
    revoked: true,
    make: 'usermod -U -e "" $n',
    of: 'revoke',
  },
  { state: 'an adopted account', make: ADMIN, wish: { ...FULL, claim: 'adopt' } },
  { state: 'an account that was adopted as it is', make: ADMIN, wish: { claim: 'adopt', keys: [] } },
  {
    state: 'an account that was taken over',
    make: ADMIN,
    wish: { ...FULL, claim: 'takeOver', privileged: true },
  },
  {
    state: 'a plain account that was taken over, with nothing wished',
    make: PLAIN,
    wish: { claim: 'takeOver', keys: [] },
  },
  {
    state: 'an account that was locked and taken over',
    make: `${PLAIN}; usermod -L -e 1 $n`,
    wish: { claim: 'takeOver' },
  },
  { state: 'an account that got keys only', make: ADMIN, wish: { claim: 'keysOnly' } },
  { state: 'an account that got its first key, and keys only', make: PLAIN, wish: { claim: 'keysOnly' } },
  {
    state: 'an adopted account that was revoked',
    make: ADMIN,
    first: { ...FULL, claim: 'adopt' },
    of: 'revoke',
  },
  {
    state: 'an account with keys only that was revoked',
    make: ADMIN,
    first: { claim: 'keysOnly' },
    of: 'revoke',
  },
  { state: 'a rule that outlived its account', first: FULL, make: 'userdel -r $n', of: 'revoke' },
  { state: 'an account in the place of one that was deleted', first: FULL, make: 'userdel -r $n', wish: {} },
];

/** Of each table every so many cases, beginning with the first. */
export function describeUndo(every: number): void {
  const some = <T>(cases: readonly T[]): readonly T[] => cases.filter((_, index) => index % every === 0);
  describe('an undo', () => {
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
      name = `und${String(names)}`;
    });

    const task = (kind: 'push' | 'revoke', more: Partial<AccountWish> = {}): PushTask =>
      lab.task(host, {
        kind,
        account: wish({ name, keys: kind === 'push' ? [lab.userKey] : [], ...more }),
      });
    const undoTask = (of: PushTask, more: Partial<PushTask> = {}): PushTask =>
      lab.task(host, { kind: 'undo', account: wish({ name }), undoOf: of.jobId, ...more });
    const planOf = (of: PushTask): Promise<HostResult> => run(undoTask(of, { kind: 'plan', planOf: 'undo' }));
    const told = ({ outcome, reason }: HostResult): string => `${outcome} ${reason}`;
    const asRoot = (script: string): string => inside(host, `n=${name}; ${script}`);

    /** What there is of all accounts, file by file; times of files aside. */
    const seen = (): Readonly<Record<string, string>> => {
      const root = host.filesAt;
      const texts: Record<string, string> = {};
      const take = (path: string): void => {
        const file = `${root}${path}`;
        if (existsSync(file)) texts[path] = `${String(statSync(file).mode)}\n${readFileSync(file, 'latin1')}`;
      };
      for (const file of ['passwd', 'shadow', 'group', 'gshadow', 'subuid', 'sudoers']) take(`/etc/${file}`);
      for (const file of readdirSync(`${root}/etc/sudoers.d`)) take(`/etc/sudoers.d/${file}`);
      for (const home of readdirSync(`${root}/home`)) {
        texts[`/home/${home}`] = inside(
          host,
          `ls -lan /home/${home} | awk '{print $1, $3, $4, $9}'; ls -lan /home/${home}/.ssh 2>/dev/null | awk '{print $1, $3, $4, $9}'; true`,
        );
        take(`/home/${home}/.ssh/authorized_keys`);
      }
      take(`/var/lib/garrison/accounts/${name}`);
      return texts;
    };

    /** Brings the host into the scene, pushes, and says what was before and which push it was. */
    const set = async (scene: Scene): Promise<{ before: ReturnType<typeof seen>; push: PushTask }> => {
      const later = scene.first !== undefined && scene.make !== undefined && !scene.make.includes('useradd');
      if (scene.make !== undefined && !later) asRoot(scene.make);
      if (scene.first !== undefined) assert.equal((await run(task('push', scene.first))).outcome, 'changed');
      if (scene.revoked === true) assert.equal((await run(task('revoke'))).outcome, 'changed');
      if (later) asRoot(scene.make ?? '');
      const before = seen();
      const push = task(scene.of ?? 'push', scene.wish);
      const result = await run(push);
      assert.equal(result.outcome, 'changed', result.detail);
      return { before, push };
    };

    for (const scene of some(SCENES)) {
      it(`gives back ${scene.state}, to the byte`, async () => {
        const { before, push } = await set(scene);
        const untouched = fingerprint(host);
        const plan = await planOf(push);
        assert.equal(told(plan), 'unchanged PlanMade', plan.detail);
        assert.equal(fingerprint(host), untouched, 'a plan changes nothing');
        const order = undoTask(push);
        const result = await run(order);
        assert.equal(told(result), 'changed AccountUndone', result.detail);
        assert.deepEqual(seen(), before);
        const planned = [...new Set(plan.plan?.changes.map(({ code }) => DONE[code]))].sort();
        assert.deepEqual(planned, [...result.changes].sort(), 'the plan said the same');
        assert.equal(told(await run(lab.again(order))), 'changed AccountUndone', 'answered from the record');
        assert.equal(told(await run(undoTask(push))), 'unchanged AlreadyUndone');
        assert.equal(told(await run(undoTask(order))), 'conflict NothingToUndo', 'of an undo');
        assert.deepEqual(seen(), before);
        assert.match(
          asRoot('ls -A /var/lib/garrison/undo/$n; ls -ld /var/lib/garrison/undo'),
          /^j-\d+[\s\S]*drwx------/,
        );
        assert.equal(
          (await run(task(scene.of ?? 'push', scene.wish))).outcome,
          'changed',
          'it can be pushed anew',
        );
      });
    }

    /** What others may do after a push, and what is said of it. */
    const CHANGES: readonly (readonly [what: string, make: string, said: RegExp])[] = [
      ['another shell', 'usermod -s /bin/sh $n', /its line in \/etc\/passwd/],
      ['a comment', 'usermod -c "$(getent passwd $n | cut -d: -f5),room" $n', /its line in \/etc\/passwd/],
      ['a password', 'echo "$n:new" | chpasswd', /its password, lock or end/],
      ['a lock', 'usermod -L $n', /its password, lock or end/],
      ['an end', 'usermod -e 2031-01-01 $n', /its password, lock or end/],
      ['a group', 'usermod -a -G audio $n', /its groups/],
      ['a group taken away', 'gpasswd -d $n games', /its groups/],
      ['a key', 'echo "ssh-rsa CCCC other" >>/home/$n/.ssh/authorized_keys', /its authorized_keys/],
      ['no keys', 'rm /home/$n/.ssh/authorized_keys', /its authorized_keys/],
      ['a link for its keys', 'ln -sf /etc/shadow /home/$n/.ssh/authorized_keys', /its authorized_keys/],
      ['another rule', 'for f in /etc/sudoers.d/*$n*; do echo "$n ALL=(ALL) ALL" >$f; done', /its sudo rule/],
      ['no rule', 'rm /etc/sudoers.d/*$n*', /its sudo rule/],
      ['the account itself', 'userdel -r $n; useradd -m $n', /its line in \/etc\/passwd/],
      ['nobody', 'userdel -r $n', /its line in \/etc\/passwd/],
      [
        'its mark',
        'sed -i "s/^granted.*/granted yes/" /var/lib/garrison/accounts/$n',
        /Garrison's own record/,
      ],
    ];
    for (const [what, make, said] of some(CHANGES)) {
      for (const first of [undefined, {}]) {
        it(`is refused, with nothing touched, where there is ${what} since ${first === undefined ? 'the account was made' : 'it was changed'}`, async () => {
          const { push } = await set({ state: what, ...(first === undefined ? {} : { first }), wish: FULL });
          asRoot(make);
          const before = fingerprint(host);
          const plan = await planOf(push);
          assert.equal(told(plan), 'conflict ChangedSincePush', plan.detail);
          const result = await run(undoTask(push));
          assert.equal(told(result), 'conflict ChangedSincePush', result.detail);
          assert.match(result.detail, said);
          assert.equal(fingerprint(host), before);
        });
      }
    }

    it('is refused where another push came later, and goes through the pushes from the last to the first', async () => {
      const start = seen();
      const pushes: PushTask[] = [];
      const between: ReturnType<typeof seen>[] = [];
      for (const more of [{}, FULL, { shell: '/bin/sh' }]) {
        between.push(seen());
        pushes.push(task('push', more));
        assert.equal((await run(pushes.at(-1)!)).outcome, 'changed');
      }
      const early = await run(undoTask(pushes[0]!));
      assert.equal(told(early), 'conflict ChangedSincePush');
      assert.match(early.detail, /Garrison's own record \(last by j-\d+\)/);
      for (const at of [2, 1, 0]) {
        const result = await run(undoTask(pushes[at]!));
        assert.equal(told(result), 'changed AccountUndone', result.detail);
        assert.deepEqual(seen(), between[at]);
      }
      assert.deepEqual(seen(), start);
    });

    it('is refused of what changed nothing, and of what is too old', async () => {
      const first = task('push');
      await run(first);
      const same = task('push');
      assert.equal((await run(same)).outcome, 'unchanged');
      assert.equal(told(await run(undoTask(same))), 'conflict NothingToUndo');
      assert.equal((await planOf(same)).plan?.reason, 'NothingToUndo');
      for (let turn = 0; turn < 9; turn += 1)
        await run(task('push', { shell: turn % 2 === 0 ? '/bin/dash' : '/bin/bash' }));
      assert.equal(told(await run(undoTask(first))), 'conflict NothingToUndo');
      const kept = asRoot('ls /var/lib/garrison/undo/$n | grep -vc "~"').trim();
      assert.ok(Number(kept) >= 5 && Number(kept) <= 8, kept);
    });

    it('of an account that was made archives what came into its home since', async () => {
      const { push } = await set({ state: '' });
      asRoot('echo precious >/home/$n/work; chown $n: /home/$n/work');
      const plan = await planOf(push);
      assert.match(plan.detail, /archive: \/home\/und/);
      const result = await run(undoTask(push));
      assert.equal(told(result), 'changed AccountUndone', result.detail);
      assert.deepEqual(result.changes, ['archived home', 'removed account', 'removed home']);
      const [archive = ''] = /\/var\/lib\/garrison\/archive\/\S+\.gz/.exec(result.detail) ?? [];
      assert.equal(inside(host, `tar -xzOf ${archive} home/${name}/work`).trim(), 'precious');
    });

    it('of an account that was made is refused while anything of it runs', async () => {
      const { push } = await set({ state: '' });
      asRoot('setsid setpriv --reuid $n --clear-groups sleep 600 >/dev/null 2>&1 </dev/null & true');
      const before = fingerprint(host);
      const plan = await planOf(push);
      assert.equal(told(plan), 'conflict AccountRuns', plan.detail);
      assert.equal(told(await run(undoTask(push))), 'conflict AccountRuns');
      assert.equal(fingerprint(host), before);
      asRoot('pkill -u $n');
    });

    it('tells and sends no password', async () => {
      const { push } = await set({ state: '', make: ADMIN, wish: { claim: 'takeOver', privileged: true } });
      const hash = inside(host, `cat /var/lib/garrison/undo/${name}/*`).match(/\$[^:]{20,}/)?.[0] ?? '';
      assert.ok(hash.length > 20, 'it is kept there');
      const texts = [await planOf(push), await run(undoTask(push))].map((each) => JSON.stringify(each));
      assert.ok(texts.every((text) => !text.includes(hash)));
      assert.ok(!readFileSync(`${lab.homeDir}/job.log`, 'utf8').includes(hash));
      assert.ok(inside(host, 'cat /etc/shadow').includes(hash), 'and it is in force again');
    });

    it('goes by what was before the first of two attempts of a push', async () => {
      const before = seen();
      const push = task('push', FULL);
      kill(push, 'apply_groups\napply_keys');
      const half = await run(undoTask(push));
      assert.equal(told(half), 'conflict PushUnfinished', half.detail);
      assert.equal((await run(lab.again(push))).outcome, 'changed');
      assert.equal(told(await run(undoTask(push))), 'changed AccountUndone');
      assert.deepEqual(seen(), before);
    });

    it('goes by what it found, where another push had been cut short long before', async () => {
      await run(task('push'));
      const killed = task('push', FULL);
      kill(killed, 'apply_keys\napply_sudo');
      const before = seen();
      const push = task('push', { ...FULL, shell: '/bin/dash' });
      assert.equal((await run(push)).outcome, 'changed');
      assert.equal(told(await run(undoTask(killed))), 'conflict NothingToUndo');
      const result = await run(undoTask(push));
      assert.equal(told(result), 'changed AccountUndone', result.detail);
      assert.deepEqual(seen(), before);
    });

    it('takes an account away that one push began to make and another one finished, and no other', async () => {
      const before = seen();
      kill(task('push'), 'apply_groups\napply_keys');
      const push = task('push');
      assert.equal((await run(push)).outcome, 'changed');
      assert.equal(told(await run(undoTask(push))), 'changed AccountUndone');
      assert.deepEqual(seen(), before);
    });

    it('goes by the retry of a push that was cut short when all but its record was done', async () => {
      const before = seen();
      const push = task('push');
      kill(push, 'keep_left\nfact uid "$uid"\nprove_static\nif');
      assert.equal(told(await run(undoTask(push))), 'conflict PushUnfinished');
      assert.equal((await run(lab.again(push))).outcome, 'changed');
      const more = task('push', FULL);
      const made = seen();
      assert.equal((await run(more)).outcome, 'changed');
      assert.equal(told(await run(undoTask(more))), 'changed AccountUndone');
      assert.deepEqual(seen(), made, 'the account stays');
      assert.equal(told(await run(undoTask(push))), 'changed AccountUndone');
      assert.deepEqual(seen(), before);
    });

    it('that was cut short is not finished over what somebody changed meanwhile', async () => {
      for (const cut of ['quietly usermod -L -e 1', 'drop_account\n}']) {
        const push = task('push', FULL);
        await run(push);
        const order = undoTask(push);
        kill(order, cut, 'undo');
        asRoot('usermod -s /bin/dash -U -e "" $n');
        const changed = seen();
        const result = await run(lab.again(order));
        assert.equal(told(result), 'conflict ChangedSincePush', result.detail);
        assert.deepEqual(seen(), changed);
        asRoot('userdel -r $n; rm -f /var/lib/garrison/accounts/$n /etc/sudoers.d/garrison-$n');
      }
    });

    /** Runs the job's script by hand, and ends it right before the command, as a kill would. */
    function kill(order: PushTask, cut: string, kind: ScriptKind = 'push'): void {
      const lines = requestLines(order, {
        ...{ nonce: 'n1', token: 'tok1', askedAt: '2027-01-01T00:00:00Z' },
        ...{ deadlineSeconds: 30, lockWaitSeconds: 5 },
      });
      const script = standardInput(kind, lines);
      assert.equal(script.split(cut).length, 2, `the place is there once: ${cut}`);
      const said = feed(
        host,
        ['/bin/sh', '-s'],
        script.replace(cut, () => `kill -9 0\n${cut}`),
      );
      assert.doesNotMatch(said, /result/, said);
    }

    const CUTS: readonly (readonly [scene: Scene, cuts: readonly string[]])[] = [
      [
        { state: 'an account that was made', wish: FULL },
        [
          'put "$kept~undoing"',
          'write_mark "$1" "$mark_token"',
          'quietly usermod -L -e 1',
          'make_archive\nback_out_of_running',
          'mv -f "$unfinished" "$archives/$mark_archive"',
          'if ! quietly userdel',
          'changed account-removed',
          'restore_sudo\nclear_files',
          'rm -rf -- "$home"',
          'changed home-removed',
          'if [ -n "$was_mark" ]; then\nput',
          'put "$kept" "undone $job"',
          'rm -f "$kept~keys" "$kept~sudo" "$kept~left"',
          'settle changed AccountUndone\n}\nundo_creation',
        ],
      ],
      [
        {
          state: 'an account that was taken over',
          make: ADMIN,
          wish: { ...FULL, claim: 'takeOver', privileged: true },
        },
        [
          'put "$kept~undoing"',
          'write_mark "$1" "$mark_token"',
          'restore_keys\nif',
          'changed keys-restored',
          'for group in $groups_join',
          'changed groups-added\nfi\nif [ "$shell_back"',
          'quietly usermod -s "$was_shell"',
          'if ! printf \'%s:%s\\n\' "$name" "$was_secret"',
          'quietly chage',
          'quietly usermod -c "$was_gecos"',
          'changed comment-set\nfi\n}\nrejoin',
          'enter verify\nlookup_account\nlook_now',
          'if [ -n "$was_mark" ]; then\nput',
          'put "$kept" "undone $job"',
          'settle changed AccountUndone\n}\nundo_creation',
        ],
      ],
      [
        { state: 'an account that was revoked', first: FULL, of: 'revoke' },
        [
          'write_mark "$1" "$mark_token"',
          'changed keys-restored',
          'quietly chage',
          'if ! cp -p "$kept~sudo"',
          'changed sudo-written\n;;\nesac',
          'put "$kept" "undone $job"',
        ],
      ],
    ];
    for (const [scene, cuts] of CUTS)
      for (const cut of some(cuts)) {
        it(`of ${scene.state} that is killed before \`${cut.replaceAll('\n', '; ')}\` is finished by the next attempt`, async () => {
          const { before, push } = await set(scene);
          if (cut.includes('archive')) asRoot('echo precious >/home/$n/work');
          const order = undoTask(push);
          kill(order, cut, 'undo');
          const other = undoTask(push);
          const result = await run(cut.includes('usermod') ? other : lab.again(order));
          assert.equal(told(result), 'changed AccountUndone', result.detail);
          assert.deepEqual(seen(), before);
        });
      }
  });
}

/** How a change that was made is told, by the code under which it was planned. */
const DONE: Readonly<Record<string, string>> = {
  'account-removed': 'removed account',
  'home-archived': 'archived home',
  'home-removed': 'removed home',
  'crontab-removed': 'removed crontab',
  'keys-restored': 'gave its keys back',
  'access-restored': 'gave password, lock and end back',
  'shell-set': 'set shell',
  'comment-set': 'set comment',
  'groups-added': 'added to groups',
  'groups-removed': 'removed from groups',
  'sudo-written': 'wrote sudo rule',
  'sudo-removed': 'removed sudo rule',
};
