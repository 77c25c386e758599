/** A mount that a test leaves behind is found; one that another test run has made meanwhile is its own affair. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmdirSync } from 'node:fs';
import { it } from 'node:test';
import { watchForLeaks } from '../support/leaks.ts';
import { makeTempHome } from '../support/tempHome.ts';

it(
  'tells its own mounts from those of another test run',
  { skip: process.getuid?.() !== 0 && 'only root can mount' },
  () => {
    const leaks = watchForLeaks();
    const own = makeTempHome('g own-');
    const others = mkdtempSync('/tmp/g-');
    for (const folder of [own.path, others]) execFileSync('mount', ['-t', 'tmpfs', 'leak', folder]);
    const found = leaks.find().filter((line) => line.startsWith('mount leak '));
    for (const folder of [own.path, others]) execFileSync('umount', [folder]);
    own.remove();
    rmdirSync(others);
    assert.deepEqual(
      found.map((line) => line.includes('own-')),
      [true],
    );
  },
);
