/**
 * The commands, their arguments and options as plain values, for whatever is written from them: completion and the manual page.
 * It knows no command by name, and leaves out what is hidden.
 */
import type { Argument, Command, Option } from 'commander';

export interface CommandArgument {
  /** As in a usage line: `<name>`, `[names...]`. */
  readonly term: string;
  readonly description: string;
  readonly choices: readonly string[];
}

export interface CommandOption {
  /** As in help: `-o, --output <format>`. */
  readonly flags: string;
  /** The flags alone: `-o`, `--output`. */
  readonly names: readonly string[];
  readonly takesValue: boolean;
  readonly description: string;
  readonly choices: readonly string[];
}

export interface CommandNode {
  readonly name: string;
  readonly aliases: readonly string[];
  readonly description: string;
  readonly arguments: readonly CommandArgument[];
  readonly options: readonly CommandOption[];
  readonly commands: readonly CommandNode[];
}

/** A command and the words that lead to it, below the program. */
export interface CommandAt {
  readonly path: readonly string[];
  readonly node: CommandNode;
}

export function commandTree(command: Command): CommandNode {
  const help = command.createHelp();
  return {
    name: command.name(),
    aliases: command.aliases(),
    description: command.description(),
    arguments: command.registeredArguments.map(argumentOf),
    options: help.visibleOptions(command).map(optionOf),
    commands: help
      .visibleCommands(command)
      .filter((sub) => sub.name() !== 'help')
      .map(commandTree),
  };
}

/** Every command below the program, those that hold others included, as they stand. */
export function everyCommand(program: CommandNode): readonly CommandAt[] {
  const below = (node: CommandNode, path: readonly string[]): readonly CommandAt[] =>
    node.commands.flatMap((sub) => {
      const at = [...path, sub.name];
      return [{ path: at, node: sub }, ...below(sub, at)];
    });
  return below(program, []);
}

function argumentOf(argument: Argument): CommandArgument {
  const name = `${argument.name()}${argument.variadic ? '...' : ''}`;
  return {
    term: argument.required ? `<${name}>` : `[${name}]`,
    description: argument.description,
    choices: argument.argChoices ?? [],
  };
}

function optionOf(option: Option): CommandOption {
  return {
    flags: option.flags,
    names: [option.short, option.long].filter((name) => name !== undefined),
    takesValue: option.required || option.optional,
    description: option.description,
    choices: option.argChoices ?? [],
  };
}
