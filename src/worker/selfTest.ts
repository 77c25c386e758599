/**
 * Loaded into the workers of a self-test alone (`garrison doctor --self-test`): once told to be quiet, such a worker does the harm that its name says.
 * It signals nobody but its own process, and is never loaded into a worker of a supervisor.
 */
import { isMainThread } from 'node:worker_threads';
import { TERM_HEARD, type HarmfulWorker } from '../selfTestWords.ts';

const harmIsDue = isMainThread && /\/worker\/main\.[jt]s$/.test(process.argv[1] ?? '');

// With the worker's own listener and not before: what comes while nobody else listens would be lost to it.
if (harmIsDue) process.on('newListener', listenWithIt);

function listenWithIt(event: string | symbol): void {
  if (event !== 'message') return;
  process.off('newListener', listenWithIt);
  process.on('message', (message: { readonly type?: unknown }) => {
    if (message.type === 'quiet') doHarm(process.argv[2] as HarmfulWorker);
  });
}

function doHarm(name: HarmfulWorker): void {
  switch (name) {
    case 'deaf':
      turnDeaf();
      break;
    case 'stopped':
      process.kill(process.pid, 'SIGSTOP');
      break;
    case 'blocked':
      blockTheLoop();
  }
}

function turnDeaf(): void {
  process.removeAllListeners('message');
  process.removeAllListeners('SIGTERM');
  process.on('SIGTERM', () => {
    process.stdout.write(`${TERM_HEARD}\n`);
  });
}

/** Named in BLOCKING_FUNCTION. */
function blockTheLoop(): void {
  for (;;);
}
