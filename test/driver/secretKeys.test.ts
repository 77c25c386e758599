/** Sealing, and the keys it is done with: what opens, what must not, and what is left after a kill at each step of a rotation. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { writeDurably } from '../../src/driver/durableFile.ts';
import { keyIdOf, open, seal, sealingKey } from '../../src/driver/sealing.ts';
import { SecretKeys } from '../../src/driver/secretKeys.ts';
import { GarrisonError } from '../../src/errors.ts';
import { tempHome } from '../support/tempHome.ts';

const key = sealingKey(Buffer.alloc(32, 7));
const bytes = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((each) => Buffer.from(each));

describe('a sealed text', () => {
  it('opens with its key in its place, and is another each time', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), bytes, (text, place, raw) => {
        const used = sealingKey(raw);
        const sealed = seal(text, place, used);
        assert.equal(open(sealed, place, used), text);
        assert.equal(keyIdOf(sealed), used.id);
        assert.notEqual(seal(text, place, used), sealed);
      }),
    );
  });

  it('does not open in another place, with another key, or changed anywhere', () => {
    const sealed = seal('$6$salt$hash', 'push p-1 passwordHash', key);
    assert.equal(open(sealed, 'push p-2 passwordHash', key), null);
    assert.equal(open(sealed, 'push p-1 passwordHash', sealingKey(Buffer.alloc(32, 8))), null);
    for (let at = 0; at < sealed.length; at += 1)
      for (const other of 'A.-_z0')
        if (sealed[at] !== other)
          assert.equal(
            open(sealed.slice(0, at) + other + sealed.slice(at + 1), 'push p-1 passwordHash', key),
            null,
            String(at),
          );
    for (let end = 0; end < sealed.length; end += 1)
      assert.equal(open(sealed.slice(0, end), 'push p-1 passwordHash', key), null);
    for (const more of ['=', '.', 'A', '\n', ' '])
      assert.equal(open(sealed + more, 'push p-1 passwordHash', key), null);
  });

  it('does not open when it is anything else', () => {
    fc.assert(fc.property(fc.string(), (text) => assert.equal(open(text, '', key), null)));
  });
});

describe('the keys of a home folder', () => {
  it('begin at the first use, with a file for their owner alone', async (t) => {
    const home = tempHome(t);
    const keys = new SecretKeys(home);
    assert.equal(keys.current(), null);
    const [one, two] = await Promise.all([keys.seal('x', 'a'), keys.seal('y', 'a')]);
    assert.equal(statSync(join(home, 'secrets.key')).mode & 0o7777, 0o600);
    assert.deepEqual([keys.open(one, 'a'), keys.open(two, 'a')], [{ text: 'x' }, { text: 'y' }]);
    assert.equal(keyIdOf(one), keyIdOf(two), 'both under one key');
    assert.deepEqual(
      readdirSync(home).filter((name) => name.startsWith('secrets')),
      ['secrets.key'],
    );
    assert.deepEqual(new SecretKeys(home).open(one, 'a'), { text: 'x' }, 'also after a restart');
  });

  const faults: readonly (readonly [string, RegExp, (file: string) => void])[] = [
    ['open to others', /open to other users \(mode 0640\)/, (file) => chmodSync(file, 0o640)],
    ['of another user', /belongs to user 65534/, (file) => chownSync(file, 65_534, 65_534)],
    ['too short', /is no key: it must hold 32 bytes/, (file) => writeFileSync(file, 'AAAA\n')],
    ['empty', /is no key/, (file) => writeFileSync(file, '')],
    ['too long', /is no key/, (file) => writeFileSync(file, `${'A'.repeat(64)}\n`)],
    [
      'a link',
      /is no plain file/,
      (file) => {
        renameSync(file, `${file}-elsewhere`);
        symlinkSync(`${file}-elsewhere`, file);
      },
    ],
  ];
  for (const [what, says, spoil] of faults) {
    it(`are an error that names the file and the cure when the file is ${what}, and it is left as it is`, async (t) => {
      const home = tempHome(t);
      const keys = new SecretKeys(home);
      const sealed = await keys.seal('x', 'a');
      const file = join(home, 'secrets.key');
      const text = readFileSync(file, 'utf8').trim();
      spoil(file);
      const [before, names] = [readFileSync(file, 'utf8'), readdirSync(home)];
      await assert.rejects(keys.seal('x', 'a'), (error) => {
        assert.ok(error instanceof GarrisonError && error.code === 'HOME_UNUSABLE');
        assert.match(error.message, says);
        assert.ok(error.message.includes(file) && error.cure !== undefined);
        assert.ok(!error.message.includes(text));
        return true;
      });
      const opened = keys.open(sealed, 'a');
      assert.ok('unreadable' in opened && says.test(opened.unreadable));
      await assert.rejects(keys.renew());
      assert.deepEqual([readFileSync(file, 'utf8'), readdirSync(home)], [before, names]);
    });
  }

  it('that are lost make what they sealed unreadable, and a copy that is put back readable again', async (t) => {
    const home = tempHome(t);
    const keys = new SecretKeys(home);
    const sealed = await keys.seal('x', 'a');
    const file = join(home, 'secrets.key');
    const copy = readFileSync(file);
    rmSync(file);
    const other = await keys.seal('y', 'a');
    const opened = keys.open(sealed, 'a');
    assert.ok('unreadable' in opened && opened.unreadable.includes(`secrets.key.${keyIdOf(sealed) ?? ''}`));
    writeFileSync(`${file}.${keyIdOf(sealed) ?? ''}`, copy, { mode: 0o600 });
    assert.deepEqual([keys.open(sealed, 'a'), keys.open(other, 'a')], [{ text: 'x' }, { text: 'y' }]);
  });

  it('are never renewed before the present one is kept', async (t) => {
    const keys = new SecretKeys(tempHome(t));
    const sealed = await keys.seal('x', 'a');
    await assert.rejects(keys.renew(), GarrisonError);
    await keys.keepPresent();
    await keys.renew();
    assert.deepEqual(keys.open(sealed, 'a'), { text: 'x' });
    assert.deepEqual(keys.earlier(), [keyIdOf(sealed)]);
    assert.notEqual(keys.current()?.id, keyIdOf(sealed));
  });

  it('leave every record readable wherever a rotation is killed, and the next one ends it', async (t) => {
    for (let nth = 1; nth <= 24; nth += 1) {
      const home = tempHome(t);
      const keys = new SecretKeys(home);
      const first = await keys.seal('hash', 'a');
      writeFileSync(join(home, 'record'), first);
      const isKilled = rotateUntil(nth, home);
      const record = (): string => readFileSync(join(home, 'record'), 'utf8');
      assert.deepEqual(keys.open(record(), 'a'), { text: 'hash' }, `killed at call ${String(nth)}`);
      await rotate(keys, join(home, 'record'));
      assert.deepEqual(keys.open(record(), 'a'), { text: 'hash' });
      const left = readdirSync(home).filter((name) => name.startsWith('secrets.key'));
      assert.deepEqual(left, ['secrets.key'], `killed at call ${String(nth)}`);
      if (isKilled) continue;
      assert.ok(nth > 12, `only ${String(nth)} calls were cut`);
      return;
    }
    assert.fail('it never came to its end');
  });
});

async function rotate(keys: SecretKeys, record: string): Promise<void> {
  await keys.keepPresent();
  await keys.renew();
  const opened = keys.open(readFileSync(record, 'utf8'), 'a');
  assert.ok('text' in opened);
  await writeDurably(record, await keys.seal(opened.text, 'a'));
  for (const id of keys.earlier()) await keys.forget(id);
}

/** The same in a process of its own, which is killed at its nth call that changes a file; a write is torn in the middle. */
function rotateUntil(nth: number, home: string): boolean {
  const script = join(home, 'rotate.mts');
  const source = (path: string): string =>
    JSON.stringify(new URL(`../../src/driver/${path}`, import.meta.url).pathname);
  writeFileSync(
    script,
    `import fs from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
let calls = 0;
const isLast = () => (calls += 1) === ${String(nth)};
const die = () => { process.kill(process.pid, 'SIGKILL'); for (;;); };
const { open, rename, unlink } = fs;
fs.rename = async (...all) => { if (isLast()) die(); return rename(...all); };
fs.unlink = async (...all) => { if (isLast()) die(); return unlink(...all); };
fs.open = async (...all) => {
  if (isLast()) die();
  const handle = await open(...all);
  const { writeFile, sync } = handle;
  handle.writeFile = async (text) => { if (isLast()) { await writeFile.call(handle, text.slice(0, text.length / 2)); die(); } return writeFile.call(handle, text); };
  handle.sync = async () => { if (isLast()) die(); return sync.call(handle); };
  return handle;
};
syncBuiltinESMExports();
const { SecretKeys } = await import(${source('secretKeys.ts')});
const { writeDurably } = await import(${source('durableFile.ts')});
const keys = new SecretKeys(${JSON.stringify(home)});
const record = ${JSON.stringify(join(home, 'record'))};
await keys.keepPresent();
await keys.renew();
await writeDurably(record, await keys.seal(keys.open(readFileSync(record, 'utf8'), 'a').text, 'a'));
for (const id of keys.earlier()) await keys.forget(id);
`,
  );
  const ended = spawnSync(process.execPath, ['--import', 'tsx', script], { encoding: 'utf8' });
  assert.ok(ended.signal === 'SIGKILL' || ended.status === 0, ended.stderr);
  return ended.signal === 'SIGKILL';
}
