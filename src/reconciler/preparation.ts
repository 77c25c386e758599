/**
 * Says what must be known of a container right before it is treated, and whether that lets it be treated now.
 * Whether it is to be treated at all, reconciler/heal has decided before.
 */
import { unreachable } from '../errors.ts';
import { clearanceOf } from './clearance.ts';
import type { Intent, Patient } from './heal.ts';
import type { Treatment } from './treatment.ts';

/** An examination is good for so long, and made so long before it is needed. */
const EXAMINED_FOR_MS = 15_000;
const EXAMINED_LATER_FOR_MS = 60_000;
const EXAMINED_NEVER_FOR_MS = 300_000;
const EXAMINE_AHEAD_MS = 1_500;
const EXAMINE_AGAIN_MS = 5_000;
/** Beyond its stop timeout: somebody's stop has ended by then. */
const STOP_MARGIN_MS = 5_000;

/** Each leaves evidence on the disk, and compose may be at work for long. */
const GOOD_FOR_MS = {
  clear: EXAMINED_FOR_MS,
  later: EXAMINED_LATER_FOR_MS,
  never: EXAMINED_NEVER_FOR_MS,
} as const;

/** Nothing is done without an examination that is new, and a look that is newer than the question for it. */
export function prepared(
  patient: Patient,
  { how, because }: { readonly how: Treatment; readonly because: string },
  { rules, nowMs }: { readonly rules: { readonly busyWith: string | null }; readonly nowMs: number },
): Intent {
  const { facts, signalledAtMs } = patient;
  if (rules.busyWith !== null && rules.busyWith !== facts.name)
    return rest(`it waits for ${rules.busyWith}: one at a time in a project`);
  const stopOverAtMs = signalledAtMs + facts.stopTimeoutMs + STOP_MARGIN_MS;
  if (!isEnded(facts) && nowMs < stopOverAtMs)
    return rest('somebody seems to be stopping it, and is left to it', stopOverAtMs);
  if (!isFresh(patient, nowMs)) return examination(patient, 'it is examined, and then treated', nowMs);
  const examined = patient.examined?.examination;
  if (examined === null || examined === undefined)
    return rest(`it could not be examined: ${patient.examined?.detail ?? ''}`, goodUntilMs(patient));
  const clearance = clearanceOf(examined);
  switch (clearance.kind) {
    case 'never':
      return patient.ask === null
        ? { kind: 'page', plan: `nothing is done to it: ${clearance.because}` }
        : { kind: 'refuse', why: `${facts.name} is left alone: ${clearance.because}` };
    case 'later':
      return rest(`it is left alone for now: ${clearance.because}`, goodUntilMs(patient));
    case 'clear':
      return { kind: 'treat', how, because, plan: '' };
    default:
      return unreachable(clearance);
  }
}

function isFresh(patient: Patient, nowMs: number): boolean {
  const { examined, lookedAtMs, examineAskedAtMs } = patient;
  if (examined === null || examined.atMs < examineAskedAtMs || lookedAtMs < examineAskedAtMs) return false;
  return nowMs < goodUntilMs(patient);
}

/** What stands against it for ever is not looked at again each few seconds. */
function goodUntilMs({ examined, examineAskedAtMs }: Patient): number {
  const examination = examined?.examination ?? null;
  if (examination === null) return examineAskedAtMs + EXAMINE_AGAIN_MS;
  return examineAskedAtMs + GOOD_FOR_MS[clearanceOf(examination).kind];
}

/** In time before it is due, and once. */
export function examinedAhead(
  patient: Patient,
  { plan, dueAtMs, nowMs }: { readonly plan: string; readonly dueAtMs: number; readonly nowMs: number },
): Intent {
  const aheadAtMs = dueAtMs - EXAMINE_AHEAD_MS;
  if (nowMs < aheadAtMs) return rest(plan, aheadAtMs, dueAtMs);
  return patient.examineAskedAtMs >= aheadAtMs
    ? rest(plan, dueAtMs, dueAtMs)
    : { kind: 'examine', plan, dueAtMs };
}

/** Asked for once; then its answer is awaited, and asked for anew when none comes. */
function examination({ examineAskedAtMs }: Patient, plan: string, nowMs: number): Intent {
  const waitsUntilMs = examineAskedAtMs + EXAMINE_AGAIN_MS;
  return nowMs < waitsUntilMs ? rest(plan, waitsUntilMs) : { kind: 'examine', plan, dueAtMs: null };
}

export const isEnded = ({ status }: Patient['facts']): boolean =>
  ['exited', 'created', 'dead', 'removing'].includes(status);

export function rest(plan: string, recheckAtMs: number | null = null, dueAtMs: number | null = null): Intent {
  return { kind: 'rest', plan, recheckAtMs, dueAtMs };
}
