/**
 * Writes the completion of the command line for bash, zsh and fish from the commands themselves.
 * What it writes asks nobody anything: completion works at once, with the supervisor hung or gone.
 */
import { everyCommand, type CommandNode, type CommandOption } from './commandTree.ts';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/** For `eval`, or for a file where the shell looks for completions. */
export function completionScript(shell: Shell, program: CommandNode): string {
  switch (shell) {
    case 'bash':
      return bashScript(program);
    case 'zsh':
      return zshScript(program);
    case 'fish':
      return fishScript(program);
  }
}

interface Place {
  /** `get`, `config check`; empty for the program itself. */
  readonly path: string;
  readonly node: CommandNode;
}

function placesOf(program: CommandNode): readonly Place[] {
  const below = everyCommand(program).flatMap(({ path, node }) =>
    [node.name, ...node.aliases].map((name) => ({ path: [...path.slice(0, -1), name].join(' '), node })),
  );
  return [{ path: '', node: program }, ...below];
}

/** What may stand there: commands, or what an argument may be. */
function wordsAt({ node }: Place): readonly string[] {
  return [
    ...node.commands.flatMap((sub) => [sub.name, ...sub.aliases]),
    ...node.arguments.flatMap(({ choices }) => choices),
  ];
}

function flagsAt({ node, path }: Place, program: CommandNode): readonly string[] {
  const options = path === '' ? node.options : [...node.options, ...program.options];
  return [...new Set(options.flatMap(({ names }) => names))];
}

function optionsOf(places: readonly Place[]): readonly CommandOption[] {
  return places.flatMap(({ node }) => node.options);
}

/** Options whose next word is their value, so that it is not taken for a command. */
function withValue(places: readonly Place[]): readonly string[] {
  return [
    ...new Set(
      optionsOf(places)
        .filter(({ takesValue }) => takesValue)
        .flatMap(({ names }) => names),
    ),
  ];
}

function withChoices(places: readonly Place[]): readonly CommandOption[] {
  const seen = new Set<string>();
  return optionsOf(places).filter(({ flags, choices }) => {
    if (choices.length === 0 || seen.has(flags)) return false;
    seen.add(flags);
    return true;
  });
}

/** Both shells have `case`; what differs is how words are counted and offered. */
function walk(places: readonly Place[], word: string): string[] {
  const paths = places.filter(({ path }) => path !== '').map(({ path }) => `" ${path}"`);
  return [
    `    case "${word}" in`,
    `      ${withValue(places).join('|')}) i=$((i + 1)) ;;`,
    '      -*) ;;',
    `      *) case "$at ${word}" in ${paths.join('|')}) at="$at ${word}" ;; esac ;;`,
    '    esac',
    '    i=$((i + 1))',
  ];
}

function valueCases(places: readonly Place[], offer: (words: string) => string): string[] {
  return withChoices(places).map(
    ({ names, choices }) => `    ${names.join('|')}) ${offer(choices.join(' '))}; return ;;`,
  );
}

function bashScript(program: CommandNode): string {
  const places = placesOf(program);
  const offers = places.map(
    (place) =>
      `    "${place.path === '' ? '' : ` ${place.path}`}") words="${wordsAt(place).join(' ')}"; flags="${flagsAt(place, program).join(' ')}" ;;`,
  );
  return [
    '# bash completion of garrison. For this shell:  eval "$(garrison completion bash)"',
    '_garrison() {',
    '  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} at="" i=1 words="" flags=""',
    '  COMPREPLY=()',
    '  while [ "$i" -lt "$COMP_CWORD" ]; do',
    ...walk(places, '${COMP_WORDS[i]}'),
    '  done',
    '  case "$prev" in',
    ...valueCases(places, (words) => `COMPREPLY=($(compgen -W "${words}" -- "$cur"))`),
    `    ${withValue(places).join('|')}) COMPREPLY=($(compgen -f -- "$cur")); return ;;`,
    '  esac',
    '  case "$at" in',
    ...offers,
    '  esac',
    '  case "$cur" in -*) words=$flags ;; esac',
    '  COMPREPLY=($(compgen -W "$words" -- "$cur"))',
    '}',
    'complete -o bashdefault -F _garrison garrison',
    '',
  ].join('\n');
}

function zshScript(program: CommandNode): string {
  const places = placesOf(program);
  const offers = places.map((place) => {
    const described = place.node.commands.map(({ name, description }) =>
      quoted(`${name}:${description.replaceAll(':', '\\:')}`),
    );
    const choices = place.node.arguments.flatMap((argument) => argument.choices);
    return `    "${place.path === '' ? '' : ` ${place.path}`}") described=(${[...described, ...choices].join(' ')}); flags=(${flagsAt(place, program).join(' ')}) ;;`;
  });
  return [
    '#compdef garrison',
    '# zsh completion of garrison. For this shell:  eval "$(garrison completion zsh)"',
    '_garrison() {',
    '  local at="" i=2',
    '  local -a described flags',
    '  while [ "$i" -lt "$CURRENT" ]; do',
    ...walk(places, '${words[i]}'),
    '  done',
    '  case "${words[CURRENT - 1]}" in',
    ...valueCases(places, (words) => `compadd -- ${words}`),
    `    ${withValue(places).join('|')}) _files; return ;;`,
    '  esac',
    '  case "$at" in',
    ...offers,
    '  esac',
    '  if [[ "${words[CURRENT]}" == -* ]]; then compadd -- $flags',
    "  elif (( ${#described} )); then _describe 'garrison' described",
    '  else _files; fi',
    '}',
    'if [ "$funcstack[1]" = _garrison ]; then _garrison "$@"; else compdef _garrison garrison; fi',
    '',
  ].join('\n');
}

function fishScript(program: CommandNode): string {
  const places = placesOf(program);
  const paths = places.filter(({ path }) => path !== '').map(({ path }) => quoted(path));
  const lines = places.flatMap(({ path, node }) => {
    const here = `complete -c garrison -n ${quoted(`__garrison_at "${path}"`)}`;
    return [
      ...node.commands.map(({ name, description }) => `${here} -f -a ${name} -d ${quoted(description)}`),
      ...node.arguments
        .filter(({ choices }) => choices.length > 0)
        .map(({ choices }) => `${here} -f -a ${quoted(choices.join(' '))}`),
      ...node.options.map((option) => `${path === '' ? 'complete -c garrison' : here} ${fishOption(option)}`),
    ];
  });
  return [
    '# fish completion of garrison. For this shell:  garrison completion fish | source',
    'function __garrison_at',
    "  set -l at ''",
    '  set -l skip 0',
    '  for word in (commandline -opc)[2..-1]',
    '    if test $skip = 1; set skip 0; continue; end',
    `    if contains -- $word ${withValue(places).join(' ')}; set skip 1; continue; end`,
    "    if string match -q -- '-*' $word; continue; end",
    '    set -l next (string trim -- "$at $word")',
    `    if contains -- $next ${paths.join(' ')}; set at $next; end`,
    '  end',
    '  test "$at" = "$argv[1]"',
    'end',
    ...lines,
    '',
  ].join('\n');
}

function fishOption({ names, takesValue, description, choices }: CommandOption): string {
  const flags = names.map((name) => (name.startsWith('--') ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`));
  const value = choices.length > 0 ? [`-x -a ${quoted(choices.join(' '))}`] : takesValue ? ['-r'] : [];
  return [...flags, ...value, `-d ${quoted(description)}`].join(' ');
}

/** In single quotes, within which only the quote itself needs care: our own texts hold nothing else that acts there. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", '’')}'`;
}
