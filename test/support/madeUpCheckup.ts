/**
 * Makes up checkups of machines that are not there: one on which all is well, and any that could be thought of.
 * They need not make sense; whatever was seen must be told without fail.
 */
import fc from 'fast-check';
import type { ContainerFacts, DockerStatus, Health } from '../../src/detector/containerFacts.ts';
import type {
  Checkup,
  ContainerSeen,
  DockerSeen,
  Part,
  SupervisorSeen,
  UnitSeen,
} from '../../src/reconciler/checkup.ts';
import { A_TIME, idOf, madeUpContainer } from './madeUpContainer.ts';

export function seen<T>(value: T): Part<T> {
  return { kind: 'seen', value };
}

export function seenContainer(facts: ContainerFacts, more: Partial<ContainerSeen> = {}): ContainerSeen {
  return {
    facts,
    lifelessSince: null,
    unprobedForMs: 1_000,
    sessions: { connections: 0, execs: 0, carriesLogin: false },
    isOwn: false,
    composeAtWork: null,
    composeVersion: '2.30.0',
    composeFile: '/opt/jms/docker-compose.yml',
    hasInit: true,
    oomKills: 0,
    gaps: [],
    ...more,
  };
}

export const SUPERVISOR: SupervisorSeen = {
  door: 'answers',
  pid: 812,
  processState: 'S',
  leftLock: null,
  version: '0.1.0',
  sentences: [],
  lastWord: { at: A_TIME, event: 'started', aheadMs: -1_000 },
  setAside: [],
};

export const AWAY = { door: 'gone', pid: null, processState: null, version: null } as const;

export function dockerWith(
  containers: readonly ContainerSeen[],
  more: Partial<DockerSeen> = {},
): Part<DockerSeen> {
  return seen({
    engine: '28.2.2',
    target: '/run/docker.sock',
    isHere: true,
    liveRestore: true,
    listed: containers.length,
    containers,
    gaps: [],
    ...more,
  });
}

/** Nothing is wrong. */
export function wellCheckup(more: Partial<Checkup> = {}): Checkup {
  const calm = { some: 0, full: 0 };
  return {
    at: A_TIME,
    isRoot: true,
    home: '/var/lib/garrison',
    version: '0.1.0',
    commands: { garrison: 'garrison', docker: 'docker' },
    config: seen({ redis: 'embedded', dependsOn: {} }),
    supervisor: seen(SUPERVISOR),
    zombies: seen({ zombies: [], limited: null }),
    docker: dockerWith([seenContainer(madeUpContainer('jms_core'))]),
    redis: seen({
      ...{ target: 'unix:/r', version: '7.0.15', answeredInMs: 1, role: 'master', isLoading: false },
      ...{
        usedBytes: 1,
        limitBytes: 0,
        policy: 'noeviction',
        appendOnly: true,
        lastAppend: 'ok',
        lastSave: 'ok',
      },
    }),
    disks: seen({
      disks: [
        {
          folders: ['/', '/tmp'],
          ...{ totalBytes: 100 * 2 ** 30, freeBytes: 50 * 2 ** 30, totalInodes: 1e6, freeInodes: 5e5 },
          isReadOnly: false,
        },
      ],
      gaps: [],
    }),
    counts: seen([{ what: 'open files of the machine', used: 10, most: 1000, look: 'lsof -n | tail' }]),
    memory: seen({
      ...{ totalBytes: 2 ** 33, availableBytes: 2 ** 32, swapTotalBytes: 0, swapFreeBytes: 0 },
      ...{ oomKills: 0, ownOomKills: 0 },
    }),
    pressure: seen([
      { resource: 'cpu', ...calm },
      { resource: 'memory', ...calm },
      { resource: 'io', ...calm },
    ]),
    clock: seen({ isSynchronized: true }),
    sshd: seen({
      ...{ ports: [22], isSure: true, logins: 1, startups: 0, maxStartups: '10:30:100' },
      ...{ complaint: null, unasked: null, isOurWayIn: true },
    }),
    units: seen([unit('garrison.service', 'active')]),
    ...more,
  };
}

export function unit(name: string, active: string): UnitSeen {
  return { name, active, sub: 'running', result: 'success', restarts: 0 };
}

