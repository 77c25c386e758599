/**
 * Runs `doctor --self-test` as root or as a user without rights, with a temporary folder of its own and, where asked, one hand broken.
 * It looks for what that leaves in its folder; processes are for the caller's leak watch.
 */
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { chownSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { SelfTestItem } from '../../src/reconciler/selfTest.ts';
import type { SelfTestCode } from '../../src/reconciler/selfTestCases.ts';
import type { CliEnd } from './runCli.ts';
import { tempHome } from './tempHome.ts';
import { until } from './until.ts';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const BREAK_HAND = fileURLToPath(new URL('../fixtures/breakHand.js', import.meta.url));
export const NOBODY = 65534;
const AS_NOBODY = [`--reuid=${String(NOBODY)}`, `--regid=${String(NOBODY)}`, '--clear-groups', '--'];

interface Context {
  after(end: () => void): void;
}

export interface SelfTestReport {
  readonly kind: string;
  readonly state: string;
  readonly sentence: string;
  readonly items: readonly SelfTestItem[];
}

export interface SelfTestOptions {
  readonly as?: 'root' | 'nobody';
  /** Of test/fixtures/breakHand.js. */
  readonly broken?: string;
  readonly args?: readonly string[];
}

export interface RunningSelfTest {
  readonly child: ChildProcess;
  /** Where it may put its own. */
  readonly folder: string;
  readonly ended: Promise<CliEnd>;
}

export function startSelfTest(context: Context, options: SelfTestOptions = {}): RunningSelfTest {
  const { as = 'root', broken = null, args = ['-o', 'json'] } = options;
  const folder = tempHome(context);
  if (as === 'nobody') chownSync(folder, NOBODY, NOBODY);
  const command = [process.execPath, MAIN, 'doctor', '--self-test', ...args];
  const [file = '', ...own] = as === 'nobody' ? ['setpriv', ...AS_NOBODY, ...command] : command;
  const break_ =
    broken === null ? {} : { NODE_OPTIONS: `--import=${BREAK_HAND}`, GARRISON_TEST_BREAK: broken };
  const env = { PATH: process.env['PATH'] ?? '', HOME: '/nonexistent', TMPDIR: folder, ...break_ };
  const child = spawn(file, own, { cwd: '/', env, stdio: ['ignore', 'pipe', 'pipe'] });
  context.after(() => void child.kill('SIGKILL'));
  const said = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said.stderr += text));
  const ended = new Promise<CliEnd>((resolve) => {
    child.once('close', (exitCode) => {
      resolve({ exitCode, ...said });
    });
  });
  return { child, folder, ended };
}

/** To its end, after which its folder must be empty. */
export async function runSelfTest(
  context: Context,
  options: SelfTestOptions = {},
): Promise<CliEnd & { report: SelfTestReport; tookMs: number }> {
  const startedMs = performance.now();
  const { ended, folder } = startSelfTest(context, options);
  const end = await ended;
  const tookMs = performance.now() - startedMs;
  assert.deepEqual(readdirSync(folder), []);
  return { ...end, tookMs, report: JSON.parse(end.stdout) as SelfTestReport };
}

export function itemOf({ items }: SelfTestReport, code: SelfTestCode): SelfTestItem {
  const found = items.find((item) => item.code === code);
  assert.ok(found, code);
  return found;
}

/** Resolves when its own folder is there, of which the name is given. */
export function untilMade({ folder }: RunningSelfTest): Promise<string> {
  return until('its folder', () => readdirSync(folder)[0] ?? null, { deadlineMs: 20_000 });
}
