/** Of which conditions people are told, when, and how often: once for each, seldom again, and once when it is over. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  CONDITION_LIMITS,
  conditionsOf,
  type Condition,
  type ConditionView,
  type ContainerSight,
} from '../../src/reconciler/condition.ts';
import {
  afterTry,
  decideNotices,
  rememberTold,
  REMIND_AFTER_MS,
  toldOf,
  type Notice,
  type NoticeMemory,
} from '../../src/reconciler/notice.ts';

const SINCE = '2025-01-02T03:04:05.678Z';
const at = (monoMs: number): { monoMs: number; wall: string } => ({ monoMs, wall: `at ${String(monoMs)}` });

const WELL: ConditionView = {
  redis: { up: true, since: SINCE, detail: 'it answers' },
  docker: { state: 'up', since: SINCE, detail: 'it answers' },
  queue: { served: true, canary: { sentAt: null } },
  workers: [{ name: 'push-1', state: 'up', since: SINCE, detail: 'works' }],
  containers: { listed: true, brake: null },
};

function sight(change: Partial<ContainerSight> = {}): ContainerSight {
  return {
    ...{ name: 'core', state: 'healthy', since: SINCE, detail: 'its health check passes' },
    heal: { quarantinedSince: null },
    ...change,
  };
}

const worker = (state: 'failed' | 'hung'): ConditionView['workers'] => [
  { name: 'push-1', state, since: SINCE, detail: 'pid 7 exited with code 1' },
];

describe('a condition', () => {
  const cases: readonly (readonly [
    string,
    Partial<ConditionView>,
    readonly ContainerSight[],
    Partial<Condition>,
  ])[] = [
    [
      'a container in quarantine',
      {},
      [sight({ state: 'quarantined', heal: { quarantinedSince: SINCE } })],
      { key: 'container/core/quarantine', severity: 'error', command: 'garrison why container/core' },
    ],
    ['a ghost', {}, [sight({ state: 'ghost' })], { key: 'container/core/ghost', severity: 'error' }],
    [
      'the brake',
      { containers: { listed: true, brake: '3 of 4 are sick' } },
      [],
      { key: 'brake', why: '3 of 4 are sick' },
    ],
    ['a failed worker', { workers: worker('failed') }, [], { key: 'worker/push-1', severity: 'error' }],
    ['a hung worker', { workers: worker('hung') }, [], { key: 'worker/push-1', severity: 'warning' }],
    [
      'Redis away',
      { redis: { up: false, since: SINCE, detail: 'refused' } },
      [],
      { key: 'redis', why: 'refused' },
    ],
    ['Docker away', { docker: { state: 'away', since: SINCE, detail: 'refused' } }, [], { key: 'docker' }],
    [
      'a late canary',
      { queue: { served: true, canary: { sentAt: SINCE } } },
      [],
      { key: 'canary', severity: 'warning' },
    ],
  ];
  for (const [name, change, containers, expected] of cases)
    it(`is ${name}, with what to do next`, () => {
      const { conditions } = conditionsOf({ ...WELL, ...change }, containers);
      assert.equal(conditions.length, 1);
      const [condition] = conditions;
      assert.deepEqual({ ...condition, ...expected }, condition);
      assert.match(condition!.command, /^garrison [a-z]/);
      assert.ok(condition!.next.length > 0 && condition!.why.length > 0);
    });

  it('is not what is well, nor a Docker that never answered, nor a canary that nobody may take', () => {
    const none = (change: Partial<ConditionView>): void =>
      assert.deepEqual(conditionsOf({ ...WELL, ...change }, [sight()]).conditions, []);
    none({});
    none({
      docker: { state: 'away', since: SINCE, detail: 'no socket' },
      containers: { listed: false, brake: null },
    });
    none({ queue: { served: false, canary: { sentAt: SINCE } } });
  });

  it('of a container with a name for a shell has a command without it', () => {
    const { conditions } = conditionsOf(WELL, [sight({ name: 'a;reboot', state: 'ghost' })]);
    assert.equal(conditions[0]?.command, 'garrison get containers');
  });
});

function condition(key: string, change: Partial<Condition> = {}): Condition {
  return {
    ...{ key, severity: 'error', episode: '1', holdMs: 10, clearAfterMs: 20, what: key, since: SINCE },
    ...{ why: 'why', next: 'next', command: 'garrison status' },
    ...change,
  };
}

type Step = readonly [ms: number, conditions: readonly Condition[], blind?: readonly string[]];

function play(
  steps: readonly Step[],
  memory: NoticeMemory = new Map(),
): { notices: Notice[]; memory: NoticeMemory } {
  const notices: Notice[] = [];
  for (const [ms, conditions, blind = []] of steps) {
    const decided = decideNotices(memory, { conditions, blind }, at(ms));
    memory = decided.memory;
    notices.push(...decided.notices);
  }
  return { notices, memory };
}

const kinds = ({ notices }: { notices: readonly Notice[] }): string[] => notices.map(({ kind }) => kind);

describe('a notice', () => {
  const one = [condition('a')];
  it('comes once the condition has lasted, and its end once that has', () => {
    const { notices } = play([
      [0, one],
      [9, one],
      [10, one],
      [11, one],
      [12, []],
      [30, []],
      [31, []],
      [99, []],
    ]);
    assert.deepEqual(
      notices.map(({ kind, at: when, since }) => [kind, when, since]),
      [
        ['begun', 'at 10', SINCE],
        ['over', 'at 31', SINCE],
      ],
    );
  });

  it('is not given for what comes and goes', () => {
    assert.deepEqual(
      kinds(
        play([
          [0, one],
          [5, []],
          [6, one],
          [15, one],
          [16, []],
        ]),
      ),
      [],
    );
  });

  it('is not given for another episode each time, as of a canary that comes back', () => {
    const next = (episode: string): Condition[] => [condition('a', { episode })];
    assert.deepEqual(
      kinds(
        play([
          [0, next('1')],
          [8, next('2')],
          [16, next('3')],
          [24, next('4')],
        ]),
      ),
      [],
    );
  });

  it('is given once for a condition that flickers, as of a worker that is tried again each minute', () => {
    const steps: Step[] = [];
    for (let round = 0; round < 10; round += 1) {
      steps.push([round * 25, [condition('a', { episode: String(round) })]]);
      steps.push([round * 25 + 11, [condition('a', { episode: String(round) })]]);
      steps.push([round * 25 + 12, []]);
    }
    assert.deepEqual(kinds(play(steps)), ['begun']);
  });

  it('is repeated after four hours, and not before', () => {
    const after = [10 + REMIND_AFTER_MS - 1, 10 + REMIND_AFTER_MS, 10 + REMIND_AFTER_MS + 1];
    const told = play([[0, one], [10, one], ...after.map((ms): Step => [ms, one])]);
    assert.deepEqual(kinds(told), ['begun', 'lasts']);
  });

  it('says nothing of what cannot be told', () => {
    assert.deepEqual(
      kinds(
        play([
          [0, one],
          [10, one],
          [11, [], ['a']],
          [500, [], ['a']],
          [519, []],
        ]),
      ),
      ['begun'],
    );
    assert.deepEqual(
      kinds(
        play([
          [0, one],
          [10, one],
          [500, [], ['a']],
          [520, []],
        ]),
      ),
      ['begun', 'over'],
    );
  });

  it('has for the first sight when nobody else knows', () => {
    const { notices } = play([
      [3, [condition('a', { since: null })]],
      [13, [condition('a', { since: null })]],
    ]);
    assert.equal(notices[0]?.since, 'at 3');
  });

  it('is not given a second time after a restart, and its end is', () => {
    const first = play([
      [0, one],
      [10, one],
    ]);
    const again = rememberTold(toldOf(first.memory), at(1000));
    assert.deepEqual(
      kinds(
        play(
          [
            [1000, one],
            [1010, one],
            [1040, []],
          ],
          again,
        ),
      ),
      ['over'],
    );
    assert.deepEqual(
      kinds(
        play(
          [
            [1000, []],
            [1019, []],
          ],
          again,
        ),
      ),
      [],
    );
  });

  it('goes at its end to whom it went at its begin', () => {
    const warn = condition('a', { severity: 'warning' });
    const { notices } = play([
      [0, [warn]],
      [10, [warn]],
      [11, [condition('a')]],
      [40, []],
    ]);
    assert.deepEqual(
      notices.map(({ severity }) => severity),
      ['warning', 'warning'],
    );
  });
});

const SIGHTS = fc.array(
  fc.record({
    passMs: fc.oneof(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 0, max: 2 * REMIND_AFTER_MS })),
    keys: fc.uniqueArray(fc.constantFrom('a', 'b', 'c')),
    blind: fc.subarray(['a', 'b']),
    episode: fc.constantFrom('1', '2'),
    restart: fc.boolean(),
  }),
  { maxLength: 60 },
);

describe('over any course of things', () => {
  it('a condition begins, is reminded of, and ends, in this order; and every begun one gets its all clear', () => {
    fc.assert(
      fc.property(SIGHTS, (course) => {
        let memory: NoticeMemory = new Map();
        let nowMs = 0;
        const open = new Map<string, number>();
        const take = (conditions: Condition[], blind: string[]): void => {
          const decided = decideNotices(memory, { conditions, blind }, at(nowMs));
          memory = decided.memory;
          for (const { key, kind } of decided.notices) {
            const lastMs = open.get(key);
            assert.equal(lastMs === undefined, kind === 'begun', `${kind} of ${key}`);
            if (kind === 'lasts') assert.ok(nowMs - lastMs! >= REMIND_AFTER_MS);
            if (kind === 'over') {
              open.delete(key);
              assert.ok(!conditions.some((one) => one.key === key && one.holdMs === 0));
            } else open.set(key, nowMs);
          }
        };
        for (const { passMs, keys, blind, episode, restart } of course) {
          nowMs += passMs;
          if (restart) memory = rememberTold(toldOf(memory), at(nowMs));
          take(
            keys.map((key) => condition(key, { episode, holdMs: key === 'a' ? 0 : 10 })),
            blind,
          );
        }
        nowMs += 1000;
        take([], []);
        assert.deepEqual([...open.keys()], []);
        assert.equal(memory.size, 0);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('a try to send', () => {
  const failed = { kind: 'failed', why: 'HTTP 500', mayRetry: true } as const;
  it('is followed by at most four others, ever later', () => {
    const pauses = [1, 2, 3, 4, 5].map((tries) => afterTry(tries, failed));
    assert.deepEqual(pauses, [
      { againInMs: 1000 },
      { againInMs: 2000 },
      { againInMs: 4000 },
      { againInMs: 8000 },
      'failed',
    ]);
  });
  it('is the last when it would not help, and when it was heard', () => {
    assert.equal(afterTry(1, { ...failed, mayRetry: false }), 'failed');
    assert.equal(afterTry(5, { kind: 'delivered' }), 'delivered');
  });
});

it('a worker that is tried once a minute is not called well in between', () => {
  assert.ok(CONDITION_LIMITS.worker.clearAfterMs > 60_000 + CONDITION_LIMITS.worker.failed);
});
