/** What a whole checkup comes to: the incident, and what holds whatever was seen. */
import assert from 'node:assert/strict';
import { describe, it, test } from 'node:test';
import fc from 'fast-check';
import { reportLines } from '../../src/cli/doctorText.ts';
import type { Checkup } from '../../src/reconciler/checkup.ts';
import { diagnose, type Diagnosis } from '../../src/reconciler/diagnosis.ts';
import { byWeight, FINDING_CODES, type Finding, type FindingCode } from '../../src/reconciler/finding.ts';
import { healthOf, idOf, madeUpContainer } from '../support/madeUpContainer.ts';
import {
  anyCheckup,
  AWAY,
  dockerWith,
  seen,
  seenContainer,
  SUPERVISOR,
  wellCheckup,
} from '../support/madeUpCheckup.ts';

const plain = (text: string): string => text;
const supervisorAway: Partial<Checkup> = { supervisor: seen({ ...SUPERVISOR, ...AWAY }) };

describe('the incident', () => {
  const sick = (name: string, more: object = {}, connections = 0) =>
    seenContainer(
      madeUpContainer(`jms_${name}`, {
        service: name,
        health: healthOf('unhealthy', 1, { output: 'connection refused' }),
        ...more,
      }),
      { composeVersion: '1.29.2', hasInit: false, sessions: { connections, execs: 0, carriesLogin: false } },
    );
  const containers = [
    sick('core', { pid: 31_900 }),
    sick('celery'),
    sick('koko', {}, 3),
    sick('lion', {}, 1),
    sick('nginx'),
  ];
  const parent = {
    pid: 31_900,
    startTicks: 1,
    command: 'gunicorn',
    state: 'S',
    cgroup: `0::/docker/${idOf('jms_core')}`,
    innermostPid: 1,
    hasTerminal: false,
  };
  const zombie = (pid: number) => ({
    pid,
    command: 'sh',
    parentPid: 31_900,
    parent,
    kinship: { kind: 'other' as const },
    ageMs: 60_000,
  });
  const incident = (more: Partial<Checkup>): Checkup =>
    wellCheckup({
      config: seen({
        redis: 'embedded',
        dependsOn: { celery: ['core'], koko: ['core'], lion: ['core'], nginx: ['core'] },
      }),
      docker: dockerWith(containers),
      zombies: seen({ zombies: [zombie(1), zombie(2), zombie(3)], limited: null }),
      ...more,
    });
  const of = ({ findings }: Diagnosis, code: FindingCode): Finding =>
    findings.find((each) => each.code === code)!;

  it('is core, and core alone is healed', () => {
    const diagnosis = diagnose(incident({}));
    assert.match(diagnosis.sentence, /^jms_core is unhealthy since \S+: .*connection refused/);
    const core = of(diagnosis, 'ContainerUnhealthy');
    assert.equal(diagnosis.findings[0], core);
    assert.equal(diagnosis.findings.filter(({ code }) => code === 'ContainerUnhealthy').length, 1);
    assert.equal(core.next, 'garrison heal jms_core');
    assert.match(core.evidence.join(' '), /jms_celery, jms_koko, jms_lion, jms_nginx depend on it and wait/);
    assert.match(core.evidence.join(' '), /would drop 4 live sessions besides: 3 in jms_koko, 1 in jms_lion/);
    const waiting = of(diagnosis, 'ContainersWaiting');
    assert.match(waiting.harmless ?? '', /Leave them alone.*4 live sessions/);
    assert.equal(waiting.next, null);
    const zombies = of(diagnosis, 'Zombies');
    assert.match(zombies.harmless ?? '', /dead and harmless.*Do not kill them or their parents/);
    assert.match(zombies.evidence[0] ?? '', /3 of "gunicorn" \(pid 31900\) in jms_core/);
    assert.match(of(diagnosis, 'InitMissing').next ?? '', /"init: true" for core/);
  });
  it('is told with a command of Docker when the supervisor is down', () => {
    const diagnosis = diagnose(incident(supervisorAway));
    assert.equal(of(diagnosis, 'ContainerUnhealthy').next, 'docker restart jms_core');
    assert.equal(diagnosis.findings[0]?.code, 'ContainerUnhealthy');
    assert.equal(diagnosis.findings[1]?.code, 'SupervisorAway');
  });
  it('without a word on who depends on whom: nobody is cured by guess', () => {
    const diagnosis = diagnose(incident({ config: seen({ redis: 'embedded', dependsOn: {} }) }));
    assert.equal(diagnosis.findings[0]?.code, 'ContainerOrderUnknown');
    assert.equal(diagnosis.findings[0].next, 'grep -nA6 depends_on /opt/jms/docker-compose.yml');
    for (const each of diagnosis.findings.filter(({ code }) => code === 'ContainerUnhealthy'))
      assert.match(each.next ?? '', /^garrison why /);
  });
  it('with core stopped: core is the root', () => {
    const stopped = sick('core', { status: 'exited', exitCode: 137, pid: 0, health: null });
    const diagnosis = diagnose(incident({ docker: dockerWith([stopped, ...containers.slice(1)]) }));
    assert.equal(diagnosis.findings[0]?.code, 'ContainerStopped');
    assert.equal(diagnosis.findings[0].next, 'garrison start container/jms_core');
  });
  it('fits 80 columns, but for commands', () => {
    for (const line of reportLines(diagnose(incident(supervisorAway)), plain))
      if (!line.startsWith('    next')) assert.ok(line.length <= 80, line);
  });
});

test('whatever was seen: nothing throws, every finding helps, the heaviest is first, nobody is to be ended', () => {
  fc.assert(
    fc.property(anyCheckup, (checkup) => {
      const { findings, state } = diagnose(checkup);
      assert.deepEqual(findings, [...findings].sort(byWeight));
      for (const { what, code, next, harmless, evidence, interrupts, weight } of findings) {
        assert.ok(FINDING_CODES.includes(code));
        assert.ok(what !== '');
        assert.ok(next !== null || harmless !== null || code === 'NotSeen', code);
        assert.equal(next === null, interrupts === null);
        assert.doesNotMatch(next ?? '', /kill|restart docker|docker\.service|\b(?:reboot|TERM|HUP)\b/i);
        // One container at a time, and never without its name.
        assert.doesNotMatch(next ?? '', /docker restart(?! (?:core|celery|koko|lion|nginx)$)/);
        for (const line of [what, ...evidence, harmless ?? ''])
          assert.doesNotMatch(
            line.replaceAll(/Do not kill (?:it|them|anything)[^.]*\./g, ''),
            /\bkill (?!-9)/i,
          );
        if (weight !== 'info') assert.equal(state, 'degraded');
      }
    }),
    { numRuns: 400 },
  );
});

test('whatever was seen can be read on a terminal: no control reaches it, and nothing but a command is longer than a line', () => {
  fc.assert(
    fc.property(anyCheckup, (checkup) => {
      for (const line of reportLines(diagnose(checkup), plain)) {
        assert.doesNotMatch(line, /[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/);
        if (!/^\s+next/.test(line)) assert.ok(Array.from(line).length <= 80, line);
      }
    }),
    { numRuns: 200 },
  );
});
