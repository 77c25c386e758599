/** Every alert that ships is shown to fire in a real Prometheus by some test that does its fault; the few that are not have a reason. */
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { describe, it } from 'node:test';
import { readRules } from '../support/alertRules.ts';

/** By alert. */
const NOT_DONE: Readonly<Record<string, string>> = {
  GarrisonWatchdog: 'it has no fault: TestPrometheus waits for it before anything is done',
  GarrisonLeftoversGrowing: 'it looks back three days; schedule.test.ts sees its metric rise on a real host',
  GarrisonDriftFound: 'schedule.test.ts sees its metric rise, and fall after a sync, on a real host',
  GarrisonGrantsCheckOverdue:
    'it waits for three intervals of a minute at least; both its metrics are seen there too',
};
const FOLDERS = ['../long/', '../system/'];

/** Alerts that a scene raises in a test. */
function raised(): readonly string[] {
  const texts = FOLDERS.flatMap((folder) => {
    const url = new URL(folder, import.meta.url);
    return readdirSync(url).map((name) => readFileSync(new URL(name, url), 'utf8'));
  });
  return texts.flatMap((text) => [...text.matchAll(/\.raises\(\s*'(\w+)'/g)].map(([, name = '']) => name));
}

describe('the alerts in a real Prometheus', () => {
  const names = readRules().map(({ alert }) => alert);

  it('are each raised by the fault that they are about', () => {
    const missing = names.filter((name) => !raised().includes(name) && !(name in NOT_DONE));
    assert.deepEqual(missing, []);
  });

  it('are only excepted while nobody raises them and they ship', () => {
    for (const name of Object.keys(NOT_DONE)) {
      assert.ok(names.includes(name), name);
      assert.ok(!raised().includes(name), name);
    }
    for (const name of raised()) assert.ok(names.includes(name), `${name} is no alert that ships`);
  });
});
