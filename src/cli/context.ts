/**
 * What every command has in hand: where the supervisor is, how to print, and how its errors become exit codes.
 * It never knows any particular command.
 */
import type { Command } from 'commander';
import { GarrisonError } from '../errors.ts';
import { controlDoorOf, isHomeChosen, ownHome, type ControlDoor } from '../home.ts';
import { createClient, type Client } from './client.ts';
import { EXIT, exitCodeOf, type CommandKind } from './exitCodes.ts';
import { createOutput, errorText, type ColorWish, type Output } from './output.ts';
import { commandsWithHome } from './programName.ts';
import { unforeseen } from './unforeseen.ts';
import { noteVersion } from './versionNote.ts';

export const FORMATS = ['table', 'wide', 'json', 'jsonl', 'name'] as const;
export type Format = (typeof FORMATS)[number];

export interface Context {
  readonly home: string;
  /** `--config`, when given. */
  readonly configFile: string | null;
  /** Where the client knocks, which may be at the machine's own supervisor instead. */
  readonly door: ControlDoor;
  readonly client: Client;
  readonly output: Output;
  readonly format: Format;
}

export interface GlobalOptions {
  readonly home?: string;
  readonly config?: string;
  readonly output: Format;
  readonly color: ColorWish;
}

/** Those that look at the supervisor itself; other looks are read by scripts, every minute. */
const TELLS_VERSIONS = ['status', 'version'];

type Body<Options> = (
  context: Context,
  call: { readonly args: readonly string[]; readonly options: Options },
) => Promise<number>;

let running: CommandKind | null = null;

/** Of the command that runs in this process; null before there is one. */
export function runningKind(): CommandKind | null {
  return running;
}

/** Wraps a command's body for commander: its number becomes the exit code, its error a message and an exit code. */
export function action<Options extends object>(
  kind: CommandKind,
  body: Body<Options>,
): (...call: unknown[]) => Promise<void> {
  return async (...call) => {
    running = kind;
    const command = call.at(-1) as Command;
    const globals: GlobalOptions = command.optsWithGlobals();
    const usual = createOutput(process, globals.color, process.env);
    // Whoever asks for all columns wants all of each.
    const output = withHome(globals.output === 'wide' ? { ...usual, columns: null } : usual, command);
    // Whatever ends this process early (a closed pipe, an empty event loop) must not look like a verified success.
    if (kind === 'act') process.exitCode = EXIT.interrupted;
    try {
      const flag = globals.home ?? null;
      const home = ownHome(flag);
      const door = controlDoorOf(home, isHomeChosen(flag));
      const client = createClient(door, (version) => {
        if (kind === 'act' || TELLS_VERSIONS.includes(command.name())) noteVersion(output, version);
      });
      const context = {
        home,
        door,
        configFile: globals.config ?? null,
        client,
        output,
        format: globals.output,
      };
      process.exitCode = await body(context, { args: command.args, options: command.opts<Options>() });
    } catch (error) {
      const told = error instanceof GarrisonError ? error : unforeseen(error);
      output.error(told);
      process.exitCode = exitCodeOf(told.code, kind);
    }
  };
}

/** Whoever chose a home by `--home` has it in the commands to type next, too; one in GARRISON_HOME stays there. */
function withHome(output: Output, command: Command): Output {
  const { home = '' }: GlobalOptions = command.optsWithGlobals();
  if (home === '') return output;
  let root = command;
  while (root.parent !== null) root = root.parent;
  const commands = root.commands.map((each) => each.name());
  const note = (text: string): void => output.note(commandsWithHome(text, { home, commands }));
  return {
    ...output,
    note,
    error: (error) => note(errorText(error)),
    get columns() {
      return output.columns;
    },
  };
}
