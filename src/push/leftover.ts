/**
 * Compares the accounts of ours that a host has with what the grants want there now: what is left over, since when, and what was decided about it.
 * It takes nothing away and decides nothing: a leftover stays until a person says otherwise.
 */
import type { Wanted } from './grants.ts';
import type { OwnedAccount } from './survey.ts';

/** A person's word that it may stay. */
export interface Decision {
  readonly what: 'keep';
  readonly by: string;
  /** RFC 3339. */
  readonly at: string;
  readonly reason: string;
}

/** What is remembered of `HOST/ACCOUNT`. */
export interface LeftoverNote {
  /** RFC 3339: the first survey that found it there and not granted; null where only the decision is known. */
  readonly since: string | null;
  readonly decision: Decision | null;
}

export type LeftoverNotes = Readonly<Record<string, LeftoverNote>>;

/** `byHand`: pushed by somebody's own command and never by the grants, so that no grant could have ended. */
export type LeftoverKind = 'leftover' | 'byHand';

export interface Leftover {
  readonly host: string;
  readonly account: string;
  readonly kind: LeftoverKind;
  /** RFC 3339; null of one that was never granted. */
  readonly since: string | null;
  /** Of the host's record: ready, revoked, removing … */
  readonly state: string;
  readonly isLocked: boolean;
  readonly lastLogin: string | null;
  readonly processes: number | null;
  readonly running: readonly string[];
  readonly sessions: number | null;
  readonly crontab: boolean | null;
  readonly filesElsewhere: OwnedAccount['filesElsewhere'];
  readonly decision: Decision | null;
}

/** A host's answer to a survey. */
export interface SurveyedHost {
  readonly host: string;
  /** RFC 3339. */
  readonly at: string;
  readonly owned: readonly OwnedAccount[];
}

export function noteKey(host: string, account: string): string {
  return `${host}/${account}`;
}

/** The leftovers of these hosts, and what is to be remembered from now on; hosts that were not asked keep their notes. */
export function leftoversOf(
  surveys: readonly SurveyedHost[],
  wanted: readonly Pick<Wanted, 'host' | 'account'>[],
  notes: LeftoverNotes,
): { readonly leftovers: readonly Leftover[]; readonly notes: LeftoverNotes } {
  const wishes = new Set(wanted.map(({ host, account }) => noteKey(host, account.name)));
  const leftovers = surveys.flatMap(({ host, at, owned }) =>
    owned
      .filter((each) => isLeft(each) && !wishes.has(noteKey(host, each.name)))
      .map((each) => leftoverOf(host, each, { at, note: notes[noteKey(host, each.name)] ?? null })),
  );
  const hosts = surveys.map(({ host }) => host);
  const others = Object.entries(notes).filter(([key]) => !hosts.some((host) => key.startsWith(`${host}/`)));
  const now = leftovers
    .filter(({ since, decision }) => since !== null || decision !== null)
    .map(({ host, account, since, decision }) => [noteKey(host, account), { since, decision }] as const);
  return { leftovers, notes: Object.fromEntries([...others, ...now]) };
}

/** Somebody else's account of that name, and one that is gone, are nobody's leftover; one whose removal was cut short is. */
function isLeft({ presence, state }: OwnedAccount): boolean {
  return presence === 'ours' || presence === 'unknown' || (presence === 'absent' && state === 'removing');
}

function leftoverOf(
  host: string,
  owned: OwnedAccount,
  { at, note }: { readonly at: string; readonly note: LeftoverNote | null },
): Leftover {
  const { name, wasGranted, state, isLocked, lastLogin, processes, running, sessions } = owned;
  return {
    ...{ host, account: name, state, isLocked, lastLogin, processes, running, sessions },
    kind: wasGranted ? 'leftover' : 'byHand',
    since: wasGranted ? (note?.since ?? at) : null,
    crontab: owned.hasCrontab,
    filesElsewhere: owned.filesElsewhere,
    decision: note?.decision ?? null,
  };
}
