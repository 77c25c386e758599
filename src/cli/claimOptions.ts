/**
 * The options by which a person says what is to become of an account that somebody else made.
 * It takes nothing over that was not said twice: the option, and the account's name.
 */
import type { Command } from 'commander';
import { GarrisonError } from '../errors.ts';
import type { Claim, ClaimInput } from '../push/claim.ts';
import { askWord, canAsk } from './ask.ts';

export interface ClaimOptions {
  readonly adopt?: boolean;
  readonly keysOnly?: boolean;
  readonly takeOver?: boolean;
  readonly yesTakeOver?: string;
  readonly privileged?: string;
}

export function claimOptions(command: Command): Command {
  return command
    .option('--adopt', "of somebody else's account: Garrison's from now on; it keeps all it has")
    .option('--keys-only', "of somebody else's account: add the keys and nothing else; it stays theirs")
    .option('--take-over', "of somebody else's account: wholly Garrison's, as wished; what it had is lost")
    .option('--yes-take-over <name>', 'the same, with the account named again in place of being asked')
    .option('--privileged <name>', 'a take-over may be of this account although it can become root');
}

/** Throws USAGE for two choices at once, and where nobody can be asked. */
export async function claimOf(name: string, options: ClaimOptions): Promise<ClaimInput> {
  const chosen = choicesIn(options);
  if (chosen.length > 1)
    throw new GarrisonError('USAGE', 'adopt, keys only and take over exclude each other', {
      cure: 'garrison help push',
    });
  const { yesTakeOver, privileged } = options;
  const [claim = 'none'] = chosen;
  const named = privileged === undefined ? {} : { privileged };
  if (claim !== 'takeOver') return { ...(claim === 'none' ? {} : { claim }), ...named };
  return { claim, ...named, confirmed: yesTakeOver ?? (await askName(name)) };
}

function choicesIn({ adopt, keysOnly, takeOver, yesTakeOver }: ClaimOptions): readonly Claim[] {
  return [
    ...(adopt === true ? ['adopt' as const] : []),
    ...(keysOnly === true ? ['keysOnly' as const] : []),
    ...(takeOver === true || yesTakeOver !== undefined ? ['takeOver' as const] : []),
  ];
}

async function askName(name: string): Promise<string> {
  if (!canAsk())
    throw new GarrisonError('USAGE', `taking ${name} over wants a yes, and there is no terminal to ask on`, {
      cure: `--yes-take-over ${name}`,
    });
  const question = `${name} becomes wholly Garrison's where it is somebody else's: its password, groups and keys are lost.`;
  if (await askWord(question, name)) return name;
  throw new GarrisonError('USAGE', 'nothing was done');
}
