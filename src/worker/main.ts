/**
 * The worker program: beats, fetches, runs pushes, drains, and ends when told or when its supervisor is gone.
 * It never judges itself and never restarts anything.
 */
import { now } from '../clock.ts';
import type { SupervisorMessage, WorkerMessage } from '../push/workerMessage.ts';
import { KEPT_ID } from '../queueName.ts';
import { Attempts } from './attempts.ts';
import { startBeat } from './beat.ts';
import { EntrySource } from './entrySource.ts';
import { FetchLoop } from './fetchLoop.ts';
import { KeptConnections } from './keptConnections.ts';
import { runRides } from './runTask.ts';
import { tellRefusals } from './signal.ts';
import { startWatchdog } from './watchdog.ts';

interface Running {
  readonly fetching: FetchLoop;
  readonly attempts: Attempts;
  readonly source: EntrySource;
  readonly kept: KeptConnections;
}

let running: Running | null = null;

function send(message: WorkerMessage): void {
  // A closed channel means the supervisor is gone; `disconnect` says so.
  if (process.connected) process.send?.(message, undefined, undefined, () => undefined);
}

function configure(message: Extract<SupervisorMessage, { type: 'configure' }>): void {
  const source = new EntrySource(message);
  const kept = new KeptConnections((attempt, pid) => {
    send({ type: 'ssh', jobId: KEPT_ID, attempt, pid });
  });
  const attempts = new Attempts({
    lockMs: message.lockMs,
    send,
    now,
    run: (rides) => runRides(rides, { kept, nowWall: () => now().wall }),
  });
  const fetching = new FetchLoop(source, attempts, message.slots);
  running = { source, attempts, fetching, kept };
  send({ type: 'ready' });
  startBeat(
    {
      slots: message.slots,
      jobsDone: () => attempts.done,
      jobs: () => attempts.inHand(),
      riders: () => attempts.riders(),
      unansweredSinceMs: () => fetching.unansweredSinceMs,
    },
    (beat) => {
      send({ type: 'beat', beat });
    },
  );
  void fetching.run();
}

/** Takes nothing more, lets what is in hand end (the supervisor has the deadline), then leaves with 0. */
function drain(): void {
  running?.fetching.stop();
  const closed = running?.kept.close();
  const leaveWhenEmpty = async (): Promise<void> => {
    if ((running?.attempts.slotsTaken ?? 0) > 0) return;
    clearInterval(looking);
    await closed;
    send({ type: 'drained' });
    // Not worker.close(): it never resolves while Redis is away (bullmq#4656).
    running?.source.disconnect();
    process.exit(0);
  };
  const looking = setInterval(() => void leaveWhenEmpty(), 20);
  void leaveWhenEmpty();
}

/** As people see it in a list of processes. */
function entitle(worker: string): void {
  process.title = `garrison worker ${worker}`;
}

function hear(message: SupervisorMessage): void {
  switch (message.type) {
    case 'configure':
      configure(message);
      break;
    case 'name':
      entitle(message.worker);
      break;
    case 'poke':
      running?.fetching.poke();
      break;
    case 'quiet':
      running?.fetching.setQuiet(true);
      break;
    case 'resume':
      running?.fetching.setQuiet(false);
      break;
    case 'drain':
      drain();
      break;
    case 'run':
    case 'ride':
    case 'skip':
    case 'pass':
    case 'stored':
    case 'cancel':
      running?.attempts.hear(message);
      break;
  }
}

const supervisorPid = Number(process.argv[3]);
// It died between fork and here: nobody would ever order this worker to end.
if (process.ppid !== supervisorPid) process.exit(1);
startWatchdog(supervisorPid);
tellRefusals((refused) => {
  send({ type: 'refused', ...refused });
});
process.on('message', (message) => {
  hear(message as SupervisorMessage);
});
process.on('disconnect', () => process.exit(1));
process.on('SIGTERM', () => process.exit(143));
// A terminal's Ctrl-C reaches the whole foreground group; ending is the supervisor's to order.
process.on('SIGINT', () => undefined);
entitle(process.argv[2] ?? '');
