/**
 * Answers what is left over on the hosts of a survey, remembers since when, and takes people's decisions about it.
 * It ends no access and removes nothing: that is a push that a person asks for.
 */
import { now } from '../clock.ts';
import { GarrisonError } from '../errors.ts';
import type { JobRecord } from '../push/job.ts';
import { leftoversOf, noteKey, type Decision, type Leftover } from '../push/leftover.ts';
import type { Asker } from './door.ts';
import { checkHosts } from './hostCheck.ts';
import type { Surroundings } from './ports.ts';
import type { PushRequest } from './pushAsk.ts';

export interface LeftoverDecision extends Asker {
  readonly host: string;
  readonly account: string;
  /** False takes a decision back. */
  readonly keep: boolean;
  readonly reason: string | null;
}

type Needs = Pick<Surroundings, 'wanted' | 'leftovers' | 'hosts' | 'audit'>;

/** Of the hosts that answered; throws CONFIG_INVALID where grants.yaml cannot be read: then nobody knows what is wanted. */
export function leftoversIn(jobs: readonly JobRecord[], around: Needs): readonly Leftover[] {
  const surveys = jobs.flatMap(({ host, result }) =>
    result?.owned === undefined ? [] : [{ host, at: result.at, owned: result.owned }],
  );
  const before = around.leftovers.read();
  const { leftovers, notes } = leftoversOf(surveys, around.wanted(), before);
  if (JSON.stringify(notes) !== JSON.stringify(before)) around.leftovers.write(notes);
  return leftovers;
}

export function decideLeftover(
  { keep, reason, host, account, ...by }: LeftoverDecision,
  around: Needs,
): Decision | null {
  checkHosts([host], around.hosts);
  const notes = around.leftovers.read();
  const key = noteKey(host, account);
  const note = notes[key] ?? { since: null, decision: null };
  if (keep && reason === null)
    throw new GarrisonError('USAGE', 'a decision to keep an account needs a reason', {
      cure: 'Say why with --reason; whoever looks at it next year will want to know.',
    });
  if (!keep && note.decision === null)
    throw new GarrisonError('CONFLICTING_STATE', `nobody has decided to keep ${account} on ${host}`, {
      cure: 'garrison leftovers lists them.',
    });
  around.audit({ event: 'leftover', verb: keep ? 'keep' : 'undecide', host, account, reason, ...by });
  const decision = keep
    ? ({ what: 'keep', by: by.actor, at: now().wall, reason: reason ?? '' } as const)
    : null;
  around.leftovers.write({ ...notes, [key]: { ...note, decision } });
  return decision;
}

/** A removal of what the grants want would only be made again by the next sync. Throws CONFIG_INVALID and CONFLICTING_STATE. */
export function refuseWanted(
  { account, hosts }: PushRequest,
  { wanted }: Pick<Surroundings, 'wanted'>,
): void {
  const granted = wanted().filter((each) => each.account.name === account?.name && hosts.includes(each.host));
  if (granted.length === 0) return;
  const where = granted.map(({ host }) => host).join(', ');
  throw new GarrisonError('CONFLICTING_STATE', `a grant wants ${account?.name ?? ''} on ${where}`, {
    cure: 'Take it out of grants.yaml first: nothing was done.',
  });
}
