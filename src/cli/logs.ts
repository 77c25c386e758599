/**
 * `logs JOB [-f]`: a job's log, whole or followed to its end across restarts of the supervisor.
 * It never shows a byte twice and never lets the host's text act on the terminal.
 */
import type { Command } from 'commander';
import { GarrisonError, type ErrorCode } from '../errors.ts';
import { apiPath } from './client.ts';
import { action, type Context } from './context.ts';
import { EXIT } from './exitCodes.ts';
import { hasEnded, pause } from './follow.ts';
import { visibleLines } from './output.ts';

const RECONNECT_AFTER_MS = 500;
const MOST_RECONNECTS = 120;
const PASSING: readonly ErrorCode[] = ['NO_SUPERVISOR', 'SUPERVISOR_SILENT'];

export function addLogsCommand(program: Command): void {
  program
    .command('logs')
    .description("a job's log")
    .argument('<job>', 'the job')
    .option('-f, --follow', 'go on until the job ends')
    .action(
      action<{ follow?: boolean }>('look', (context, { args, options }) => {
        const id = (args[0] ?? '').replace(/^job\//, '');
        return options.follow === true ? follow(context, id) : show(context, id);
      }),
    );
}

async function show({ client, output }: Context, id: string): Promise<number> {
  const lines = lineWriter(output.raw);
  for await (const text of client.text(apiPath('jobs', id, 'log'))) lines.write(text);
  lines.end();
  return EXIT.done;
}

async function follow(context: Context, id: string): Promise<number> {
  const stop = new AbortController();
  const interrupt = (): void => {
    stop.abort();
  };
  process.once('SIGINT', interrupt);
  try {
    return await followToEnd(context, { id, signal: stop.signal });
  } finally {
    process.off('SIGINT', interrupt);
  }
}

async function followToEnd(
  { client, output }: Context,
  { id, signal }: { id: string; signal: AbortSignal },
): Promise<number> {
  const lines = lineWriter(output.raw);
  let lastEventId: string | undefined;
  let toldSilent = false;
  for (let breaks = 0; !hasEnded(signal); breaks += 1) {
    try {
      const options = { signal, ...(lastEventId === undefined ? {} : { lastEventId }) };
      for await (const { event, data, id: eventId } of client.events(apiPath('jobs', id, 'log'), options)) {
        if (eventId !== null) lastEventId = eventId;
        if (event === 'log') lines.write((data as { text: string }).text);
        if (event !== 'end') continue;
        const { reason, state } = data as { reason: string; state?: string };
        if (reason === 'SupervisorStopping') break;
        lines.end();
        output.note(reason === 'JobEnded' ? `job ${id} ended: ${state ?? ''}` : `the log ended: ${reason}`);
        return reason === 'JobEnded' ? EXIT.done : EXIT.failed;
      }
    } catch (error) {
      if (hasEnded(signal)) break;
      const passing =
        error instanceof GarrisonError && PASSING.includes(error.code) && lastEventId !== undefined;
      if (!passing || breaks >= MOST_RECONNECTS) throw error;
      if (error.code === 'SUPERVISOR_SILENT' && !toldSilent) output.note(`still following: ${error.message}`);
      toldSilent ||= error.code === 'SUPERVISOR_SILENT';
    }
    await pause(RECONNECT_AFTER_MS, signal);
  }
  return EXIT.interrupted;
}

/** Cleans whole lines, so that `\\r\\n` cut in two by a chunk is still one line end. */
function lineWriter(write: (text: string) => void): { write(text: string): void; end(): void } {
  let rest = '';
  return {
    write: (text) => {
      const whole = rest + text;
      const cut = whole.lastIndexOf('\n') + 1;
      rest = whole.slice(cut);
      if (cut > 0) write(visibleLines(whole.slice(0, cut)));
    },
    end: () => {
      if (rest !== '') write(`${visibleLines(rest)}\n`);
      rest = '';
    },
  };
}
