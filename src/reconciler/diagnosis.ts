/**
 * Puts together what is to be told of a whole checkup: one sentence, the findings in order, what is well.
 * It never throws on anything that was seen, and what was not seen is a finding, too.
 */
import type { Checkup, Part } from './checkup.ts';
import { celeryFindings } from './celeryFindings.ts';
import { containerFindings } from './containerFindings.ts';
import { dockerFindings } from './dockerFindings.ts';
import { byWeight, finding, joined, many, type Finding } from './finding.ts';
import { homeFindings } from './homeFindings.ts';
import { machineFindings } from './machineFindings.ts';
import { serviceFindings } from './serviceFindings.ts';
import { supervisorFindings } from './supervisorFindings.ts';
import { zombieFindings } from './zombieFindings.ts';

export interface Diagnosis {
  readonly state: 'well' | 'degraded';
  readonly sentence: string;
  /** The heaviest first. */
  readonly findings: readonly Finding[];
  readonly well: readonly string[];
}

export function diagnose(checkup: Checkup): Diagnosis {
  const topics = joined([
    containerFindings(checkup),
    celeryFindings(checkup),
    dockerFindings(checkup),
    zombieFindings(checkup),
    supervisorFindings(checkup),
    homeFindings(checkup),
    serviceFindings(checkup),
    machineFindings(checkup),
  ]);
  const findings = [...topics.findings, ...configFindings(checkup), ...unseenFindings(checkup)].sort(
    byWeight,
  );
  const pressing = findings.filter(({ weight }) => weight !== 'info');
  return {
    state: pressing.length === 0 ? 'well' : 'degraded',
    sentence: sentenceOf(pressing, findings),
    findings,
    well: topics.well,
  };
}

function configFindings({ config, commands }: Checkup): Finding[] {
  if (config.kind === 'seen' || config.why === 'notPermitted') return [];
  return [
    finding('warning', 'ConfigInvalid', {
      what: `The configuration cannot be used: ${config.because}`,
      evidence: [
        'The checkup went by the defaults instead: the Docker and the Redis looked at may be others.',
      ],
      harmless: 'A supervisor that runs goes on with what it has read; the next start refuses.',
      next: `${commands.garrison} config check`,
    }),
  ];
}

/** Those that have a finding of their own are told by it. */
function unseenFindings(checkup: Checkup): Finding[] {
  const parts: readonly (readonly [string, Part<unknown>, boolean])[] = [
    ['The supervisor', checkup.supervisor, false],
    ['Zombies', checkup.zombies, false],
    ['Docker and its containers', checkup.docker, true],
    ['Redis', checkup.redis, true],
    ['Disks', checkup.disks, false],
    ['Files and processes', checkup.counts, false],
    ['Memory', checkup.memory, false],
    ['Pressure', checkup.pressure, false],
    ['The clock', checkup.clock, false],
    ['sshd', checkup.sshd, false],
    ['Units of systemd', checkup.units, false],
    ['The configuration', checkup.config, true],
  ];
  return parts.flatMap(([name, part, isTold]) => {
    if (part.kind === 'seen') return [];
    const isOdd = part.why === 'failed' || part.why === 'late';
    if (isTold && isOdd) return [];
    return [
      finding(isOdd ? 'warning' : 'info', 'NotSeen', {
        what: `${name}: ${part.because}`,
        ...(part.why === 'notPermitted' ? { next: `sudo ${checkup.commands.garrison} doctor` } : {}),
        harmless: part.why === 'absent' ? 'Nothing is wrong with that where there is none.' : null,
      }),
    ];
  });
}

function sentenceOf(pressing: readonly Finding[], findings: readonly Finding[]): string {
  const [first, ...others] = pressing;
  if (first !== undefined) {
    const more = others.length === 0 ? '' : ` (and ${many(others.length, 'more thing')} to do)`;
    return `${first.what}${more}`;
  }
  const unseen = findings.filter(({ code }) => code === 'NotSeen').length;
  const remarks = findings.length - unseen;
  const but = unseen === 0 ? '' : `; ${many(unseen, 'thing')} could not be seen`;
  return `There is nothing to do${remarks === 0 ? '' : `, only ${many(remarks, 'remark')}`}${but}.`;
}
