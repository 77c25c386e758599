/**
 * Shows this supervisor's own workers, queue and containers to Prometheus, read from the same records as everything else.
 * It judges nothing, and never has a label that can grow without limit.
 */
import type { FastifyInstance } from 'fastify';
import type { Door } from '../supervisor/door.ts';
import { addContainerMetrics } from './containerMetrics.ts';
import { addGrantMetrics } from './grantMetrics.ts';
import { addJobMetrics } from './jobMetrics.ts';
import type { LoginFailures } from './loginFailures.ts';
import { MetricBook } from './metricBook.ts';
import { addNoticeMetrics } from './noticeMetrics.ts';
import { addOwnMetrics } from './ownMetrics.ts';
import { lookAt } from './scene.ts';
import { addWorkerMetrics } from './workerMetrics.ts';

/** One for all doors: what is counted by events must be the same on each. */
export function openMetrics(door: Door, logins: LoginFailures, clock?: () => number): MetricBook {
  const book = new MetricBook(clock);
  let scene = lookAt(door);
  book.beforeScrape(() => {
    scene = lookAt(door);
  });
  const now = (): typeof scene => scene;
  const others = [addContainerMetrics, addGrantMetrics, addNoticeMetrics];
  const adds = [addOwnMetrics, addWorkerMetrics, addJobMetrics, ...others];
  for (const add of adds) add(book, now, door);
  const login = { name: 'login_failures_total', help: 'Sign-in links and tokens that were not good.' };
  book.tally({ ...login, labelNames: ['kind'] }, logins.tally);
  return book;
}

export function addMetricsRoute(app: FastifyInstance, metrics: MetricBook): void {
  app.get('/metrics', async (_request, reply) => reply.type(metrics.contentType).send(await metrics.bytes()));
}
