/**
 * Has systemd restart the Docker daemon, for a person who asked for it.
 * It does so only where systemd knows the daemon as docker.service, once, and never judges whether Docker is well then.
 */
import { messageOf } from '../errors.ts';
import type { HealNews } from '../reconciler/healNews.ts';
import { runToEnd } from './runToEnd.ts';
import { harmless } from './harmless.ts';

/** Never rejects. */
export async function restartDocker(): Promise<Extract<HealNews, { kind: 'dockerRestarted' }>> {
  try {
    const detail = await whyNotKnown();
    return detail === null ? await restart() : told(false, detail);
  } catch (error) {
    return told(false, messageOf(error));
  }
}

const UNIT = 'docker.service';
const SHOW_WITHIN_MS = 10_000;
const RESTART_WITHIN_MS = 120_000;
const LONGEST_LINE = 300;

/** A sentence part; null when systemd knows the unit. */
async function whyNotKnown(): Promise<string | null> {
  const shown = await runToEnd('systemctl', ['show', '-p', 'LoadState', UNIT], { timeoutMs: SHOW_WITHIN_MS });
  if (shown.stdout.includes('LoadState=loaded')) return null;
  const [state] = shown.stdout.filter((line) => line.startsWith('LoadState='));
  const said =
    state === undefined ? lastLine(shown.lines) : `it calls it ${state.slice('LoadState='.length)}`;
  return `systemd does not know ${UNIT} here (${said}), so Docker was not restarted`;
}

async function restart(): Promise<Extract<HealNews, { kind: 'dockerRestarted' }>> {
  const { exitCode, signal, lines } = await runToEnd('systemctl', ['restart', UNIT], {
    timeoutMs: RESTART_WITHIN_MS,
  });
  if (exitCode === 0) return told(true, `systemd has restarted ${UNIT}`);
  if (signal === 'SIGKILL')
    return told(
      false,
      `systemd has not restarted ${UNIT} within ${String(RESTART_WITHIN_MS / 1000)} s; it goes on trying`,
    );
  return told(false, `systemctl restart ${UNIT} failed (exit ${String(exitCode)}): ${lastLine(lines)}`);
}

function told(isDone: boolean, detail: string): Extract<HealNews, { kind: 'dockerRestarted' }> {
  return { kind: 'dockerRestarted', isDone, detail };
}

function lastLine(lines: readonly string[]): string {
  return harmless(lines.findLast((line) => line.trim() !== '') ?? 'it said nothing', LONGEST_LINE);
}
