/**
 * Builds the directory tree that a chroot practice host sees as `/`: programs as hard links, settings as copies.
 * It never links a file that the host may write to, and never follows a link out of the tree it builds.
 */
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
} from 'node:fs';
import { readFileSync, realpathSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { runToEnd } from './runToEnd.ts';

/** Absolute paths of all programs and libraries a host needs, as found on this machine. */
export async function neededFiles(): Promise<readonly string[]> {
  const programs = PROGRAMS.flatMap((name) => findProgram(name));
  const modules = moduleFolders().flatMap((folder) => filesIn(folder));
  const libraries = libraryFolders().flatMap((folder) => nameServiceModules(folder));
  const loaded = [...programs, ...modules, ...libraries];
  return [...new Set([...loaded, ...(await sharedLibraries(loaded))])];
}

/** Makes `root` from nothing; `stageFolder` holds the files of `prepareStage`. */
export function buildRoot(root: string, stageFolder: string, files: readonly string[]): void {
  mkdirSync(root, { recursive: true, mode: 0o755 });
  for (const folder of FOLDERS) mkdirSync(join(root, folder), { recursive: true, mode: 0o755 });
  for (const alias of ['bin', 'sbin', 'lib', 'lib32', 'lib64', 'libx32']) aliasLikeMachine(root, alias);
  for (const file of files) linkInto(root, file);
  for (const setting of SETTINGS) copySetting(root, setting);
  chmodSync(join(root, 'tmp'), 0o1777);
  chmodSync(join(root, 'root'), 0o700);
  symlinkSync('../run', join(root, 'var/run'));
  placeStageFiles(root, stageFolder);
}

const PROGRAMS = (
  'sshd sh bash id cat mkdir mv rm chmod chown head tail tr sort uniq sed grep awk cut wc base64 date sleep df stat touch ln ls ' +
  'sync env test [ expr dirname basename mktemp readlink install timeout sha256sum true false echo printf cp cmp tee seq od ' +
  'kill nohup setsid dd flock setpriv runuser su getent useradd usermod userdel groupadd groupdel gpasswd chage passwd ' +
  'chpasswd visudo sudo ps pgrep id who hostname uname find xargs rmdir tty whoami groups nproc sftp-server'
).split(' ');
const PROGRAM_FOLDERS = ['/usr/sbin', '/usr/bin', '/sbin', '/bin'];
const FOLDERS = [
  'dev',
  'etc/ssh',
  'etc/pam.d',
  'home',
  'root/.ssh',
  'run/sshd',
  'run/lock',
  'tmp',
  'usr',
  'var/lib',
  'var/log',
].concat(['var/mail', 'var/tmp', 'var/cache']);
const SETTINGS = (
  'passwd group shadow gshadow subuid subgid login.defs nsswitch.conf pam.d pam.conf security environment default/useradd ' +
  'sudoers sudoers.d sudo.conf shells skel host.conf localtime profile bash.bashrc ssh/moduli os-release ld.so.cache ld.so.conf'
).split(' ');

function findProgram(name: string): readonly string[] {
  const folder = PROGRAM_FOLDERS.find((candidate) => existsSync(join(candidate, name)));
  return folder === undefined ? [] : [join(realpathSync(folder), name)];
}

/** Plug-ins and helpers that are opened by path at run time, so that ldd does not name them. */
function moduleFolders(): readonly string[] {
  const security = libraryFolders().map((folder) => join(folder, 'security'));
  return ['/usr/libexec/sudo', '/usr/lib/sudo', '/usr/lib/openssh', ...security];
}

/** `/usr/lib/x86_64-linux-gnu` and its like, where libraries and PAM modules live. */
function libraryFolders(): readonly string[] {
  const below = readdirSync('/usr/lib').filter(
    (name) => name.endsWith('-linux-gnu') || name.includes('-linux-gnueabi'),
  );
  return ['/usr/lib', '/usr/lib64', ...below.map((name) => `/usr/lib/${name}`)].filter((folder) =>
    existsSync(folder),
  );
}

function filesIn(folder: string): readonly string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(folder, entry.name));
}

function nameServiceModules(folder: string): readonly string[] {
  return filesIn(folder).filter((file) => /^libnss_(files|compat)[^/]*\.so/.test(basename(file)));
}

async function sharedLibraries(files: readonly string[]): Promise<readonly string[]> {
  const libraries = new Set<string>();
  // ldd complains about scripts and static programs, and still names the libraries of all others.
  const onLine = (line: string): void => {
    const path = /^\s+(?:\S+ => )?(\/\S+) \(0x/.exec(line)?.[1];
    if (path !== undefined) libraries.add(path);
  };
  await runToEnd('ldd', files, { onLine });
  return [...libraries];
}

/** `/bin` is a link to `usr/bin` on a merged system; made relative here, so that it cannot lead out of the tree. */
function aliasLikeMachine(root: string, alias: string): void {
  const machine = `/${alias}`;
  if (!existsSync(machine) || !lstatSync(machine).isSymbolicLink()) return;
  const target = realpathSync(machine).slice(1);
  mkdirSync(join(root, target), { recursive: true, mode: 0o755 });
  symlinkSync(target, join(root, alias));
}

function linkInto(root: string, file: string): void {
  const target = join(root, file);
  if (existsSync(target)) return;
  mkdirSync(dirname(target), { recursive: true, mode: 0o755 });
  const source = realpathSync(file);
  try {
    linkSync(source, target);
  } catch {
    // Another file system, or one that has no hard links.
    copyFileSync(source, target);
    chmodSync(target, statSync(source).mode);
  }
}

function copySetting(root: string, name: string): void {
  const source = join('/etc', name);
  if (!existsSync(source)) return;
  const target = join(root, 'etc', name);
  mkdirSync(dirname(target), { recursive: true, mode: 0o755 });
  cpSync(source, target, { recursive: true, dereference: true });
  chmodSync(target, statSync(source).mode);
}

function placeStageFiles(root: string, stageFolder: string): void {
  const place = (from: string, to: string, mode: number): void => {
    writeFileSync(join(root, to), readFileSync(join(stageFolder, from)), { mode });
    chmodSync(join(root, to), mode);
  };
  const name = basename(stageFolder);
  place('sshd_config', 'etc/ssh/sshd_config', 0o644);
  place('pam_sshd', 'etc/pam.d/sshd', 0o644);
  place('host_key', 'etc/ssh/practice_host_key', 0o600);
  chmodSync(join(root, 'root/.ssh'), 0o700);
  place('authorized_keys', 'root/.ssh/authorized_keys', 0o600);
  writeFileSync(join(root, 'etc/hostname'), `${name}\n`);
  writeFileSync(join(root, 'etc/hosts'), `127.0.0.1\tlocalhost ${name} ${hostname()}\n`);
}
