/**
 * The command `garrison`.
 * It only starts: everything else is in program.ts and the file of each command.
 */
import { runningKind } from './context.ts';
import { endQuietlyOnClosedPipe } from './output.ts';
import { runCli } from './program.ts';

endQuietlyOnClosedPipe(process.stdout, runningKind);
endQuietlyOnClosedPipe(process.stderr, runningKind);
await runCli(process.argv);
