/**
 * Hosts as they are, each a real sshd: what a plan says of one that lacks something or forbids something, with its cure, and that a push then does nothing else.
 * The machine's own programs are covered on the host alone; nothing is stubbed.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { PracticeHost } from '../../src/driver/practice.ts';
import type { PushTask } from '../../src/push/job.ts';
import { fingerprint, inside, run, startHostLab, wish, type HostLab } from './hostLab.ts';

interface Flavour {
  readonly what: string;
  /** Run as root of the host before, and after. `root` is who logs in unless it is told. */
  readonly make: string;
  readonly undo: string;
  readonly user?: string;
  /** Of the plan and of the push, `outcome reason`, and what the plan says to do. */
  readonly plan: string;
  readonly push: string;
  readonly cure: RegExp;
}

const LOGIN =
  'useradd -m oper; mkdir -m 700 /home/oper/.ssh; cp /root/.ssh/authorized_keys /home/oper/.ssh/; chown -R oper: /home/oper/.ssh; usermod -p "*" oper';
const NO_LOGIN = 'rm -f /etc/sudoers.d/oper; userdel -r oper 2>/dev/null; true';
const hide = (program: string): Pick<Flavour, 'make' | 'undo'> => ({
  make: `mount --bind /dev/null "$(command -v ${program})"`,
  undo: `umount $(PATH=/usr/sbin:/usr/bin; for f in /usr/sbin /usr/bin; do [ -e $f/${program} ] && echo $f/${program}; done)`,
});

