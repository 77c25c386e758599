/**
 * Streams the supervisor's state: the whole first, then every change in order.
 * It never sends a change that is older than the snapshot before it.
 */
import type { FastifyInstance } from 'fastify';
import type { Change, Door } from '../supervisor/door.ts';
import { overallOf, type Overall } from './sentence.ts';
import { framed, type EventStream, type StreamEvent, type StreamHub } from './stream.ts';

const LOOK_AFTER_MS = 50;

export function addEventRoute(app: FastifyInstance, { door, hub }: { door: Door; hub: StreamHub }): void {
  const audience = gather(door);
  app.get('/api/v1/events', { exposeHeadRoute: false }, (request, reply) => {
    const stream = hub.open(request, reply);
    if (stream !== null) audience.join(stream);
  });
}

/** All who follow, with one look and one text of each change for all of them: 200 viewers cost little more than one. */
function gather(door: Door): { join(stream: EventStream): void } {
  const streams = new Set<EventStream>();
  const overall = followOverall(door, tell);
  let unsubscribe: () => void = () => undefined;
  function tell(event: StreamEvent): void {
    const text = framed(event);
    for (const stream of streams) stream.sendFramed(text);
  }
  const hear = (change: Change): void => {
    const subject = subjectOf(change);
    if (subject === null) return;
    tell({ event: change.type, data: subject });
    if (change.type !== 'operation') overall.lookSoon();
  };
  const leave = (stream: EventStream): void => {
    streams.delete(stream);
    if (streams.size > 0) return;
    unsubscribe();
    overall.rest();
  };
  return {
    // Snapshot and subscription in one turn of the event loop: nothing can fall between the two.
    join: (stream) => {
      const now = overall.look();
      stream.send({ event: 'snapshot', data: { ...door.snapshot(), overall: now } });
      if (stream.gone.aborted) return;
      if (streams.size === 0) unsubscribe = door.onChange(hear);
      streams.add(stream);
      stream.gone.addEventListener('abort', () => {
        leave(stream);
      });
    },
  };
}

/** Tells the sentence for the whole whenever it has become another one; many changes of one moment make one look. */
function followOverall(
  door: Door,
  tell: (event: StreamEvent) => void,
): { look(): Overall; lookSoon(): void; rest(): void } {
  let told = '';
  let due: NodeJS.Timeout | null = null;
  const rest = (): void => {
    if (due !== null) clearTimeout(due);
    due = null;
  };
  const look = (): Overall => {
    rest();
    const overall = overallOf(door.snapshot());
    const text = JSON.stringify(overall);
    if (text !== told) tell({ event: 'overall', data: overall });
    told = text;
    return overall;
  };
  return { look, lookSoon: () => (due ??= setTimeout(look, LOOK_AFTER_MS)), rest };
}

/** Null of what is only counted by /metrics: nothing that a reader of the state would draw. */
function subjectOf(change: Change): object | null {
  switch (change.type) {
    case 'worker':
      return change.worker;
    case 'job':
      return change.job;
    case 'container':
      return change.container;
    case 'operation':
      return change.operation;
    case 'supervisor':
      return change.snapshot;
    case 'healed':
    case 'dockerCall':
    case 'canary':
    case 'jobEnded':
    case 'attemptsLost':
    case 'loopLag':
    case 'operationRefused':
      return null;
  }
}
