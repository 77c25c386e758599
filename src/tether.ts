/**
 * Ties a child's life to the thread that starts it: the kernel kills the child when its parent dies, even by -9 and even across exec.
 * It starts nothing itself; PDEATHSIG belongs to the spawning thread, so spawn from the main thread only.
 */

export interface Command {
  readonly file: string;
  readonly args: readonly string[];
}

/** The command line that runs `command` tied to its parent (util-linux setpriv). */
export function tethered(command: Command): Command {
  return { file: 'setpriv', args: ['--pdeathsig', 'KILL', '--', command.file, ...command.args] };
}
