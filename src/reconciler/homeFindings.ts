/**
 * Says which files of the home folder were set aside as damaged and still wait for a person.
 * It goes by their names, so that it needs no supervisor.
 */
import { lossOf } from '../detector/loss.ts';
import type { SetAside } from '../setAside.ts';
import type { Checkup } from './checkup.ts';
import { finding, NOTHING, type Finding, type Topic } from './finding.ts';

export function homeFindings({ supervisor, home }: Checkup): Topic {
  if (supervisor.kind === 'unseen') return { findings: [], well: [] };
  return { findings: supervisor.value.setAside.map((aside) => setAsideFinding(aside, home)), well: [] };
}

function setAsideFinding({ name, as, at }: SetAside, home: string): Finding {
  const { weight, lost, next } = lossOf(name);
  return finding(weight === 'warning' ? 'warning' : 'info', 'FileSetAside', {
    what: `${name} was damaged: it was set aside at ${at}, whole, as ${as} in ${home}.`,
    evidence: [lost],
    harmless: weight === 'warning' ? null : 'Nothing else depends on it.',
    next,
    interrupts: NOTHING,
  });
}
