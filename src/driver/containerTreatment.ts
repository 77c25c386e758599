/**
 * Does one treatment to one container, only while it is still in the life that the treatment was decided for.
 * It never tries a second time, and its word on how it went is Docker's: what became of the container is seen by looking.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { monoMs } from '../clock.ts';
import type { ContainerFacts } from '../detector/containerFacts.ts';
import { messageOf } from '../errors.ts';
import type { Action } from '../reconciler/action.ts';
import type { TreatmentAnswer } from '../reconciler/healNews.ts';
import type { TreatedLife, Treatment } from '../reconciler/treatment.ts';
import type { DockerCalls } from './docker.ts';
import { doToContainer, type DeedAnswer } from './dockerDeeds.ts';
import { DockerFailure } from './dockerFailure.ts';

export type TreatContainer = Extract<Action, { kind: 'treatContainer' }>;

export interface Treated {
  readonly outcome: TreatmentAnswer;
  /** A sentence part. */
  readonly detail: string;
}

/** Never rejects; `onDeed` is called just before Docker is told anything. */
export async function treatContainer(
  calls: DockerCalls,
  action: TreatContainer,
  onDeed: () => void,
): Promise<Treated> {
  const { id, how, before } = action;
  let now: ContainerFacts | null;
  try {
    now = await calls.inspect(id);
  } catch (error) {
    return { outcome: 'failed', detail: `nothing was done: ${partOf(error)}` };
  }
  const change = now === null ? 'it is gone' : changeSince(before, now);
  if (now === null || change !== null) return notDone(change ?? '');
  onDeed();
  const treat = how === 'killAndStart' ? killAndStart : once;
  return treat({ calls, how, before, container: now });
}

/** Docker has killed it before it answers; its word on that may come a little later. */
const END_WITHIN_MS = 15_000;
const LOOK_EVERY_MS = 50;
const LOOK_AFTER_DEADLINE_MS = 3_000;

interface Treating {
  readonly calls: DockerCalls;
  readonly how: Treatment;
  readonly before: TreatedLife;
  /** As it was just before. */
  readonly container: ContainerFacts;
}

async function once(treating: Treating): Promise<Treated> {
  const { calls, how, container } = treating;
  const deed = how === 'killAndStart' ? 'restart' : how;
  try {
    return answered(await doToContainer(calls, deed, container), SAID[deed]);
  } catch (error) {
    return unanswered(treating, error);
  }
}

const SAID = {
  restart: { done: 'Docker says that it was restarted', already: 'Docker says that it runs already' },
  stop: { done: 'Docker says that it was stopped', already: 'Docker says that it had stopped already' },
  start: { done: 'Docker says that it was started', already: 'Docker says that it runs already' },
} as const;

function answered(answer: DeedAnswer, said: (typeof SAID)['start' | 'stop' | 'restart']): Treated {
  if (answer === 'gone') return notDone('it was removed in the meantime');
  return { outcome: 'answered', detail: said[answer] };
}

async function killAndStart(treating: Treating): Promise<Treated> {
  const { calls, container, before } = treating;
  try {
    if ((await doToContainer(calls, 'kill', container)) === 'gone')
      return notDone('it was removed in the meantime');
    const after = await untilEnded(treating);
    if (after === null) return { outcome: 'failed', detail: 'it was killed, and removed by somebody then' };
    if (isSameLife(before, after))
      return {
        outcome: 'failed',
        detail: `Docker has killed it and still calls it ${after.status} after ${String(END_WITHIN_MS / 1000)} s, with the process ${String(after.pid)}`,
      };
    if (after.status === 'running' || after.status === 'restarting')
      return { outcome: 'answered', detail: 'it was killed, and something else has started it since' };
    const answer = await startAgain(treating);
    if (answer === 'gone')
      return { outcome: 'failed', detail: 'it was killed, and removed by somebody then' };
    return { outcome: 'answered', detail: 'it was killed, and Docker says that it was started' };
  } catch (error) {
    return unanswered(treating, error);
  }
}

/** A proxy may let through a kill and no start, but then a restart, which starts what has ended just as well. */
async function startAgain({ calls, container }: Treating): Promise<DeedAnswer> {
  try {
    return await doToContainer(calls, 'start', container);
  } catch (error) {
    if (!(error instanceof DockerFailure) || error.trouble !== 'forbidden') throw error;
    return doToContainer(calls, 'restart', container);
  }
}

/** How it was found then; rejects when Docker does not answer. */
async function untilEnded({ calls, container, before }: Treating): Promise<ContainerFacts | null> {
  const startedMs = monoMs();
  for (;;) {
    const now = await calls.inspect(container.id);
    if (now === null || !isSameLife(before, now) || monoMs() - startedMs > END_WITHIN_MS) return now;
    await sleep(LOOK_EVERY_MS);
  }
}

/** Only what is sure is called failed: a question that was lost on its way back may have been heeded. */
async function unanswered({ calls, container, before, how }: Treating, error: unknown): Promise<Treated> {
  const trouble = error instanceof DockerFailure ? error.trouble : null;
  const isOpen = trouble === 'too late' || trouble === 'broken off' || trouble === 'ended';
  const left = how === 'stop' ? null : await leftSo({ calls, container, before });
  const detail = left === null ? partOf(error) : `${partOf(error)}; ${left}`;
  return { outcome: isOpen ? 'tooLate' : 'failed', detail };
}

/** A sentence part: that the treatment has ended it and not started it again; null when it has not, or when nobody can tell. */
async function leftSo({
  calls,
  container,
  before,
}: Pick<Treating, 'calls' | 'container' | 'before'>): Promise<string | null> {
  if (before.status !== 'running' && before.status !== 'paused') return null;
  const found = await calls.inspectWhole(container.id, LOOK_AFTER_DEADLINE_MS).catch(() => null);
  if (found === null || found.facts.status !== 'exited') return null;
  return 'it was ended by this, and has not been started again';
}

function notDone(detail: string): Treated {
  return { outcome: 'notDone', detail };
}

function isSameLife(before: TreatedLife, now: TreatedLife): boolean {
  return changeSince(before, now) === null;
}

/** A sentence part; null when it is in the same life still. */
function changeSince(before: TreatedLife, now: TreatedLife): string | null {
  if (now.status !== before.status) return `it is ${now.status} now, and was ${before.status}`;
  if (now.startedAt !== before.startedAt || now.pid !== before.pid)
    return `it has another life now, begun at ${now.startedAt}`;
  return null;
}

function partOf(error: unknown): string {
  return messageOf(error).replace(/\.$/, '');
}
