/** A table for each finding: what was seen, and what people are told of it. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Checkup, Part, RedisSeen, SshdSeen, SupervisorSeen } from '../../src/reconciler/checkup.ts';
import { diagnose } from '../../src/reconciler/diagnosis.ts';
import type { Finding, FindingCode, Weight } from '../../src/reconciler/finding.ts';
import { healthOf, madeUpContainer } from '../support/madeUpContainer.ts';
import {
  AWAY,
  dockerWith,
  seen,
  seenContainer,
  SUPERVISOR,
  unit,
  wellCheckup,
} from '../support/madeUpCheckup.ts';

const WELL = wellCheckup();

function valueOf<T>(part: Part<T>): T {
  assert.ok(part.kind === 'seen');
  return part.value;
}

function unseen(why: 'absent' | 'notPermitted' | 'failed' | 'late', because = 'It is so.') {
  return { kind: 'unseen', why, because } as const;
}

const supervisor = (more: Partial<SupervisorSeen>): Partial<Checkup> => ({
  supervisor: seen({ ...SUPERVISOR, ...more }),
});
const redis = (more: Partial<RedisSeen>): Partial<Checkup> => ({
  redis: seen({ ...valueOf(WELL.redis), ...more }),
});
const sshd = (more: Partial<SshdSeen>): Partial<Checkup> => ({
  sshd: seen({ ...valueOf(WELL.sshd), ...more }),
});
const disk = (more: object): Partial<Checkup> => ({
  disks: seen({ disks: [{ ...valueOf(WELL.disks).disks[0]!, ...more }], gaps: [] }),
});
const memory = (more: object): Partial<Checkup> => ({ memory: seen({ ...valueOf(WELL.memory), ...more }) });
const container = (more: Parameters<typeof madeUpContainer>[1], around: object = {}): Partial<Checkup> => ({
  docker: dockerWith([seenContainer(madeUpContainer('jms_core', more), around)]),
});

interface Row {
  readonly name: string;
  readonly seen: Partial<Checkup>;
  readonly code: FindingCode;
  readonly weight: Weight;
  readonly says: RegExp;
  readonly next?: RegExp | null;
  readonly harmless?: RegExp;
}

const ROWS: readonly Row[] = [
  {
    name: 'a bad configuration',
    seen: { config: unseen('failed', 'line 3: no such key.') },
    code: 'ConfigInvalid',
    weight: 'warning',
    says: /line 3: no such key/,
    next: /^garrison config check$/,
  },
  {
    name: 'a full disk',
    seen: disk({ freeBytes: 2 ** 20 }),
    code: 'DiskFull',
    weight: 'critical',
    says: /\/, \/tmp has 1MiB of 100GiB left/,
    next: /^du -xh/,
  },
  {
    name: 'no inodes',
    seen: disk({ freeInodes: 0 }),
    code: 'DiskFull',
    weight: 'critical',
    says: /0 of 1000000 inodes/,
    next: /--inodes/,
  },
  {
    name: 'a disk that fills',
    seen: disk({ freeBytes: 4 * 2 ** 30 }),
    code: 'DiskLow',
    weight: 'warning',
    says: /4GiB/,
  },
  {
    name: 'a disk that can only be read',
    seen: disk({ isReadOnly: true }),
    code: 'DiskReadOnly',
    weight: 'critical',
    says: /only be read/,
  },
  {
    name: 'no pids',
    seen: { counts: seen([{ what: 'pids of the machine', used: 990, most: 1000, look: 'ps -e' }]) },
    code: 'PidsUsedUp',
    weight: 'critical',
    says: /990 of 1000 pids.*not even a shell/,
    next: /^ps -e$/,
  },
  {
    name: 'few file handles',
    seen: { counts: seen([{ what: 'open files of the machine', used: 95, most: 100, look: 'lsof' }]) },
    code: 'FilesUsedUp',
    weight: 'warning',
    says: /95 of 100 open files/,
  },
  {
    name: 'no memory',
    seen: memory({ availableBytes: 2 ** 20 }),
    code: 'MemoryLow',
    weight: 'critical',
    says: /1MiB of 8GiB/,
  },
  {
    name: 'OOM once',
    seen: memory({ oomKills: 3 }),
    code: 'OutOfMemory',
    weight: 'info',
    says: /ended 3 processes/,
    harmless: /long ago/,
  },
  {
    name: 'OOM in our cgroup',
    seen: memory({ ownOomKills: 1 }),
    code: 'OutOfMemory',
    weight: 'warning',
    says: /cgroup of Garrison/,
  },
  {
    name: 'pressure',
    seen: { pressure: seen([{ resource: 'io', some: 0.9, full: 0.5 }]) },
    code: 'Starved',
    weight: 'warning',
    says: /the disk: some of it for 90 %/,
  },
  {
    name: 'a clock set back',
    seen: supervisor({ lastWord: { at: '2027-01-01T00:00:00.000Z', event: 'x', aheadMs: 3_600_000 } }),
    code: 'ClockWrong',
    weight: 'warning',
    says: /set back.*2027-01-01/,
  },
  {
    name: 'a clock nobody keeps',
    seen: { clock: seen({ isSynchronized: false }) },
    code: 'ClockWrong',
    weight: 'info',
    says: /unsynchronized/,
    harmless: /cannot be set/,
  },
  {
    name: 'a hung Docker',
    seen: { docker: unseen('late', 'Docker did not answer.') },
    code: 'DockerSilent',
    weight: 'critical',
    says: /did not answer/,
    next: /^systemctl status docker/,
  },
  {
    name: 'Docker away',
    seen: { docker: unseen('failed', 'nobody listens'), units: unseen('absent') },
    code: 'DockerAway',
    weight: 'critical',
    says: /nobody listens/,
    next: /^ps /,
  },
  {
    name: 'no Docker',
    seen: { docker: unseen('absent', 'no socket') },
    code: 'NotSeen',
    weight: 'info',
    says: /no socket/,
    harmless: /there is none/,
  },
  {
    name: 'Docker not permitted',
    seen: { docker: unseen('notPermitted', 'EACCES') },
    code: 'NotSeen',
    weight: 'info',
    says: /EACCES/,
    next: /^sudo garrison doctor$/,
  },
  {
    name: 'celery workers of JumpServer that do not beat',
    seen: {
      docker: dockerWith([
        seenContainer(madeUpContainer('jms_celery'), {
          celeryBeats: [
            { worker: 'ansible', ageMs: 95_400 },
            { worker: 'celery', ageMs: 19_999 },
          ],
        }),
      ]),
    },
    code: 'CeleryBeatOld',
    weight: 'warning',
    says: /^jms_celery: ansible has not beaten for more than 20 s, and may be hung or busy\.$/,
    next: /^docker logs --tail 50 jms_celery$/,
  },
  {
    name: 'a sick container',
    seen: container({ health: healthOf('unhealthy', 1, { output: 'HTTP 502' }) }),
    code: 'ContainerUnhealthy',
    weight: 'critical',
    says: /jms_core is unhealthy since \S+: .*exit code 1: "HTTP 502"/,
    next: /^garrison heal jms_core$/,
  },
  {
    name: 'the same without a supervisor',
    seen: {
      ...container({ health: healthOf('unhealthy', 1) }),
      ...supervisor(AWAY),
      commands: { garrison: 'garrison', docker: 'docker -H unix:///d' },
    },
    code: 'ContainerUnhealthy',
    weight: 'critical',
    says: /jms_core/,
    next: /^docker -H unix:\/\/\/d restart jms_core$/,
  },
  {
    name: 'the same through which somebody came in',
    seen: container(
      { health: healthOf('unhealthy', 1) },
      { sessions: { connections: 1, execs: 0, carriesLogin: true } },
    ),
    code: 'ContainerUnhealthy',
    weight: 'critical',
    says: /jms_core/,
    next: /^garrison why container\/jms_core$/,
  },
  {
    name: 'a probe that Docker could not run',
    seen: container({ health: healthOf('unhealthy', -1, { output: 'cannot exec' }) }),
    code: 'ContainerUnhealthy',
    weight: 'warning',
    says: /could not|not run/,
    next: /^garrison why/,
  },
  {
    name: 'a ghost',
    seen: container({ process: 'gone' }, { lifelessSince: '2026-01-01T00:00:00Z' }),
    code: 'ContainerGhost',
    weight: 'critical',
    says: /ghost.*does not cure/,
    next: /^garrison why/,
  },
  {
    name: 'probes that stopped',
    seen: container({}, { unprobedForMs: 56_000 }),
    code: 'ContainerUnprobed',
    weight: 'warning',
    says: /stopped running its health check/,
    next: /^docker inspect/,
  },
  {
    name: 'a crash loop',
    seen: container({ status: 'restarting', exitCode: 3 }),
    code: 'ContainerCrashing',
    weight: 'warning',
    says: /exit code 3/,
    next: /^docker logs/,
  },
  {
    name: 'a login through a container',
    seen: container({}, { sessions: { connections: 1, execs: 0, carriesLogin: true } }),
    code: 'LoginThroughContainer',
    weight: 'info',
    says: /came in through jms_core/,
  },
  {
    name: 'Docker 24.0.3',
    seen: { docker: dockerWith([], { engine: '24.0.3' }) },
    code: 'DockerTrap',
    weight: 'info',
    says: /24\.0\.3: .*leave it stopped/,
  },
  {
    name: 'Docker 20.10 with live-restore',
    seen: { docker: dockerWith([], { engine: '20.10.24+dfsg1' }) },
    code: 'DockerTrap',
    weight: 'info',
    says: /no health checks/,
  },
  {
    name: 'Docker 29',
    seen: { docker: dockerWith([], { engine: '29.1.0' }) },
    code: 'DockerTrap',
    weight: 'info',
    says: /events/,
  },
  {
    name: 'no live-restore',
    seen: { docker: dockerWith([seenContainer(madeUpContainer('a'))], { liveRestore: false }) },
    code: 'LiveRestoreOff',
    weight: 'info',
    says: /all 1 running container/,
    harmless: /as long as/,
  },
  {
    name: 'a supervisor away',
    seen: supervisor(AWAY),
    code: 'SupervisorAway',
    weight: 'critical',
    says: /No supervisor runs/,
    next: /^garrison up$/,
  },
  {
    name: 'one that systemd knows',
    seen: {
      ...supervisor({ ...AWAY, door: 'left behind' }),
      units: seen([unit('garrison.service', 'failed')]),
    },
    code: 'SupervisorAway',
    weight: 'critical',
    says: /No supervisor/,
    next: /^systemctl start garrison$/,
  },
  {
    name: 'a home never used',
    seen: supervisor({ ...AWAY, lastWord: null }),
    code: 'SupervisorAway',
    weight: 'info',
    says: /none has ever/,
  },
  {
    name: 'a stopped supervisor',
    seen: { ...supervisor({ door: 'silent', processState: 'T' }), units: unseen('absent') },
    code: 'SupervisorStopped',
    weight: 'critical',
    says: /pid 812.*stopped by a signal/,
    next: /fg in that terminal/,
  },
  {
    name: 'a silent supervisor',
    seen: supervisor({ door: 'silent' }),
    code: 'SupervisorSilent',
    weight: 'critical',
    says: /gives no answer/,
  },
  {
    name: 'a supervisor with something to say',
    seen: supervisor({ sentences: ['push-1 is hung.'] }),
    code: 'SupervisorSays',
    weight: 'warning',
    says: /push-1 is hung/,
    next: /^garrison status$/,
  },
  {
    name: 'another version',
    seen: supervisor({ version: '0.0.9' }),
    code: 'SupervisorVersion',
    weight: 'info',
    says: /0\.0\.9.*0\.1\.0/,
  },
  {
    name: 'a lock left',
    seen: supervisor({ ...AWAY, leftLock: '4711' }),
    code: 'LockLeft',
    weight: 'info',
    says: /4711/,
    harmless: /is none/,
  },
  {
    name: 'Redis hung',
    seen: { redis: unseen('late', 'Redis is silent.') },
    code: 'RedisSilent',
    weight: 'critical',
    says: /silent/,
  },
  {
    name: 'Redis away with its supervisor',
    seen: { ...supervisor(AWAY), redis: unseen('failed', 'Redis does not run.') },
    code: 'RedisAway',
    weight: 'info',
    says: /does not run/,
    harmless: /embedded/,
  },
  {
    name: 'a replica',
    seen: redis({ role: 'slave' }),
    code: 'RedisRole',
    weight: 'critical',
    says: /"slave"/,
  },
  {
    name: 'an evicting Redis',
    seen: redis({ limitBytes: 1000, policy: 'allkeys-lru' }),
    code: 'RedisMemory',
    weight: 'warning',
    says: /throw jobs away/,
  },
  {
    name: 'a full Redis',
    seen: redis({ limitBytes: 1000, usedBytes: 950 }),
    code: 'RedisMemory',
    weight: 'critical',
    says: /takes no more/,
  },
  {
    name: 'Redis that cannot save',
    seen: redis({ lastAppend: 'err' }),
    code: 'RedisNotSaving',
    weight: 'critical',
    says: /append-only file/,
  },
  {
    name: 'Redis without a file',
    seen: redis({ appendOnly: false }),
    code: 'RedisNotSaving',
    weight: 'info',
    says: /keeps no/,
  },
  {
    name: 'a slow Redis',
    seen: redis({ answeredInMs: 900 }),
    code: 'RedisSlow',
    weight: 'warning',
    says: /900 ms/,
  },
  {
    name: 'no sshd although we came by it',
    seen: sshd({ ports: [] }),
    code: 'SshdAway',
    weight: 'critical',
    says: /No sshd/,
  },
  {
    name: 'no sshd',
    seen: sshd({ ports: [], isOurWayIn: false }),
    code: 'SshdAway',
    weight: 'info',
    says: /No sshd/,
  },
  {
    name: 'a bad sshd_config',
    seen: sshd({ complaint: 'line 7: Bad option' }),
    code: 'SshdConfig',
    weight: 'warning',
    says: /Bad option/,
    next: /^sshd -t$/,
    harmless: /go on/,
  },
  {
    name: 'a crowd at the door',
    seen: sshd({ startups: 12 }),
    code: 'SshdBusy',
    weight: 'warning',
    says: /drops some/,
  },
  {
    name: 'a full door',
    seen: sshd({ startups: 100 }),
    code: 'SshdBusy',
    weight: 'critical',
    says: /every new one/,
  },
  {
    name: 'a failed unit',
    seen: { units: seen([unit('redis-server.service', 'failed')]) },
    code: 'UnitFailed',
    weight: 'warning',
    says: /redis-server\.service failed/,
    next: /^journalctl/,
  },
  {
    name: 'memory that was not seen',
    seen: { memory: unseen('late', 'too late') },
    code: 'NotSeen',
    weight: 'warning',
    says: /Memory: too late/,
  },
];

describe('diagnose', () => {
  it('finds nothing where nothing is wrong', () => {
    const { state, sentence, findings, well } = diagnose(WELL);
    assert.deepEqual([state, findings], ['well', []]);
    assert.equal(sentence, 'There is nothing to do.');
    assert.ok(well.length >= 8, well.join('\n'));
  });
  for (const row of ROWS) {
    it(`tells of ${row.name}`, () => {
      const diagnosis = diagnose(wellCheckup(row.seen));
      const found = diagnosis.findings.filter(({ code }) => code === row.code);
      assert.equal(found.length, 1, JSON.stringify(diagnosis.findings));
      const [only] = found as [Finding];
      assert.equal(only.weight, row.weight);
      assert.match(only.what, row.says);
      if (row.next !== undefined && row.next !== null) assert.match(only.next ?? '', row.next);
      if (row.harmless !== undefined) assert.match(only.harmless ?? '', row.harmless);
      assert.equal(
        diagnosis.state === 'degraded',
        diagnosis.findings.some(({ weight }) => weight !== 'info'),
      );
    });
  }
});
