/**
 * Makes sentences of the home folder: what was set aside as damaged, what is lost by it, and what cannot be written.
 * It looks at no file: the supervisor has said what there is.
 */
import type { HomeView, SetAsideView, Snapshot } from '../supervisor/door.ts';
import type { Told } from './containerSentence.ts';

export type HomeFact =
  | { readonly code: 'FileSetAside'; readonly file: string; readonly as: string }
  | { readonly code: 'HomeUnwritable'; readonly file: string; readonly since: string };

type HomeTold = readonly Told<HomeFact>[];

/** What is not well. */
export function homeTroubles({ home }: Snapshot): HomeTold {
  if (home === undefined) return [];
  const lost = home.setAside.filter(({ weight }) => weight === 'warning');
  return [...home.unwritable.map(unwritableTold), ...lost.map(setAsideTold)];
}

/** What is only good to know. */
export function homeNotes({ home }: Snapshot): HomeTold {
  return (home?.setAside ?? []).filter(({ weight }) => weight === 'note').map(setAsideTold);
}

function setAsideTold({ name, as, at, why, lost, next }: SetAsideView): Told<HomeFact> {
  const cause = why === null ? 'was damaged' : why;
  return {
    sentence: `${name} ${cause} and was set aside as ${as} at ${at}. ${lost} Next: ${next}`,
    fact: { code: 'FileSetAside', file: name, as },
  };
}

function unwritableTold({ name, since, why }: HomeView['unwritable'][number]): Told<HomeFact> {
  return {
    sentence: `${name} cannot be written since ${since}: ${why}. Next: free space in the home folder or make it writable; it is tried again by itself.`,
    fact: { code: 'HomeUnwritable', file: name, since },
  };
}
