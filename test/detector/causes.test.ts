/** What led to what, by the journal's lines: joined by ids, lives and operations alone, whatever order they are given in. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { causesOf, type PastLine } from '../../src/detector/causes.ts';
import { linesAbout, subjectOf } from '../../src/detector/subject.ts';

let count = 0;
const at = (second: number): { at: string; atMs: number } => {
  const atMs = Date.UTC(2026, 0, 2, 3, 12) + second * 1_000;
  return { at: new Date(atMs).toISOString(), atMs };
};
const line = (second: number, event: string, facts: object = {}): PastLine => {
  count += 1;
  return { seq: count, ...at(second), event, ...facts };
};
const verdict = (second: number, nonce: string | null, facts: object): PastLine =>
  line(second, 'verdict', {
    worker: 'push-2',
    shown: true,
    state: 'backoff',
    life: nonce === null ? null : { pid: 7, nonce },
    ...facts,
  });
const lost = (second: number, nonce: string, jobId = 'j-1'): PastLine =>
  line(second, 'attemptsLost', {
    worker: 'push-2',
    life: { pid: 7, nonce },
    attempts: [{ jobId, pushId: 'p-1', host: 'web-1', attempt: 1 }],
  });
const told = (lines: readonly PastLine[], name: string): string[] =>
  causesOf(lines, linesAbout(subjectOf(name)!, lines)).map(
    ({ line: { event, reason, what, id }, relation, depth }) =>
      `${String(depth)} ${relation} ${[event, reason, what, id].filter((each) => typeof each === 'string').join(' ')}`,
  );

test('from a push over its attempt, its worker, Redis and a container to the person who restarted it', () => {
  const lines = [
    line(0, 'push', { id: 'p-1', jobs: ['j-1', 'j-2'], hosts: ['web-1', 'web-2'], actor: 'eva' }),
    line(10, 'operation', { id: 'o-1', verb: 'restart', target: 'container/jms_redis', actor: 'wang' }),
    line(11, 'container', { container: 'jms_redis', what: 'treated', actor: 'wang' }),
    line(12, 'redisDown'),
    verdict(14, 'aa', { state: 'late', reason: 'BrokerAway', jobs: ['j-1'] }),
    line(15, 'redisUp'),
    verdict(20, 'aa', { reason: 'Killed' }),
    lost(20, 'aa'),
    line(30, 'pushEnded', { id: 'p-1', state: 'done' }),
  ];
  assert.deepEqual(told(lines, 'p-1'), [
    '0 subject push p-1',
    '1 sameTime redisDown',
    '2 sameTime container treated',
    '3 because operation o-1',
    '1 partOf attemptsLost',
    '2 because verdict Killed',
    '3 before verdict BrokerAway',
    '0 subject pushEnded p-1',
  ]);
  assert.deepEqual(told(lines, 'j-1'), told(lines, 'p-1'));
  assert.deepEqual(told(lines, 'j-2'), [
    '0 subject push p-1',
    '1 sameTime redisDown',
    '2 sameTime container treated',
    '3 because operation o-1',
    '0 subject pushEnded p-1',
  ]);
  assert.deepEqual(told(lines, 'o-1'), ['0 subject operation o-1']);
  const broker = lines.slice(0, 5);
  assert.deepEqual(told(broker, 'worker/push-2'), [
    '0 subject verdict BrokerAway',
    '1 because redisDown',
    '2 sameTime container treated',
    '3 because operation o-1',
  ]);
  assert.deepEqual(told(broker, 'overview'), [
    '0 subject redisDown',
    '1 sameTime container treated',
    '2 because operation o-1',
    '0 subject verdict BrokerAway',
  ]);
});

test('a drain is because of the operation of this life, and of no other', () => {
  const operation = line(1, 'operation', { id: 'o-1', verb: 'restart', target: 'push-2', actor: 'wang' });
  const first = verdict(2, 'aa', { state: 'up', reason: 'Beating' });
  const drained = verdict(3, 'aa', { state: 'draining', reason: 'DrainAsked' });
  assert.deepEqual(causesOf([operation, first, drained], [drained]).length, 1, 'asked for before this life');
  const own = { ...operation, seq: first.seq + 0.5 };
  assert.deepEqual(
    causesOf([own, first, drained], [drained]).map(({ relation }) => relation),
    ['subject', 'because'],
  );
});

test('redis that answers again explains no later trouble', () => {
  const away = verdict(9, 'aa', { state: 'late', reason: 'BrokerAway' });
  const lines = [{ ...line(1, 'redisDown'), seq: -2 }, { ...line(2, 'redisUp'), seq: -1 }, away];
  assert.equal(causesOf(lines, [away]).length, 1);
});

const anyLine = fc.oneof(
  fc.record({
    event: fc.constant('verdict'),
    worker: fc.constantFrom('push-1', 'push-2'),
    life: fc.option(fc.record({ pid: fc.constant(1), nonce: fc.constantFrom('a', 'b', 'c') })),
    shown: fc.boolean(),
    state: fc.constantFrom('up', 'late', 'hung', 'backoff', 'draining', 'stopped'),
    reason: fc.constantFrom('Beating', 'BrokerAway', 'Killed', 'DrainAsked', 'StoppedByPerson', 'NoBeat'),
    jobs: fc.subarray(['j-1', 'j-2', 'j-3']),
  }),
  fc.record({
    event: fc.constant('attemptsLost'),
    worker: fc.constantFrom('push-1', 'push-2'),
    life: fc.record({ pid: fc.constant(1), nonce: fc.constantFrom('a', 'b', 'c') }),
    attempts: fc.constantFrom('1', '2', '3').map((n) => [{ jobId: `j-${n}`, pushId: 'p-1', host: 'h' }]),
  }),
  fc.record({
    event: fc.constantFrom('push', 'pushEnded'),
    id: fc.constantFrom('p-1', 'p-2'),
    jobs: fc.constant(['j-1', 'j-2']),
  }),
  fc.record({ event: fc.constantFrom('redisDown', 'redisUp', 'strange') }),
  fc.record({
    event: fc.constant('container'),
    container: fc.constantFrom('c-1', 'c-2'),
    what: fc.constantFrom('sick', 'treated', 'restarted', 'healed', 'healFailed', 'quarantined'),
    actor: fc.constantFrom('garrison', 'wang', 'eva'),
  }),
  fc.record({
    event: fc.constantFrom('operation', 'operationEnded'),
    id: fc.constantFrom('o-1', 'o-2', 'o-3'),
    verb: fc.constantFrom('restart', 'stop', 'start'),
    target: fc.constantFrom('worker/push-1', 'push-2', 'container/c-1', 'c-2', 'p-1'),
    actor: fc.constantFrom('wang', 'eva'),
  }),
);
/** Several lines of one moment, as the journal has them. */
const anyPast = fc
  .array(fc.tuple(anyLine, fc.integer({ min: 0, max: 3 })), { minLength: 1, maxLength: 40 })
  .map((drawn) => {
    let second = 0;
    return drawn.map(([facts, later], seq): PastLine => {
      second += later;
      return { seq, ...at(second), ...facts };
    });
  });
