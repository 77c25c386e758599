/**
 * Streams the supervisor's state: the whole first, then every change in order.
 * It never sends a change that is older than the snapshot before it.
 */
import type { FastifyInstance } from 'fastify';
import type { Change, Door } from '../supervisor/door.ts';
import { overallOf, type Overall } from './sentence.ts';
import type { EventStream, StreamHub } from './stream.ts';

const LOOK_AFTER_MS = 50;

export function addEventRoute(app: FastifyInstance, { door, hub }: { door: Door; hub: StreamHub }): void {
  app.get('/api/v1/events', { exposeHeadRoute: false }, (request, reply) => {
    const stream = hub.open(request, reply);
    if (stream === null) return;
    const overall = followOverall(door, stream);
    // Subscribe and snapshot in one turn of the event loop: nothing can fall between the two.
    const unsubscribe = door.onChange((change) => {
      const subject = subjectOf(change);
      if (subject === null) return;
      stream.send({ event: change.type, data: subject });
      if (change.type !== 'operation') overall.lookSoon();
    });
    stream.gone.addEventListener('abort', unsubscribe);
    stream.send({ event: 'snapshot', data: { ...door.snapshot(), overall: overall.now() } });
  });
}

/** The sentence for the whole, whenever it has become another one; many changes of one moment make one look. */
function followOverall(door: Door, stream: EventStream): { now(): Overall; lookSoon(): void } {
  let told = '';
  let due: NodeJS.Timeout | null = null;
  const now = (): Overall => {
    const overall = overallOf(door.snapshot());
    told = JSON.stringify(overall);
    return overall;
  };
  const look = (): void => {
    due = null;
    const before = told;
    const overall = now();
    if (told !== before && !stream.gone.aborted) stream.send({ event: 'overall', data: overall });
  };
  stream.gone.addEventListener('abort', () => {
    if (due !== null) clearTimeout(due);
  });
  return { now, lookSoon: () => (due ??= setTimeout(look, LOOK_AFTER_MS)) };
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
