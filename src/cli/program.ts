/**
 * Puts the commands together and turns every way of calling them wrongly into exit code 64.
 * It holds no command itself.
 */
import { Command, CommanderError, Option } from 'commander';
import { addAccessCommands } from './access.ts';
import { addConfigCommand } from './configCommand.ts';
import { addContainerCommands } from './containerCommands.ts';
import { FORMATS } from './context.ts';
import { addDescribeCommand } from './describe.ts';
import { addDoctorCommand } from './doctor.ts';
import { addExamples } from './examples.ts';
import { EXIT } from './exitCodes.ts';
import { addImportCommand } from './importCommand.ts';
import { addInstallCommands } from './install.ts';
import { addLeftoverCommands } from './leftovers.ts';
import { addUndoCommand } from './undo.ts';
import { addLogsCommand } from './logs.ts';
import { addLookCommands } from './look.ts';
import { addOperationCommands, addReapCommand, addReloadCommand } from './operateCommands.ts';
import { visibleLines } from './output.ts';
import { addPlanCommand } from './plan.ts';
import { addPushCommands } from './push.ts';
import { addRecoverCommand } from './recover.ts';
import { addSecretCommands } from './secrets.ts';
import { addSyncCommand } from './sync.ts';
import { addShellCommands } from './shellCommands.ts';
import { addStatusCommand } from './status.ts';
import { addTrustCommand } from './trust.ts';
import { addUpCommand } from './up.ts';
import { addUserCommands } from './users.ts';
import { addVersionCommand } from './versionCommand.ts';
import { addWhyCommand } from './why.ts';

/** Runs one command line; the exit code is left in process.exitCode. */
export async function runCli(argv: readonly string[]): Promise<void> {
  try {
    await buildProgram().parseAsync([...argv]);
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    process.exitCode = error.exitCode === 0 ? EXIT.done : EXIT.usage;
  }
}

/** In the order of the help; the examples come last, since they are added to what is there. */
const ADDERS: readonly ((program: Command) => void)[] = [
  addUpCommand,
  addStatusCommand,
  addLookCommands,
  addDescribeCommand,
  addWhyCommand,
  addDoctorCommand,
  addPlanCommand,
  addPushCommands,
  addSyncCommand,
  addUndoCommand,
  addLeftoverCommands,
  addTrustCommand,
  addLogsCommand,
  addOperationCommands,
  addReapCommand,
  addReloadCommand,
  addContainerCommands,
  addRecoverCommand,
  addConfigCommand,
  addImportCommand,
  addAccessCommands,
  addUserCommands,
  addSecretCommands,
  addInstallCommands,
  addShellCommands,
  addVersionCommand,
  addExamples,
];

/** Every command, for `runCli` and for the test that holds README true. */
export function buildProgram(): Command {
  const program = new Command('garrison')
    .description('A supervisor for SSH push jobs that tells the truth about its workers.')
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(usageText(text)) })
    .showSuggestionAfterError()
    .option(
      '--home <folder>',
      'the home folder (default: GARRISON_HOME, else /var/lib/garrison for root, ~/.local/state/garrison for others)',
    )
    .option('--config <file>', 'garrison.yaml to use instead of the one in the home folder')
    .addOption(new Option('-o, --output <format>', 'how to print').choices([...FORMATS]).default('table'))
    .addOption(new Option('--color <when>', 'colour').choices(['auto', 'always', 'never']).default('auto'));
  for (const add of ADDERS) add(program);
  return program;
}

/** Commander's `error: …` in our words, with the cure. */
function usageText(text: string): string {
  if (!text.startsWith('error: ')) return text;
  return `garrison: ${visibleLines(text.slice('error: '.length).trimEnd())}\n  next: garrison help shows the commands, garrison help COMMAND its options\n`;
}
