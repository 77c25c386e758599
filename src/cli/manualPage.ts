/**
 * Writes the manual page garrison(1) from the commands, their examples and the exit codes.
 * It holds no command's text of its own, so that it can't differ from `--help`.
 */
import type { CommandAt, CommandNode, CommandOption } from './commandTree.ts';
import { everyCommand } from './commandTree.ts';
import { EXAMPLES } from './examples.ts';

/** Of commands that look, as `status` does, and of those that act. */
const EXIT_CODES: readonly (readonly [string, string])[] = [
  ['0', 'all well; an action is done and verified'],
  ['1', 'something is degraded; an action failed'],
  ['3', 'a named worker or container is down'],
  ['4', 'it cannot be told: no supervisor, or no such name; an action is not permitted or was refused'],
  ['7', 'not running'],
  ['64', 'the command line was not understood'],
  ['124', 'the time to wait ran out; the operation goes on, and its id is printed'],
  ['130', 'interrupted; the operation goes on'],
];

const FILES: readonly (readonly [string, string])[] = [
  ['/var/lib/garrison', 'the home folder of root; ~/.local/state/garrison of others'],
  ['garrison.yaml', 'the configuration, in the home folder or in /etc/garrison'],
  ['inventory.yaml', 'the hosts'],
  ['journal.jsonl', 'what happened and who asked for it; read by why without a supervisor, too'],
  [
    'control.sock',
    'by which all commands reach the supervisor; /run/garrison/control.sock of the one that root runs',
  ],
];

/** Source for man(7); `date`: of the release, as 2026-01-31. */
export function manualPage(program: CommandNode, version: string, date: string): string {
  return [
    `.TH GARRISON 1 "${date}" "garrison ${escaped(version)}" "Garrison"`,
    section('NAME'),
    'garrison \\- supervise SSH push workers, tell the truth about them, heal containers',
    section('SYNOPSIS'),
    '.B garrison',
    '[\\fIoptions\\fR] \\fIcommand\\fR [\\fIargument\\fR ...]',
    section('DESCRIPTION'),
    text(program.description),
    '.PP',
    text(
      'garrison up is the supervisor; every other command asks it over a Unix socket. Commands that act wait until what they wanted is verified.',
    ),
    section('OPTIONS'),
    ...program.options.map(optionItem),
    section('COMMANDS'),
    ...everyCommand(program).flatMap(commandItem),
    section('EXIT STATUS'),
    ...EXIT_CODES.map(item),
    section('FILES'),
    ...FILES.map(item),
    section('ENVIRONMENT'),
    ...[
      ['GARRISON_HOME', 'the home folder, where --home is not given'],
      ['NO_COLOR', 'when set and not empty, nothing is coloured'],
    ].map(([name = '', what = '']) => item([name, what])),
    '',
  ].join('\n');
}

/** What only holds other commands is told by them. */
function commandItem({ path, node }: CommandAt): readonly string[] {
  if (node.commands.length > 0) return [];
  const words = ['garrison', ...path, ...node.arguments.map(({ term }) => term)].join(' ');
  const examples = EXAMPLES[path.join(' ')] ?? [];
  return [
    `.SS "${escaped(words)}"`,
    text(`${node.description}.`),
    ...node.arguments
      .filter(({ description }) => description !== '')
      .map(({ term, description, choices }) => item([term, withChoices(description, choices)])),
    ...node.options.filter(({ names }) => !names.includes('--help')).map(optionItem),
    ...(examples.length === 0 ? [] : ['.PP', 'Examples:']),
    ...examples.map(({ line, does }) => item([`garrison ${line}`, does])),
  ];
}

function optionItem({ flags, description, choices }: CommandOption): string {
  return item([flags, withChoices(description, choices)]);
}

function withChoices(description: string, choices: readonly string[]): string {
  return choices.length === 0 ? description : `${description} (${choices.join(', ')})`;
}

function section(name: string): string {
  return `.SH ${name}`;
}

function item([term, what]: readonly [string, string]): string {
  return `.TP\n.B ${escaped(term)}\n${text(what)}`;
}

/** A line of running text: what begins with a full stop or a quote would be a request. */
function text(words: string): string {
  const line = escaped(words);
  return /^[.']/.test(line) ? `\\&${line}` : line;
}

/** A hyphen is typed as it stands; quotes end an argument. */
function escaped(words: string): string {
  return words.replaceAll('\\', '\\e').replaceAll('-', '\\-').replaceAll('"', '\\(dq');
}
