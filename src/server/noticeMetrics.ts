/**
 * Shows to Prometheus how the messages to each channel ended.
 * It never shows where they went.
 */
import type { Door, NoticeCount } from '../supervisor/door.ts';
import type { MetricBook } from './metricBook.ts';
import type { Scene } from './scene.ts';

export function addNoticeMetrics(book: MetricBook, _scene: () => Scene, door: Door): void {
  book.many<NoticeCount>(
    'counter',
    {
      name: 'notifications_total',
      help: 'Messages to a channel of `notify`, by how they ended.',
      labelNames: ['channel', 'outcome'],
      subject: ({ channel, outcome }) => `${channel} ${outcome}`,
      series: ({ channel, outcome, count }) => [[[channel, outcome], count]],
    },
    () => door.noticeCounts(),
  );
}
