/**
 * Says what a person may choose for an account that somebody else made, and which wishes go with which choice.
 * It never chooses: without a choice such an account is a conflict.
 */
import { GarrisonError } from '../errors.ts';

/**
 * `adopt`: ours from now on, with all that it has; only what is wished is added.
 * `keysOnly`: it stays somebody else's, and gets our keys and nothing more.
 * `takeOver`: wholly ours, as wished; what it had is lost.
 */
export type Claim = 'none' | 'adopt' | 'keysOnly' | 'takeOver';

export const CLAIMS = ['none', 'adopt', 'keysOnly', 'takeOver'] as const satisfies readonly Claim[];

export function isClaim(text: string): text is Claim {
  return (CLAIMS as readonly string[]).includes(text);
}

export interface ClaimInput {
  readonly claim?: Claim | undefined;
  /** Of a take-over: the account's name, said once more by whoever wants it. */
  readonly confirmed?: string | undefined;
  /** The account's name, where it may be one that can become root. */
  readonly privileged?: string | undefined;
}

/** As a wish has it; none of it where nothing was chosen, so that such a wish reads as it always did. */
export interface ClaimWish {
  readonly claim?: Claim;
  /** A take-over of an account that can become root was asked for by name. */
  readonly privileged?: boolean;
}

/** Throws ACCOUNT_INVALID, with the cure, where a take-over is not said twice or a name is another's. */
export function parseClaim(name: string, { claim = 'none', confirmed, privileged }: ClaimInput): ClaimWish {
  if (privileged !== undefined && privileged !== name)
    throw invalid(`privileged names another account than ${name}`, `Name ${name} there, or leave it out.`);
  if (claim !== 'takeOver') {
    if (confirmed !== undefined || privileged !== undefined)
      throw invalid(
        'confirmed and privileged have a use only with a take-over',
        'Leave them out, or ask for a take-over.',
      );
    return claim === 'none' ? {} : { claim };
  }
  if (confirmed !== name)
    throw invalid(
      `a take-over of ${name} was not confirmed by its name`,
      `Type the name when asked, or give --yes-take-over ${name}; over the API: confirmed.`,
    );
  return { claim, ...(privileged === undefined ? {} : { privileged: true }) };
}

interface Claimed extends ClaimWish {
  readonly name: string;
  readonly keys: readonly string[];
  readonly groups: readonly string[];
  readonly shell: string | null;
  readonly sudo: { readonly kind: string };
  readonly comment: string;
  readonly passwordHash?: 'set';
}

/** Throws ACCOUNT_INVALID where a wish asks for more than its choice allows. */
export function checkClaim(wish: Claimed): void {
  if (wish.claim !== undefined && !isClaim(wish.claim))
    throw invalid('the choice is none of ours', `Use one of ${CLAIMS.join(', ')}.`);
  if (wish.claim === 'adopt' && wish.passwordHash !== undefined)
    throw invalid(
      'an adopted account keeps the password it has',
      'Leave the password out, or choose --take-over, which replaces it.',
    );
  if (wish.claim !== 'keysOnly') return;
  const more = [
    ...(wish.groups.length > 0 ? ['groups'] : []),
    ...(wish.shell === null ? [] : ['a shell']),
    ...(wish.sudo.kind === 'none' ? [] : ['sudo']),
    ...(wish.comment === '' ? [] : ['a comment']),
    ...(wish.passwordHash === undefined ? [] : ['a password']),
  ];
  if (more.length > 0)
    throw invalid(
      `keys only, and yet ${more.join(', ')}`,
      `Leave that out, or choose ${wish.passwordHash === undefined ? '--adopt, which adds it too' : '--take-over'}.`,
    );
  if (wish.keys.length === 0)
    throw invalid('keys only, and yet no key', `Name one with --key; revoke ${wish.name} removes them.`);
}

function invalid(message: string, cure: string): GarrisonError {
  return new GarrisonError('ACCOUNT_INVALID', message, { cure });
}
