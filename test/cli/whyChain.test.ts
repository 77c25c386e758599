/** What `why` says of the journal itself: what was not looked at, and what could not be read. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { chainLines } from '../../src/cli/whyChain.ts';
import type { WhyView } from '../../src/supervisor/door.ts';

it('lines that cannot be read are counted, since a story without them may lack its cause', () => {
  const why: WhyView = {
    subject: { kind: 'overview', name: 'overview' },
    ...{ steps: [], searchedBackTo: null, isWhole: true, damaged: 0 },
  };
  const linesOf = (damaged: number): string[] => chainLines({ why: { ...why, damaged }, fromFile: false });
  assert.equal(linesOf(0).length, 1);
  assert.match(linesOf(1).at(-1) ?? '', /^1 line of the journal cannot be read and was passed over/);
  assert.match(linesOf(2).at(-1) ?? '', /^2 lines of the journal cannot be read and were passed over/);
});
