/**
 * The usual sandbox of a practice host: its own mount, process and host-name namespaces.
 * It never tries to work around a machine that forbids them; it says why and lets another kind be tried.
 */
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command } from '../tether.ts';
import { runToEnd } from './runToEnd.ts';
import type { Sandbox } from './practiceSshd.ts';

const SCRIPT = fileURLToPath(new URL('./practice-namespace.sh', import.meta.url));
const NEEDED_PROGRAMS = ['/usr/sbin/sshd', '/usr/bin/unshare', '/usr/sbin/useradd', '/usr/sbin/visudo'];

/** The sandbox, or why this machine does not permit it (tried, not guessed). */
export async function namespaceSandbox(homeDir: string): Promise<Sandbox | string> {
  const missing = missingPrograms();
  if (missing !== null) return missing;
  const folder = join(homeDir, 'practice');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const { file, args } = unshared(folder, 'probe', 'probe');
  const ended = await runToEnd(file, args);
  if (ended.exitCode !== 0) return lastComplaint(ended.lines) ?? 'unshare and mount are not permitted';
  return {
    kind: 'namespace',
    prepare: (stage) => Promise.resolve(unshared(stage.folder, stage.name, 'start')),
    filesAt: (_stage, initPid) => `/proc/${String(initPid)}/root`,
    // The kernel ends every process of the host before unshare can see the first one exit.
    cleared: () => Promise.resolve(),
  };
}

/** Which program a practice host lacks, as a reason, or null. */
export function missingPrograms(): string | null {
  const missing = NEEDED_PROGRAMS.filter((program) => !existsSync(program));
  return missing.length === 0
    ? null
    : `${missing.join(', ')} not installed (packages openssh-server, util-linux, passwd, sudo)`;
}

function unshared(folder: string, name: string, mode: 'start' | 'probe'): Command {
  const own = ['--mount', '--pid', '--uts', '--fork', '--kill-child=KILL', '--propagation', 'private'];
  return { file: 'unshare', args: [...own, 'sh', SCRIPT, folder, name, mode] };
}

function lastComplaint(lines: readonly string[]): string | undefined {
  return lines.filter((line) => !line.startsWith('practice-init')).at(-1);
}
