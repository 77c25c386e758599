/**
 * Finds a docker compose that changes one project right now: what it does must not be crossed.
 * It only reads command lines, and stops nobody.
 */
import { realpathSync, readFileSync, readlinkSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import type { ContainerFacts } from '../detector/containerFacts.ts';
import type { Machine, MachineProcess } from './machineLook.ts';
import { commandLineOf } from './processSeen.ts';
import { withoutSecrets } from './secretWords.ts';

/** What a command line of docker compose says. */
export interface ComposeCommand {
  readonly verb: string;
  readonly project: string | null;
  readonly files: readonly string[];
  readonly folder: string | null;
  /** It stays for as long as the containers run. */
  readonly isAttached: boolean;
  /** From its own name on. */
  readonly shown: string;
}

/** Its command; null when there is none at work on this container's project. */
export function composeAtWork(facts: ContainerFacts, machine: Machine): string | null {
  if (facts.project === null) return null;
  for (const { pid, command, startTicks } of machine.processes) {
    if (!mayBeCompose(command)) continue;
    const found = composeCommand(commandLineOf(pid));
    if (found === null || !CHANGING.includes(found.verb)) continue;
    if (found.isAttached && ageMs(startTicks) > ATTACHED_AT_WORK_MS) continue;
    if (isOn(facts, found, workingFolderOf(pid))) return found.shown;
  }
  return null;
}

/** Null for what is no docker compose, of either kind. */
export function composeCommand(words: readonly string[]): ComposeCommand | null {
  const own = words.slice(0, 4).findIndex((word) => basename(word) === 'docker-compose');
  const plugin = basename(words[0] ?? '') === 'docker' ? words.indexOf('compose') : -1;
  const from = own >= 0 ? own : plugin;
  if (from < 0) return null;
  const args = words.slice(from + 1);
  // Docker starts its plugin with its own word once more.
  if (own >= 0 && args[0] === 'compose') args.shift();
  const { options, rest } = parted(args);
  const [verb = ''] = rest;
  // Of what is run in a container nobody knows which word is a secret.
  const told = OPEN_ENDED.includes(verb) ? args.slice(0, args.length - rest.length + 1) : args;
  const isDetached = rest.some((word) => /^(?:-[a-zA-Z]*d[a-zA-Z]*|--detach|--wait|--no-start)$/.test(word));
  return {
    verb,
    project: options.get('-p')?.at(-1) ?? options.get('--project-name')?.at(-1) ?? null,
    files: [...(options.get('-f') ?? []), ...(options.get('--file') ?? [])],
    folder: options.get('--project-directory')?.at(-1) ?? null,
    isAttached: ['up', 'run', 'watch'].includes(verb) && !isDetached,
    shown: withoutSecrets([own >= 0 ? 'docker-compose' : 'docker compose', ...told]).slice(
      0,
      LONGEST_COMMAND,
    ),
  };
}

const OPEN_ENDED = ['run', 'exec'];
const LONGEST_COMMAND = 200;
/** One that is attached has long started everything, and only shows what is logged. */
const ATTACHED_AT_WORK_MS = 600_000;
const TICKS_PER_SECOND = 100;
const CHANGING = [
  ...['up', 'down', 'pull', 'build', 'create', 'start', 'restart', 'stop', 'kill', 'rm', 'run'],
  ...['scale', 'pause', 'unpause', 'watch'],
];
/** Of those before the verb: these take a word of their own. */
const WITH_VALUE = [
  ...['-f', '--file', '-p', '--project-name', '--project-directory', '--env-file', '--profile', '--ansi'],
  ...[
    '--parallel',
    '--progress',
    '-H',
    '--host',
    '-c',
    '--context',
    '--log-level',
    '--tlscacert',
    '--tlscert',
    '--tlskey',
  ],
];

function mayBeCompose(command: string): boolean {
  return command === 'docker' || command.startsWith('docker-compose') || command.startsWith('python');
}

function parted(args: readonly string[]): { options: Map<string, string[]>; rest: readonly string[] } {
  const options = new Map<string, string[]>();
  const add = (name: string, value: string): unknown =>
    options.set(name, [...(options.get(name) ?? []), value]);
  let at = 0;
  for (; at < args.length; at += 1) {
    const word = args[at] ?? '';
    if (!word.startsWith('-')) break;
    const [name = '', ...values] = word.split('=');
    if (values.length > 0) add(name, values.join('='));
    else if (WITH_VALUE.includes(word)) add(word, args[(at += 1)] ?? '');
    else if (/^-[pf]./.test(word)) add(word.slice(0, 2), word.slice(2));
  }
  return { options, rest: args.slice(at) };
}

function isOn(facts: ContainerFacts, { project, files, folder }: ComposeCommand, at: string | null): boolean {
  if (project !== null) return projectName(project) === projectName(facts.project ?? '');
  if (facts.workingDir === null || at === null) return false;
  const home = real(facts.workingDir);
  if (folder !== null) return real(resolve(at, folder)) === home;
  if (files.length > 0) return files.some((file) => real(dirname(resolve(at, file))) === home);
  // It looks for its file in the folders above, too.
  return at === home || at.startsWith(`${home}/`);
}

/** As compose writes it on the containers, version 1 also from other letters. */
function projectName(name: string): string {
  return name.toLowerCase().replace(/[^-_a-z0-9]/g, '');
}

function workingFolderOf(pid: MachineProcess['pid']): string | null {
  try {
    return readlinkSync(`/proc/${String(pid)}/cwd`);
  } catch {
    return null;
  }
}

function real(folder: string): string {
  try {
    return realpathSync(folder);
  } catch {
    return resolve(folder);
  }
}

/** Where it cannot be told, it counts as new. */
function ageMs(startTicks: number): number {
  const upSeconds = upSecondsNow();
  if (upSeconds === null) return 0;
  return upSeconds * 1000 - (startTicks * 1000) / TICKS_PER_SECOND;
}

function upSecondsNow(): number | null {
  try {
    return Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]);
  } catch {
    return null;
  }
}
