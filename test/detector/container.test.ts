/** What is said of a container, for each thing that can be seen of it; and that no container can write itself into the sentence. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { judgeContainer, type ContainerVerdict } from '../../src/detector/container.ts';
import type { ContainerFacts } from '../../src/detector/containerFacts.ts';
import { A_TIME, healthOf, madeUpContainer } from '../support/madeUpContainer.ts';

const TIMED_OUT = 'Health check exceeded timeout (2s)';

function judge(more: Partial<ContainerFacts> = {}): ContainerVerdict {
  const facts = madeUpContainer('core', more);
  return judgeContainer({ facts, dockerAwaySince: null, lifelessSince: null, unprobedSince: null });
}

describe('what is said of a container', () => {
  const cases: readonly (readonly [string, Partial<ContainerFacts>, string, RegExp])[] = [
    ['passes its health check', {}, 'healthy ProbePassed', /passes/],
    ['has no health check', { health: null, healthCheck: null }, 'healthy NoHealthCheck', /no health check/],
    [
      'has not been probed yet',
      { health: healthOf('starting', 0) },
      'starting NotProbedYet',
      /not passed yet/,
    ],
    [
      'fails its health check',
      { health: healthOf('unhealthy', 7, { output: 'curl: (7) Failed to connect\n' }) },
      'unhealthy ProbeFailed',
      /failed 2 times in a row, last with exit code 7: "curl: \(7\) Failed to connect"$/,
    ],
    [
      'does not answer its health check',
      { health: healthOf('unhealthy', -1, { output: TIMED_OUT }) },
      'unhealthy ProbeTimedOut',
      /did not end in time/,
    ],
    [
      'could not be probed',
      {
        health: healthOf('unhealthy', -1, {
          output: 'OCI runtime exec failed: cannot exec in a stopped container',
        }),
      },
      'unhealthy ProbeNotRun',
      /says nothing about the container itself/,
    ],
    ['is paused', { status: 'paused' }, 'paused Paused', /docker unpause/],
    [
      'has ended',
      { status: 'exited', exitCode: 137, finishedAt: A_TIME, pid: 0 },
      'stopped Exited',
      /exit code 137/,
    ],
    ['is started again by Docker', { status: 'restarting' }, 'starting DockerRestarts', /always/],
    ['was never started', { status: 'created', pid: 0 }, 'stopped NeverStarted', /not started/],
  ];
  for (const [name, more, expected, detail] of cases) {
    it(name, () => {
      const { state, reason, detail: said } = judge(more);
      assert.equal(`${state} ${reason}`, expected);
      assert.match(said, detail);
    });
  }

  it('a ghost comes before what its health check says, and an absent Docker before both', () => {
    const facts = madeUpContainer('core', { process: 'gone', health: healthOf('unhealthy', 1) });
    const question = { facts, dockerAwaySince: null, lifelessSince: A_TIME, unprobedSince: A_TIME };
    const ghost = judgeContainer(question);
    assert.deepEqual([ghost.state, ghost.since], ['ghost', A_TIME]);
    assert.match(ghost.detail, /as pid 4242, and there is no such process/);
    const away = judgeContainer({ ...question, dockerAwaySince: A_TIME });
    assert.deepEqual([away.state, away.reason], ['unknown', 'DockerAway']);
    const unprobed = judgeContainer({ ...question, lifelessSince: null });
    assert.deepEqual([unprobed.state, unprobed.reason], ['unknown', 'ProbesStopped']);
    assert.match(unprobed.detail, /^Docker calls it unhealthy and has stopped running its health check/);
  });

  it('unhealthy since the first failure that its log ends with', () => {
    assert.equal(judge({ health: healthOf('unhealthy', 1) }).since, '2026-01-02T03:05:02.500Z');
  });

  it('is one line of bounded length, whatever the container wrote', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 5000 }), fc.integer(), (output, exitCode) => {
        const { detail } = judge({ health: healthOf('unhealthy', exitCode, { output: output }) });
        assert.ok(!/[\n\r]/.test(detail) && detail.length < 1500, detail);
      }),
    );
  });
});
