/** The reaper on real processes: every orphan's zombie goes, and no exit of a child that libuv waits for is stolen. */
import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { watchForLeaks } from '../support/leaks.ts';
import { withReaper } from '../support/reaperHost.ts';
import { tempHome } from '../support/tempHome.ts';

describe('the reaper', () => {
  const leaks = watchForLeaks();
  after(() => leaks.assertNone());

  it('reaps what shells leave behind, while every child of its own still gets its exit code', async (t) => {
    const report = await withReaper(t, {
      children: 500,
      shells: 40,
      orphansPerShell: 10,
      atOnce: 8,
      overMs: 0,
      lateMarkIn: null,
    });
    assert.equal(report.rightExits, 500);
    assert.equal(report.reaped, 400);
    assert.equal(report.zombiesLeft, 0);
  });

  it('knows whose an orphan is that was first seen in the middle of an exec, and ends it', async (t) => {
    const folder = tempHome(t);
    const none = { children: 0, shells: 0, orphansPerShell: 0, atOnce: 1, overMs: 0 };
    const report = await withReaper(t, { ...none, lateMarkIn: folder });
    assert.deepEqual(report.lateLives, ['late']);
  });
});
