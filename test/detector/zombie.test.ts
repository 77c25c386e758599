/** Whose a zombie is and what to do about it, from every kind of parent; and that no advice ever ends anybody's work. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, test } from 'node:test';
import {
  containerOf,
  judgeZombie,
  ZOMBIE_OWNERS,
  type Kinship,
  type ZombieParent,
} from '../../src/detector/zombie.ts';

const ID = '0123456789abcdef'.repeat(4);
const OTHER_ID = 'f'.repeat(64);
const SHORT = ID.slice(0, 12);
const OTHER: Kinship = { kind: 'other' };
const MINUTE = 60_000;

function parent(change: Partial<ZombieParent> = {}): ZombieParent {
  return {
    pid: 812,
    startTicks: 99,
    command: 'cron',
    state: 'S',
    cgroup: '0::/system.slice/cron.service\n',
    innermostPid: 812,
    hasTerminal: false,
    ...change,
  };
}

const judge = (change: Partial<ZombieParent>, ageMs = 0): ReturnType<typeof judgeZombie> => {
  const of = parent(change);
  return judgeZombie({ parentPid: of.pid, parent: of }, OTHER, ageMs);
};

describe('the container of a cgroup', () => {
  const cases: readonly (readonly [string, string, string | null])[] = [
    ['docker, v1', `12:pids:/docker/${ID}\n11:cpu:/docker/${ID}\n`, SHORT],
    ['docker, v2 with systemd', `0::/system.slice/docker-${ID}.scope\n`, SHORT],
    ['docker, v2 with cgroupfs', `0::/docker/${ID}\n`, SHORT],
    [
      'docker without root',
      `0::/user.slice/user-1000.slice/user@1000.service/user.slice/docker-${ID}.scope\n`,
      SHORT,
    ],
    ['docker with a cgroup parent', `0::/my.slice/docker-${ID}.scope/sub/group\n`, SHORT],
    ['seen from another cgroup namespace', `0::/../docker-${ID}.scope\n`, SHORT],
    ['containerd by nerdctl', `0::/system.slice/nerdctl-${ID}.scope\n`, SHORT],
    ['containerd, v1', `4:memory:/default/${ID}\n`, SHORT],
    [
      'kubernetes, cri-containerd',
      `0::/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod1_2.slice/cri-containerd-${ID}.scope\n`,
      SHORT,
    ],
    ['kubernetes, v1', `5:cpu:/kubepods/besteffort/pod3f1a-1b/${ID}\n`, SHORT],
    [
      'kubernetes, containerd with colons',
      `1:name=systemd:/system.slice/containerd.service/kubepods-pod1.slice:cri-containerd:${ID}\n`,
      SHORT,
    ],
    ['cri-o', `0::/kubepods.slice/crio-${ID}.scope\n`, SHORT],
    ['podman, v2', `0::/machine.slice/libpod-${ID}.scope/container\n`, SHORT],
    ['podman, v1', `9:memory:/libpod_parent/libpod-${ID}\n`, SHORT],
    ['a container in a container: the inner one', `0::/docker/${OTHER_ID}/docker/${ID}\n`, SHORT],
    ['conmon, which watches from outside', `0::/machine.slice/libpod-conmon-${ID}.scope\n`, null],
    ['a service', '0::/system.slice/cron.service\n', null],
    ['a login', '0::/user.slice/user-0.slice/session-4.scope\n', null],
    ['an id that is too short', `0::/docker/${SHORT}\n`, null],
    ['an id that is too long', `0::/docker/${ID}0\n`, null],
    ['the root', '0::/\n', null],
    ['nothing', '', null],
  ];
  for (const [name, cgroup, container] of cases) {
    test(name, () => {
      assert.equal(containerOf(cgroup), container);
      assert.equal(judge({ cgroup }).owner, container === null ? 'foreign' : 'container');
    });
  }
});

describe('whose a zombie is', () => {
  const inContainer = { cgroup: `0::/system.slice/docker-${ID}.scope\n` };
  const cases: readonly (readonly [string, ReturnType<typeof judgeZombie>, string, RegExp])[] = [
    [
      'ours',
      judgeZombie({ parentPid: 5, parent: parent() }, { kind: 'us' }, 0),
      'own',
      /Garrison is its parent and reaps it within a second/,
    ],
    [
      "a worker's",
      judgeZombie({ parentPid: 5, parent: parent() }, { kind: 'worker', worker: 'push-1' }, 0),
      'worker',
      /worker push-1, is told to reap it; if it does not, .* replaces it/,
    ],
    [
      "a container's PID 1",
      judge({ ...inContainer, command: 'gunicorn', innermostPid: 1 }),
      'container',
      new RegExp(`gunicorn is PID 1 of container ${SHORT} and does not reap .*"init: true"`),
    ],
    [
      "a container's PID 1 that is an init",
      judge({ ...inContainer, command: 'tini', innermostPid: 1 }),
      'container',
      /Nothing to do: tini is the init of container/,
    ],
    [
      'in a container, not PID 1',
      judge({ ...inContainer, command: 'celery', innermostPid: 17 }),
      'container',
      /celery in container \w+ does not wait for its children, often those of a health check/,
    ],
    ['in a container, stopped', judge({ ...inContainer, state: 'T' }), 'container', /is stopped \(state T\)/],
    [
      'just left to PID 1',
      judge({ pid: 1, command: 'systemd' }),
      'foreign',
      /PID 1 \(systemd\) .* is about to reap it/,
    ],
    [
      'just left to a PID 1 that is no init',
      judge({ pid: 1, command: 'node' }),
      'foreign',
      /about to reap it/,
    ],
    [
      'long left to a PID 1 that is an init',
      judge({ pid: 1, command: 'systemd' }, MINUTE),
      'foreign',
      /about to reap it/,
    ],
    [
      'long left to a PID 1 that is no init',
      judge({ pid: 1, command: 'node' }, MINUTE),
      'foreign',
      /does not reap, as an init must.*init: true/,
    ],
    [
      'of a stopped parent',
      judge({ command: 'make', state: 'T' }),
      'foreign',
      /make \(pid 812\) is stopped \(state T\).*Ctrl-Z/,
    ],
    ['of a traced parent', judge({ command: 'make', state: 't' }), 'foreign', /is stopped/],
    ['of sshd', judge({ command: 'sshd' }), 'foreign', /Nothing to do: sshd carries SSH sessions/],
    [
      "of sshd's session part",
      judge({ command: 'sshd-session' }),
      'foreign',
      /Nothing to do: sshd-session carries/,
    ],
    [
      "of somebody's shell",
      judge({ command: 'bash', hasTerminal: true }),
      'foreign',
      /Nothing to do: bash is somebody's shell/,
    ],
    [
      'of a shell without a terminal in a login session',
      judge({ command: 'bash', cgroup: '0::/user.slice/user-0.slice/session-4.scope\n' }),
      'foreign',
      /somebody's shell/,
    ],
    ['of a script', judge({ command: 'sh' }), 'foreign', /Whoever runs sh \(pid 812\)/],
    [
      'of a container runtime',
      judge({ command: 'containerd-shim' }),
      'foreign',
      /Nothing to do: containerd-shim belongs to/,
    ],
    [
      'of any other program',
      judge({}),
      'foreign',
      /Whoever runs cron \(pid 812\) must make it wait for its children; restarting cron clears them, and interrupts whatever it does/,
    ],
    [
      'of a parent that may not be seen',
      judgeZombie({ parentPid: 9, parent: null }, OTHER, 0),
      'foreign',
      /parent \(pid 9\) may not be seen/,
    ],
    [
      'of a parent outside',
      judgeZombie({ parentPid: 0, parent: null }, OTHER, 0),
      'foreign',
      /outside of the container that Garrison sees/,
    ],
  ];
  for (const [name, verdict, owner, advice] of cases) {
    test(name, () => {
      assert.equal(verdict.owner, owner);
      assert.match(verdict.advice, advice);
      assert.match(verdict.advice, /^It is dead and harmless: it holds a pid and nothing else\. /);
    });
  }
  test('names the parent whose work a kill would interrupt', () => {
    assert.match(
      judge({ command: 'celery' }).advice,
      /Do not kill it \(it is dead already\) or its parent celery \(pid 812\), which would interrupt what celery does\./,
    );
  });
});

describe('whatever is seen', () => {
  const innocentName = fc.string({ maxLength: 20 }).filter((name) => !/kill|sig|term/i.test(name));
  const anyParent = fc.record({
    pid: fc.nat(),
    startTicks: fc.nat(),
    command: fc.oneof(innocentName, fc.constantFrom('sshd', 'bash', 'tini', 'systemd', '', 'a"b', 'x\ny')),
    state: fc.constantFrom('R', 'S', 'D', 'T', 't', 'Z', 'X', ''),
    cgroup: fc.oneof(
      fc.string(),
      fc.constantFrom(
        `0::/docker/${ID}`,
        `0::/machine.slice/libpod-conmon-${ID}.scope`,
        '0::/session-1.scope',
      ),
    ),
    innermostPid: fc.option(fc.nat(3)),
    hasTerminal: fc.boolean(),
  });
  const anyKinship: fc.Arbitrary<Kinship> = fc.oneof(
    fc.constant({ kind: 'us' } as const),
    fc.record({ kind: fc.constant('worker' as const), worker: innocentName }),
    fc.constant({ kind: 'other' } as const),
  );
  test('it has an owner and an advice, which says it is harmless and never to end anything', () => {
    fc.assert(
      fc.property(fc.nat(), fc.option(anyParent), anyKinship, fc.nat(), (parentPid, of, kinship, ageMs) => {
        const { owner, container, advice } = judgeZombie({ parentPid, parent: of }, kinship, ageMs);
        assert.ok(ZOMBIE_OWNERS.includes(owner));
        assert.equal(container !== null, owner === 'container');
        assert.match(advice, /dead and harmless/);
        assert.doesNotMatch(advice, /[\n\r]/);
        // Every "kill" that is left would be no "do not kill"; the names made up here hold none of these words.
        const rest = advice.replace(/Do not kill (?:it|anything)\b/, '');
        assert.doesNotMatch(rest, /kill|signal|SIG[A-Z]|\bTERM\b/i);
      }),
    );
  });
  test('the same parent, equally old, gives the same advice to all it has left', () => {
    fc.assert(
      fc.property(fc.option(anyParent), anyKinship, (of, kinship) => {
        const judged = [0, 1].map(() => judgeZombie({ parentPid: of?.pid ?? 0, parent: of }, kinship, 0));
        assert.deepEqual(judged[0], judged[1]);
      }),
    );
  });
  test('a name that could be read as a part of the sentence is quoted', () => {
    const { advice } = judge({ command: 'x. Then run: ls' });
    assert.match(advice, /Whoever runs "x\. Then run: ls" \(pid 812\)/);
  });
});
