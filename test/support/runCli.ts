/**
 * Runs the built command as people do: a process of its own, with its own pipes and signals.
 * It never inherits the reader's settings: home, colour and terminal are the test's.
 */
import { execFile, spawn, type ChildProcess, type ChildProcessByStdio } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

export interface CliEnd {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunningCli {
  readonly child: ChildProcess;
  readonly ended: Promise<CliEnd>;
  readonly said: { stdout: string; stderr: string };
}

export const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const SEVERAL = fileURLToPath(new URL('../fixtures/severalCommands.js', import.meta.url));
const PROJECT = fileURLToPath(new URL('../../', import.meta.url));

/** `input` goes to its standard input, which is then closed; without it there is none. */
export function startCli(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  input: string | null = null,
): RunningCli {
  const child = spawn(process.execPath, [MAIN, ...args], {
    cwd: PROJECT,
    env: { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '/', ...env },
    stdio: [input === null ? 'ignore' : 'pipe', 'pipe', 'pipe'],
  }) as ChildProcessByStdio<Writable | null, Readable, Readable>;
  // Whoever does not read it ends before it is written.
  child.stdin?.on('error', () => undefined).end(input ?? '');
  const said = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said.stderr += text));
  const ended = new Promise<CliEnd>((resolve) => {
    child.once('close', (exitCode) => {
      resolve({ exitCode, ...said });
    });
  });
  return { child, ended, said };
}

export function runCli(
  args: readonly string[],
  env?: Readonly<Record<string, string>>,
  input?: string,
): Promise<CliEnd> {
  return startCli(args, env, input).ended;
}

/** Several command lines in one process; resolves to what each said on standard output. */
export async function runCommands(
  home: string,
  lines: readonly (readonly string[])[],
): Promise<readonly string[]> {
  return (await endsOfCommands(home, lines)).map(({ stdout }) => stdout);
}

export interface TimedEnd extends CliEnd {
  readonly tookMs: number;
}

/** The same, and how each ended. Not for what ends its own process, as doctor and up do. */
export async function endsOfCommands(
  home: string,
  lines: readonly (readonly string[])[],
): Promise<readonly TimedEnd[]> {
  const withHome = lines.map((args) => ['--home', home, ...args]);
  const { stdout } = await promisify(execFile)(process.execPath, [SEVERAL, JSON.stringify(withHome)], {
    timeout: 90_000,
    maxBuffer: 64 * 2 ** 20,
  });
  return JSON.parse(stdout) as TimedEnd[];
}

/** The same on a terminal of its own (util-linux script); both streams come out as one. */
export function runOnTerminal(args: readonly string[], { answer }: { answer: string }): Promise<CliEnd> {
  return typeOnTerminal(shellLine(args), { after: /\[(?:y\/N|type \w+)\]/g, keys: answer });
}

/** For a shell. */
export function shellLine(args: readonly string[]): string {
  return [process.execPath, MAIN, ...args].map((part) => `'${part}'`).join(' ');
}

/** Runs a shell's line on a terminal of its own, and types the keys each time that `after` is shown; once, where it is a text. */
export function typeOnTerminal(
  line: string,
  { after, keys }: { readonly after: string | RegExp; readonly keys: string },
): Promise<CliEnd> {
  const child = spawn('script', ['-qec', line, '/dev/null'], {
    cwd: PROJECT,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let stdout = '';
  let typed = 0;
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    const shown =
      typeof after === 'string' ? Number(stdout.includes(after)) : [...stdout.matchAll(after)].length;
    for (; typed < shown; typed += 1) child.stdin.write(keys);
  });
  return new Promise((resolve) => {
    child.once('close', (exitCode) => {
      resolve({ exitCode, stdout, stderr: '' });
    });
  });
}
