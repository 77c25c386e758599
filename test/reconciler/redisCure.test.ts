/** An embedded Redis that does not answer: woken once, then asked to end, then ended; its exit starts the next. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { beginRedisCure, decideRedisCure } from '../../src/reconciler/redisCure.ts';

interface World {
  /** Which signal has it answer again, or end. */
  readonly answersTo: 'SIGCONT' | null;
  readonly endsBy: 'SIGTERM' | 'SIGKILL' | null;
  readonly isRunning: boolean;
}

/** What was sent and how it ended, on a scripted clock; a new one answers a second after the old one's exit. */
function play({ answersTo, endsBy, isRunning: runsAtFirst }: World): {
  sent: string[];
  end: string;
  tookMs: number;
} {
  let cure = beginRedisCure({ monoMs: 1_000, wall: '' });
  let isRunning = runsAtFirst;
  let upSinceMs: number | null = null;
  let startsAtMs = runsAtFirst ? Infinity : 1_500;
  const sent: string[] = [];
  for (let nowMs = 1_000; nowMs < 200_000;) {
    if (nowMs >= startsAtMs) [isRunning, upSinceMs, startsAtMs] = [true, nowMs, Infinity];
    const decision = decideRedisCure({ cure, upSinceMs, isRunning, nowMs });
    cure = decision.cure;
    const { signal, end, recheckAtMs } = decision;
    if (end !== null) return { sent, end: `${end.state}: ${end.detail}`, tookMs: nowMs - 1_000 };
    if (signal !== null) sent.push(signal);
    if (signal !== null && signal === answersTo) upSinceMs = nowMs + 500;
    if (signal !== null && signal === endsBy) [isRunning, startsAtMs] = [false, nowMs + 1_000];
    assert.ok(recheckAtMs !== null && recheckAtMs > nowMs, 'it says when to look again');
    nowMs = Math.min(recheckAtMs, nowMs + 250);
  }
  throw new Error('it did not end');
}

it('one that was stopped is woken, and nothing more is done to it', () => {
  const { sent, end } = play({ answersTo: 'SIGCONT', endsBy: 'SIGTERM', isRunning: true });
  assert.deepEqual([sent, end], [['SIGCONT'], 'done: the redis-server was woken and answers again']);
});

it('one that is not to be woken is asked to end, and then ended', () => {
  const asked = play({ answersTo: null, endsBy: 'SIGTERM', isRunning: true });
  assert.deepEqual(asked.sent, ['SIGCONT', 'SIGTERM']);
  const ended = play({ answersTo: null, endsBy: 'SIGKILL', isRunning: true });
  assert.deepEqual(ended.sent, ['SIGCONT', 'SIGTERM', 'SIGKILL']);
  assert.match(ended.end, /^done: the redis-server was ended and a new one/);
});

it('one that has ended is only started', () => {
  const { sent, end } = play({ answersTo: null, endsBy: null, isRunning: false });
  assert.deepEqual([sent, end], [[], 'done: the redis-server was started again']);
});

it('one that nothing ends is given up', () => {
  const { end, tookMs } = play({ answersTo: null, endsBy: null, isRunning: true });
  assert.match(end, /^failed: /);
  assert.ok(tookMs <= 61_000);
});

it('each signal is sent once at most, the gentle one first, in every world', () => {
  const world = fc.record({
    answersTo: fc.constantFrom('SIGCONT' as const, null),
    endsBy: fc.constantFrom('SIGTERM' as const, 'SIGKILL' as const, null),
    isRunning: fc.boolean(),
  });
  fc.assert(
    fc.property(world, (each) => {
      const { sent } = play(each);
      assert.deepEqual(sent, ['SIGCONT', 'SIGTERM', 'SIGKILL'].slice(0, sent.length));
    }),
  );
});