const NAMES = ['core', 'celery', 'koko', 'lion', 'nginx'];
/** What a container, a file or a host may write: anything, but not the words that a test looks for. */
const text = fc
  .oneof(
    fc.string({ maxLength: 80 }),
    fc.constantFrom('\u001b[2J', '\u202eabc', "'; rm -rf /", '```', '\u0000'),
  )
  .filter((each) => !/kill|restart|docker/i.test(each))
  .map((each) => `x${each}`);
const count = fc.oneof(fc.nat(), fc.constantFrom(0, 1, Number.MAX_SAFE_INTEGER));

const anyUnseen = fc.record({
  kind: fc.constant('unseen' as const),
  why: fc.constantFrom('absent' as const, 'notPermitted' as const, 'failed' as const, 'late' as const),
  because: text,
});
const anyPart = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<Part<T>> =>
  fc.oneof({ weight: 4, arbitrary: value.map(seen) }, { weight: 1, arbitrary: anyUnseen });

const anyHealth: fc.Arbitrary<Health | null> = fc.option(
  fc.record({
    status: fc.constantFrom('starting' as const, 'healthy' as const, 'unhealthy' as const),
    failingStreak: fc.nat(9),
    probes: fc.array(
      fc.record({
        startedAt: fc.constant(A_TIME),
        endedAt: fc.constant(A_TIME),
        exitCode: fc.integer({ min: -1, max: 255 }),
        output: text,
      }),
      { maxLength: 5 },
    ),
  }),
);
const STATUSES: readonly DockerStatus[] = [
  'created',
  'running',
  'paused',
  'restarting',
  'removing',
  'exited',
  'dead',
];

const anyContainer: fc.Arbitrary<ContainerSeen> = fc
  .record({
    name: fc.constantFrom(...NAMES),
    status: fc.constantFrom(...STATUSES),
    health: anyHealth,
    dependsOnLabel: fc.option(fc.constantFrom('', 'core', 'core:service_healthy:true', 'koko,lion', ':::')),
    exitCode: fc.nat(255),
    pid: fc.nat(9),
    process: fc.constantFrom('alive' as const, 'zombie' as const, 'gone' as const, 'unseen' as const),
    lifelessSince: fc.option(fc.constant(A_TIME)),
    unprobedForMs: fc.option(count),
    connections: fc.option(count),
    execs: fc.nat(9),
    carriesLogin: fc.boolean(),
    isOwn: fc.boolean(),
    composeAtWork: fc.option(text),
    composeVersion: fc.option(fc.constantFrom('1.29.2', '2.30.0', 'x')),
    composeFile: fc.option(text),
    hasInit: fc.boolean(),
    oomKills: fc.option(fc.nat(9)),
    gaps: fc.array(text, { maxLength: 2 }),
  })
  .map(
    ({
      name,
      status,
      health,
      dependsOnLabel,
      exitCode,
      pid,
      process: lives,
      connections,
      execs,
      carriesLogin,
      ...rest
    }) =>
      seenContainer(
        madeUpContainer(name, { status, health, dependsOnLabel, exitCode, pid, process: lives }),
        {
          ...rest,
          sessions: { connections, execs, carriesLogin },
        },
      ),
  );

const anyDocker = fc
  .record({
    engine: fc.oneof(text, fc.constantFrom('24.0.3', '20.10.24+dfsg1', '29.0.0', '17.12.0-ce')),
    liveRestore: fc.option(fc.boolean()),
    containers: fc.uniqueArray(anyContainer, { selector: ({ facts }) => facts.id, maxLength: 5 }),
    gaps: fc.array(text, { maxLength: 3 }),
    more: fc.nat(3),
  })
  .map(({ more, containers, ...rest }) => ({
    ...{ target: '/run/docker.sock', isHere: true, containers, listed: containers.length + more },
    ...rest,
  }));

const anyZombies = fc.record({
  limited: fc.option(text),
  zombies: fc.array(
    fc.record({
      pid: fc.nat(),
      command: text,
      parentPid: fc.nat(5),
      parent: fc.option(
        fc.record({
          pid: fc.nat(5),
          startTicks: fc.nat(),
          command: text,
          state: fc.constantFrom('S', 'T', 'D'),
          cgroup: fc.constantFrom('', `0::/docker/${idOf('core')}`, '0::/user.slice'),
          innermostPid: fc.option(fc.nat(3)),
          hasTerminal: fc.boolean(),
        }),
      ),
      kinship: fc.constantFrom({ kind: 'us' as const }, { kind: 'other' as const }),
      ageMs: count,
    }),
    { maxLength: 12 },
  ),
});

