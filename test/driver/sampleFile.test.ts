/** The file of samples: what was written is read again, a torn or strange line is passed over with one word, and it never grows past its bound. */
import assert from 'node:assert/strict';
import { appendFileSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { SampleFile } from '../../src/driver/sampleFile.ts';
import { tempHome } from '../support/tempHome.ts';

type Row = readonly (number | null)[];

function open(home: string, largestBytes?: number) {
  const said: string[] = [];
  const file = new SampleFile({
    homeDir: home,
    onTrouble: (why) => said.push(why),
    ...(largestBytes === undefined ? {} : { largestBytes }),
  });
  const read = async (): Promise<Row[]> => {
    const rows: Row[] = [];
    await file.read((row) => rows.push(row));
    return rows;
  };
  return { file, said, read };
}

const pathIn = (context: TestContext): { home: string; path: string } => {
  const home = tempHome(context);
  return { home, path: join(home, 'history.jsonl') };
};

test('rows come back in order, for their owner alone, and there is nothing to say', async (context) => {
  const { home, path } = pathIn(context);
  const { file } = open(home);
  for (let row = 0; row < 100; row += 1) file.append([row, null, 0.5]);
  await file.end();
  const again = open(home);
  assert.deepEqual(
    await again.read(),
    Array.from({ length: 100 }, (_, row) => [row, null, 0.5]),
  );
  assert.deepEqual(again.said, []);
  assert.equal(statSync(path).mode & 0o777, 0o600);
});

test('a torn end and strange lines are passed over with one word, and the next row stands on a line of its own', async (context) => {
  const { home, path } = pathIn(context);
  writeFileSync(path, '[1,2]\n{"a":1}\n\u0000\u0000\n[2,"x"]\n[3,4]\n[4,5');
  const torn = open(home);
  assert.deepEqual(await torn.read(), [
    [1, 2],
    [3, 4],
  ]);
  assert.equal(torn.said.length, 1);
  assert.match(torn.said[0] ?? '', /^4 lines of .*history\.jsonl cannot be read/);
  torn.file.append([5, 6]);
  await torn.file.end();
  assert.deepEqual(await open(home).read(), [
    [1, 2],
    [3, 4],
    [5, 6],
  ]);
});

test('it holds at most twice its bound, and the newest', async (context) => {
  const { home, path } = pathIn(context);
  const { file } = open(home, 1_000);
  for (let row = 0; row < 500; row += 1) {
    file.append([row, 1, 2, 3]);
    await file.end();
  }
  const bytes = [path, `${path}.1`].map((each) => statSync(each).size);
  assert.ok(Math.max(...bytes) < 1_050, String(bytes));
  assert.ok(!existsSync(`${path}.2`));
  const rows = (await open(home, 1_000).read()).map(([row]) => row ?? 0);
  assert.equal(rows.at(-1), 499);
  assert.deepEqual(
    rows,
    Array.from({ length: rows.length }, (_, index) => 500 - rows.length + index),
  );
  assert.ok(rows.length > 80, 'a whole file at least');
});

test('where it cannot be read or written, that is said once each, and nothing fails', async (context) => {
  const { home, path } = pathIn(context);
  mkdirSync(path);
  const { file, said, read } = open(home);
  assert.deepEqual(await read(), []);
  for (const row of [1, 2, 3]) {
    file.append([row]);
    await file.end();
  }
  assert.equal(said.length, 2, said.join('\n'));
  assert.match(said[0] ?? '', /cannot read .*begin anew/);
  assert.match(said[1] ?? '', /cannot write .*gap/);
});

test('a file of garbage without an end costs no more than its bound', async (context) => {
  const { home, path } = pathIn(context);
  const { file, said, read } = open(home, 1_000);
  for (let part = 0; part < 20; part += 1) appendFileSync(path, 'x'.repeat(100_000));
  assert.deepEqual(await read(), []);
  assert.equal(said.length, 1);
  file.append([1]);
  await file.end();
  assert.equal(readFileSync(path, 'utf8'), '[1]\n', 'a new one is begun');
});
