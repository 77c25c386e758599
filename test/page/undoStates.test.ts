/** Taking a push back, before a door with nothing behind it: what is offered, to whom, with what it says, and what is asked for. */
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import type { Page } from 'playwright-core';
import { planUndo } from '../../src/push/undoPlan.ts';
import type { UndoFacts } from '../../src/push/undoFacts.ts';
import type { JobView, PushView } from '../../src/supervisor/door.ts';
import { tabTo, TestBrowser, wcagFindings } from '../support/browser.ts';
import { result } from '../support/fakeDoor.ts';
import { startFakeSupervisor, type FakeSupervisor } from '../support/fakeSupervisor.ts';
import { openParts } from '../support/parts.ts';
import { undoFactsOf, wishOf } from '../support/planScene.ts';
import { until } from '../support/until.ts';
import { addUser, PASSWORD } from '../support/visitor.ts';

const wish = wishOf();

describe('taking a push back on the page', () => {
  const { parts, end } = openParts();
  let fake: FakeSupervisor;
  let browser: TestBrowser;
  let page: Page;
  before(async () => {
    fake = await startFakeSupervisor();
    parts.after(() => fake.end());
    await addUser(fake, 'vera', 'view');
    browser = await TestBrowser.start(parts);
    page = await browser.signIn(fake.server.signInLink()!);
    page.setDefaultTimeout(15_000);
  });
  beforeEach(() => {
    fake.door.asked.length = 0;
    fake.door.pushes = [];
    fake.door.jobs = [];
  });
  after(async () => {
    await end();
    browser.assertNoErrors();
  });

  const at = (path: string): string => `http://127.0.0.1:${String(fake.port)}/${path}`;
  const button = (name: string) => page.getByRole('button', { name, exact: true });
  const dialog = () => page.locator('dialog[open]');
  const put = (push: Partial<PushView> & Pick<PushView, 'id' | 'kind' | 'jobs'>): void => {
    const who = { accountName: 'eva', actor: 'user:chen', reason: null } as const;
    const jobIds = push.jobs.map(({ id }) => id);
    fake.door.pushes.push({ ...who, createdAt: new Date().toISOString(), state: 'done', jobIds, ...push });
    fake.door.jobs.push(...push.jobs);
  };
  const pushed = (index: number, change: Partial<JobView> = {}): JobView => {
    const host = `web-${String(index)}`;
    const of = { pushId: 'p-push', account: wish, host, state: 'done', result: result() } as const;
    return fake.door.job0(`j-${String(index)}`, { ...of, ...change });
  };
  const looked = (index: number, facts: Partial<UndoFacts> = {}): JobView => {
    const plan = planUndo(undoFactsOf(facts));
    const isConflict = plan.verdict === 'conflict';
    const reason = plan.verdict === 'change' ? 'PlanMade' : plan.reason;
    const outcome = isConflict ? 'conflict' : 'unchanged';
    return fake.door.job0(`j-2${String(index)}`, {
      ...{ pushId: 'p-plan', kind: 'plan', planOf: 'undo', account: wish, host: `web-${String(index)}` },
      ...{ undoOf: `j-${String(index)}`, state: isConflict ? 'failed' : 'done' },
      result: result({ outcome, reason, detail: `because of ${reason}`, changes: [], plan }),
    });
  };
  const putPlan = (...jobs: readonly JobView[]): void =>
    put({ id: 'p-plan', kind: 'plan', planOf: 'undo', undoOf: 'p-push', jobs });

  test('is offered of what has ended and can be, and makes the plan of the undo for all of its hosts', async () => {
    put({
      id: 'p-push',
      kind: 'push',
      jobs: [pushed(1)],
      undoable: true,
      notUndoable: null,
      reason: 'new here',
    });
    await page.goto(at('pushes/p-push'));
    await tabTo(page, 'Take it back');
    await page.keyboard.press('Enter');
    await page.getByText('What an undo of').waitFor();
    const [asked] = fake.door.asked as [Record<string, unknown>];
    const { kind, planOf, undoOf, hosts, confirm, reason } = asked;
    assert.deepEqual([kind, planOf, undoOf, hosts], ['plan', 'undo', 'p-push', []]);
    assert.deepEqual([confirm, reason], [undefined, null], 'why it was pushed is not why it is taken back');
  });

  test('is not offered where it cannot be, and says why; of very many hosts only the first', async () => {
    const notUndoable = Array.from({ length: 9 }, (_, index) => `it was undone on web-${String(index)}.`);
    const undone = { undoable: false, notUndoable: notUndoable.join(' '), undoneBy: ['p-9', 'p-8'] };
    put({ id: 'p-push', kind: 'push', jobs: [pushed(1)], ...undone });
    await page.goto(at('pushes/p-push'));
    const why = page.locator('[data-not-undoable]');
    await why.waitFor();
    assert.match(
      await why.innerText(),
      /^Cannot be taken back: it was undone on web-0\..*on web-4\. and 4 more$/,
    );
    assert.equal(await button('Take it back').count(), 0);
    assert.match(await page.locator('main').innerText(), /undone by p-9 · undone by p-8/);
    assert.deepEqual(await page.locator('main a[href$="/pushes/p-9"]').allInnerTexts(), ['p-9']);
    assert.deepEqual(await wcagFindings(page), []);
  });

  test('is not offered before the end, and is once the supervisor says so after it', async () => {
    put({
      ...{
        id: 'p-push',
        kind: 'revoke',
        jobs: [pushed(1, { state: 'running', result: null })],
        state: 'open',
      },
      ...{ undoable: false, notUndoable: 'it has not ended yet.' },
    });
    await page.goto(at('pushes/p-push'));
    await page.getByRole('button', { name: /^Cancel/ }).waitFor();
    assert.equal(await page.locator('[data-not-undoable]').count(), 0);
    assert.equal(await button('Take it back').count(), 0);
    fake.door.pushes = fake.door.pushes.map((push) => ({ ...push, undoable: true, notUndoable: null }));
    fake.door.change('j-1', { state: 'done', result: result() });
    await button('Take it back').waitFor();
  });

  test('says what each host would give back or why it would not, and undoes with the name typed on those not left out', async () => {
    putPlan(
      looked(1),
      looked(2),
      looked(3, { differs: 'its groups' }),
      looked(4, { record: 'undone' }),
      looked(5, { record: 'begun' }),
    );
    await page.goto(at('pushes/p-plan'));
    await page.getByText('Of the hosts: change 2, unchanged 1, conflict 2.').waitFor();
    const row = (host: string): Promise<string> => page.locator(`tr[data-planned="${host}"]`).innerText();
    assert.match(await row('web-1'), /archive: \/home\/eva[\s\S]*− remove account: the push made it/);
    assert.match(await row('web-3'), /ChangedSincePush because of ChangedSincePush/);
    assert.match(await row('web-4'), /AlreadyUndone/);
    assert.doesNotMatch(await row('web-4'), /as wished/);
    assert.match(await row('web-5'), /PushUnfinished/);
    assert.equal(await page.locator('main a[href$="/pushes/p-push"]').innerText(), 'p-push');
    assert.equal(await page.getByRole('button', { name: /^Apply/ }).count(), 0, 'no push applies it');

    await page.locator('[data-undo="2"] summary').focus();
    await page.keyboard.press('Enter');
    await tabTo(page, 'Choose none');
    await page.keyboard.press('Enter');
    assert.equal(await button('Undo on 0 hosts').isDisabled(), true);
    for (const key of ['Tab', 'Tab', 'Space']) await page.keyboard.press(key);
    await tabTo(page, 'Undo on 1 host');
    await page.keyboard.press('Enter');
    const go = dialog().getByRole('button', { name: 'Undo on 1 host' });
    await dialog().getByText('Undo p-push on 1 host?').waitFor();
    assert.deepEqual(await wcagFindings(page), []);
    const name = dialog().getByLabel('Type the account’s name, eva, to go on');
    await name.fill('ev');
    assert.equal(await go.isDisabled(), true);
    await page.keyboard.press('Enter');
    assert.equal(fake.door.asked.length, 0);
    await name.fill('eva');
    await dialog().getByLabel(/Why/).fill('the wrong host');
    await go.click();
    await until('it is asked for', () => fake.door.asked.length === 1);
    const [asked] = fake.door.asked as [Record<string, unknown>];
    const { kind, undoOf, confirm, hosts, reason, plan } = asked;
    assert.deepEqual([kind, undoOf, confirm, hosts], ['undo', 'p-push', 'eva', ['web-2']]);
    assert.deepEqual([reason, plan], ['the wrong host', undefined]);
    await page.waitForURL(/\/pushes\/p-\d+$/);
    await page.getByText('undoes p-push').waitFor();
  });

  test('keeps a refusal beside what was typed', async () => {
    putPlan(looked(1), looked(9));
    await page.goto(at('pushes/p-plan'));
    await button('Undo on 2 hosts').click();
    const name = dialog().getByLabel(/Type the account’s name/);
    await name.fill('eva');
    // web-9 is in no inventory of this door's.
    await dialog().getByRole('button', { name: 'Undo on 2 hosts' }).click();
    await dialog().getByText('not in the inventory: web-9').waitFor();
    assert.equal(await name.inputValue(), 'eva');
    await page.keyboard.press('Escape');
    await dialog().waitFor({ state: 'detached' });
  });

  test('is offered neither where nothing would be given back, nor by a plan of a day ago, but a new plan is', async () => {
    putPlan(looked(1, { record: 'none' }));
    await page.goto(at('pushes/p-plan'));
    await page.getByText('There is nothing to apply').waitFor();
    assert.equal(await page.getByRole('button', { name: /^Undo/ }).count(), 0);
    fake.door.pushes = [];
    put({
      ...{ id: 'p-plan', kind: 'plan', planOf: 'undo', undoOf: 'p-push', jobs: [looked(1)] },
      createdAt: '2025-01-01T03:04:00.000Z',
    });
    await page.goto(at('pushes/p-plan'));
    await page.getByText('It is more than a day old').waitFor();
    assert.equal(await page.getByRole('button', { name: /^Undo/ }).count(), 0);
    await button('Plan again').click();
    await until('it is asked for', () => fake.door.asked.length === 1);
    const [{ kind, planOf, undoOf, hosts }] = fake.door.asked as [Record<string, unknown>];
    assert.deepEqual([kind, planOf, undoOf, hosts], ['plan', 'undo', 'p-push', ['web-1']]);
  });

  test('tells of a password that the push sets, and no more of it', async () => {
    const account = wishOf({ passwordHash: 'set' });
    put({ id: 'p-push', kind: 'push', jobs: [pushed(1, { account })], undoable: true, notUndoable: null });
    for (const path of ['pushes/p-push', 'jobs/j-1']) {
      await page.goto(at(path));
      await page.getByText('password: set by this push').waitFor();
    }
  });

  test('whoever may only look is told what stands, and offered nothing', async () => {
    put({ id: 'p-push', kind: 'push', jobs: [pushed(1)], undoable: true, notUndoable: null });
    putPlan(looked(1), looked(2, { differs: 'its groups' }));
    const hers = await browser.open();
    await hers.goto(at('login'));
    await hers.fill('#name', 'vera');
    await hers.fill('#password', PASSWORD);
    await hers.press('#password', 'Enter');
    await hers.locator('[data-overall]').waitFor();
    for (const [path, waitsFor] of [
      ['pushes/p-push', 'tr[data-job]'],
      ['pushes/p-plan', 'tr[data-planned="web-2"]'],
    ] as const) {
      await hers.goto(at(path));
      await hers.locator(waitsFor).waitFor();
      const offered = await hers.locator('main button').allInnerTexts();
      assert.deepEqual(
        offered.filter((each) => /Undo|Take|Plan|Apply/.test(each)),
        [],
        path,
      );
    }
    assert.match(await hers.locator('tr[data-planned="web-2"]').innerText(), /ChangedSincePush/);
  });
});
