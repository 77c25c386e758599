/**
 * The program of the self-test's own supervisor, in a session of its own: tries all cases at once, says what it saw of each, and ends all that it made.
 * It ends in order when its parent ends, however that ends; if it is killed itself, the kernel ends what it made.
 */
import { mkdirSync, rmSync } from 'node:fs';
import { constants } from 'node:os';
import { monoMs } from '../clock.ts';
import { messageOf } from '../errors.ts';
import { signalAtParentsEnd } from '../driver/libc.ts';
import { SELF_TEST_CASES, type SelfTestCode } from '../reconciler/selfTestCases.ts';
import { NO_FOLDER } from '../selfTestWords.ts';
import { SelfTestLoop } from './selfTestLoop.ts';
import { tryOut } from './selfTestTrials.ts';

const [, , homeDir = '', parentPid = '', withinMs = ''] = process.argv;
const END_WITHIN_MS = 2_000;
/** Nothing that does not end may keep it from ending. */
const LEAVE_WITHIN_MS = 3_000;

let loop: SelfTestLoop | null = null;
let leaving = false;

/** All that was made ends before it does. */
async function leave(): Promise<void> {
  if (leaving) return;
  leaving = true;
  setTimeout(() => process.exit(1), LEAVE_WITHIN_MS);
  await Promise.all([...(loop?.lastly ?? [])].map((end) => end()));
  await loop?.end(END_WITHIN_MS);
  rmSync(homeDir, { recursive: true, force: true });
  process.exit(0);
}

/** False when it cannot be had; in that case it is not ours either. */
function makeHome(): boolean {
  try {
    mkdirSync(homeDir, { mode: 0o700 });
    return true;
  } catch (error) {
    process.stderr.write(`${messageOf(error)}\n`);
    return false;
  }
}

// Who listens may be gone before this one is told to end.
process.stdout.on('error', () => undefined);
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => void leave());
process.title = 'garrison self-test';
signalAtParentsEnd(constants.signals.SIGTERM);
// It may have ended before that.
if (process.ppid !== Number(parentPid)) process.exit(1);
if (!makeHome()) process.exitCode = NO_FOLDER;
else {
  const deadlineMs = monoMs() + Number(withinMs);
  const begun = (loop = new SelfTestLoop(homeDir));
  const codes = Object.keys(SELF_TEST_CASES) as SelfTestCode[];
  const trials = codes.map(async (code) => {
    const trial = await tryOut(code, begun, deadlineMs);
    process.stdout.write(`${JSON.stringify(trial)}\n`);
  });
  await Promise.all(trials);
  await leave();
}
