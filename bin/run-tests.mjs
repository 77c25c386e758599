/**
 * Runs the test files under node:test: those that only compute side by side, those with real parts one after another.
 * It never lets a skipped test pass unseen: a skip names its reason, and where all parts can be had it is a failure.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';

const FOLDERS_ONE_AFTER_ANOTHER = ['test/driver', 'test/page', 'test/system', 'test/long'];
const SIDE_BY_SIDE = 2;
const FILE_TIMEOUT_MS = 30 * 60_000;
const COUNTS = ['tests', 'suites', 'pass', 'fail', 'cancelled', 'skipped', 'todo', 'duration_ms'];

const long = process.argv.includes('--long');
const named = process.argv.slice(2).filter((argument) => argument !== '--long');
const files = named.length > 0 ? named : testFiles();
const heavy = files.filter((file) => FOLDERS_ONE_AFTER_ANOTHER.some((folder) => file.startsWith(`${folder}/`)));
const light = files.filter((file) => !heavy.includes(file));

const totals = Object.fromEntries(COUNTS.map((count) => [count, 0]));
const skips = [];
const report = new spec();
report.pipe(process.stdout);
await runAll(light, SIDE_BY_SIDE);
await runAll(heavy, 1);
await new Promise((resolve) => report.end(resolve));
process.exitCode = verdict();
for (const count of COUNTS) console.log(`ℹ ${count} ${totals[count]}`);

/** Tests lie in test/ and one folder below it. */
function testFiles() {
  const folders = readdirSync('test', { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && (long || entry.name !== 'long'))
    .map((entry) => join('test', entry.name));
  return ['test', ...folders].flatMap((folder) =>
    readdirSync(folder)
      .filter((name) => name.endsWith('.test.ts'))
      .sort()
      .map((name) => join(folder, name)),
  );
}

async function runAll(some, concurrency) {
  if (some.length === 0) return;
  for await (const event of run({ files: some, concurrency, timeout: FILE_TIMEOUT_MS })) {
    if (event.type === 'test:pass' && event.data.skip !== undefined) skips.push(event.data);
    if (isClosingCount(event)) addUp(event.data.message);
    else if (event.type !== 'test:summary' && event.type !== 'test:coverage') report.write(event);
  }
}

/** The runner closes each run with its counts; they are summed up here and printed once, last. */
function isClosingCount(event) {
  return event.type === 'test:diagnostic' && event.data.nesting === 0 && COUNTS.includes(event.data.message.split(' ')[0]);
}

function addUp(message) {
  const [count, value] = message.split(' ');
  totals[count] += Number(value);
}

function verdict() {
  let failed = totals.fail > 0 || totals.cancelled > 0;
  if (totals.tests === 0) failed = complain('no test ran');
  for (const { name, skip } of skips) {
    if (typeof skip !== 'string') failed = complain(`a skipped test must say why: ${name}`);
    else if (mustRunAll()) failed = complain(`skipped where nothing may be skipped: ${name} (${skip})`);
  }
  return failed ? 1 : 0;
}

function complain(sentence) {
  console.log(`✖ ${sentence}`);
  return true;
}

/** Root on a Debian that permits namespaces can have every part, so there CI accepts no skip. */
function mustRunAll() {
  if (process.env.CI !== 'true' || process.getuid() !== 0 || !existsSync('/etc/debian_version')) return false;
  return spawnSync('unshare', ['--mount', '--pid', '--fork', '--kill-child=KILL', 'true']).status === 0;
}
