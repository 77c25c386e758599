/**
 * Zombies of somebody else's, under the whole supervisor: named with owner and since, left alone, and gone when their parent ends.
 * Their parent stays the same process throughout: nothing was sent to it.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { readProcStat } from '../../src/proc.ts';
import type { OperationView, ZombieView } from '../../src/supervisor/door.ts';
import { Garrison } from '../support/garrison.ts';
import { withParts, type Parts } from '../support/parts.ts';
import { until } from '../support/until.ts';
import { leaveZombies } from '../support/zombies.ts';

const COUNT = 50;

describe("somebody else's zombies", () => {
  it('are named, not touched, and gone when their parent ends', withParts(namedNotTouched));
});

async function namedNotTouched(parts: Parts): Promise<void> {
  const garrison = await Garrison.start(parts, { config: 'workers: { count: 1 }' });
  const parent = await leaveZombies(parts, COUNT);
  const listed = async (): Promise<ZombieView[]> =>
    (await garrison.api<{ items: ZombieView[] }>('GET', '/api/v1/zombies')).items.filter(
      (zombie) => zombie.parent.pid === parent.pid,
    );
  const switchesBefore = contextSwitches(parent.pid);
  const first = await until('they are seen', async () => ofLength(COUNT, await listed()));
  for (const { owner, name, parent: of, advice } of first) {
    assert.deepEqual([owner, name, of.name], ['foreign', 'sh', 'sleep']);
    assert.match(advice, /Do not kill it .* or its parent sleep/);
  }
  await swept(garrison, parent.pid);
  const said = await garrison.cli('reap');
  assert.equal(said.exitCode, 0, said.stderr);
  assert.match(
    said.stdout,
    /^reap zombies: done: \d+ reaped, \d+ left \(.*foreign \d+.*\), all dead and harmless$/m,
  );
  const again = await listed();
  assert.deepEqual(
    again.map(({ pid, since }) => [pid, since]),
    first.map(({ pid, since }) => [pid, since]),
    'since when stays the same',
  );
  const status = await garrison.cli('status');
  assert.equal(status.exitCode, 0, 'zombies are no trouble');
  assert.match(status.stdout, /zombies \(.*foreign \d+.*\), harmless: do not kill them/);
  // The very same process, asleep all the while: any signal would have woken, stopped or ended it.
  const stat = readProcStat(parent.pid)!;
  assert.deepEqual([stat.startTicks, stat.state], [parent.startTicks, 'S']);
  assert.deepEqual(contextSwitches(parent.pid), switchesBefore);
  await parent.end();
  await until('they are gone', async () => (await listed()).length === 0, { deadlineMs: 20_000 });
}

/** Each is accounted for: left, whose it is, and what to do. */
async function swept(garrison: Garrison, parentPid: number): Promise<void> {
  const { id } = await garrison.api<OperationView>('POST', '/api/v1/operations', { verb: 'reap' });
  const done = await until('the sweep is done', async () => {
    const operation = await garrison.api<OperationView>('GET', `/api/v1/operations/${id}`);
    return operation.state === 'running' ? false : operation;
  });
  assert.equal(done.state, 'done');
  const ofParent = done.swept!.filter(({ why }) => why.includes(`(pid ${String(parentPid)})`));
  assert.equal(ofParent.length, COUNT);
  assert.ok(ofParent.every(({ outcome, owner }) => outcome === 'left' && owner === 'foreign'));
}

function ofLength<T>(length: number, items: T[]): T[] | null {
  return items.length === length ? items : null;
}

/** How often it has run: a process that sleeps and is sent nothing never does. */
function contextSwitches(pid: number): string[] {
  return readFileSync(`/proc/${String(pid)}/status`, 'utf8')
    .split('\n')
    .filter((line) => line.includes('ctxt_switches'));
}
