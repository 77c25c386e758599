/**
 * A push or revoke that meets a fault at a step of its script, on real practice hosts: here some steps of each scene; every step is in test/long.
 * Whatever happens, the answer is the truth or `unknown`, and the next attempt ends in what was wished, once.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { CUT_SCENES } from './cutScenes.ts';
import { startCutLab, sweep, sweepLine, sweepSsh, type CutLab } from './cutSweep.ts';
import type { StepFault } from './stepFaults.ts';

const [NEW, OTHER, , , ADOPT, , , REVOKE] = CUT_SCENES;

describe('a push or revoke that meets a fault half way', () => {
  let cut: CutLab;
  before(async () => {
    cut = await startCutLab(2);
  });
  after(() => cut.lab.end());

  CUT_SCENES.forEach((scene, index) => {
    it(`is killed: ${scene.what}`, async () => {
      const { problems } = await sweep(cut, scene, {
        fault: 'killed',
        from: index,
        every: index === 0 ? 9 : 40,
      });
      assert.deepEqual(problems, []);
    });
  });

  for (const [fault, scene, every] of [
    ['killedInside', NEW, 24],
    ['sessionKilled', OTHER, 24],
    ['diskFull', NEW, 12],
    ['diskFull', OTHER, 32],
    ['diskFull', REVOKE, 16],
    ['readOnly', ADOPT, 24],
  ] satisfies [StepFault, typeof NEW, number][]) {
    it(`${fault}: ${scene!.what}`, async () => {
      const { problems } = await sweep(cut, scene!, { fault, from: 3, every });
      assert.deepEqual(problems, []);
    });
  }

  it('loses its ssh client', async () => {
    assert.deepEqual((await sweepSsh(cut, NEW!, { from: 5, every: 20 })).problems, []);
  });

  for (const then of ['closed', 'silent'] as const) {
    it(`has its line ${then} after so many bytes`, async () => {
      const { problems, cuts } = await sweepLine(cut, NEW!, { then, parts: then === 'closed' ? 4 : 2 });
      assert.deepEqual(problems, []);
      assert.ok(cuts >= 4);
    });
  }
});
