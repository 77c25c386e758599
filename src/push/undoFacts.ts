/**
 * Reads what a host told of an undo: what it keeps of a push, whether anybody changed the account since, and what would be given back.
 * It trusts nothing of it, and judges nothing.
 */
import { printable } from './answer.ts';
import { readTelling, type Told } from './telling.ts';

/** `begun`: the push was never finished there. `undoing`: an undo was cut short. */
export type UndoRecord = 'none' | 'begun' | 'left' | 'undoing' | 'undone';

interface Both {
  readonly now: string;
  readonly before: string;
}

export interface UndoFacts {
  readonly isInUse: boolean;
  readonly mark: string;
  readonly isThere: boolean;
  readonly record: UndoRecord;
  /** What is not as the push left it, in words; empty where nothing. */
  readonly differs: string;
  /** Null where the account was there before the push. */
  readonly takesAway: {
    readonly home: string;
    readonly processes: number;
    readonly running: string;
    /** Nothing is in its home but what useradd and the push put there. */
    readonly isBare: boolean;
    readonly hasCrontab: boolean;
  } | null;
  readonly sudo: 'remove' | 'write' | null;
  readonly isAccessBack: boolean;
  readonly shell: Both | null;
  readonly comment: Both | null;
  readonly join: readonly string[];
  readonly leave: readonly string[];
  /** Lines in authorized_keys that are no comments; null where the file is as before. */
  readonly keyLines: { readonly now: number; readonly before: number } | null;
  readonly isReadOnly: boolean;
}

const RECORDS: readonly string[] = ['none', 'begun', 'left', 'undoing', 'undone'] satisfies UndoRecord[];

/** Null where the text is not what our script tells. */
export function readUndoFacts(base64: string): UndoFacts | null {
  const told = readTelling(base64);
  const record = told?.one('record') ?? '';
  const presence = told?.one('account') ?? '';
  if (told === null || !RECORDS.includes(record) || (presence !== 'present' && presence !== 'absent'))
    return null;
  const sudo = told.one('sudoBack');
  return {
    isInUse: told.yes('inUse'),
    mark: told.one('mark'),
    isThere: presence === 'present',
    record: record as UndoRecord,
    differs: printable(told.one('differs')),
    takesAway: takingAway(told),
    sudo: sudo === 'remove' || sudo === 'write' ? sudo : null,
    isAccessBack: told.yes('accessBack'),
    shell: both(told, 'shell'),
    comment: both(told, 'comment'),
    join: told.all('join').map(printable),
    leave: told.all('leave').map(printable),
    keyLines: told.yes('keysBack')
      ? { now: told.number('keyLines') ?? 0, before: told.number('keyLinesBefore') ?? 0 }
      : null,
    isReadOnly: told.yes('readOnly'),
  };
}

function takingAway(told: Told): UndoFacts['takesAway'] {
  if (!told.yes('takesAway')) return null;
  return {
    home: printable(told.one('home')),
    processes: told.number('processes') ?? 0,
    running: printable(told.one('running')),
    isBare: told.yes('bare'),
    hasCrontab: told.yes('crontab'),
  };
}

function both(told: Told, name: string): Both | null {
  if (told.all(name).length === 0) return null;
  return { now: printable(told.one(name)), before: printable(told.one(`${name}Before`)) };
}
