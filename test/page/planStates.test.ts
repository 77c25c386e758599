/** Plans, grants and leftovers before a door with nothing behind it: very many hosts, the keyboard alone, whoever may only look, and what is refused or cannot be read. */
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import type { Page } from 'playwright-core';
import { GarrisonError } from '../../src/errors.ts';
import { planAccount } from '../../src/push/plan.ts';
import type { JobView, PushView } from '../../src/supervisor/door.ts';
import { tabTo, TestBrowser, wcagFindings } from '../support/browser.ts';
import { leftoverView } from '../support/everyView.ts';
import { hostView, result } from '../support/fakeDoor.ts';
import { startFakeSupervisor, type FakeSupervisor } from '../support/fakeSupervisor.ts';
import { openParts } from '../support/parts.ts';
import { factsOf, wishOf } from '../support/planScene.ts';
import { until } from '../support/until.ts';
import { addUser, PASSWORD } from '../support/visitor.ts';

const SINCE = '2025-01-02T03:04:05.678Z';
const place = { home: '/home/eva', isHomeTaken: false, isGroupTaken: false };
const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGtKJq0bNrzHKJ3mFJ9mRj0iYQ0xkmTvG7rM1G0sYl5p a@b';
const wish = wishOf({ keys: [KEY] });

describe('on the page', () => {
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
    fake.door.wantedTrouble = null;
    fake.door.wantedNow = [];
  });
  after(async () => {
    await end();
    browser.assertNoErrors();
  });

  const at = (path: string): string => `http://127.0.0.1:${String(fake.port)}/${path}`;
  const button = (name: string) => page.getByRole('button', { name, exact: true });
  const dialog = () => page.locator('dialog[open]');
  const put = (id: string, kind: PushView['kind'], jobs: readonly JobView[]): void => {
    const who = {
      accountName: 'eva',
      actor: 'user:chen',
      reason: null,
      createdAt: SINCE,
      state: 'failed',
    } as const;
    const planOf = kind === 'plan' ? ({ planOf: 'push' } as const) : {};
    fake.door.pushes.push({ id, kind, ...planOf, ...who, jobIds: jobs.map((job) => job.id), jobs });
    fake.door.jobs.push(...jobs);
  };
  const planJob = (index: number, made: ReturnType<typeof planAccount>): JobView => {
    const isStop = made.verdict === 'conflict' || made.verdict === 'blocked';
    const outcome = made.verdict === 'conflict' ? 'conflict' : isStop ? 'failed' : 'unchanged';
    const reason = isStop ? made.reason : 'PlanMade';
    return fake.door.job0(`j-${String(index)}`, {
      ...{ pushId: 'p-1', kind: 'plan', account: wish, host: `web-${String(index)}` },
      ...{ state: isStop ? 'failed' : 'done', result: result({ outcome, reason, changes: [], plan: made }) },
    });
  };
  const CREATE = planAccount('push', wish, factsOf({ account: null, place }));
  const FOREIGN = planAccount('push', wish, factsOf());
  const IN_USE = planAccount('push', wish, factsOf({ isInUse: true }));
  const BLOCKED = planAccount('push', wish, factsOf({ account: null, place, groupsMissing: ['audio'] }));

  test('a plan of 300 hosts is counted, narrowed through its address, and applied with the number typed', async () => {
    fake.door.hosts = Array.from({ length: 300 }, (_, index) => hostView(`web-${String(index + 1)}`));
    const kinds = [IN_USE, ...Array.from({ length: 3 }, () => FOREIGN), BLOCKED];
    const jobs = fake.door.hosts.map((_, index) => planJob(index + 1, kinds[index] ?? CREATE));
    jobs[299] = {
      ...jobs[299]!,
      state: 'failed',
      result: result({ outcome: 'failed', reason: 'ConnectRefused' }),
    };
    put('p-1', 'plan', jobs);
    await page.goto(at('pushes/p-1'));
    await page.getByText('Of the hosts: create 294, conflict 4, blocked 1, not planned 1.').waitFor();
    assert.equal(await page.locator('tr[data-planned]').count(), 100);
    await page.locator('button[data-count="conflict"]').click();
    await until('only these are shown', async () => (await page.locator('tr[data-planned]').count()) === 4);
    assert.match(page.url(), /\?verdict=conflict$/);
    await page.reload();
    await until('the address has them', async () => (await page.locator('tr[data-planned]').count()) === 4);
    const choices = page.locator('[data-choices="keysOnly adopt takeOver"]');
    assert.match(
      await choices.locator('h2').innerText(),
      /eva is in the way on 3 hosts/,
      'and not on the one in use',
    );
    await page.locator('button[data-count=""]').click();
    await page.getByRole('searchbox').fill('connectrefused');
    await until('one is found', async () => (await page.locator('tr[data-planned]').count()) === 1);
    assert.deepEqual(await wcagFindings(page), []);

    await button('Apply to 294 hosts').click();
    await dialog().getByText('6 hosts are left out').waitFor();
    const go = dialog().getByRole('button', { name: 'Apply to 294 hosts' });
    await dialog().getByLabel('Type the number').fill('293');
    assert.equal(await go.isDisabled(), true);
    await page.keyboard.press('Enter');
    assert.equal(fake.door.asked.length, 0);
    await dialog().getByLabel('Type the number').fill('294');
    await go.click();
    await until('it is asked for', () => fake.door.asked.length === 1);
    const [{ plan, hosts }] = fake.door.asked as [{ plan: string; hosts: unknown[] }];
    assert.deepEqual([plan, hosts], ['p-1', []]);
  });

  test('a choice is made for some of the hosts, by the keyboard alone, and asks for keys only', async () => {
    put('p-1', 'plan', [planJob(1, FOREIGN), planJob(2, FOREIGN)]);
    await page.goto(at('pushes/p-1'));
    await page.locator('[data-choices]').waitFor();
    await page.locator('[data-choices] summary').focus();
    await page.keyboard.press('Enter');
    await tabTo(page, 'Choose none');
    for (const key of ['Enter', 'Tab', 'Tab', 'Space']) await page.keyboard.press(key);
    await tabTo(page, 'Plan keys only, 1 host');
    await page.keyboard.press('Enter');
    await until('it is asked for', () => fake.door.asked.length === 1);
    const [asked] = fake.door.asked as [{ kind: string; hosts: string[]; account: object }];
    assert.deepEqual([asked.kind, asked.hosts], ['plan', ['web-2']]);
    assert.deepEqual(asked.account, {
      ...wishOf({ keys: [KEY], groups: [], shell: null, sudo: { kind: 'none' }, comment: '' }),
      claim: 'keysOnly',
    });
  });

  test('whoever may only look is offered nothing, and told what stands', async () => {
    put('p-1', 'plan', [planJob(1, FOREIGN), planJob(2, CREATE)]);
    fake.door.wantedNow = [{ host: 'web-1', account: wish, because: [], grants: [] }];
    fake.door.leftoversNow = [leftoverView('web-1')];
    const survey = { pushId: 'p-2', kind: 'survey', state: 'done' } as const;
    put('p-2', 'survey', [fake.door.job0('j-9', { ...survey, result: result({ owned: [] }) })]);
    const hers = await browser.open();
    await hers.goto(at('login'));
    await hers.fill('#name', 'vera');
    await hers.fill('#password', PASSWORD);
    await hers.press('#password', 'Enter');
    await hers.locator('[data-overall]').waitFor();
    for (const [path, waitsFor] of [
      ['pushes/p-1', 'tr[data-planned]'],
      ['grants', 'tr[data-grant]'],
      ['leftovers', 'tr[data-leftover]'],
    ] as const) {
      await hers.goto(at(path));
      await hers.locator(waitsFor).first().waitFor();
      const offered = await hers.locator('main button').allInnerTexts();
      assert.deepEqual(
        offered.filter((each) => /Apply|Plan|Sync|Check|Ask|Keep|Lock|Remove/.test(each)),
        [],
        path,
      );
    }
  });

  test('grants.yaml that cannot be read names each place, and offers no sync', async () => {
    const lines =
      '/home/x/grants.yaml:3: grants.0.accounts.1: lee is not known (describe it under accounts:)';
    fake.door.wantedTrouble = new GarrisonError(
      'CONFIG_INVALID',
      `2 problems:\n  ${lines}\n  ${lines.replace('3', '7')}`,
    );
    await page.goto(at('grants'));
    await page.getByText('grants.yaml is wrong in 2 places, and so grants nothing').waitFor();
    assert.match(
      await page.locator('.trouble').innerText(),
      /grants\.yaml:3: grants\.0\.accounts\.1: lee[\s\S]*yaml:7:/,
    );
    assert.equal(await page.getByRole('button', { name: /Sync|Check/ }).count(), 0);
    fake.door.wantedTrouble = null;
    await page.goto(at('grants'));
    await page.getByText('No grant in force wants any account').waitFor();
    assert.deepEqual(await wcagFindings(page), []);
  });

  test('a sync of more than 50 pairs wants their number typed, and is bound to it', async () => {
    fake.door.wantedNow = Array.from({ length: 51 }, (_, index) => ({
      ...{ host: `web-${String(index + 1)}`, account: wish, because: [] },
      grants: [{ grant: 1, group: 'web', by: 'mia', until: null }],
    }));
    await page.goto(at('grants'));
    assert.match(
      await page.locator('tr[data-grant="eva"]').innerText(),
      /and 48 more[\s\S]*by group web, granted by mia[\s\S]*no end/,
    );
    await button('Sync 51 pairs').click();
    const go = dialog().getByRole('button', { name: 'Sync 51 pairs' });
    assert.equal(await go.isDisabled(), true);
    await dialog().getByText('The hosts were not checked in this view').waitFor();
    await dialog().getByLabel('Type the number').fill('51');
    await dialog().getByLabel(/Why/).fill('the first of the month');
    await go.click();
    await until('it is asked for', () => fake.door.asked.length === 1);
    const [{ confirmed, reason }] = fake.door.asked as [{ confirmed: number; reason: string }];
    assert.deepEqual([confirmed, reason], [51, 'the first of the month']);
  });

  test('a leftover is offered what would not be refused, and a refusal stays beside what was typed', async () => {
    const survey = { pushId: 'p-2', kind: 'survey', state: 'done', host: 'web-1' } as const;
    const facts = { untold: '2' };
    put('p-2', 'survey', [fake.door.job0('j-9', { ...survey, result: result({ owned: [], facts }) })]);
    const locked = { isLocked: true, state: 'revoked' } as const;
    fake.door.leftoversNow = [
      leftoverView('open'),
      leftoverView('runs', { ...locked, processes: 1 }),
      leftoverView('still', { ...locked, processes: 0, running: [] }),
      leftoverView('torn', { state: 'removing', processes: null, lastLogin: null, sessions: null }),
      leftoverView('hand', { kind: 'byHand', since: null }),
    ];
    await page.goto(at('leftovers/p-2'));
    const offers = (host: string): Promise<string[]> =>
      page.locator(`tr[data-leftover="${host}/kim"] button`).allInnerTexts();
    await page.locator('tr[data-leftover="open/kim"]').waitFor();
    assert.deepEqual(await offers('open'), ['Keep', 'Lock']);
    assert.deepEqual(await offers('runs'), ['Keep']);
    assert.match(
      await page.locator('tr[data-leftover="runs/kim"]').innerText(),
      /first end on the host what it runs/,
    );
    assert.deepEqual(await offers('still'), ['Keep', 'Remove']);
    assert.deepEqual(await offers('torn'), ['Keep', 'Remove']);
    assert.match(
      await page.locator('tr[data-leftover="torn/kim"]').innerText(),
      /unknown[\s\S]*processes unknown, sessions unknown/,
    );
    assert.deepEqual(await offers('hand'), [], 'not a leftover');
    await page.getByText('web-1: 2 more accounts are not in this list').waitFor();
    await page.getByLabel('also those that were only ever pushed by hand').check();
    await page.locator('tr[data-leftover="hand/kim"]').waitFor();

    await button('Remove kim still').click();
    await dialog()
      .getByLabel(/Type the account’s name/)
      .fill('kim');
    // The host is in no inventory of this door's.
    await dialog().getByRole('button', { name: 'Remove' }).click();
    await dialog().getByText('not in the inventory: still').waitFor();
    assert.equal(
      await dialog()
        .getByLabel(/Type the account’s name/)
        .inputValue(),
      'kim',
    );
    assert.deepEqual(await wcagFindings(page), []);
    await page.keyboard.press('Escape');
    await dialog().waitFor({ state: 'detached' });
  });

  test('a plan that hosts have not all answered, or of a day ago, is not offered to be applied', async () => {
    put('p-1', 'plan', [planJob(1, CREATE), { ...planJob(2, CREATE), state: 'queued', result: null }]);
    await page.goto(at('pushes/p-1'));
    await page.getByText('1 of 2 hosts have answered. Nothing is changed.').waitFor();
    await page.getByText('It can be applied once all hosts have answered').waitFor();
    assert.equal(await page.getByRole('button', { name: /^Apply/ }).count(), 0);
    fake.door.change('j-2', { state: 'done', result: planJob(2, CREATE).result });
    await button('Apply to 2 hosts').waitFor();
    fake.door.pushes = fake.door.pushes.map((push) => ({ ...push, createdAt: '2025-01-01T03:04:00.000Z' }));
    await page.goto(at('pushes/p-1'));
    await page.getByText('It is more than a day old and can no longer be applied').waitFor();
    assert.equal(await page.getByRole('button', { name: /^Apply/ }).count(), 0);
  });
});
