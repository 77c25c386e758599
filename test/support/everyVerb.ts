/**
 * What the contract says of every command: how it ends beside a supervisor that is up, silent, gone or of another API.
 * Written out by hand, so that the code is compared with the contract and not with itself.
 */
import { INSTEAD } from './leaves.ts';

/**
 * Without a supervisor to talk to: looking is 4, acting 7, and what needs none ends as ever. `away` overrules it for one
 * that is not there (nobody listens), `silent` for one that is there and cannot be talked to.
 */
export interface Verb {
  /** HOST is a practice host, JOB a job that has ended, FOLDER one with files. */
  readonly args: string;
  readonly kind: 'look' | 'act' | 'local';
  /** Beside one that is up. */
  readonly up: number;
  readonly away?: number;
  readonly silent?: number;
  /** What it prints is no JSON document even with -o json: scripts and pages, logs, names. */
  readonly prints?: 'text';
}

const none = 'there is none of that name: an action that failed';

/** In an order in which each finds what it needs. */
export const EVERY_VERB: Readonly<Record<string, Verb & { readonly because?: string }>> = {
  status: { args: '', kind: 'look', up: 0 },
  get: { args: 'workers', kind: 'look', up: 0 },
  jobs: { args: '', kind: 'look', up: 0 },
  describe: { args: 'worker push-1', kind: 'look', up: 0 },
  why: {
    args: 'push-1',
    kind: 'look',
    up: 0,
    away: 0,
    silent: 0,
    because: 'the journal is read from the file',
  },
  plan: { args: 'eva --to HOST --key FOLDER/key.pub', kind: 'act', up: 0 },
  sync: { args: '', kind: 'act', up: 1, because: 'there is no grant: nothing of that name' },
  'leftovers list': { args: '--on nosuch', kind: 'look', up: 4, because: 'there is no such host' },
  'leftovers keep': { args: 'none --on nosuch --reason x', kind: 'act', up: 1, because: none },
  'leftovers lock': { args: 'none --on nosuch', kind: 'act', up: 1, because: none },
  'leftovers remove': { args: 'none --on nosuch --yes', kind: 'act', up: 1, because: none },
  push: { args: 'eva --to HOST --key FOLDER/key.pub', kind: 'act', up: 0 },
  revoke: { args: 'eva --from HOST', kind: 'act', up: 0 },
  undo: { args: 'p-none --yes', kind: 'act', up: 1, because: none },
  check: { args: 'HOST', kind: 'act', up: 0 },
  trust: { args: 'HOST --yes', kind: 'act', up: 0 },
  logs: { args: 'JOB', kind: 'look', up: 0, prints: 'text' },
  restart: { args: 'push-1 --yes', kind: 'act', up: 0 },
  quiet: { args: 'push-1', kind: 'act', up: 0 },
  stop: { args: 'push-1 --yes', kind: 'act', up: 0 },
  start: { args: 'push-1', kind: 'act', up: 0 },
  retry: { args: 'p-none', kind: 'act', up: 1, because: none },
  cancel: { args: 'p-none', kind: 'act', up: 1, because: none },
  reap: { args: '', kind: 'act', up: 0 },
  reload: { args: '', kind: 'act', up: 0 },
  heal: { args: 'none --yes', kind: 'act', up: 1, because: none },
  recover: { args: '--yes', kind: 'act', up: 0 },
  'quarantine list': { args: '', kind: 'look', up: 0 },
  'quarantine clear': { args: 'none', kind: 'act', up: 1, because: none },
  'maintenance on': { args: '--for 5m', kind: 'act', up: 0 },
  'maintenance list': { args: '', kind: 'look', up: 0 },
  'maintenance off': { args: '', kind: 'act', up: 0 },
  'config check': { args: '', kind: 'local', up: 0 },
  'config show': { args: '', kind: 'local', up: 0 },
  'config schema': { args: '', kind: 'local', up: 0, prints: 'text' },
  'import jumpserver': {
    args: '--url http://127.0.0.1:9 --token-file FOLDER/secret',
    kind: 'local',
    up: 1,
    because: 'nobody listens there',
  },
  'token create': { args: 'prometheus', kind: 'act', up: 0 },
  'token list': { args: '', kind: 'look', up: 0 },
  'token revoke': { args: 'prometheus', kind: 'act', up: 0 },
  'sign-in': { args: '', kind: 'act', up: 0 },
  'secrets status': { args: '', kind: 'look', up: 0 },
  'secrets rotate': { args: '', kind: 'act', up: 0 },
  'user add': {
    args: 'alice --password-file FOLDER/secret',
    kind: 'act',
    up: 0,
    away: 0,
    because: 'the first account is made before the first start',
  },
  'user list': { args: '', kind: 'look', up: 0 },
  'user password': { args: 'alice --password-file FOLDER/secret', kind: 'act', up: 0 },
  'user role': { args: 'alice --role operate', kind: 'act', up: 0 },
  'user rename': { args: 'alice bob', kind: 'act', up: 0 },
  'user unlock': { args: 'bob', kind: 'act', up: 0 },
  'user remove': { args: 'bob', kind: 'act', up: 0 },
  completion: { args: 'bash', kind: 'local', up: 0, prints: 'text' },
  man: { args: '', kind: 'local', up: 0, prints: 'text' },
  version: { args: '', kind: 'local', up: 0 },
  up: { args: 'too-much', kind: 'local', up: 64, because: 'a usage error: else it would start here' },
};

/** They look at the machine for seconds, and doctor ends its own process: each is run in one, beside others. */
export const ON_ITS_OWN: Readonly<Record<string, { args: readonly string[]; exits: readonly number[] }>> = {
  doctor: { args: ['doctor'], exits: [1] },
  install: { args: ['install', '--dry-run'], exits: [0] },
  uninstall: { args: ['uninstall', '--dry-run'], exits: [0] },
};

export type Beside = 'up' | 'silent' | 'away';

export function expectedExit({ kind, up, away, silent }: Verb, beside: Beside): number {
  const unreachable = { look: 4, act: 7, local: up }[kind];
  switch (beside) {
    case 'up':
      return up;
    case 'away':
      return away ?? unreachable;
    case 'silent':
      return silent ?? unreachable;
  }
}

export interface Places {
  readonly host: string;
  readonly job: string;
  readonly folder: string;
}

export function linesOf(places: Places): readonly (readonly string[])[] {
  return Object.entries(EVERY_VERB).map(([words, { args }]) => {
    const line = args
      .replaceAll('HOST', places.host)
      .replaceAll('JOB', places.job)
      .replaceAll('FOLDER', places.folder);
    const instead = INSTEAD[words];
    const whole = instead ?? [...words.split(' '), ...line.split(' ').filter((word) => word !== '')];
    return [...whole, '-o', 'json'];
  });
}
