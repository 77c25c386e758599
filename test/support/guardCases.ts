/**
 * What the guard must answer: a table with a case for every rule, to be put to the guard itself and to mutants of it.
 * It asks only; which guard is asked is said by the caller.
 */
import assert from 'node:assert/strict';
import type { ProcessFacts } from '../../src/proc.ts';
import type { GuardRule, GuardSurroundings, Origin, SignalOrder } from '../../src/reconciler/guard.ts';

export type Guard = (order: SignalOrder, around: GuardSurroundings) => GuardRule | null;

export const BOOT = 'b0a7';
export const MARK = 'f00d';
const SELF_PID = 500;
export const SERVICE_CGROUP = '0::/system.slice/garrison.service';
export const LOGIN_CGROUP = '0::/user.slice/user-0.slice/session-7.scope';
/** Of one worker, below that of the service. */
export const WORKER_CGROUP = `${SERVICE_CGROUP}/garrison-500-1-ab`;
const ENCLOSURE = { path: WORKER_CGROUP.slice('0::'.length), sinceTicks: 9000 };
const CONTAINER_CGROUP = `0::/system.slice/docker-${'a1'.repeat(32)}.scope`;

/** A worker of ours, as /proc shows it: our child, leader of a group and a session of its own. */
export function facts(change: Partial<ProcessFacts> = {}): ProcessFacts {
  const { pid } = { pid: 700, ...change };
  return {
    pid,
    threadGroup: pid,
    startTicks: 9000,
    state: 'S',
    parentPid: SELF_PID,
    processGroup: pid,
    session: pid,
    uid: 0,
    uids: [0, 0, 0, 0],
    command: 'node',
    program: 'node',
    cgroup: SERVICE_CGROUP,
    mark: MARK,
    sshConnection: null,
    ...change,
  };
}

export function around(change: Partial<GuardSurroundings> = {}): GuardSurroundings {
  return {
    bootId: BOOT,
    self: facts({ pid: SELF_PID, parentPid: 400, processGroup: 450, session: 300, mark: null }),
    ancestors: [
      { pid: 400, session: 300 },
      { pid: 200, session: 200 },
      { pid: 1, session: 1 },
    ],
    adoption: 'ownTree',
    mark: MARK,
    enclosure: null,
    target: facts(),
    origin: 'spawned',
    ...change,
  };
}

export function order(
  change: Partial<SignalOrder> & { pid?: number; startTicks?: number } = {},
): SignalOrder {
  // Not by default values: a pid that is undefined is one of the cases.
  const { pid, startTicks, ...more } = { pid: 700, startTicks: 9000, ...change };
  return { target: { pid, startTicks, bootId: BOOT }, reach: 'process', signal: 'SIGTERM', ...more };
}

export interface GuardCase {
  readonly name: string;
  readonly answer: GuardRule | null;
  readonly order: SignalOrder;
  readonly around: GuardSurroundings;
}

/** Numbers that kill(2) takes for something else than one process, and what JavaScript makes of a missing one. */
export const NO_PIDS: readonly unknown[] = [
  ...[0, -0, 1, -1, -700, 700.5, NaN, Infinity, -Infinity, 2 ** 22 + 1, 2 ** 31, 2 ** 32 + 700, 2 ** 53],
  ...[null, undefined, '', '700', '-1', true, [], [700], {}, 700n],
];

export const GUARD_CASES: readonly GuardCase[] = [
  ...allowed(),
  ...noProcess(),
  ...nobodyThere(),
  ...notOurs(),
  ...tooNear(),
  ...otherPeoples(),
];

/** Fails with the first case that is answered otherwise. */
export function assertTable(guard: Guard): void {
  for (const one of GUARD_CASES) assert.equal(guard(one.order, one.around), one.answer, one.name);
}

/** The case differs from an allowed one in nothing but what its name says. */
function onTarget(
  name: string,
  answer: GuardRule | null,
  { origin = 'spawned', reach = 'process', more = {}, ...change }: TargetChange,
): GuardCase {
  const target = facts(change);
  const { pid, startTicks } = target;
  return {
    name,
    answer,
    order: order({ pid, startTicks, reach }),
    around: around({ target, origin, ...more }),
  };
}

