/**
 * Says what an account wish is and which names, keys, groups, shells and sudo rules are acceptable.
 * It never reads a file and never decides what is done on a host.
 */

export type SudoWish =
  | { readonly kind: 'none' }
  | { readonly kind: 'all' }
  | { readonly kind: 'commands'; readonly commands: readonly string[] };

/** What a host should have after a push. */
export interface AccountWish {
  readonly name: string;
  /** Public keys, one line each, `type base64 [comment]`. */
  readonly keys: readonly string[];
  /** Groups the account is added to; never taken out of groups Garrison did not add. */
  readonly groups: readonly string[];
  /** null leaves the host's default. */
  readonly shell: string | null;
  readonly sudo: SudoWish;
  readonly comment: string;
}
