/** `doctor --self-test` with one hand broken after another, as a kernel, a sandbox or a mount might: exactly the cases that need it are not handled. */
import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { borrowOwnCgroup } from '../../src/driver/workerCgroup.ts';
import type { SelfTestCode } from '../../src/reconciler/selfTestCases.ts';
import { whyNoCgroup } from '../support/cgroup.ts';
import { watchForLeaks } from '../support/leaks.ts';
import { runSelfTest } from '../support/selfTest.ts';

interface Broken {
  readonly hand: string;
  /** Each with what its detail must say. */
  readonly notHandled: Readonly<Partial<Record<SelfTestCode, RegExp>>>;
}

const OUTLIVES = /did not give it to the supervisor/;
const BROKEN: readonly Broken[] = [
  {
    hand: 'subreaper',
    notHandled: {
      Zombie: /did not come to the supervisor/,
      Orphan: OUTLIVES,
      SetsidEscapee: OUTLIVES,
      HiddenEscapee: /did not start in its cgroup/,
    },
  },
  {
    hand: 'waitpid',
    notHandled: {
      Zombie: /was not reaped/,
      Orphan: /lived on/,
      SetsidEscapee: /lived on/,
      HiddenEscapee: /lived on/,
    },
  },
  {
    hand: 'SIGKILL',
    notHandled: {
      Zombie: /could not be ended/,
      Orphan: /lived on/,
      SetsidEscapee: /lived on/,
      TermIgnorer: /SIGKILL did not end it/,
      LoopBlocked: /SIGKILL did not end it/,
    },
  },
  { hand: 'SIGTERM', notHandled: { TermIgnorer: /SIGTERM did not reach it/ } },
  { hand: 'SIGCONT', notHandled: { Stopped: /SIGCONT did not wake it/ } },
  { hand: 'secondBeat', notHandled: { LoopBlocked: /second beat did not tell/ } },
  { hand: 'stack', notHandled: { LoopBlocked: /Where it stands could not be read/ } },
  {
    hand: 'environ',
    notHandled: {
      Orphan: OUTLIVES,
      SetsidEscapee: OUTLIVES,
      HiddenEscapee: /did not start in its cgroup/,
    },
  },
  { hand: 'cgroupKill', notHandled: { HiddenEscapee: /lived on/ } },
];
/** What the machine cannot do anyway is not tried. */
const UNTRIED: readonly SelfTestCode[] = whyNoCgroup() === false ? [] : ['HiddenEscapee'];

describe('the self-test with a broken hand', { concurrency: 2 }, () => {
  const leaks = watchForLeaks();
  // What nobody was given ends by itself.
  after(() => leaks.assertNone(40_000));
  // The cgroup of which the kill file did nothing is left empty: the next self-test, as every start, removes it.
  after(() => void borrowOwnCgroup());

  for (const { hand, notHandled } of BROKEN)
    it(`finds that it is ${hand}`, async (t) => {
      const { exitCode, report, tookMs } = await runSelfTest(t, { broken: hand });
      const failed = report.items.filter(({ verdict }) => verdict === 'notHandled');
      const expected = (Object.keys(notHandled) as SelfTestCode[]).filter((code) => !UNTRIED.includes(code));
      assert.deepEqual(
        failed.map(({ code }) => code).sort(),
        expected.sort(),
        JSON.stringify(report, null, 1),
      );
      for (const { code, detail, next } of failed) {
        assert.match(detail, notHandled[code] ?? /^$/);
        assert.notEqual(next, null);
      }
      assert.equal(exitCode, expected.length === 0 ? 0 : 1);
      assert.ok(tookMs < 27_000, `${String(tookMs)} ms`);
    });
});
