/**
 * Judges a self-test: of each thing that was made, which steps of its handling were seen, what that means here, and the cure.
 * It makes nothing and looks nothing up; a step that was not seen has not happened.
 */
import { SELF_TEST_CASES, type SelfTestCode } from './selfTestCases.ts';

/** What was seen of one case; in the order of its steps, up to the last that came. */
export interface Trial {
  readonly code: SelfTestCode;
  /** Of what was made; null when it could not be made. */
  readonly pid: number | null;
  readonly seen: readonly string[];
  readonly tookMs: number;
  /** Why it was not tried here; null when it was. */
  readonly hindrance: string | null;
  /** What went wrong in the trial itself; null when nothing did. */
  readonly trouble: string | null;
}

export type SelfTestVerdict = 'handled' | 'notHandled' | 'notTried';

export interface SelfTestItem {
  readonly code: SelfTestCode;
  /** What was made, with its pid. */
  readonly made: string;
  /** What was done about it, as far as it was seen. */
  readonly did: string;
  readonly verdict: SelfTestVerdict;
  readonly tookMs: number;
  /** A sentence: what this means on this host. */
  readonly detail: string;
  /** What to do about it; null when there is nothing to do. */
  readonly next: string | null;
}

export interface SelfTestDiagnosis {
  readonly state: 'handled' | 'notHandled';
  readonly sentence: string;
  readonly items: readonly SelfTestItem[];
}

export interface SelfTestHost {
  /** What became of the process that made them, when it did not end in order; null when it did. */
  readonly cutShort: string | null;
}

/** In the order of the cases; one of which nothing was told was not handled. */
export function judgeSelfTest(trials: readonly Trial[], { cutShort }: SelfTestHost): SelfTestDiagnosis {
  const items = (Object.keys(SELF_TEST_CASES) as SelfTestCode[]).map((code) => {
    const trial = trials.find((each) => each.code === code);
    return judged(trial ?? { code, ...NOTHING_TOLD, trouble: cutShort ?? 'nothing was told of it in time' });
  });
  const failed = items.filter(({ verdict }) => verdict === 'notHandled');
  return {
    state: failed.length === 0 ? 'handled' : 'notHandled',
    sentence: cutShort === null ? sentenceOf(items, failed) : brokenOff(cutShort, items, failed),
    items,
  };
}

const NOTHING_TOLD = { pid: null, seen: [], tookMs: 0, hindrance: null } as const;

/** That says nothing of the host yet. */
const AGAIN = 'run it again; if that breaks off too, mend what it says before relying on Garrison here';

function judged({ code, pid, seen, tookMs, hindrance, trouble }: Trial): SelfTestItem {
  const { made, steps, means, without, untried } = SELF_TEST_CASES[code];
  const came = steps.filter(({ id }) => seen.includes(id)).map(({ did }) => did);
  const missing = steps.find(({ id }) => !seen.includes(id));
  const common = {
    code,
    made: pid === null ? made : `${made} (pid ${String(pid)})`,
    did: came.length === 0 ? 'nothing' : came.join('; '),
    tookMs: Math.round(tookMs),
  };
  if (hindrance !== null)
    return { ...common, verdict: 'notTried', detail: `Not tried: ${hindrance}. ${without}`, next: untried };
  if (missing === undefined) return { ...common, verdict: 'handled', detail: means, next: null };
  if (trouble !== null)
    return { ...common, verdict: 'notHandled', detail: `It broke off: ${trouble}. ${without}`, next: AGAIN };
  return { ...common, verdict: 'notHandled', detail: `${missing.missed} ${without}`, next: missing.next };
}

/** What was not finished says nothing of the host: it may handle all of it. */
function brokenOff(
  cutShort: string,
  items: readonly SelfTestItem[],
  failed: readonly SelfTestItem[],
): string {
  const left = `${String(failed.length)} of ${String(items.length)} cases were not finished, which says nothing of this host yet`;
  return `The self-test broke off: ${cutShort}. ${failed.length === 0 ? 'All cases had been told before.' : `${left}: run it again.`}`;
}

function sentenceOf(items: readonly SelfTestItem[], failed: readonly SelfTestItem[]): string {
  const untried = items.filter(({ verdict }) => verdict === 'notTried').length;
  const tried = items.length - untried;
  const rest = untried === 0 ? '' : ` ${String(untried)} could not be tried.`;
  if (failed.length === 0)
    return `All ${String(tried)} cases that were made are handled on this host.${rest}`;
  return `${String(failed.length)} of ${String(tried)} cases are not handled on this host: ${failed.map(({ code }) => code).join(', ')}.${rest}`;
}
