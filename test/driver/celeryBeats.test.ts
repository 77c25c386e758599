/** Heartbeat files of celery workers, read below the root of a process without following anything out of it. */
import assert from 'node:assert/strict';
import { mkdirSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { celeryBeatsBelow, celeryBeatsIn } from '../../src/driver/celeryBeats.ts';
import { tempHome } from '../support/tempHome.ts';

const NOW = Date.parse('2026-11-29T18:00:00Z');

function rootWith(context: TestContext, files: Readonly<Record<string, number>>): string {
  const root = tempHome(context);
  mkdirSync(join(root, 'tmp'));
  for (const [name, ageMs] of Object.entries(files)) {
    const file = join(root, 'tmp', name);
    writeFileSync(file, '');
    utimesSync(file, new Date(NOW), new Date(NOW - ageMs));
  }
  return root;
}

describe('heartbeat files', () => {
  it('are read with their age, in order, and nothing else is', async (context) => {
    const root = rootWith(context, {
      ...{ worker_heartbeat_celery: 3_000, worker_heartbeat_ansible: 95_000, worker_ready_celery: 1 },
      ...{ 'worker_heartbeat_a b': 1, 'worker_heartbeat_\u001b[31m': 1, worker_heartbeat_future: -9_000 },
    });
    mkdirSync(join(root, 'tmp', 'worker_heartbeat_folder'));
    symlinkSync('/etc/passwd', join(root, 'tmp', 'worker_heartbeat_link'));
    assert.deepEqual(await celeryBeatsBelow(root, NOW), [
      { worker: 'ansible', ageMs: 95_000 },
      { worker: 'celery', ageMs: 3_000 },
      { worker: 'future', ageMs: 0 },
    ]);
  });

  it('are not looked for where /tmp leads out of the container, or is not there', async (context) => {
    const root = rootWith(context, {});
    const inside = rootWith(context, { worker_heartbeat_ansible: 1 });
    rmSync(join(root, 'tmp'), { recursive: true });
    assert.equal(await celeryBeatsBelow(root, NOW), null);
    symlinkSync(join(inside, 'tmp'), join(root, 'tmp'));
    assert.equal(await celeryBeatsBelow(root, NOW), null);
  });

  it('are found through the root of a process, of containers with celery in their name or service alone', async (context) => {
    const worker = `test-${String(process.pid)}`;
    const file = `/tmp/worker_heartbeat_${worker}`;
    writeFileSync(file, '');
    context.after(() => {
      rmSync(file);
    });
    const facts = { name: 'jms_celery', service: null, pid: process.pid, process: 'alive' } as const;
    const workersOf = async (more: object): Promise<readonly string[] | undefined> =>
      (await celeryBeatsIn({ ...facts, ...more }, Date.now()))?.map((each) => each.worker);
    assert.ok((await workersOf({}))?.includes(worker));
    assert.ok((await workersOf({ name: 'x', service: 'celery' }))?.includes(worker));
    for (const other of [{ name: 'jms_core' }, { name: 'celeryman' }, { process: 'unseen' }, { pid: 0 }])
      assert.equal(await workersOf(other), undefined, JSON.stringify(other));
  });
});
