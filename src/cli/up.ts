/**
 * `up`: the supervisor in the foreground.
 * It never goes into the background: systemd or a terminal holds it.
 */
import { InvalidArgumentError, Option, type Command } from 'commander';
import { controlSocketOf, prepareHome } from '../home.ts';
import { createClient } from './client.ts';
import type { Ready } from '../main.ts';
import { action, type Context } from './context.ts';
import { programWithHome } from './programName.ts';
import { showTour } from './tour.ts';

/** Each takes a namespace, an sshd and some memory of this machine. */
const MOST_PRACTICE_HOSTS = 200;

interface UpOptions {
  readonly practice: number;
  readonly tour?: boolean;
}

export function addUpCommand(program: Command): void {
  program
    .command('up')
    .description('run the supervisor in the foreground')
    .option('--practice <count>', 'add this many sandboxed SSH hosts on loopback', countOption, 0)
    .addOption(new Option('--tour', 'push an account to the practice hosts, and show what to try').hideHelp())
    .action(action<UpOptions>('act', (context, { options }) => up(context, options)));
}

async function up(asked: Context, options: UpOptions): Promise<number> {
  const { home } = asked;
  prepareHome(home);
  // What was there before this supervisor may be another's, the machine's own.
  const door = { home, socketPath: controlSocketOf(home) };
  const context = { ...asked, door, client: createClient(door) };
  // Loaded here only: no other command needs the supervisor's own rooms, and each starts the faster for it.
  const { runSupervisor } = await import('../main.ts');
  const exitCode = await runSupervisor({
    home,
    configFile: context.configFile,
    practice: options.practice,
    onReady: async (ready) => {
      if (options.tour === true) await showTour(context, ready);
      else announce(context, ready);
    },
  });
  // What would not end holds pipes to this process, which would keep it for as long.
  if (exitCode !== 0) process.exit(exitCode);
  return exitCode;
}

function announce({ home, output }: Context, ready: Ready): void {
  const { practiceHosts, practiceProblem, signInLink } = ready;
  output.data(`garrison is up in ${home}; control socket ${ready.socketPath}`);
  if (practiceHosts.length > 0) output.data(`practice hosts: ${practiceHosts.join(', ')}`);
  if (practiceProblem !== null) output.note(`no practice hosts: ${practiceProblem}`);
  if (signInLink !== null) output.data(`page, signs in once within 15 minutes: ${signInLink}`);
  output.data(`another link: ${programWithHome(home)} sign-in`);
}

function countOption(text: string): number {
  const count = Number(text);
  if (/^\d{1,3}$/.test(text) && count <= MOST_PRACTICE_HOSTS) return count;
  throw new InvalidArgumentError(`a number from 0 to ${String(MOST_PRACTICE_HOSTS)}`);
}
