/** What is kept of healing is read back as it was; setAside.test.ts damages it. */
import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { readHealing, writeHealing } from '../../src/driver/healFile.ts';
import { makeTempHome, type TempHome } from '../support/tempHome.ts';

let home: TempHome;
beforeEach(() => (home = makeTempHome()));
afterEach(() => home.remove());

const unexpected = (): void => assert.fail('it is good');

const KEPT = {
  containers: [
    {
      id: 'a'.repeat(64),
      name: 'jms_core',
      restartsAt: ['2026-01-02T03:04:05.000Z'],
      treatments: 1,
      failures: 1,
      leftStopped: false,
      quarantine: { since: '2026-01-02T03:05:05.000Z', why: 'restarted three times' },
      underWay: null,
    },
  ],
  maintenance: [],
};

test('what was written is read back, and nobody else may read it', () => {
  writeHealing(home.path, KEPT);
  assert.deepEqual(
    readHealing({ homeDir: home.path, onSetAside: unexpected }, '2026-01-02T03:04:05.000Z'),
    KEPT,
  );
  assert.equal(statSync(join(home.path, 'healing.json')).mode & 0o777, 0o600);
});

test('a file that is missing is nothing kept', () => {
  assert.deepEqual(readHealing({ homeDir: home.path, onSetAside: unexpected }, '2026-01-02T03:04:05.000Z'), {
    containers: [],
    maintenance: [],
  });
});
