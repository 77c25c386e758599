/**
 * What `status` says of the grants: what somebody changed on the hosts, what is left over there, and what a schedule could not do.
 * It says nothing while there is nothing to do.
 */
import type { GrantsSummary, Snapshot } from '../supervisor/door.ts';

export function grantsLines({ grants }: Pick<Snapshot, 'grants'>): readonly string[] {
  if (grants === undefined) return [];
  return [...driftLine(grants), ...heldLine(grants), ...failedLines(grants), ...leftoverLine(grants)];
}

function driftLine({ driftedHosts, drifted, driftSince }: GrantsSummary): readonly string[] {
  if (driftedHosts === 0 || driftSince === null) return [];
  const hosts = `${String(driftedHosts)} ${driftedHosts === 1 ? 'host' : 'hosts'}`;
  const more = driftedHosts > drifted.length ? ' and more' : '';
  return [
    `drift: on ${hosts} somebody changed what Garrison had set (${drifted.join(', ')}${more}), since ${driftSince}. Next: garrison sync --check`,
  ];
}

function heldLine({ held, schedule }: GrantsSummary): readonly string[] {
  if (held === null) return [];
  return [
    `grants: the sync of ${schedule.sync.timetable} has done nothing since ${held.since}: ${held.why}. Next: garrison plan --grants, then garrison sync`,
  ];
}

/** Of work that could not be done, and of work that is due and waits. */
function failedLines({ schedule }: GrantsSummary): readonly string[] {
  return Object.entries(schedule).flatMap(([task, { lastEnd, waitsFor, runningSince }]) => {
    if (waitsFor !== null) return [`grants: the scheduled ${task} waits: ${waitsFor}`];
    if (lastEnd?.outcome !== 'failed' || runningSince !== null) return [];
    return [
      `grants: the scheduled ${task} of ${lastEnd.at} could not be done: ${lastEnd.detail}. It is tried again by itself`,
    ];
  });
}

function leftoverLine({ leftovers: { open } }: GrantsSummary): readonly string[] {
  if (open === 0) return [];
  return [
    `leftovers: ${String(open)} ${open === 1 ? 'account that no grant wants is' : 'accounts that no grant wants are'} open on hosts. Next: garrison leftovers`,
  ];
}
