/**
 * Follows a garrison's event stream and hands over each event the moment it arrives.
 * It keeps and judges nothing, and asks nothing of the supervisor while a time is taken.
 */
import { request } from 'node:http';
import { join } from 'node:path';
import type { JobView, Snapshot, WorkerView } from '../src/supervisor/door.ts';
import type { BenchContext } from './benchmark.ts';

export interface Listeners {
  worker?: (worker: WorkerView) => void;
  job?: (job: JobView) => void;
  snapshot?: (snapshot: Snapshot) => void;
}

/** Resolves when the stream has begun; it ends with the benchmark. */
export async function followEvents(context: BenchContext, home: string, listeners: Listeners): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const headers = { accept: 'text/event-stream', host: 'localhost' };
    const sent = request(
      { socketPath: join(home, 'control.sock'), path: '/api/v1/events', headers },
      (answer) => {
        let rest = '';
        answer.setEncoding('utf8');
        answer.on('data', (part: string) => {
          const blocks = (rest + part).split('\n\n');
          rest = blocks.pop() ?? '';
          for (const block of blocks) hear(block, listeners);
          resolve();
        });
        answer.on('error', () => undefined);
      },
    );
    sent.on('error', reject);
    sent.end();
    context.after(() => {
      sent.destroy();
    });
  });
}

function hear(block: string, listeners: Listeners): void {
  const name = /^event: (.*)$/m.exec(block)?.[1];
  const data = /^data: (.*)$/m.exec(block)?.[1];
  if (data === undefined) return;
  if (name === 'worker') listeners.worker?.(JSON.parse(data) as WorkerView);
  if (name === 'job') listeners.job?.(JSON.parse(data) as JobView);
  if (name === 'snapshot') listeners.snapshot?.(JSON.parse(data) as Snapshot);
}
