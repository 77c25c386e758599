/** The words about a queue: who serves it, and what a waiting job waits for. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { describeService } from '../../src/supervisor/waiting.ts';
import type { WorkerView } from '../../src/supervisor/door.ts';

const SINCE = '2026-01-01T00:00:00.000Z';
const UP = { up: true, since: SINCE, detail: '' };

function worker(
  name: string,
  state: WorkerView['state'],
  wish: WorkerView['wish'],
  since = SINCE,
): WorkerView {
  return { name, state, wish, since, slots: 10, jobs: [] } as unknown as WorkerView;
}

describe('who serves the queue', () => {
  it('counts the workers that take jobs', () => {
    const workers = [
      worker('push-1', 'up', 'run'),
      worker('push-2', 'late', 'run'),
      worker('push-3', 'hung', 'run'),
    ];
    assert.deepEqual(describeService({ workers, redis: UP, keeper: null }), {
      served: true,
      detail: '2 of 3 workers take jobs, 20 slots',
    });
  });

  it('says of nobody why, since when, and what a person can do', () => {
    const later = '2026-01-01T00:05:00.000Z';
    const workers = [
      worker('push-1', 'stopped', 'stop'),
      worker('push-2', 'stopped', 'stop', later),
      worker('push-3', 'up', 'quiet'),
      worker('push-4', 'failed', 'run'),
    ];
    assert.equal(
      describeService({ workers, redis: UP, keeper: null }).detail,
      `no worker takes jobs: push-1, push-2 stopped by a person since ${later}; push-3 quiet, as a person asked; push-4 failed since ${SINCE}. garrison start NAME lets one take jobs`,
    );
  });

  it('names Redis first when it is away, however many workers are up', () => {
    const away = { up: false, since: SINCE, detail: 'unix:/x: ECONNREFUSED' };
    const { served, detail } = describeService({
      workers: [worker('push-1', 'up', 'run')],
      redis: away,
      keeper: null,
    });
    assert.deepEqual([served, detail], [false, `Redis is away since ${SINCE}: unix:/x: ECONNREFUSED`]);
  });
});