const FLAVOURS: readonly Flavour[] = [
  {
    what: 'sudo that wants a password',
    make: `${LOGIN}; echo 'oper ALL=(ALL) ALL' >/etc/sudoers.d/oper; chmod 440 /etc/sudoers.d/oper`,
    undo: NO_LOGIN,
    user: 'oper',
    plan: 'failed SudoWantsPassword',
    push: 'failed SudoWantsPassword',
    cure: /Give oper a NOPASSWD rule there/,
  },
  {
    what: 'requiretty',
    make: `${LOGIN}; printf 'Defaults requiretty\\noper ALL=(ALL) NOPASSWD: ALL\\n' >/etc/sudoers.d/oper; chmod 440 /etc/sudoers.d/oper`,
    undo: NO_LOGIN,
    user: 'oper',
    plan: 'failed SudoWantsTerminal',
    push: 'failed SudoWantsTerminal',
    cure: /Add `Defaults:oper !requiretty` to its sudoers/,
  },
  {
    what: 'no sudo, for somebody who is not root',
    make: `${LOGIN}; ${hide('sudo').make}`,
    undo: `${hide('sudo').undo}; ${NO_LOGIN}`,
    user: 'oper',
    plan: 'failed LoginNeedsSudo',
    push: 'failed LoginNeedsSudo',
    cure: /Log in as root, or install sudo there/,
  },
  {
    what: 'no sudo, where a rule is wished',
    ...hide('visudo'),
    plan: 'failed SudoMissing',
    push: 'failed SudoMissing',
    cure: /[Ii]nstall/,
  },
  {
    what: 'a login shell that runs nothing',
    make: `${LOGIN}; usermod -s /usr/sbin/nologin oper`,
    undo: NO_LOGIN,
    user: 'oper',
    plan: 'failed ShellUnusable',
    push: 'failed ShellUnusable',
    cure: /Give oper a shell that runs commands/,
  },
  {
    what: 'a key with a command of its own',
    make: `${LOGIN}; sed -i 's/^/command="echo only this" /' /home/oper/.ssh/authorized_keys`,
    undo: NO_LOGIN,
    user: 'oper',
    plan: 'failed ShellUnusable',
    push: 'failed ShellUnusable',
    cure: /Give oper a shell that runs commands/,
  },
  {
    what: 'a read-only /etc',
    make: 'mount -o remount,ro /etc',
    undo: 'mount -o remount,rw /etc',
    plan: 'failed HostReadOnly',
    push: 'failed HostReadOnly',
    cure: /mounted read-only\. Look why there/,
  },
  {
    what: 'a full disk',
    make: 'dd if=/dev/zero of=/var/fill bs=64k 2>/dev/null; true',
    undo: 'rm -f /var/fill',
    plan: 'failed HostDiskFull',
    push: 'failed HostDiskFull',
    cure: /Make room there/,
  },
  ...['flock', 'useradd', 'gpasswd', 'base64'].map((program): Flavour => ({
    what: `no ${program}`,
    ...hide(program),
    plan: 'failed HostToolMissing',
    push: 'failed HostToolMissing',
    cure: new RegExp(`lacks ${program}\\. Install it there`),
  })),
  {
    what: 'busybox alone, without the tools of shadow-utils',
    // sshd stays, and its own programs, which lie elsewhere.
    make: `mkdir -p /run/bb/bin /run/bb/sbin; cp /usr/bin/busybox /run/bb/bin/; for a in $(busybox --list | grep -vx busybox); do ln -sf busybox /run/bb/bin/$a; done; cp /usr/sbin/sshd /run/bb/sbin/; cp /etc/passwd /run/bb/passwd; sed -i 's|^\\(root:.*:\\)[^:]*$|\\1/bin/sh|' /etc/passwd; mount --bind /run/bb/sbin /usr/sbin; mount --bind /run/bb/bin /usr/bin`,
    undo: 'umount -l /usr/bin; umount -l /usr/sbin; cat /run/bb/passwd >/etc/passwd',
    plan: 'failed HostToolMissing',
    push: 'failed HostToolMissing',
    cure: /lacks (flock )?useradd usermod userdel gpasswd\. Install it there \(packages passwd or shadow/,
  },
];

describe('a host as it is', () => {
  let lab: HostLab;
  let host: PracticeHost;
  before(async () => {
    lab = await startHostLab(1);
    host = lab.hosts[0]!;
  });
  after(() => lab.end());

  const task = (kind: 'plan' | 'push', user = 'root'): PushTask => {
    const made = lab.task(host, {
      kind,
      account: wish({ name: 'ada', keys: [lab.userKey], sudo: { kind: 'all' } }),
    });
    return { ...made, host: { ...made.host, user } };
  };

  for (const { what, make, undo, user, plan, push, cure } of FLAVOURS) {
    it(`with ${what}: the plan says it with its cure, and a push changes nothing`, async () => {
      inside(host, make);
      try {
        const before = fingerprint(host);
        const planned = await run(task('plan', user));
        assert.equal(`${planned.outcome} ${planned.reason}`, plan, planned.detail);
        assert.match(planned.detail, cure);
        const pushed = await run(task('push', user));
        assert.equal(`${pushed.outcome} ${pushed.reason}`, push, pushed.detail);
        assert.equal(fingerprint(host), before);
      } finally {
        inside(host, undo);
      }
    });
  }

  it('with nothing but sh for root: a plan and a push work as ever', async () => {
    inside(
      host,
      "sed -i 's|^\\(root:.*:\\)[^:]*$|\\1/bin/sh|' /etc/passwd; mount --bind /dev/null /usr/bin/bash",
    );
    assert.equal((await run(task('plan'))).plan?.verdict, 'create');
    assert.equal((await run(task('push'))).outcome, 'changed');
    assert.equal((await run(task('push'))).outcome, 'unchanged');
    inside(host, 'umount /usr/bin/bash');
  });

  it('with no folder for homes: the plan and the push come to the same', async () => {
    inside(host, "echo 'HOME=/var/none/homes' >/etc/default/useradd");
    const account = wish({ name: 'bo', keys: [lab.userKey] });
    const planned = await run(lab.task(host, { kind: 'plan', account }));
    const pushed = await run(lab.task(host, { account }));
    assert.equal(planned.plan?.verdict, 'create', planned.detail);
    assert.equal(pushed.outcome, 'changed', pushed.detail);
    assert.match(inside(host, 'getent passwd bo'), /:\/var\/none\/homes\/bo:/);
  });
});
