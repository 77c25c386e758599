/**
 * The command `garrison`.
 * It only starts: everything else is in program.ts and the file of each command.
 */
import { endQuietlyOnClosedPipe } from './output.ts';
import { runCli } from './program.ts';

endQuietlyOnClosedPipe(process.stdout);
endQuietlyOnClosedPipe(process.stderr);
await runCli(process.argv);
