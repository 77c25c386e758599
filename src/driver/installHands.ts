/**
 * The hands of `garrison install` and `garrison uninstall`: what belongs on this machine, what is there, and one step at a time.
 * It decides nothing, and has no step that starts or stops the second way in.
 */
import { chmodSync, existsSync, lstatSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { GarrisonError } from '../errors.ts';
import {
  INSTALL_MARK,
  RESCUE_SERVICE,
  SERVICE,
  type MachineFacts,
  type Step,
  type Wanted,
  type WantedFile,
} from '../reconciler/install.ts';
import { writeDurably } from './durableFile.ts';
import { runToEnd } from './runToEnd.ts';

export const STATE_FOLDER = '/var/lib/garrison';
export const RESCUE_KEYS = '/etc/garrison/rescue_authorized_keys';
const SETTINGS_FOLDER = '/etc/garrison';
const UNIT_FOLDER = '/etc/systemd/system';
const HOST_KEY = `${SETTINGS_FOLDER}/rescue_host_ed25519_key`;
const UNITS = [
  SERVICE,
  'garrison-failed.service',
  RESCUE_SERVICE,
  'garrison-rescue-folder.path',
  'garrison-rescue-folder.service',
];
/** As the unit files of the package name Node and the package itself. */
const NODE_IN_UNITS = '/usr/bin/env node';
const PACKAGE_IN_UNITS = '/opt/garrison';
const KEYS_AT_FIRST =
  '# Who may come in by garrison-rescue.service: a public key on each line, as in authorized_keys.\n';
/** Where each shell of Debian looks for completions of packages. */
const COMPLETIONS = {
  bash: '/usr/share/bash-completion/completions/garrison',
  zsh: '/usr/share/zsh/vendor-completions/_garrison',
  fish: '/usr/share/fish/vendor_completions.d/garrison.fish',
};
const STEP_WITHIN_MS = 90_000;

/** The folder of this package: a checkout, or where npm put it. */
function packageFolder(): string {
  return fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');
}

/** Throws USAGE when a unit of systemd could not name where this lies. `hasCompletion`: the program has such a command. */
export async function wantedHere(hasCompletion: boolean): Promise<Wanted> {
  const units = UNITS.map((name) => ours(join(UNIT_FOLDER, name), unitText(name), true));
  return {
    folders: [
      { path: SETTINGS_FOLDER, mode: 0o755 },
      { path: STATE_FOLDER, mode: 0o700 },
    ],
    files: [
      ...units,
      kept(`${SETTINGS_FOLDER}/rescue_sshd_config`, packaged('rescue_sshd_config')),
      kept(RESCUE_KEYS, KEYS_AT_FIRST),
      ...(hasCompletion ? await completions() : []),
    ],
    hostKey: HOST_KEY,
  };
}

/** Whoever owns the program is root by it; null when that is root already. */
export function strangeOwner(): string | null {
  const program = join(packageFolder(), 'bin/garrison');
  const { uid } = lstatSync(program);
  return uid === 0 ? null : `${program} belongs to user ${String(uid)}, who can become root by changing it`;
}

/** Without PAM sshd lets nobody in whose password is locked so, not by a key either; null when root's is not. */
export function lockedRoot(): string | null {
  const row = rowsOf('/etc/shadow').find(([name]) => name === 'root');
  if (row?.[1]?.startsWith('!') !== true) return null;
  return "root's password is locked with '!', so that the second way in does not let root in: usermod -p '*' root changes that, and lets no password in either";
}

export async function lookAtMachine(wanted: Wanted): Promise<MachineFacts> {
  const contents = wanted.files
    .filter(({ path }) => existsSync(path))
    .map(({ path }) => [path, readFileSync(path, 'utf8')] as const);
  return {
    ...groupFacts(),
    folders: new Set(wanted.folders.filter(({ path }) => existsSync(path)).map(({ path }) => path)),
    contents: new Map(contents),
    hostKeyExists: existsSync(wanted.hostKey),
    hasSystemd: hasSystemd(),
    serviceInUse: await isInUse(SERVICE),
    rescueInUse: await isInUse(RESCUE_SERVICE),
  };
}

export async function performStep(step: Step): Promise<void> {
  switch (step.kind) {
    case 'addGroup':
      return run('/usr/sbin/groupadd', '--system', step.name);
    case 'removeGroup':
      return run('/usr/sbin/groupdel', step.name);
    case 'makeFolder':
      mkdirSync(step.path, { recursive: true, mode: step.mode });
      chmodSync(step.path, step.mode);
      return;
    case 'writeFile':
      mkdirSync(join(step.file.path, '..'), { recursive: true, mode: 0o755 });
      await writeDurably(step.file.path, step.file.content);
      chmodSync(step.file.path, step.file.mode);
      return;
    case 'removeFile':
      rmSync(step.path);
      return;
    case 'makeHostKey':
      return run('ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', 'garrison-rescue', '-f', step.path);
    case 'reload':
      return run('systemctl', 'daemon-reload');
    case 'disable':
      return run('systemctl', 'disable', ...(hasSystemd() ? ['--now'] : []), step.unit);
  }
}

async function run(file: string, ...args: string[]): Promise<void> {
  const { exitCode, lines } = await runToEnd(file, args, { timeoutMs: STEP_WITHIN_MS });
  if (exitCode === 0) return;
  const why = lines.length === 0 ? 'it said nothing' : lines.slice(-3).join(' · ');
  throw new GarrisonError('INTERNAL', `${[file, ...args].join(' ')} failed: ${why}`, {
    cure: 'mend that, then run it again: what was done already is not done twice',
  });
}

function unitText(name: string): string {
  return packaged(name)
    .replaceAll(NODE_IN_UNITS, inUnit(process.execPath))
    .replaceAll(PACKAGE_IN_UNITS, inUnit(packageFolder()));
}

/** systemd would split or expand anything else. */
function inUnit(path: string): string {
  if (/^[\w./@+-]+$/.test(path)) return path;
  throw new GarrisonError('USAGE', `a unit of systemd cannot name ${path}`, {
    cure: 'move it to a path of plain letters, digits, dots and dashes',
  });
}

function packaged(name: string): string {
  return readFileSync(join(packageFolder(), 'systemd', name), 'utf8');
}

function ours(path: string, content: string, isUnit: boolean): WantedFile {
  return { path, content, mode: 0o644, ownership: 'ours', isUnit };
}

function kept(path: string, content: string): WantedFile {
  return { path, content, mode: 0o644, ownership: 'kept', isUnit: false };
}

/** The mark stands last: the first line of one for zsh says whose it is. */
async function completions(): Promise<WantedFile[]> {
  const files: WantedFile[] = [];
  for (const [shell, path] of Object.entries(COMPLETIONS)) {
    const args = [join(packageFolder(), 'bin/garrison'), 'completion', shell];
    const { exitCode, stdout } = await runToEnd(process.execPath, args, { timeoutMs: STEP_WITHIN_MS });
    if (exitCode === 0) files.push(ours(path, `${stdout.join('\n')}\n# ${INSTALL_MARK}\n`, false));
  }
  return files;
}

function groupFacts(): Pick<MachineFacts, 'groupExists' | 'groupHasMembers'> {
  const row = rowsOf('/etc/group').find(([name]) => name === 'garrison');
  if (row === undefined) return { groupExists: false, groupHasMembers: false };
  const [, , groupId, members = ''] = row;
  const isPrimary = rowsOf('/etc/passwd').some(([, , , ofUser]) => ofUser === groupId);
  return { groupExists: true, groupHasMembers: members !== '' || isPrimary };
}

function rowsOf(file: string): string[][] {
  return readFileSync(file, 'utf8')
    .split('\n')
    .map((line) => line.split(':'));
}

function hasSystemd(): boolean {
  return existsSync('/run/systemd/system');
}

/** Without systemd it can still be turned on for the next boot. */
async function isInUse(unit: string): Promise<boolean> {
  for (const question of hasSystemd() ? ['is-enabled', 'is-active'] : ['is-enabled']) {
    const { stdout } = await runToEnd('systemctl', [question, unit], { timeoutMs: STEP_WITHIN_MS });
    if (stdout.some((line) => /^(?:enabled|active|activating|reloading|deactivating)/.test(line)))
      return true;
  }
  return false;
}