const anySupervisor = fc.record({
  door: fc.constantFrom('answers' as const, 'gone' as const, 'left behind' as const, 'silent' as const),
  pid: fc.option(fc.nat(99)),
  processState: fc.option(fc.constantFrom('S', 'T', 'D', 'Z')),
  leftLock: fc.option(text),
  version: fc.option(text),
  sentences: fc.array(text, { maxLength: 9 }),
  lastWord: fc.option(fc.record({ at: fc.constant(A_TIME), event: text, aheadMs: fc.integer() })),
  setAside: fc.array(fc.record({ name: text, as: text, at: fc.constant(A_TIME), why: fc.constant(null) }), {
    maxLength: 2,
  }),
});

export const anyCheckup: fc.Arbitrary<Checkup> = fc.record({
  at: fc.constant(A_TIME),
  isRoot: fc.boolean(),
  home: fc.constant('/h'),
  version: fc.constant('0.1.0'),
  commands: fc.constant({ garrison: 'garrison', docker: 'docker' }),
  config: anyPart(
    fc.record({
      redis: fc.constantFrom('embedded' as const, 'url' as const),
      dependsOn: fc.dictionary(
        fc.constantFrom(...NAMES),
        fc.array(fc.constantFrom(...NAMES), { maxLength: 2 }),
      ),
    }),
  ),
  supervisor: anyPart(anySupervisor),
  zombies: anyPart(anyZombies),
  docker: anyPart(anyDocker),
  redis: anyPart(
    fc.record({
      target: text,
      version: text,
      answeredInMs: count,
      role: fc.oneof(fc.constantFrom('master', 'slave'), text),
      isLoading: fc.boolean(),
      usedBytes: fc.option(count),
      limitBytes: fc.option(count),
      policy: fc.oneof(fc.constantFrom('noeviction', 'allkeys-lru'), text),
      appendOnly: fc.option(fc.boolean()),
      lastAppend: fc.option(fc.constantFrom('ok', 'err')),
      lastSave: fc.option(fc.constantFrom('ok', 'err')),
    }),
  ),
  disks: anyPart(
    fc.record({
      disks: fc.array(
        fc.record({
          folders: fc.array(text, { maxLength: 3 }),
          totalBytes: count,
          freeBytes: count,
          totalInodes: count,
          freeInodes: count,
          isReadOnly: fc.boolean(),
        }),
        { maxLength: 3 },
      ),
      gaps: fc.array(text, { maxLength: 2 }),
    }),
  ),
  counts: anyPart(
    fc.array(fc.record({ what: text, used: count, most: count, look: fc.constant('ps') }), { maxLength: 3 }),
  ),
  memory: anyPart(
    fc.record({
      totalBytes: count,
      availableBytes: count,
      swapTotalBytes: count,
      swapFreeBytes: count,
      oomKills: fc.option(count),
      ownOomKills: fc.option(count),
    }),
  ),
  pressure: anyPart(
    fc.array(
      fc.record({
        resource: fc.constantFrom('cpu' as const, 'memory' as const, 'io' as const),
        some: fc.double({ min: 0, max: 1, noNaN: true }),
        full: fc.double({ min: 0, max: 1, noNaN: true }),
      }),
      { maxLength: 3 },
    ),
  ),
  clock: anyPart(fc.record({ isSynchronized: fc.option(fc.boolean()) })),
  sshd: anyPart(
    fc.record({
      ports: fc.array(fc.nat(65_535), { maxLength: 3 }),
      isSure: fc.boolean(),
      logins: count,
      startups: fc.nat(200),
      maxStartups: fc.option(fc.oneof(fc.constantFrom('10:30:100', '10'), text)),
      complaint: fc.option(text),
      unasked: fc.option(text),
      isOurWayIn: fc.boolean(),
    }),
  ),
  units: anyPart(
    fc.array(
      fc.record({
        name: fc.constantFrom('garrison.service', 'ssh.service'),
        active: fc.constantFrom('active', 'failed', 'inactive'),
        sub: text,
        result: text,
        restarts: fc.nat(9),
      }),
      { maxLength: 3 },
    ),
  ),
});
