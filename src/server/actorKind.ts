/**
 * Says of what kind somebody is who asked for something: names of people and tokens have no end, kinds do.
 * It permits nothing.
 */

/** `local`: a command on the machine; `session`: the page; `token`: a script; `garrison`: by itself. */
export type ActorKind = 'local' | 'session' | 'token' | 'garrison' | 'alertmanager' | 'other';

export const ACTOR_KINDS: readonly ActorKind[] = [
  'local',
  'session',
  'token',
  'garrison',
  'alertmanager',
  'other',
];

/** `name` as the journal has it: a kind may stand before a colon and a name. */
export function actorKind(name: string): ActorKind {
  switch (name.split(':')[0]) {
    case 'local':
      return 'local';
    case 'page':
    case 'user':
      return 'session';
    case 'token':
      return 'token';
    case 'garrison':
      return 'garrison';
    case 'alertmanager':
      return 'alertmanager';
    default:
      return 'other';
  }
}
