/** The reaper at the size of an incident: ten thousand exits of its own, and five thousand zombies in a minute. */
import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { watchForLeaks } from '../support/leaks.ts';
import { withReaper } from '../support/reaperHost.ts';

const MOST_CPU_SHARE = 0.1;

describe('the reaper, in full', () => {
  const leaks = watchForLeaks();
  after(() => leaks.assertNone());

  it('steals none of ten thousand exits', async (t) => {
    const order = {
      children: 10_000,
      shells: 100,
      orphansPerShell: 10,
      atOnce: 8,
      overMs: 0,
      lateMarkIn: null,
    };
    const report = await withReaper(t, order);
    assert.deepEqual([report.rightExits, report.reaped, report.zombiesLeft], [10_000, 1_000, 0]);
  });

  it('reaps five thousand zombies in a minute with under a tenth of a core', async (t) => {
    const order = {
      children: 0,
      shells: 50,
      orphansPerShell: 100,
      atOnce: 1,
      overMs: 60_000,
      lateMarkIn: null,
    };
    const report = await withReaper(t, order);
    t.diagnostic(`${String(report.reaped)} reaped with ${(report.cpuShare * 100).toFixed(1)} % of a core`);
    assert.deepEqual([report.reaped, report.zombiesLeft], [5_000, 0]);
    assert.ok(report.cpuShare < MOST_CPU_SHARE, String(report.cpuShare));
  });
});
