/**
 * The thread beside a worker's main loop: says while the loop stands, reads its stack when the supervisor asks, ends the worker when its supervisor is gone.
 * It judges nothing, and ends nothing but its own process.
 */
import { Session } from 'node:inspector';
import { Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { workerData } from 'node:worker_threads';

export interface WatchdogData {
  readonly parentPid: number;
  /** One 64-bit integer: `process.hrtime.bigint()` of the main loop's last turn. */
  readonly turnedAt: SharedArrayBuffer;
}

const CHECK_INTERVAL_MS = 250;
const WORTH_TELLING_MS = 1_000;
/** The pipe that the supervisor opens for the second beat (driver/spawn.ts). */
const BEAT_FD = 4;
/** Blocked native code never answers; blocked JavaScript does in about 20 ms. */
const STACK_WITHIN_MS = 500;
const MOST_FRAMES = 30;

const { parentPid, turnedAt } = workerData as WatchdogData;
const clock = new BigInt64Array(turnedAt);
const line = new Socket({ fd: BEAT_FD });
// The other end is gone: then so is the supervisor, which the check below sees.
line.on('error', () => undefined);
const requests = createInterface({ input: line });
requests.on('error', () => undefined);
requests.on('line', (request) => {
  if (request === 'stack') void readStack().then((stack) => say({ stack }));
});

let checkedAt = process.hrtime.bigint();
let wasStale = false;
setInterval(() => {
  // Once the supervisor is dead the kernel gives us another parent.
  if (process.ppid !== parentPid) process.kill(process.pid, 'SIGKILL');
  const now = process.hrtime.bigint();
  const lateMs = Number((now - checkedAt) / 1_000_000n) - CHECK_INTERVAL_MS;
  checkedAt = now;
  // Late itself, so the whole process stood still: that says nothing about the loop.
  if (lateMs > WORTH_TELLING_MS) return;
  const mainStaleMs = Number((now - Atomics.load(clock, 0)) / 1_000_000n);
  const stale = mainStaleMs >= WORTH_TELLING_MS;
  // The last word of a row says that the loop turns again; while it does, silence costs the supervisor nothing.
  if (stale || wasStale) say({ mainStaleMs });
  wasStale = stale;
}, CHECK_INTERVAL_MS);

function say(word: object): void {
  line.write(`${JSON.stringify(word)}\n`);
}

interface Frame {
  readonly functionName: string;
  readonly location: { readonly scriptId: string; readonly lineNumber: number };
}

/** The stack on which the main loop stands, innermost first; null when it does not answer in time. No port is opened. */
function readStack(): Promise<string[] | null> {
  const session = new Session();
  const files = new Map<string, string>();
  return new Promise<string[] | null>((resolve) => {
    const deadline = setTimeout(() => {
      resolve(null);
    }, STACK_WITHIN_MS);
    session.on('Debugger.scriptParsed', ({ params: { scriptId, url } }) => {
      files.set(scriptId, url);
    });
    session.on('Debugger.paused', ({ params: { callFrames } }) => {
      clearTimeout(deadline);
      resolve(callFrames.slice(0, MOST_FRAMES).map((frame) => frameText(frame, files)));
    });
    session.connectToMainThread();
    session.post('Debugger.enable');
    session.post('Debugger.pause');
  })
    .catch(() => null)
    .finally(() => {
      // Lets the loop go on, too.
      session.disconnect();
    });
}

function frameText({ functionName, location }: Frame, files: ReadonlyMap<string, string>): string {
  const name = functionName === '' ? '(anonymous)' : functionName;
  return `${name} ${files.get(location.scriptId) ?? 'unknown'}:${String(location.lineNumber + 1)}`;
}
