/**
 * A start on a home folder that a crash or a bad disk has left behind: everything that is damaged is kept under another name and told of, and Garrison works.
 * The files are those of a real life before it, broken on purpose.
 */
import assert from 'node:assert/strict';
import {
  appendFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import type { SetAsideView } from '../../src/supervisor/door.ts';
import { Garrison, runCommand } from '../support/garrison.ts';
import { startOn, startOwnHosts } from '../support/ownHosts.ts';
import { withParts, type Parts } from '../support/parts.ts';
import { tempHome } from '../support/tempHome.ts';
import { until } from '../support/until.ts';

it(
  'damaged files of a home are set aside, told of, and work goes on',
  { timeout: 180_000 },
  withParts(files),
);
it(
  'Redis files: a broken end is cut off, a broken middle is set aside',
  { timeout: 180_000 },
  withParts(redis),
);

const CONFIG = 'workers: { count: 2 }\n';

async function files(parts: Parts): Promise<void> {
  const home = tempHome(parts);
  const put = (name: string, text: string): void => {
    writeFileSync(join(home, name), text, { mode: 0o600 });
  };
  put('journal.jsonl', '\u0000\u0001\u0002no line\n');
  put('healing.json', '{"containers":[{"id":"a"');
  put('wishes.json', '{"push-1":"run","push-2":"sto');
  put('users.json', '');
  put('spool', 'a file where a folder should be');
  put('home-id', 'x');
  const first = await Garrison.start(parts, { home, config: CONFIG });
  const aside = (await first.snapshot()).home?.setAside ?? [];
  const names = ['healing.json', 'home-id', 'journal.jsonl', 'spool', 'users.json', 'wishes.json'];
  assert.deepEqual(aside.map(({ name }) => name).sort(), names);
  assert.equal(
    readFileSync(join(home, nameOf(aside, 'journal.jsonl')), 'utf8'),
    '\u0000\u0001\u0002no line\n',
  );
  await assertSaferChoice(first);
  await assertTold(first, aside);
  await first.end();

  // The next start finds nothing damaged, and still says what was.
  const second = await Garrison.start(parts, { home, config: CONFIG });
  await assertSaferChoice(second);
  assert.equal((await second.snapshot()).home?.setAside.length, names.length);
  for (const { as } of aside) renameSync(join(home, as), join(home, `seen-${as.replaceAll('/', '-')}`));
  assert.deepEqual((await second.snapshot()).home?.setAside, []);
  await second.end();
}

function nameOf(aside: readonly SetAsideView[], name: string): string {
  return aside.find((each) => each.name === name)?.as ?? 'not set aside';
}

async function assertSaferChoice(garrison: Garrison): Promise<void> {
  const { workers, containers } = await garrison.snapshot();
  assert.deepEqual(
    workers.map(({ name, wish }) => [name, wish]),
    [
      ['push-1', 'run'],
      ['push-2', 'quiet'],
    ],
  );
  assert.deepEqual(
    containers.maintenance.map(({ scope, actor }) => [scope, actor]),
    [['all', 'garrison']],
  );
}

async function assertTold(garrison: Garrison, aside: readonly SetAsideView[]): Promise<void> {
  const status = await garrison.cli('status');
  assert.equal(status.exitCode, 1, status.stdout);
  for (const { name, as, lost, next } of aside) {
    const line = status.stdout.split('\n').find((each) => each.trim().startsWith(`${name} `)) ?? '';
    for (const text of [as, lost, `Next: ${next}`])
      assert.ok(line.includes(text), `${name}: ${status.stdout}`);
    assert.ok(garrison.output.includes(as), `the log says ${as}`);
  }
  const journal = readFileSync(join(garrison.home, 'journal.jsonl'), 'utf8');
  const kept = journal.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as JournalLine]));
  const told = kept.filter(({ event }) => event === 'setAside').map(({ file }) => file);
  assert.deepEqual(told.sort(), aside.map(({ name }) => name).sort());
  const doctor = await garrison.cli('doctor');
  assert.match(doctor.stdout, /wishes\.json/);
}

interface JournalLine {
  readonly event: string;
  readonly file?: string;
}

async function redis(parts: Parts): Promise<void> {
  const home = tempHome(parts);
  const own = await startOwnHosts(parts, 1);
  const host = own.hosts[0]?.name ?? '';
  const start = (): Promise<Garrison> => startOn(own, parts, { home, config: CONFIG });
  const first = await start();
  const push = await first.push('eva', [host]);
  assert.equal((await first.settled(push.id)).state, 'done');
  await first.end();

  // What a power cut leaves on many file systems: the end of the last write is zeros.
  appendFileSync(
    lastAof(home),
    Buffer.concat([Buffer.from('*3\r\n$3\r\nSET\r\n$3\r\nab'), Buffer.alloc(512)]),
  );
  const second = await start();
  assert.equal((await second.settled(push.id)).state, 'done', 'all before the end is kept');
  const [tail, ...others] = (await second.snapshot()).home?.setAside ?? [];
  assert.deepEqual([tail?.name, others], ['redis/appendonlydir', []]);
  assert.match(tail?.lost ?? '', /^Only its end was broken: the last 5\d\d bytes are gone/);
  await second.end();
  rmSync(join(home, tail?.as ?? 'nothing'), { recursive: true });

  const file = lastAof(home);
  const bytes = readFileSync(file);
  const middle = bytes.indexOf('\r\n*', Math.floor(bytes.length / 2)) + 2;
  bytes.fill('#', middle, middle + 4);
  writeFileSync(file, bytes);
  appendFileSync(join(home, 'journal.jsonl'), `${JSON.stringify(OPEN_PUSH)}\n`);
  const third = await start();
  const [whole] = (await third.snapshot()).home?.setAside ?? [];
  assert.match(whole?.lost ?? '', /records of all pushes and jobs are gone.*had not ended: p-lost/);
  assert.deepEqual(
    readFileSync(join(home, whole?.as ?? '', file.split('/').at(-1) ?? '')),
    bytes,
    'kept whole',
  );
  await until('the push is unknown now', async () => {
    const { exitCode, stderr } = await third.cli('describe', 'push', push.id);
    return exitCode === 4 && /there is no push/.test(stderr);
  });
  // The host knows what was done there: nothing is done twice.
  const again = await third.push('eva', [host]);
  const settled = await third.settled(again.id);
  assert.equal(settled.jobs[0]?.result?.outcome, 'unchanged');
  await third.end();
  assert.equal((await runCommand(['--home', home, 'doctor'])).stdout.includes(whole?.as ?? '?'), true);
}

const OPEN_PUSH = { at: '2026-01-02T03:04:05.000Z', event: 'push', id: 'p-lost', kind: 'push', jobs: [] };

function lastAof(home: string): string {
  const folder = join(home, 'redis/appendonlydir');
  const names = readdirSync(folder).filter((name) => name.endsWith('.incr.aof'));
  const file = join(folder, names.sort().at(-1) ?? '');
  assert.ok(existsSync(file));
  return file;
}
