/** Completion in the real shells, the manual page as man reads it, and examples that are understood. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { describe, it } from 'node:test';
import type { Command } from 'commander';
import { commandTree, everyCommand } from '../../src/cli/commandTree.ts';
import { completionScript, type Shell } from '../../src/cli/completionScript.ts';
import { EXAMPLES } from '../../src/cli/examples.ts';
import { manualPage } from '../../src/cli/manualPage.ts';
import { buildProgram } from '../../src/cli/program.ts';

const TREE = commandTree(buildProgram());
const COMMANDS = everyCommand(TREE);
const LEAVES = COMMANDS.filter(({ node }) => node.commands.length === 0);

/** Ask a shell what it would offer for the last of these words. */
const OFFER: Readonly<Record<Shell, (words: readonly string[]) => readonly string[]>> = {
  bash: (words) =>
    run('bash', [
      '--norc',
      '-c',
      `${completionScript('bash', TREE)}
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _garrison; printf '%s\\n' "\${COMPREPLY[@]}"`,
      'bash',
      ...words,
    ]),
  // Outside of its line editor zsh has no completion system: what our function hands to it is printed in place.
  zsh: (words) =>
    run('zsh', [
      '-fc',
      `compdef() { :; }; compadd() { shift; print -l -- "$@"; }; _files() { :; }
_describe() { print -l -- \${\${(P)2}%%:*}; }
${completionScript('zsh', TREE)}
words=("$@"); CURRENT=$#; _garrison`,
      'zsh',
      ...words,
    ]).filter((word) => word.startsWith(words.at(-1) ?? '')),
  fish: (words) =>
    run('fish', [
      '--no-config',
      '-c',
      `${completionScript('fish', TREE)}\ncomplete -C"${words.join(' ')}"`,
    ]).map((line) => line.split('\t')[0] ?? ''),
};

function run(program: string, args: readonly string[]): readonly string[] {
  return execFileSync(program, args, { encoding: 'utf8', timeout: 20_000 })
    .split('\n')
    .filter((line) => line !== '');
}

for (const shell of Object.keys(OFFER) as Shell[]) {
  const skip =
    spawnSync(shell, ['--version']).error === undefined
      ? false
      : `${shell} is not installed: sh bin/setup test`;
  describe(`completion in ${shell}`, { skip }, () => {
    const offer = OFFER[shell];

    it('offers the commands', () => {
      const offered = offer(['garrison', '']);
      for (const { name } of TREE.commands)
        assert.ok(offered.includes(name), `${name} of ${offered.join(' ')}`);
      assert.deepEqual([...offer(['garrison', 'quar'])], ['quarantine']);
    });

    it('offers what is below a command, also behind options with a value', () => {
      assert.deepEqual([...offer(['garrison', 'config', ''])].sort(), ['check', 'schema', 'show']);
      assert.deepEqual([...offer(['garrison', '-o', 'json', 'get', 'zo'])], ['zombies']);
      assert.deepEqual([...offer(['garrison', '--home', 'status', 'quarantine', 'cl'])], ['clear']);
    });

    it('offers options, and the values that one can have', () => {
      assert.ok(offer(['garrison', 'restart', '--if']).includes('--if-incarnation'));
      assert.deepEqual([...offer(['garrison', 'status', '--color', 'al'])], ['always']);
    });
  });
}

describe('the manual page', () => {
  const page = manualPage(TREE, '1.0.0', '2026-01-31');

  it('is understood by man without a warning, and tells of every command', () => {
    const read = spawnSync('man', ['--warnings', '-l', '-'], {
      input: page,
      encoding: 'utf8',
      env: { ...process.env, MANWIDTH: '80', MANPAGER: 'cat', LC_ALL: 'C.UTF-8' },
    });
    assert.equal(read.error, undefined, 'man is not installed: sh bin/setup test');
    assert.equal(read.stderr, '');
    for (const { path } of LEAVES) assert.match(read.stdout, new RegExp(`garrison ${path.join(' ')}\\b`));
  });
});

describe('examples', () => {
  it('stand with every command, and with no other', () => {
    assert.deepEqual(Object.keys(EXAMPLES).sort(), LEAVES.map(({ path }) => path.join(' ')).sort());
  });

  for (const [path, examples] of Object.entries(EXAMPLES))
    for (const { line } of examples)
      it(`garrison ${line}`, async () => {
        const asked: string[] = [];
        const program = withoutDeeds(buildProgram(), [], (words) => asked.push(words.join(' ')));
        await program.parseAsync(wordsOf(line), { from: 'user' });
        assert.deepEqual(asked, [path]);
      });
});

/** The same command line, that only notes which command was understood. */
function withoutDeeds(
  command: Command,
  path: readonly string[],
  note: (words: readonly string[]) => void,
): Command {
  for (const sub of command.commands) withoutDeeds(sub, [...path, sub.name()], note);
  if (command.commands.length === 0)
    command.action(() => {
      note(path);
    });
  return command.exitOverride();
}

function wordsOf(line: string): string[] {
  return [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');
}
