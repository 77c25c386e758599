/**
 * Judges a recorded stream anew: the board of workers is given again what the live one was given, turn by turn.
 * It performs no action and waits for nothing; what the recorded run did is in the stream as observations.
 */
import type { IncidentView } from './door.ts';
import { readStream } from './stream.ts';
import { WorkerBoard } from './workerBoard.ts';

/** A change of verdict; one that is not `shown` was held back by hysteresis. */
export type ReplayedVerdict = Pick<IncidentView, 'worker' | 'at' | 'state' | 'reason' | 'shown'>;

/** Every verdict of the stream, oldest first. The same text gives the same verdicts, those of the run that was recorded. */
export function replay(streamText: string): ReplayedVerdict[] {
  const { header, turns } = readStream(streamText);
  // The dice say only when a dead worker starts again, and when it did is in the stream.
  const apart = { earlier: [], keep: () => undefined, dice: () => 0 };
  const board = new WorkerBoard({ ...header.settings, ...apart }, header.startedAt);
  let told = 0;
  return turns.flatMap(({ at, wishes, seen, around }) => {
    for (const { worker, wish } of wishes) board.setWish(worker, wish);
    for (const one of seen) board.observe(one.worker, one.observation, one.at);
    board.decide({ ...around, at });
    const fresh = newerThan(board.incidents(), told);
    told += fresh.length;
    return fresh.map(({ worker, at: changedAt, state, reason, shown }) => {
      return { worker, at: changedAt, state, reason, shown };
    });
  });
}

/** The ledger counts its entries from 1 and forgets the oldest; here the newest are wanted, oldest first. */
function newerThan(newestFirst: readonly IncidentView[], told: number): IncidentView[] {
  const newest = Number(newestFirst[0]?.id.slice('i-'.length) ?? 0);
  return newestFirst.slice(0, newest - told).reverse();
}
