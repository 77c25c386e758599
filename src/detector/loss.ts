/**
 * Says what is lost with each file of the home folder that had to be set aside, and what a person does about it.
 * It looks at names only and never into a file.
 */

export interface Loss {
  /** `warning`: something that a person decided, or that keeps people out, is gone; `note`: only good to know. */
  readonly weight: 'warning' | 'note';
  /** A sentence. */
  readonly lost: string;
  /** What to do, a sentence. */
  readonly next: string;
}

const LOOK = 'Look into it for what may be saved, then move it out of the home folder.';

const LOSSES: readonly (readonly [RegExp, Loss])[] = [
  [
    /^wishes\.json$/,
    {
      weight: 'warning',
      lost: 'Which workers a person had stopped or made quiet is not known: every worker whose wish could not be read is quiet, and pushes wait.',
      next: 'garrison start NAME for each worker that is to take jobs; then move the file out of the home folder.',
    },
  ],
  [
    /^healing\.json$/,
    {
      weight: 'warning',
      lost: 'Which containers were in quarantine, and how much of their budget was spent, is not known: all are in maintenance, and none is restarted by itself.',
      next: 'garrison why NAME tells from the journal what was in quarantine; garrison maintenance off all lets Garrison heal again. Then move the file out of the home folder.',
    },
  ],
  [
    /^users\.json$/,
    {
      weight: 'warning',
      lost: 'The accounts of the page are gone: nobody can sign in by password.',
      next: 'Mend the file and put it back while Garrison is stopped, or make the accounts anew with garrison user add; garrison sign-in makes a link meanwhile.',
    },
  ],
  [
    /^tokens\.json$/,
    {
      weight: 'warning',
      lost: 'All tokens are gone: Prometheus and scripts are turned away.',
      next: 'Mend the file and put it back while Garrison is stopped, or make new ones with garrison token create.',
    },
  ],
  [
    /^known_hosts$/,
    {
      weight: 'warning',
      lost: 'The host keys that people accepted are gone: those hosts are logged in to no more.',
      next: 'garrison trust NAME for each host, after a look at its key; then move the file out of the home folder.',
    },
  ],
  [
    /^alerts\.json$/,
    {
      weight: 'warning',
      lost: 'Which alerts were acted on is not known: one that still fires may be acted on once more.',
      next: 'Silence in Alertmanager what must not be done again; then move the file out of the home folder.',
    },
  ],
  [
    /^cluster\.json$/,
    {
      weight: 'note',
      lost: 'Nothing: Redis knew the same, and a new epoch has begun.',
      next: 'Move it out of the home folder.',
    },
  ],
  [
    /^redis(\/appendonlydir)?$/,
    {
      weight: 'warning',
      lost: 'The records of pushes and jobs in it are gone, but for results in the spool; what was done on hosts is kept in the records of the hosts.',
      next: 'Push anew what had not ended (a host that is as wished answers unchanged); the journal names every push. Then move the folder out of the home folder.',
    },
  ],
  [
    /^spool(\/.*)?$/,
    {
      weight: 'warning',
      lost: 'A result on its way to Redis cannot be read: its job is settled from the record of its host.',
      next: 'Look at garrison jobs for what is unknown; then move it out of the home folder.',
    },
  ],
  [
    /^journal\.jsonl(\.\d+)?$/,
    {
      weight: 'warning',
      lost: 'What was done, and by whom, up to then is no longer shown by garrison why; it is in the file as far as it can be read.',
      next: LOOK,
    },
  ],
  [
    /^locks\.json$/,
    {
      weight: 'note',
      lost: 'No account is locked, and wrong passwords in a row are counted anew.',
      next: 'Move it out of the home folder.',
    },
  ],
  [
    /^notices\.json$/,
    {
      weight: 'note',
      lost: 'People may be told once more of what still lasts, and not of the end of what is over.',
      next: 'Move it out of the home folder.',
    },
  ],
  [
    /^home-id$/,
    {
      weight: 'note',
      lost: 'Nothing: a Redis that this home had claimed is free to it after at most 15 s.',
      next: 'Move it out of the home folder.',
    },
  ],
  [
    /^checks\.json$/,
    {
      weight: 'note',
      lost: 'What the last checks found on hosts is not known until the next ones; a scheduled sync waits its whole time anew.',
      next: LOOK,
    },
  ],
  [/^history\.jsonl(\.1)?$/, { weight: 'note', lost: 'The charts begin anew.', next: LOOK }],
  [
    /^known_hosts\.inventory$/,
    {
      weight: 'note',
      lost: 'Nothing: it is written anew at each start.',
      next: 'Move it out of the home folder.',
    },
  ],
];

const OTHER: Loss = { weight: 'note', lost: 'What was in it is no longer shown.', next: LOOK };

/** `name`: from the home folder, without what was put after it. */
export function lossOf(name: string): Loss {
  return LOSSES.find(([pattern]) => pattern.test(name))?.[1] ?? OTHER;
}
