/**
 * Asks systemd for a checkup how the units stand that matter to Garrison.
 * It starts and stops none.
 */
import { existsSync } from 'node:fs';
import type { Part, UnitSeen } from '../reconciler/checkup.ts';
import { seen, unseen } from './checkupPart.ts';
import { runToEnd } from './runToEnd.ts';

const UNITS = ['garrison', 'docker', 'containerd', 'ssh', 'sshd', 'redis-server'].map(
  (name) => `${name}.service`,
);
const PROPERTIES = 'Id,LoadState,ActiveState,SubState,Result,NRestarts';

export async function checkupUnits(withinMs: number): Promise<Part<readonly UnitSeen[]>> {
  // As sd_booted(3): else systemctl would only complain.
  if (!existsSync('/run/systemd/system')) return unseen('absent', 'systemd does not run this machine.');
  const args = ['show', '--no-pager', '-p', PROPERTIES, ...UNITS];
  const { exitCode, stdout, lines } = await runToEnd('systemctl', args, { timeoutMs: withinMs });
  if (exitCode === null)
    return unseen('late', `systemctl did not end within ${String(Math.round(withinMs))} ms.`);
  if (exitCode !== 0) return unseen('failed', `systemctl show failed: ${lines.at(-1) ?? 'it said nothing'}.`);
  return seen(unitsIn(stdout));
}

/** Blocks of `Name=value` with an empty line between; without what is not there, and each only once (ssh and sshd may be one). */
export function unitsIn(lines: readonly string[]): readonly UnitSeen[] {
  const blocks = lines.join('\n').split(/\n\s*\n/);
  const units = blocks
    .map((block) => new Map(block.split('\n').map(fieldIn)))
    .filter((fields) => fields.get('LoadState') === 'loaded');
  const found = units.map((fields) => ({
    name: fields.get('Id') ?? '',
    active: fields.get('ActiveState') ?? '',
    sub: fields.get('SubState') ?? '',
    result: fields.get('Result') ?? '',
    restarts: Number(fields.get('NRestarts') ?? 0) || 0,
  }));
  return [...new Map(found.map((unit) => [unit.name, unit])).values()];
}

function fieldIn(line: string): readonly [string, string] {
  const at = line.indexOf('=');
  return [line.slice(0, at), line.slice(at + 1)];
}