type TargetChange = Partial<ProcessFacts> & {
  origin?: Origin | null;
  reach?: 'process' | 'group';
  more?: Partial<GuardSurroundings>;
};

function allowed(): GuardCase[] {
  const selfInLogin = around().self!;
  const login = { cgroup: LOGIN_CGROUP, sshConnection: '10.0.0.1 4 10.0.0.2 22' };
  const inContainer = { cgroup: CONTAINER_CGROUP };
  const orphan = { origin: 'adopted' as const };
  const signals = (['SIGTERM', 'SIGKILL', 'SIGCONT', 'SIGCHLD'] as const).map((signal) => {
    const name = `${signal} to a worker`;
    return { name, answer: null, order: order({ signal }), around: around() };
  });
  return [
    ...signals,
    onTarget('the group of a worker', null, { reach: 'group' }),
    onTarget('a stopped worker', null, { state: 'T', reach: 'group' }),
    onTarget('one that hangs in the kernel', null, { state: 'D' }),
    onTarget('an ssh that its worker named', null, { origin: 'named', parentPid: 600, reach: 'group' }),
    onTarget('the same after its worker died', null, { origin: 'named', reach: 'group', command: 'ssh' }),
    onTarget('the same where init has it now', null, { origin: 'named', parentPid: 1, mark: null }),
    onTarget('an orphan of our tree', null, orphan),
    onTarget('a marked one, whoever is its parent', null, { origin: 'marked', parentPid: 1 }),
    onTarget('a marked orphan where strangers come, too', null, {
      origin: 'marked',
      more: { adoption: 'anyone' },
    }),
    onTarget('a worker where strangers come, too', null, { more: { adoption: 'anyone' } }),
    enclosed('one in the cgroup of its worker, whatever it did to be forgotten', null, {
      cgroup: WORKER_CGROUP,
      mark: null,
      parentPid: 1,
    }),
    enclosed('the same in a cgroup that it made there itself', null, {
      cgroup: `12:pids:/x\n${WORKER_CGROUP}/deeper`,
      mark: null,
    }),
    enclosed('the same where our own cgroup is the root of its namespace', null, {
      cgroup: '0::/garrison-500-1-ab',
      more: {
        self: { ...selfInLogin, cgroup: '0::/' },
        enclosure: { ...ENCLOSURE, path: '/garrison-500-1-ab' },
      },
    }),
    onTarget('the lowest pid there is', null, { pid: 2 }),
    onTarget('the highest pid there is', null, { pid: 2 ** 22 }),
    onTarget('a child by process that leads no group', null, { ...orphan, processGroup: 650, session: 650 }),
    onTarget('a worker in the login from which we were started', null, {
      ...login,
      more: { self: { ...selfInLogin, ...login } },
    }),
    onTarget('an ssh with an environment of its own, in a login', null, {
      origin: 'named',
      more: { self: { ...selfInLogin, ...login } },
    }),
    onTarget('a worker in our own container', null, {
      ...inContainer,
      more: { self: { ...selfInLogin, ...inContainer } },
    }),
    onTarget('a worker of a supervisor that is not root', null, {
      uid: 1000,
      uids: [1000, 1000, 1000, 1000],
      more: { self: { ...selfInLogin, uid: 1000 } },
    }),
  ];
}

function noProcess(): GuardCase[] {
  const shapes = NO_PIDS.map((value): GuardCase => {
    const pid = value as number;
    const target = facts({ pid, threadGroup: pid });
    const name = `no pid: ${typeof value} ${Object.is(value, -0) ? '-0' : String(value)}`;
    return { name, answer: 'NotAProcess', order: order({ pid }), around: around({ target }) };
  });
  const signal = (word: unknown): GuardCase => ({
    name: `the signal ${String(word)}`,
    answer: 'UnknownSignal',
    order: order({ signal: word as 'SIGTERM' }),
    around: around(),
  });
  return [
    ...shapes,
    onTarget('a thread of a worker', 'NotAProcess', { threadGroup: 699 }),
    ...[0, 9, '', 'KILL', 'SIGHUP', 'SIGSTOP', 'sigterm', null, undefined].map(signal),
  ];
}

