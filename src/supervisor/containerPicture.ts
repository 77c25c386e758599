/**
 * Puts together what people see of one container: how it is, what explains it, and what Garrison does about it.
 * It judges nothing: what it shows was judged and decided before.
 */
import type { Moment } from '../clock.ts';
import type { ContainerVerdict } from '../detector/container.ts';
import type { ContainerFacts } from '../detector/containerFacts.ts';
import { restartsWithin, type HealPolicy } from '../reconciler/healRecord.ts';
import { TREATMENT_WORDS } from '../reconciler/verify.ts';
import type { ContainerView, HealView } from './door.ts';
import type { Entry } from './healEntry.ts';

export interface Picture {
  readonly facts: ContainerFacts;
  readonly verdict: ContainerVerdict;
  /** Null before anything was decided about it. */
  readonly heal: Readonly<Entry> | null;
  readonly policy: HealPolicy;
  readonly dependsOn: readonly string[];
  /** Name of the sick one that explains it. */
  readonly root: string | null;
}

/** `before`: as it was shown last; it keeps since when while state and reason are the same. */
export function viewContainer(picture: Picture, before: ContainerView | null, at: Moment): ContainerView {
  const { facts, heal, policy } = picture;
  const { state, reason, since, detail } = shownVerdict(picture);
  const isSame = before?.state === state && before.reason === reason;
  return {
    name: facts.name,
    state,
    reason,
    since: isSame ? before.since : toMilliseconds(since ?? at.wall),
    detail,
    id: facts.id.slice(0, SHORT_ID_LENGTH),
    incarnation: facts.pid === 0 ? null : `${String(facts.pid)}-${String(Date.parse(facts.startedAt))}`,
    project: facts.project,
    service: facts.service,
    image: facts.image,
    dependsOn: picture.dependsOn,
    root: picture.root,
    zombies: heal?.zombies ?? 0,
    heal: viewHeal(heal, policy, at),
  };
}

/** Docker tells nanoseconds, which nobody reads. */
function toMilliseconds(time: string): string {
  return new Date(time).toISOString();
}

const SHORT_ID_LENGTH = 12;

/** What Garrison is doing, or has given up, stands above how it is. */
function shownVerdict({ verdict, heal }: Picture): ContainerVerdict {
  const { underWay = null, quarantine = null } = heal?.record ?? {};
  if (underWay !== null && underWay.how !== 'stop') {
    const lives =
      underWay.restartedAtMs === null
        ? 'Docker is told to'
        : 'it lives anew, and its health is awaited, after';
    return {
      state: 'healing',
      reason: 'BeingTreated',
      since: null,
      detail: `${lives} ${TREATMENT_WORDS[underWay.how]}, by ${underWay.actor}; now: ${verdict.detail}`,
    };
  }
  if (quarantine === null) return verdict;
  return {
    state: 'quarantined',
    reason: 'InQuarantine',
    since: quarantine.since,
    detail: `${quarantine.why}. Now: ${verdict.detail}`,
  };
}

function viewHeal(heal: Readonly<Entry> | null, policy: HealPolicy, at: Moment): HealView {
  const { restarts: budget, perMs } = policy.budget;
  if (heal === null)
    return {
      selection: 'unselected',
      because: '',
      plan: '',
      restarts: 0,
      budget,
      perMs,
      quarantinedSince: null,
    };
  const { selection, record, plan } = heal;
  return {
    ...selection,
    plan,
    restarts: restartsWithin(record, policy, at.monoMs),
    budget,
    perMs,
    quarantinedSince: record.quarantine?.since ?? null,
  };
}
