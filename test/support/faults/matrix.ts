/**
 * The fault matrix: every fault by name, done to a garrison of its own, with the durations as written times one factor.
 * The factor shortens how long a fault lasts, never a length that the detector's own limits are held against.
 */
import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { fixedWindowFlips } from '../../../bench/fixedWindow.ts';
import { watchForLeaks } from '../leaks.ts';
import { withParts, type Parts } from '../parts.ts';
import { deafSsh, hungHosts } from './jobs.ts';
import { busyLoops, clockJump, stoppedSupervisor } from './machine.ts';
import { redisGone, redisHangs } from './redis.ts';
import type { FaultRun } from './watch.ts';
import { blockForGood, briefBlock, delayedBeats, heldStopped, stopped, untimedBlock } from './worker.ts';

interface Fault {
  readonly name: string;
  readonly run: (parts: Parts, scale: number) => Promise<FaultRun>;
  /** A rule with one fixed window calls somebody dead here who is not. */
  readonly misleads?: true;
}

const FAULTS: readonly Fault[] = [
  { name: '8 busy loops on the processors for 60 s', run: busyLoops },
  { name: 'Redis hangs for 10 s, three times', run: redisHangs },
  { name: 'Redis is killed and back after 20 s', run: redisGone, misleads: true },
  { name: 'a worker is stopped for 15 s and woken by its supervisor', run: stopped },
  { name: 'a worker is stopped again whenever it is woken', run: heldStopped, misleads: true },
  { name: 'an event loop is blocked for 3 s, from just after a beat', run: briefBlock, misleads: true },
  { name: 'an event loop is blocked for 3 s, at any time', run: untimedBlock, misleads: true },
  { name: 'an event loop is blocked for good', run: blockForGood, misleads: true },
  { name: 'the supervisor is stopped for 10 s', run: stoppedSupervisor, misleads: true },
  { name: 'every slot is held by a hung host', run: hungHosts },
  { name: 'an ssh client ignores TERM', run: deafSsh },
  { name: 'the clock jumps an hour either way', run: clockJump },
  { name: 'beats are up to 3 s late, at random', run: delayedBeats, misleads: true },
];

/** Declares the tests of the whole matrix. */
export function describeFaults(title: string, scale: number): void {
  describe(title, () => {
    const leaks = watchForLeaks();
    after(() => leaks.assertNone());
    const streams = new Map<string, string | null>();
    for (const { name, run } of FAULTS) {
      it(
        name,
        withParts(async (parts) => {
          streams.set(name, (await run(parts, scale)).stream);
        }),
      );
    }
    it('the rule with one fixed window flips on these streams, so that a flip would be seen', () => {
      for (const { name } of FAULTS.filter((fault) => fault.misleads && streams.has(fault.name))) {
        const flips = fixedWindowFlips(streams.get(name) ?? '');
        assert.ok(flips > 0, `${name}: the fixed window did not flip`);
      }
    });
  });
}