function nobodyThere(): GuardCase[] {
  const other = order();
  return [
    {
      name: 'seen before the last boot',
      answer: 'OtherBoot',
      order: { ...other, target: { ...other.target, bootId: 'b0a6' } },
      around: around(),
    },
    { name: 'gone', answer: 'Gone', order: order(), around: around({ target: null }) },
    {
      name: 'another one was looked at',
      answer: 'Gone',
      order: order(),
      around: around({ target: facts({ pid: 701 }) }),
    },
    ...[8999, 9001, 0, NaN].map((startTicks): GuardCase => {
      const name = `a pid whose process started at ${String(startTicks)}`;
      return { name, answer: 'PidReused', order: order({ startTicks }), around: around() };
    }),
    ...['Z', 'X', 'x'].map((state) => onTarget(`an ended one (${state})`, 'AlreadyDead', { state })),
    onTarget('whoever, where we cannot see ourselves', 'SelfUnknown', { more: { self: null } }),
  ];
}

function notOurs(): GuardCase[] {
  const stranger = { parentPid: 1, mark: null };
  return [
    onTarget('one that is in no table', 'NotMadeByUs', { origin: null }),
    onTarget('one in no table, although it is our child', 'NotMadeByUs', { origin: null, reach: 'group' }),
    onTarget('one said to be spawned, of another parent', 'NotMadeByUs', { ...stranger }),
    onTarget('one said to be adopted, of another parent', 'NotMadeByUs', { ...stranger, origin: 'adopted' }),
    onTarget('one said to be marked, without a mark', 'NotMadeByUs', { origin: 'marked', mark: null }),
    onTarget("one with another run's mark", 'NotMadeByUs', { origin: 'marked', mark: 'beef' }),
    onTarget('one with an empty mark, as ours is', 'NotMadeByUs', {
      origin: 'marked',
      mark: '',
      more: { mark: '' },
    }),
    ...notEnclosed(),
    onTarget('an origin that is none', 'NotMadeByUs', { origin: 'guessed' as Origin }),
    onTarget('an orphan where strangers come, too', 'PerhapsAStranger', {
      origin: 'adopted',
      more: { adoption: 'anyone' },
    }),
    onTarget('a group that it does not lead', 'GroupNotMadeByUs', { reach: 'group', processGroup: 650 }),
    onTarget('a job group in a session that it does not lead', 'GroupNotMadeByUs', {
      reach: 'group',
      session: 650,
    }),
  ];
}

function enclosed(name: string, answer: GuardRule | null, change: TargetChange): GuardCase {
  const more = { enclosure: ENCLOSURE, ...change.more };
  return onTarget(name, answer, { ...change, origin: 'enclosed', more });
}

/** Each is said to be in a cgroup that we made for a worker. */
function notEnclosed(): GuardCase[] {
  const self = around().self!;
  const own = SERVICE_CGROUP.slice('0::'.length);
  const not = (name: string, cgroup: string, more: Partial<GuardSurroundings> = {}): GuardCase =>
    enclosed(`one said to be enclosed, ${name}`, 'NotMadeByUs', { cgroup, more });
  return [
    not('in the cgroup above', SERVICE_CGROUP),
    not('in one beside it', `${SERVICE_CGROUP}/garrison-500-1-cd`),
    not('in one whose name only begins alike', `${WORKER_CGROUP}c`),
    not('in one of that path, but of version 1', `1:name=systemd:${ENCLOSURE.path}\n0::/`),
    not('in none of version 2', `12:pids:${ENCLOSURE.path}`),
    not('in none that was made', WORKER_CGROUP, { enclosure: null }),
    ...['', '/', '/system.slice', own, `${own}/`, '/system.slice/garrison.serviceX/a', '/other/a'].map(
      (path) =>
        not(`where that one is "${path}"`, `0::${path || '/'}`, { enclosure: { ...ENCLOSURE, path } }),
    ),
    not('where our own is the root itself', '0::/', {
      self: { ...self, cgroup: '0::/' },
      enclosure: { ...ENCLOSURE, path: '/' },
    }),
    ...[9001, Infinity, NaN].map((sinceTicks) =>
      not(`who is older than its worker, of ${String(sinceTicks)}`, WORKER_CGROUP, {
        enclosure: { ...ENCLOSURE, sinceTicks },
      }),
    ),
    not('where our own cannot be told', WORKER_CGROUP, { self: { ...self, cgroup: '' } }),
  ];
}

