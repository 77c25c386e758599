/** The built page: small, without anything inline, and complete in both languages. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { test } from 'node:test';
import { en } from '../../src/page/words/en.ts';
import { zh } from '../../src/page/words/zh.ts';
import { reconnectDelayMs } from '../../src/page/reconnect.ts';

const BUILT = fileURLToPath(new URL('../../dist/page/', import.meta.url));
const MOST_BYTES = 120_000;

test('the page is under 120 kB in all, as it goes over the wire', () => {
  const files = readdirSync(BUILT, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  const sizes = files.map(({ parentPath, name }) => gzipSync(readFileSync(join(parentPath, name))).length);
  const totalBytes = sizes.reduce((sum, size) => sum + size, 0);
  assert.ok(sizes.length >= 3, 'document, script and style');
  assert.ok(totalBytes < MOST_BYTES, `${String(totalBytes)} bytes`);
  console.log(`the page has ${String(Math.round(totalBytes / 1000))} kB gzipped`);
});

test('nothing stands inline, and nothing comes from elsewhere', () => {
  const document = readFileSync(join(BUILT, 'index.html'), 'utf8');
  for (const [tag, inside] of document.matchAll(/<script[^>]*>([^<]*)/g)) assert.equal(inside, '', tag);
  assert.doesNotMatch(document, /<style|\bstyle=|\bon\w+=|https?:\/\//);
});

test('what is filled into a sentence is the same in both languages', () => {
  const facts = (text: string): readonly string[] =>
    [...text.matchAll(/\{\w+\}/g)].map(([fact]) => fact).sort();
  for (const [key, text] of Object.entries(en)) {
    assert.deepEqual(facts(zh[key as keyof typeof en]), facts(text), key);
  }
});

test('two hundred pages do not come back in one moment', () => {
  const dice = Array.from({ length: 200 }, (_, index) => index / 200);
  const waits = dice.map((each) => reconnectDelayMs(4, each));
  assert.ok(Math.max(...waits) - Math.min(...waits) > 3_000);
  assert.equal(reconnectDelayMs(1, 1), 1_000);
  assert.equal(reconnectDelayMs(50, 1), 30_000);
});
