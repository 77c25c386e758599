/** Mending a broken end of Redis' append-only file: at no moment does a part of a copy stand where Redis would take it for all there is. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { redisDamage } from '../../src/detector/redisDamage.ts';
import { finishMending, setRedisFilesAside } from '../../src/driver/redisFiles.ts';
import { tempHome } from '../support/tempHome.ts';

const FILE = 'appendonly.aof.1.incr.aof';
const VALUE = 'v'.repeat(1000);
const COMMAND = `*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1000\r\n${VALUE}\r\n`;
const GOOD = COMMAND.repeat(20_000);
const LINE = `Bad file format reading the append only file ${FILE}: make a backup of your AOF file`;

function folderIn(home: string, name: string, text: string): string {
  const folder = join(home, 'redis', name);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'appendonly.aof.manifest'), `file ${FILE} seq 1 type i\n`);
  writeFileSync(join(folder, FILE), text);
  return folder;
}

it('the copy is made beside, the loops go on meanwhile, and takes the place only when it is whole', async (t) => {
  const home = tempHome(t);
  const folder = folderIn(home, 'appendonlydir', `${GOOD}*3\r\n$3\r\nSE`);
  const sizes = new Set<number>();
  const beside = new Set<string>();
  let isOver = false;
  const look = (): void => {
    if (isOver) return;
    if (existsSync(join(folder, FILE))) sizes.add(statSync(join(folder, FILE)).size);
    for (const name of readdirSync(join(home, 'redis'))) beside.add(name);
    setImmediate(look);
  };
  look();
  let lost: number | null = null;
  await setRedisFilesAside(home, LINE, (_done, bytes) => (lost = bytes));
  look();
  isOver = true;
  assert.equal(lost, 10);
  assert.equal(readFileSync(join(folder, FILE), 'utf8'), GOOD);
  assert.deepEqual([...sizes].sort(), [GOOD.length, GOOD.length + 10]);
  assert.ok(beside.has('appendonlydir.copying'), 'seen from another turn while it was made');
  assert.equal(readdirSync(join(home, 'redis')).length, 2, 'the mended one, and the one set aside');
});

it('a start finishes what one that was ended in the middle of it had begun', (t) => {
  const [half, whole, both] = [tempHome(t), tempHome(t), tempHome(t)];
  folderIn(half, 'appendonlydir.copying', 'a part');
  folderIn(whole, 'appendonlydir.mended', GOOD);
  folderIn(both, 'appendonlydir', 'as it was');
  folderIn(both, 'appendonlydir.mended', GOOD);
  for (const home of [half, whole, both]) finishMending(home);
  const left = [half, whole, both].map((home) => readdirSync(join(home, 'redis')));
  assert.deepEqual(left, [[], ['appendonlydir'], ['appendonlydir']]);
  assert.equal(readFileSync(join(both, 'redis/appendonlydir', FILE), 'utf8'), 'as it was');
});

it('what the machine has run out of is no damage of the files', () => {
  const [exit, head] = [{ exitCode: 1 }, "1:M 29 Nov 2026 # Fatal error: can't open the append log file"];
  for (const errno of ['Too many open files', 'Cannot allocate memory', 'No space left on device'])
    assert.equal(redisDamage([`${head} ${FILE} for reading: ${errno}`], exit), null, errno);
  assert.match(redisDamage([`${head} ${FILE} for reading: Is a directory`], exit) ?? '', /Is a directory/);
});
