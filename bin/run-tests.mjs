/**
 * Runs the test files under node:test, three side by side, at most two of the longest among them; then, one after another, those that need the machine to themselves.
 * It never lets a skipped test pass unseen: a skip names its reason, and where all parts can be had it is a failure.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';

/** What is held here is a figure or an exact story, which another file's work beside it would change. */
const ALONE = [
  'test/system/faults.test.ts', // every verdict in its order, once under 8 busy loops
  'test/system/verdicts.test.ts', // every verdict in its order
  'test/system/answering.test.ts', // how quick answers are
  'test/driver/zombieScan.test.ts', // what a look at 5,000 zombies costs, which whoever looks meanwhile would pay too
];
const FOLDER_ALONE = 'test/long/';
/** They mostly wait, a minute or so each: begun first, so that none of them is left over at the end. */
const LONGEST = [
  'test/system/chaos.test.ts',
  ...['test/system/heal.test.ts', 'test/system/killStorm.test.ts', 'test/dashboards/rules.test.ts'],
  ...['test/system/limits.test.ts', 'test/system/canary.test.ts', 'test/system/ending.test.ts'],
  ...['test/system/agreement.test.ts', 'test/system/containers.test.ts', 'test/system/badInput.test.ts'],
  ...[
    'test/system/grants.test.ts',
    'test/system/exercise.test.ts',
    'test/cli/everyVerb.test.ts',
    'test/worker/plan.test.ts',
  ],
];
/** They wait for claims and fail-overs to end and need hardly any processor: one after the other beside the rest. */
const WAITING = ['test/system/failOver.test.ts', 'test/system/fleet.test.ts'];
/** What touches nothing outside its own process, and is soon over: in the lane of those that wait, after them. */
const LIGHT = ['test/detector/', 'test/push/', 'test/reconciler/', 'test/server/', 'test/supervisor/'];
/** Limits of time stand in the longest ones, and are met with less to spare among each other; the others mostly wait. */
const SIDE_BY_SIDE = 3;
const LONGEST_SIDE_BY_SIDE = 2;
const FILE_TIMEOUT_MS = 30 * 60_000;
const COUNTS = ['tests', 'suites', 'pass', 'fail', 'cancelled', 'skipped', 'todo', 'duration_ms'];

const long = process.argv.includes('--long');
const named = process.argv.slice(2).filter((argument) => argument !== '--long');
const files = named.length > 0 ? named : testFiles();
const alone = files.filter((file) => ALONE.includes(file) || file.startsWith(FOLDER_ALONE));
const first = LONGEST.filter((file) => files.includes(file));
const isLight = (file) => LIGHT.some((folder) => file.startsWith(folder));
const waiting = [...WAITING.filter((file) => files.includes(file)), ...files.filter(isLight)];
const rest = files.filter((file) => ![...alone, ...first, ...waiting].includes(file));

const totals = Object.fromEntries(COUNTS.map((count) => [count, 0]));
const skips = [];
const report = new spec();
report.pipe(process.stdout);
await Promise.all([
  ...Array.from({ length: SIDE_BY_SIDE }, (_, lane) =>
    runLane(lane < LONGEST_SIDE_BY_SIDE ? [first, rest] : [rest]),
  ),
  runLane([waiting]),
]);
for (const file of alone) await runFile(file);
await new Promise((resolve) => report.end(resolve));
process.exitCode = verdict();
totals.duration_ms = performance.now();
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

/** Takes one file after the other, from the first of the lists that has any, until none is left. */
async function runLane(lists) {
  for (;;) {
    const file = lists.find((list) => list.length > 0)?.shift();
    if (file === undefined) return;
    await runFile(file);
  }
}

/** What is reported of a file is held back until its end, so that files that run side by side are told one after the other. */
async function runFile(file) {
  const events = [];
  for await (const event of run({ files: [file], concurrency: 1, timeout: FILE_TIMEOUT_MS })) {
    if (event.type === 'test:pass' && event.data.skip !== undefined) skips.push(event.data);
    if (isClosingCount(event)) addUp(event.data.message);
    else if (event.type !== 'test:summary' && event.type !== 'test:coverage') events.push(event);
  }
  for (const event of events) report.write(event);
}

/** The runner closes each run with its counts; they are summed up here and printed once, last. */
function isClosingCount(event) {
  return (
    event.type === 'test:diagnostic' &&
    event.data.nesting === 0 &&
    COUNTS.includes(event.data.message.split(' ')[0])
  );
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
