/** Reading a JumpServer that hangs, drips or never comes to an end: it is over within its limits. */
import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { readJumpserver, type ReadLimits } from '../../src/driver/jumpserverReader.ts';
import { fakeJumpserver, sendJson, TOKEN, type Serving } from '../support/fakeJumpserver.ts';
import { listsOfV2, listsOfV3 } from '../support/jumpserverDocuments.ts';

async function read(
  context: TestContext,
  serving: Serving,
  limits: Partial<ReadLimits> = {},
): ReturnType<typeof readJumpserver> {
  const { url } = await fakeJumpserver(context, serving);
  return readJumpserver({
    ...{ base: new URL(`${url}/`), authorization: `Token ${TOKEN}`, org: null, ca: null },
    limits,
  });
}

describe('a JumpServer is read', () => {
  it('page by page, each item once, with the details that lists keep back', async (context) => {
    const serving = { lists: listsOfV3({ isLate: true }), isLate: true };
    const whole = await read(context, serving);
    const paged = await read(context, serving, { pageSize: 1 });
    assert.deepEqual(paged, whole);
    assert.equal(whole.version, 'v4');
    assert.deepEqual(
      whole.automations.map((each) => Object.hasOwn(each as object, 'assets')),
      [true],
    );
    assert.equal(whole.accounts.length, 5);
  });

  it('of v2 without admin users of their own', async (context) => {
    const lists = Object.entries(listsOfV2()).filter(([name]) => name !== 'assets/admin-users');
    assert.deepEqual((await read(context, { lists: Object.fromEntries(lists) })).adminUsers, []);
  });

  it('below a path, and without asking for anything that could hold a secret', async (context) => {
    const fake = await fakeJumpserver(context, {
      lists: {},
      instead: (_, outgoing) => {
        sendJson(outgoing, 404, {});
        return true;
      },
    });
    const target = { authorization: `Token ${TOKEN}`, org: null, ca: null };
    await assert.rejects(readJumpserver({ ...target, base: new URL(`${fake.url}/jump/`) }));
    assert.deepEqual(
      fake.asked.map(({ path }) => path),
      ['/jump/api/v1/assets/hosts/', '/jump/api/v1/assets/system-users/'],
    );
  });
});

describe('a JumpServer that', () => {
  it('says nothing is given up', async (context) => {
    const silent = { lists: {}, instead: () => true };
    await assert.rejects(read(context, silent, { callMs: 300 }), /has not answered within 0\.3 s at \/api/);
  });

  it('drips is given up', async (context) => {
    const drips: Serving = {
      lists: {},
      instead: (_, outgoing) => {
        const timer = setInterval(() => outgoing.write(' '), 20);
        outgoing.on('close', () => {
          clearInterval(timer);
        });
        return true;
      },
    };
    await assert.rejects(read(context, drips, { callMs: 400 }), /has not answered within 0\.4 s/);
  });

  it('always has one more page is given up', async (context) => {
    let count = 0;
    const endless: Serving = {
      lists: {},
      instead: (_, outgoing) => {
        count += 1;
        sendJson(outgoing, 200, { next: 'http://x/', results: [{ id: `i${String(count)}` }] });
        return true;
      },
    };
    await assert.rejects(read(context, endless, { calls: 50 }), /is not at an end/);
    assert.equal(count, 50);
    await assert.rejects(read(context, endless, { wholeBytes: 2_000 }), /is not at an end/);
    await assert.rejects(read(context, endless, { wholeMs: 300 }), /has sent for 0\.3 s|has not answered/);
  });
});
