/**
 * Remembers how each host stood to the grants when it last answered, and which leftovers the last surveys saw there.
 * It asks no host: it hears how jobs end, whoever asked for them.
 */
import { afterJob, driftCounts, stateOfNote, stillWanted, type HostNote } from '../push/drift.ts';
import { isFinal, type JobRecord } from '../push/job.ts';
import type { Decision, Leftover } from '../push/leftover.ts';
import type { GrantsSummary, HostCheckView, KnownLeftover, LeftoverState } from './grantsView.ts';

export interface KeptChecks {
  readonly hosts: Readonly<Record<string, HostNote>>;
  readonly leftovers: readonly KnownLeftover[];
}

type CheckCounts = Pick<
  GrantsSummary,
  'hosts' | 'driftedHosts' | 'drifted' | 'driftSince' | 'drift' | 'leftovers'
>;

const NAMED = 5;

export class CheckBook {
  readonly #hosts: Map<string, HostNote>;
  #leftovers: readonly KnownLeftover[];
  /** The newest survey of each host whose leftovers are not known yet: the grants were not read since. */
  readonly #surveys = new Map<string, JobRecord>();
  #counts: CheckCounts | null = null;
  #isKept = true;

  constructor({ hosts, leftovers }: KeptChecks) {
    this.#hosts = new Map(Object.entries(hosts));
    this.#leftovers = leftovers;
  }

  /** A job that has ended. */
  hear(job: JobRecord): void {
    if (!isFinal(job.state)) return;
    const note = afterJob(this.#hosts.get(job.host), job);
    if (note !== null) {
      this.#hosts.set(job.host, note);
      this.#touch();
    }
    if (job.result?.owned !== undefined) this.#surveys.set(job.host, job);
    if (job.state === 'done') this.#hearDeed(job);
  }

  /** A leftover that was locked or removed by a push is so at once, and not only at the next survey. */
  #hearDeed({ kind, host, account }: JobRecord): void {
    if ((kind !== 'revoke' && kind !== 'remove') || account === null) return;
    const next = this.#leftovers.flatMap((each) => {
      if (each.host !== host || each.account !== account.name) return [each];
      return kind === 'remove' ? [] : [{ ...each, isLocked: true }];
    });
    this.#setLeftovers(next);
  }

  /** Surveys whose leftovers are not worked out yet; they are asked for again until `takeLeftovers` names their hosts. */
  get newSurveys(): readonly JobRecord[] {
    return [...this.#surveys.values()];
  }

  /** What the surveys saw takes the place of what was known of their hosts. */
  takeLeftovers(surveys: readonly JobRecord[], found: readonly Leftover[]): void {
    const seenAt = new Map(surveys.map(({ host, result }) => [host, result?.at ?? '']));
    for (const survey of surveys)
      if (this.#surveys.get(survey.host) === survey) this.#surveys.delete(survey.host);
    const others = this.#leftovers.filter(({ host }) => !seenAt.has(host));
    const news = found
      .filter(({ kind }) => kind === 'leftover')
      .map((each) => ({ ...each, seenAt: seenAt.get(each.host) ?? '' }));
    this.#setLeftovers([...others, ...news]);
  }

  noteDecision(host: string, account: string, decision: Decision | null): void {
    this.#setLeftovers(
      this.#leftovers.map((each) =>
        each.host === host && each.account === account ? { ...each, decision } : each,
      ),
    );
  }

  /** Forgets what no grant wants any more, and what is granted again; `wanted`: account names by host, `hosts`: all there are. */
  keepOnly(wanted: ReadonlyMap<string, ReadonlySet<string>>, hosts: ReadonlySet<string>): void {
    for (const [host, note] of this.#hosts) {
      const next = stillWanted(note, wanted.get(host) ?? null);
      if (next === note) continue;
      if (next === null) this.#hosts.delete(host);
      else this.#hosts.set(host, next);
      this.#touch();
    }
    const left = this.#leftovers.filter(
      ({ host, account }) => hosts.has(host) && wanted.get(host)?.has(account) !== true,
    );
    if (left.length < this.#leftovers.length) this.#setLeftovers(left);
  }

  checks(): readonly HostCheckView[] {
    return [...this.#hosts]
      .map(([name, note]) => ({ name, ...note, state: stateOfNote(note), detail: detailOf(note) }))
      .sort((one, other) => (one.name < other.name ? -1 : 1));
  }

  leftovers(): readonly KnownLeftover[] {
    return this.#leftovers;
  }

  counts(): CheckCounts {
    return (this.#counts ??= this.#count());
  }

  /** True once for each change: what is on the disk is old. */
  takeUnkept(): boolean {
    const isOld = !this.#isKept;
    this.#isKept = true;
    return isOld;
  }

  kept(): KeptChecks {
    return { hosts: Object.fromEntries(this.#hosts), leftovers: this.#leftovers };
  }

  #count(): CheckCounts {
    const { byState, byKind, driftedHosts } = driftCounts(this.#hosts.values());
    const drifts = [...this.#hosts].flatMap(([name, { findings }]) =>
      findings.filter(({ kinds }) => kinds.length > 0).map(({ since }) => ({ name, since })),
    );
    const leftovers: Record<LeftoverState, number> = { open: 0, locked: 0, kept: 0 };
    for (const each of this.#leftovers) leftovers[leftoverState(each)] += 1;
    return {
      ...{ hosts: byState, drift: byKind, driftedHosts, leftovers },
      drifted: [...new Set(drifts.map(({ name }) => name))].sort().slice(0, NAMED),
      driftSince: drifts.map(({ since }) => since).sort()[0] ?? null,
    };
  }

  #setLeftovers(next: readonly KnownLeftover[]): void {
    this.#leftovers = next;
    this.#touch();
  }

  #touch(): void {
    this.#counts = null;
    this.#isKept = false;
  }
}

function leftoverState({ decision, isLocked }: Leftover): LeftoverState {
  if (decision !== null) return 'kept';
  return isLocked ? 'locked' : 'open';
}

function detailOf({ at, unreached, findings }: HostNote): string {
  const found = findings.map(({ account, what }) => `${account}: ${what.join('; ')}`).join('. ');
  if (unreached !== null) {
    const before = found === '' ? '' : ` Before that: ${found}.`;
    return `It has not answered since ${unreached.since} (${unreached.reason}): ${unreached.detail}${before}`;
  }
  return found === '' ? `It was as the grants want it at ${at ?? ''}.` : `${found}.`;
}
