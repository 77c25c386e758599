/** A recorded stream, judged again, gives the verdicts of the run that was recorded: for any stream, and for real ones word by word. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { fixedWindowFlips } from '../../bench/fixedWindow.ts';
import type { WorkerObservation } from '../../src/detector/evidence.ts';
import { RecordedBoard } from '../../src/supervisor/recordedBoard.ts';
import { replay, type ReplayedVerdict } from '../../src/supervisor/replay.ts';
import { readStream, StreamWriter, type StreamTurn } from '../../src/supervisor/stream.ts';
import {
  anyStream,
  around,
  LIVES,
  moment,
  APART,
  SETTINGS,
  type MadeUpTurn,
} from '../support/madeUpStream.ts';

const stream = anyStream(6_000);

interface Live {
  readonly text: string;
  readonly verdicts: readonly ReplayedVerdict[];
  readonly turns: readonly StreamTurn[];
}

/** A live run as the supervisor does it, recorded, with dice that the replay doesn't have. */
function liveRun(turns: readonly MadeUpTurn[]): Live {
  const lines: string[] = [];
  const told: StreamTurn[] = [];
  const startedAt = moment(0).wall;
  const writer = new StreamWriter({ startedAt, settings: SETTINGS }, (line) => lines.push(`${line}\n`));
  let throws = 0;
  const dice = (): number => ((throws += 1) * 0.37) % 1;
  const board = new RecordedBoard({ ...SETTINGS, ...APART, dice }, startedAt, (turn) => {
    told.push(turn);
    writer.add(turn);
  });
  let nowMs = 0;
  let surroundings = fc.sample(around, { numRuns: 1, seed: 1 })[0]!;
  for (const turn of turns) {
    for (const one of turn.wishes) board.setWish(one.worker, one.wish);
    nowMs += turn.gapMs;
    for (const one of turn.seen) board.observe(one.worker, one.observation, moment(nowMs));
    surroundings = turn.around ?? surroundings;
    board.decide({ ...surroundings, at: moment(nowMs) });
  }
  const verdicts = board.incidents().reverse();
  return { text: lines.join(''), verdicts: verdicts.map(essence), turns: told };
}

function essence({ worker: name, at, state, reason, shown }: ReplayedVerdict): ReplayedVerdict {
  return { worker: name, at, state, reason, shown };
}

describe('a replay', () => {
  it('gives the verdicts of the live run, held back ones too, and the same each time', () => {
    fc.assert(
      fc.property(stream, (turns) => {
        const { text, verdicts } = liveRun(turns);
        const first = replay(text);
        assert.deepEqual(first, verdicts);
        assert.deepEqual(replay(text), first);
      }),
      { numRuns: 200 },
    );
  });

  it('reads back exactly what was written, infinite times too', () => {
    fc.assert(
      fc.property(stream, (turns) => {
        const live = liveRun(turns);
        assert.deepEqual(
          JSON.stringify(readStream(live.text).turns, named),
          JSON.stringify(live.turns, named),
        );
      }),
    );
  });

  it('leaves out a last line that was cut off', () => {
    const { text } = liveRun(
      fc.sample(stream, { numRuns: 20, seed: 7 }).find(({ length }) => length > 20) ?? [],
    );
    const whole = readStream(text).turns;
    assert.deepEqual(readStream(text.slice(0, -5)).turns, whole.slice(0, -1));
  });

  it('refuses what is no recorded stream', () => {
    for (const text of ['', 'x\n', '{"format":"garrison-stream/2"}\n', '[]\n'])
      assert.throws(() => replay(text), /no recorded stream/);
  });

  it('goes on where the ledger of a live run has long forgotten', () => {
    const exit: WorkerObservation = {
      kind: 'exited',
      incarnation: LIVES[0]!,
      exitCode: 1,
      signal: null,
      lastLines: [],
    };
    const spawned: WorkerObservation = { kind: 'spawned', incarnation: LIVES[0]! };
    const calm = { gapMs: 10, wishes: [], around: null };
    const once = [spawned, exit].map((seen) => {
      return { ...calm, seen: [{ worker: 'push-1', observation: seen }] };
    });
    const turns = Array.from({ length: 700 }, () => once).flat();
    const live = liveRun(turns);
    const all = replay(live.text);
    assert.ok(all.length > 1_300);
    assert.equal(live.verdicts.length, 1_000);
    assert.deepEqual(all.slice(-1_000), live.verdicts);
  });
});

function named(_key: string, value: unknown): unknown {
  return value === -Infinity ? 'never' : value;
}

/** What each worker was shown as, and what was held back, in order. */
function storyOf(name: string): { text: string; story: Record<string, string[]> } {
  const text = readFileSync(new URL(`../fixtures/streams/${name}.jsonl`, import.meta.url), 'utf8');
  const verdicts = replay(text);
  const of = (worker: string): string[] =>
    verdicts
      .filter((verdict) => verdict.worker === worker)
      .map(({ state, reason, shown }) => `${state} ${reason}${shown ? '' : ' (held back)'}`);
  return { text, story: { 'push-1': of('push-1'), 'push-2': of('push-2') } };
}

describe('a recorded run', () => {
  const start = ['starting NotStartedYet', 'starting Spawned', 'up Beating'];
  const away = ['late BrokerAway', 'up Beating (held back)', 'up Beating'];

  const runs: readonly [string, string, Record<string, string[]>, number][] = [
    [
      'a loop blocked for 3 s: nobody is shown a thing',
      'blockedLoop',
      { 'push-1': start, 'push-2': start },
      2,
    ],
    [
      'a loop blocked for 2.5 s five times over: nobody is shown a thing',
      'shortBlocks',
      { 'push-1': start, 'push-2': start },
      10,
    ],
    [
      'Redis stopped for 10 s: each is late once, for that reason, and up again once',
      'stoppedRedis',
      { 'push-1': [...start, ...away], 'push-2': [...start, ...away] },
      4,
    ],
    [
      'the supervisor stopped for 10 s: nobody is convicted',
      'stoppedSupervisor',
      { 'push-1': start, 'push-2': start },
      4,
    ],
  ];
  for (const [what, name, expected, flips] of runs) {
    it(`${what}; the fixed-window rule flips ${String(flips)} times`, () => {
      const { text, story } = storyOf(name);
      assert.deepEqual(story, expected);
      assert.equal(fixedWindowFlips(text), flips);
    });
  }
});
