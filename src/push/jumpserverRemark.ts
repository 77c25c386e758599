/**
 * What an import from a JumpServer has to say of one thing that it met.
 * It decides nothing.
 */

/** `gone`: it is in the file by an earlier import, and JumpServer does not have it any more. */
export type RemarkKind = 'added' | 'kept' | 'differs' | 'leftOut' | 'gone' | 'note';

export interface Remark {
  readonly kind: RemarkKind;
  readonly what: 'host' | 'group' | 'account' | 'grant';
  readonly name: string;
  readonly why: string;
}
