/**
 * Tells connect, login, sudo and clock of a checked host apart.
 * It never guesses: what was not reached is shown as not known.
 */
import type { HostResult, JobView } from '../supervisor/door.ts';
import { toneOf } from './columns.ts';
import type { Column } from './table.ts';

type Step = 'connect' | 'login' | 'sudo';
const STEPS: readonly Step[] = ['connect', 'login', 'sudo'];

export function checkColumns(): readonly Column<JobView>[] {
  return [
    ...STEPS.map((step) => ({
      title: step.toUpperCase(),
      of: (job: JobView) => verdictOf(job, step),
      tone: (job: JobView) => toneOf(verdictOf(job, step)),
      minWidth: 7,
    })),
    { title: 'CLOCK', of: clockOf, minWidth: 10 },
  ];
}

/** `ok` up to the step that failed, `bad` for that one, nothing for those after it. */
export function verdictOf(job: JobView, step: Step): 'ok' | 'bad' | '' {
  const { result } = job;
  if (result === null) return '';
  const failed = failedStep(result);
  if (failed === null) return 'ok';
  const distance = STEPS.indexOf(step) - STEPS.indexOf(failed);
  if (distance === 0) return 'bad';
  return distance < 0 ? 'ok' : '';
}

/** null when the host was reached, logged in to and root there, whatever was wrong after that. */
function failedStep({ stage, reason, outcome }: HostResult): Step | null {
  if (outcome === 'changed' || outcome === 'unchanged') return null;
  switch (stage) {
    case 'resolve':
    case 'connect':
      return 'connect';
    case 'auth':
      return reason.includes('Sudo') ? 'sudo' : 'login';
    case 'plan':
    case 'apply':
    case 'verify':
      return null;
  }
}

function clockOf(job: JobView): string {
  const skew = job.result?.facts['clockSkewMs'];
  if (skew === undefined || !/^-?\d+$/.test(skew)) return '';
  const skewMs = Number(skew);
  return Math.abs(skewMs) < 1000 ? 'ok' : `${skewMs > 0 ? '+' : ''}${(skewMs / 1000).toFixed(1)}s`;
}
