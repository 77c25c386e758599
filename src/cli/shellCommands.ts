/**
 * `completion` and `man`: what a shell and the manual need to know of the commands, written from the commands themselves.
 * Neither asks the supervisor anything.
 */
import { Argument, type Command } from 'commander';
import { ownVersion } from '../version.ts';
import { commandTree } from './commandTree.ts';
import { completionScript, SHELLS, type Shell } from './completionScript.ts';
import { action } from './context.ts';
import { EXIT } from './exitCodes.ts';
import { manualPage } from './manualPage.ts';

/** Of the manual page; set with each release. */
const RELEASED = '2026-11-24';

/** Last of all: they tell of every command that there is then. */
export function addShellCommands(program: Command): void {
  program
    .command('completion')
    .description('print the completion of commands and options for a shell')
    .addArgument(new Argument('<shell>', 'the shell').choices([...SHELLS]))
    .action(
      action('look', ({ output }, { args }) => {
        output.raw(completionScript(args[0] as Shell, commandTree(program)));
        return Promise.resolve(EXIT.done);
      }),
    );
  program
    .command('man')
    .description('print the manual page')
    .action(
      action('look', ({ output }) => {
        output.raw(manualPage(commandTree(program), ownVersion(), RELEASED));
        return Promise.resolve(EXIT.done);
      }),
    );
}