const nonceOf = ({ life }: PastLine): string | undefined => (life as { nonce: string } | null)?.nonce;

describe('whatever the journal holds', () => {
  const runs = { numRuns: 300 };

  test('no cause is later than what it explains, and no life explains another', () => {
    fc.assert(
      fc.property(anyPast, (lines) => {
        for (const root of lines) {
          for (const { line: cause, relation, explains } of causesOf(lines, [root])) {
            if (explains === null) continue;
            const effect = lines.find(({ seq }) => seq === explains)!;
            if (relation === 'because' || relation === 'before') {
              assert.ok(cause.seq < effect.seq && cause.atMs <= effect.atMs, 'later');
              if (cause.event === 'verdict') {
                assert.ok(nonceOf(cause) !== undefined && nonceOf(cause) === nonceOf(effect), 'another life');
                assert.equal(cause.worker, effect.worker);
              }
              if (cause.event === 'container') assert.equal(cause.container, effect.container);
            }
          }
        }
      }),
      runs,
    );
  });

  test('the order in which lines are given changes nothing, nor is any told of twice', () => {
    const both = anyPast.chain((lines) =>
      fc.tuple(
        fc.constant(lines),
        fc.shuffledSubarray(lines, { minLength: lines.length, maxLength: lines.length }),
      ),
    );
    fc.assert(
      fc.property(
        both,
        fc.constantFrom('p-1', 'j-2', 'worker/push-1', 'container/c-1', 'o-1', ''),
        ([lines, shuffled], name) => {
          const tell = (past: readonly PastLine[]): unknown => {
            return causesOf(past, linesAbout(subjectOf(name)!, past));
          };
          assert.deepEqual(tell(shuffled), tell(lines));
          const seqs = causesOf(lines, lines.slice(-1)).map(({ line: { seq } }) => seq);
          assert.equal(new Set(seqs).size, seqs.length);
        },
      ),
      runs,
    );
  });
});
