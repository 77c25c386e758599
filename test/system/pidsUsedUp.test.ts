/**
 * A machine with no pid left for a worker: the supervisor lives, says what there is too little of, and goes on by itself when there are more.
 * The pids are withheld by a cgroup of the test's own, so that nobody else has fewer.
 */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { Garrison } from '../support/garrison.ts';
import { withParts, type Parts } from '../support/parts.ts';
import { makePidsCgroup, whyNoPidsCgroup } from '../support/pidsCgroup.ts';
import { until } from '../support/until.ts';

const LATER = { deadlineMs: 60_000 };

it(
  'with no pid left a worker that ended says why it does not come back, until it does',
  { skip: whyNoPidsCgroup() },
  withParts(noPidLeft),
);

async function noPidLeft(parts: Parts): Promise<void> {
  const garrison = await Garrison.start(parts, { config: 'workers: { count: 2 }' });
  await until('both workers are up', async () =>
    (await garrison.workers()).every(({ state }) => state === 'up'),
  );
  // Its folder can be removed only when nobody is in it any more.
  const folder = makePidsCgroup({ after: (end) => void garrison.exited.then(end) }, 'max');
  for (const pid of [garrison.pid, ...childrenOf(garrison.pid)])
    writeFileSync(join(folder, 'cgroup.procs'), String(pid));
  const [first] = await garrison.workers();
  assert.ok(first?.incarnation);
  writeFileSync(join(folder, 'pids.max'), '1');
  process.kill(first.incarnation.pid, 'SIGKILL');

  const told = await until(
    'it says what there is too little of',
    async () =>
      (await garrison.workers()).find(({ detail }) =>
        /pids are used in the cgroup of Garrison/.test(detail),
      ) ?? null,
    LATER,
  );
  assert.equal(told.name, first.name);
  assert.match(
    told.detail,
    /\d+ of \d+ pids are used in the cgroup of Garrison, and a worker needs about 16/,
  );
  assert.equal(garrison.process.exitCode, null, 'the supervisor lives');
  assert.equal((await garrison.workers())[1]?.state, 'up', 'and so does the other worker');

  writeFileSync(join(folder, 'pids.max'), 'max');
  await until('it is up again', async () => (await garrison.workers())[0]?.state === 'up', LATER);
}

function childrenOf(pid: number): readonly number[] {
  const text = readFileSync(`/proc/${String(pid)}/task/${String(pid)}/children`, 'utf8');
  const own = text.trim().split(' ').filter(Boolean).map(Number);
  return [...own, ...own.flatMap(childrenOf)];
}
