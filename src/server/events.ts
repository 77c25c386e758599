/**
 * Streams the supervisor's state: the whole first, then every change in order.
 * It never sends a change that is older than the snapshot before it.
 */
import type { FastifyInstance } from 'fastify';
import type { Change, Door } from '../supervisor/door.ts';
import type { StreamHub } from './stream.ts';

export function addEventRoute(app: FastifyInstance, { door, hub }: { door: Door; hub: StreamHub }): void {
  app.get('/api/v1/events', { exposeHeadRoute: false }, (request, reply) => {
    const stream = hub.open(request, reply);
    if (stream === null) return;
    // Subscribe and snapshot in one turn of the event loop: nothing can fall between the two.
    const unsubscribe = door.onChange((change) => {
      const subject = subjectOf(change);
      if (subject !== null) stream.send({ event: change.type, data: subject });
    });
    stream.gone.addEventListener('abort', unsubscribe);
    stream.send({ event: 'snapshot', data: door.snapshot() });
  });
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
    case 'loopLag':
    case 'operationRefused':
      return null;
  }
}