function tooNear(): GuardCase[] {
  const near = { origin: 'named' as const, parentPid: 1 };
  return [
    onTarget('ourselves', 'Ourselves', { ...near, pid: SELF_PID }),
    onTarget('our parent', 'Ancestor', { ...near, pid: 400 }),
    onTarget('the parent of our parent', 'Ancestor', { ...near, pid: 200 }),
    onTarget('our parent, when the line above us could not be read', 'Ancestor', {
      ...near,
      pid: 400,
      more: { ancestors: [] },
    }),
    onTarget('one in our group', 'OwnGroup', { ...near, processGroup: 450, session: 300 }),
    onTarget('our own child in our group', 'OwnGroup', { processGroup: 450, session: 300 }),
    onTarget('one in our session', 'OwnSession', { ...near, processGroup: 451, session: 300 }),
    onTarget("one in our session, where our shell's is unknown", 'OwnSession', {
      ...near,
      session: 300,
      more: { ancestors: [{ pid: 400, session: null }] },
    }),
    onTarget('one in the session of who started us', 'OwnSession', { ...near, session: 200 }),
  ];
}

function otherPeoples(): GuardCase[] {
  const servers = ['sshd', 'sshd-session', 'sshd-auth', 'sshd: root@pts/0', 'dropbear', 'dropbearmulti'];
  const others = [
    [1000, 1000, 1000, 1000],
    [1000, 0, 0, 0],
    [0, 1000, 0, 0],
    [0, 0, 1000, 0],
    [0, 0, 0, 1000],
  ];
  const other = (uids: number[]): GuardCase =>
    onTarget(`one that acts for another user (${uids.join(' ')})`, 'OtherUser', { uid: uids[1]!, uids });
  const scope = (cgroup: string, own: string): GuardCase =>
    onTarget(`one in ${cgroup}, seen from ${own}`, 'LoginSession', {
      cgroup,
      more: { self: { ...around().self!, cgroup: own } },
    });
  return [
    ...servers.map((command) => onTarget(`an SSH server, ${command}`, 'Sshd', { command, program: '' })),
    onTarget('an SSH server under another name', 'Sshd', { command: 'harmless', program: 'sshd' }),
    onTarget('an SSH server by group', 'Sshd', { command: 'sshd', reach: 'group', origin: 'named' }),
    scope(LOGIN_CGROUP, SERVICE_CGROUP),
    scope(LOGIN_CGROUP, LOGIN_CGROUP.replace('7', '8')),
    scope('12:pids:/user.slice/user-0.slice/session-c1.scope\n0::/', '0::/'),
    onTarget('one that a login elsewhere has started', 'LoginSession', {
      sshConnection: '10.0.0.9 4 10.0.0.2 22',
    }),
    onTarget('one of another login than ours', 'LoginSession', {
      sshConnection: '10.0.0.9 4 10.0.0.2 22',
      more: { self: { ...around().self!, sshConnection: '10.0.0.1 4 10.0.0.2 22' } },
    }),
    onTarget('one in a container', 'OtherContainer', { cgroup: CONTAINER_CGROUP, origin: 'named' }),
    onTarget('one in another container than ours', 'OtherContainer', {
      cgroup: `0::/kubepods/cri-containerd-${'b2'.repeat(32)}.scope`,
      more: { self: { ...around().self!, cgroup: CONTAINER_CGROUP } },
    }),
    ...others.map(other),
    onTarget("root's, when we are not root", 'OtherUser', {
      more: { self: { ...around().self!, uid: 1000, uids: [1000, 1000, 1000, 1000] } },
    }),
  ];
}
