/** The judging of a self-test: a step that was not seen has not happened, whatever came after it, and every failure has a cure. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { judgeSelfTest, type Trial } from '../../src/reconciler/selfTest.ts';
import { SELF_TEST_CASES, type SelfTestCode } from '../../src/reconciler/selfTestCases.ts';

const CODES = Object.keys(SELF_TEST_CASES) as SelfTestCode[];
const IN_ORDER = { cutShort: null };

function whole(code: SelfTestCode, more: Partial<Trial> = {}): Trial {
  const seen = SELF_TEST_CASES[code].steps.map(({ id }) => id);
  return { code, pid: 7, seen, tookMs: 1.4, hindrance: null, trouble: null, ...more };
}

describe('a self-test', () => {
  it('is handled when every step of every case was seen', () => {
    const { state, sentence, items } = judgeSelfTest(
      CODES.map((code) => whole(code)),
      IN_ORDER,
    );
    assert.equal(state, 'handled');
    assert.equal(sentence, 'All 7 cases that were made are handled on this host.');
    for (const { verdict, next, made } of items)
      assert.deepEqual([verdict, next, made.endsWith('(pid 7)')], ['handled', null, true]);
  });

  for (const code of CODES)
    for (const missing of SELF_TEST_CASES[code].steps)
      it(`does not handle ${code} without "${missing.id}"`, () => {
        const seen = whole(code).seen.filter((id) => id !== missing.id);
        const others = CODES.filter((each) => each !== code).map((each) => whole(each));
        const { state, sentence, items } = judgeSelfTest([...others, whole(code, { seen })], IN_ORDER);
        assert.equal(state, 'notHandled');
        assert.equal(sentence, `1 of 7 cases are not handled on this host: ${code}.`);
        const item = items.find((each) => each.code === code);
        assert.equal(item?.verdict, 'notHandled');
        assert.ok(item.detail.startsWith(missing.missed), item.detail);
        assert.equal(item.next, missing.next);
        assert.doesNotMatch(item.did, new RegExp(missing.did));
      });

  it('says what could not be tried, and does not count it', () => {
    const trials = CODES.map((code) =>
      whole(code, code === 'HiddenEscapee' ? { hindrance: 'only root may', seen: [] } : {}),
    );
    const { state, sentence, items } = judgeSelfTest(trials, IN_ORDER);
    assert.equal(state, 'handled');
    assert.match(sentence, /^All 6 cases .* 1 could not be tried\.$/);
    const item = items.find(({ verdict }) => verdict === 'notTried');
    assert.match(item?.detail ?? '', /^Not tried: only root may\. .*may outlive its worker/);
    assert.match(item?.next ?? '', /sudo garrison doctor --self-test/);
  });

  it('calls what nothing was told of not handled, and what broke off by its trouble', () => {
    const cut = judgeSelfTest([whole('Zombie')], { cutShort: 'it was killed' });
    assert.deepEqual(
      cut.items.map(({ verdict }) => verdict),
      ['handled', ...CODES.slice(1).map(() => 'notHandled')],
    );
    assert.match(cut.items[1]?.detail ?? '', /^It broke off: it was killed\. /);
    const silent = judgeSelfTest([], IN_ORDER);
    assert.match(silent.items[0]?.detail ?? '', /nothing was told of it in time/);
    const odd = judgeSelfTest([whole('Zombie', { seen: [], pid: null, trouble: 'ENOENT' })], IN_ORDER);
    assert.match(odd.items[0]?.detail ?? '', /^It broke off: ENOENT\. /);
    assert.deepEqual([odd.items[0]?.did, odd.items[0]?.made.includes('pid')], ['nothing', false]);
  });
});
