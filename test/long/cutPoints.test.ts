/**
 * Every fault at every step of every scene of a push or revoke, on real practice hosts.
 * What it holds is said in test/worker/cutSweep.ts; a few steps of each are in test/worker/cutPoints.test.ts.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { CUT_SCENES } from '../worker/cutScenes.ts';
import { startCutLab, sweep, sweepLine, sweepSsh, type CutLab } from '../worker/cutSweep.ts';
import type { StepFault } from '../worker/stepFaults.ts';

/** How far apart: what only cuts the channel leaves the script alone, wherever it is. */
const FAULTS: readonly (readonly [StepFault, number])[] = [
  ['killed', 1],
  ['killedInside', 2],
  ['diskFull', 1],
  ['readOnly', 2],
  ['sessionKilled', 8],
];

describe('every step of a push or revoke', () => {
  let cut: CutLab;
  before(async () => {
    cut = await startCutLab(3);
  });
  after(() => cut.lab.end());

  for (const [fault, every] of FAULTS) {
    for (const scene of CUT_SCENES) {
      it(`${fault}: ${scene.what}`, async () => {
        const { problems, steps } = await sweep(cut, scene, { fault, from: 0, every });
        assert.deepEqual(problems, []);
        assert.ok(steps >= 30, `${String(steps)} steps`);
      });
    }
  }

  for (const scene of CUT_SCENES.slice(0, 2)) {
    it(`the ssh client is killed: ${scene.what}`, async () => {
      assert.deepEqual((await sweepSsh(cut, scene, { from: 0, every: 4 })).problems, []);
    });
    for (const then of ['closed', 'silent'] as const) {
      it(`the line is ${then} after so many bytes: ${scene.what}`, async () => {
        const parts = then === 'closed' ? 40 : 12;
        assert.deepEqual((await sweepLine(cut, scene, { then, parts })).problems, []);
      });
    }
  }
});
