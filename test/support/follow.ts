/**
 * Follows a garrison's event stream, for states that are gone again before anybody could ask for them.
 * It keeps what was said and judges nothing.
 */
import { request } from 'node:http';
import { join } from 'node:path';
import type { WorkerView } from '../../src/supervisor/door.ts';

/** A published view, and when it arrived (`performance.now()`). */
export interface SeenView extends WorkerView {
  readonly seenAtMs: number;
}

/** Collects every published view of one worker, in order, until the test's parts end. */
export async function followWorker(
  parts: { after(end: () => Promise<void> | void): void },
  { home, name }: { readonly home: string; readonly name: string },
): Promise<readonly SeenView[]> {
  const seen: SeenView[] = [];
  const headers = { accept: 'text/event-stream', host: 'localhost' };
  await new Promise<void>((resolve, reject) => {
    const sent = request(
      { socketPath: join(home, 'control.sock'), path: '/api/v1/events', headers },
      (answer) => {
        let rest = '';
        answer.setEncoding('utf8');
        answer.on('data', (part: string) => {
          const blocks = (rest + part).split('\n\n');
          rest = blocks.pop() ?? '';
          for (const block of blocks) takeWorker(block, name, seen);
          resolve();
        });
        answer.on('error', () => undefined);
      },
    );
    sent.on('error', reject);
    sent.end();
    parts.after(() => {
      sent.destroy();
    });
  });
  return seen;
}

function takeWorker(block: string, name: string, seen: SeenView[]): void {
  if (!block.includes('event: worker')) return;
  const data = block.split('\n').find((line) => line.startsWith('data: '));
  const worker = JSON.parse(data?.slice('data: '.length) ?? '{}') as WorkerView;
  if (worker.name === name) seen.push({ ...worker, seenAtMs: performance.now() });
}
