/** A real run with GARRISON_RECORD: its replay gives the very verdicts that the run told people, and the file holds nothing else of worth. */
import assert from 'node:assert/strict';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import type { IncidentView } from '../../src/supervisor/door.ts';
import { replay } from '../../src/supervisor/replay.ts';
import { Garrison } from '../support/garrison.ts';
import { watchForLeaks } from '../support/leaks.ts';
import { withParts, type Parts } from '../support/parts.ts';
import { tempHome } from '../support/tempHome.ts';
import { until } from '../support/until.ts';

describe('GARRISON_RECORD', () => {
  const leaks = watchForLeaks();
  after(() => leaks.assertNone());

  it(
    'writes a stream whose replay gives the verdicts of the run: a death, a stop, a wish, an end',
    withParts(recorded),
  );
  it('never overwrites a file, and starts all the same', withParts(occupied));
});

async function recorded(parts: Parts): Promise<void> {
  const file = join(tempHome(parts), 'stream.jsonl');
  const garrison = await start(parts, file);
  const pids = (await garrison.workers()).map((worker) => worker.incarnation?.pid ?? 0);
  process.kill(pids[0] ?? 0, 'SIGKILL');
  process.kill(pids[1] ?? 0, 'SIGSTOP');
  await until('the stop was told of', async () => await tells(garrison, 'ProcessStopped'));
  assert.equal((await garrison.cli('quiet', 'push-1', '--reason', 'test')).exitCode, 0);
  await until('the wish was told of', async () => await tells(garrison, 'Quiet'));
  await until('all is well again', () => allUp(garrison), { deadlineMs: 20_000 });
  const told = await incidents(garrison);
  assert.equal(await garrison.end(), 0);
  const text = readFileSync(file, 'utf8');
  const replayed = replay(text);
  assert.deepEqual(replayed.slice(0, told.length), told.map(essence));
  // What came after the last look: the end.
  assert.deepEqual(
    new Set(replayed.slice(told.length).map(({ reason }) => reason)),
    new Set(['DrainAsked', 'SupervisorStopping']),
  );
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.doesNotMatch(text, /ssh-|PRIVATE KEY|token/i);
}

async function occupied(parts: Parts): Promise<void> {
  const file = join(tempHome(parts), 'stream.jsonl');
  writeFileSync(file, 'mine');
  const garrison = await start(parts, file);
  assert.match(garrison.output, /nothing is recorded: .*must name a file that does not exist yet/);
  assert.equal(await garrison.end(), 0);
  assert.equal(readFileSync(file, 'utf8'), 'mine');
}

async function start(parts: Parts, file: string): Promise<Garrison> {
  const garrison = await Garrison.start(parts, {
    config: 'workers: { count: 2 }',
    env: { GARRISON_RECORD: file },
  });
  await until('both workers are up', () => allUp(garrison));
  return garrison;
}

async function allUp(garrison: Garrison): Promise<boolean> {
  return (await garrison.workers()).every((worker) => worker.state === 'up');
}

/** Oldest first. */
async function incidents(garrison: Garrison): Promise<IncidentView[]> {
  const { items } = await garrison.api<{ items: IncidentView[] }>('GET', '/api/v1/incidents?limit=1000');
  return [...items].reverse();
}

async function tells(garrison: Garrison, reason: string): Promise<boolean> {
  return (await incidents(garrison)).some((incident) => incident.reason === reason);
}

function essence({ worker, at, state, reason, shown }: IncidentView): object {
  return { worker, at, state, reason, shown };
}
