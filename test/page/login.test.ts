/** In a real browser: an account signs in without scripts' help, a typo is explained, a lock is seen and ended, and each role sees its own. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { BrowserContextOptions, Page } from 'playwright-core';
import { TestBrowser } from '../support/browser.ts';
import { startFakeSupervisor, type FakeSupervisor } from '../support/fakeSupervisor.ts';
import { openParts } from '../support/parts.ts';
import { addUser, PASSWORD } from '../support/visitor.ts';

const LOGIN = { tries: 3, lockMs: 900_000, explainTo: ['loopback'] };

let fake: FakeSupervisor;
let browser: TestBrowser;
const { parts, end } = openParts();
before(async () => {
  fake = await startFakeSupervisor(undefined, { page: { basePath: '/garrison/' }, login: LOGIN });
  await addUser(fake, 'betty1210', 'view');
  await addUser(fake, 'root-of-all', 'admin');
  browser = await TestBrowser.start(parts);
});
after(async () => {
  browser.assertNoErrors();
  await end();
  await fake.end();
});

const at = (path: string): string => `http://127.0.0.1:${String(fake.port)}/garrison/${path}`;

async function visit(options: BrowserContextOptions = {}): Promise<Page> {
  const page = await browser.open(options);
  page.setDefaultTimeout(5_000);
  return page;
}

async function signIn(page: Page, name: string, password = PASSWORD): Promise<void> {
  await page.fill('#name', name);
  await page.fill('#password', password);
  await page.press('#password', 'Enter');
  await page.waitForLoadState('domcontentloaded');
}

describe('in a browser', () => {
  test('a view asked for is come back to after the sign-in, and signing out ends it', async () => {
    const page = await visit();
    await page.goto(at('workers'));
    assert.equal(page.url(), at('login?to=workers'));
    assert.equal(await page.evaluate('document.activeElement.id'), 'name');
    await signIn(page, 'betty1210');
    await page.waitForSelector('tr[data-worker="push-1"]');
    assert.equal(page.url(), at('workers'));
    assert.equal(await page.locator('nav a', { hasText: 'Accounts' }).count(), 0, 'not for role view');
    assert.equal(await page.locator('tr[data-worker="push-1"] button').count(), 0);
    await page.goto(at('users'));
    await page.getByText('Only accounts of role admin see this.').waitFor();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByText('You are signed out.').waitFor();
    await page.goto(at('workers'));
    assert.equal(page.url(), at('login?to=workers'));
  });

  test('a misspelled name is told on this machine, without scripts and in Chinese', async () => {
    const page = await visit({ javaScriptEnabled: false, locale: 'zh-CN' });
    await page.goto(at('login'));
    await signIn(page, 'betty1211');
    await page.getByText('最接近的账号是 betty1210。').waitFor();
    assert.equal(await page.inputValue('#name'), 'betty1211');
    assert.equal(await page.inputValue('#password'), '');
  });

  test('an administrator sees the unknown name and the lock, and ends it', async () => {
    const stranger = await visit();
    await stranger.goto(at('login'));
    for (let turn = 0; turn < 3; turn += 1) await signIn(stranger, 'betty1210', 'a wrong password');
    await stranger.getByText('is locked from your address until').waitFor();
    const page = await visit();
    await page.goto(at('users'));
    await signIn(page, 'root-of-all');
    const unknown = page.locator('tr[data-unknown="betty1211"]');
    await unknown.waitFor();
    assert.match(await unknown.innerText(), /betty1211\s+1\s+127\.0\.0\.1[^]*betty1210/);
    const row = page.locator('tr[data-account="betty1210"]');
    assert.match(await row.innerText(), /from 127\.0\.0\.1 after 3 tries\s+ends/);
    await row.getByRole('button', { name: 'Unlock betty1210 127.0.0.1' }).click();
    const dialog = page.getByRole('dialog', { name: 'Unlock betty1210 from 127.0.0.1?' });
    await dialog.getByLabel('Why (kept in the journal)').fill('she called');
    await dialog.getByRole('button', { name: 'Unlock' }).click();
    await row.getByText('no', { exact: true }).waitFor();
    const { verb, reason, actor } = fake.door.journal.at(-1) as Record<string, unknown>;
    assert.deepEqual([verb, reason, actor], ['unlock', 'she called', 'user:root-of-all']);
    await signIn(stranger, 'betty1210');
    await stranger.waitForSelector('nav');
  });

  test('an administrator makes an account, is told what is wrong, and takes it away, also on a phone', async () => {
    const page = await visit({ viewport: { width: 360, height: 640 } });
    await page.goto(at('users'));
    await signIn(page, 'root-of-all');
    await page.getByRole('button', { name: 'Add an account' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Name').fill('Chen');
    await dialog.getByLabel('Role').selectOption('operate');
    await dialog.getByLabel('Password').fill(PASSWORD);
    await dialog.getByRole('button', { name: 'Add' }).click();
    await dialog.getByText('must be small letters').waitFor();
    await dialog.getByLabel('Name').fill('chen');
    assert.equal(await dialog.getByLabel('Password').inputValue(), '');
    await dialog.getByLabel('Password').fill(PASSWORD);
    await dialog.getByRole('button', { name: 'Add' }).click();
    const row = page.locator('tr[data-account="chen"]');
    await row.waitFor();
    assert.equal(await row.getByLabel('Role chen').inputValue(), 'operate');
    const sideways = await page.evaluate<number>('document.documentElement.scrollWidth - window.innerWidth');
    assert.ok(sideways <= 0, `scrolls sideways by ${String(sideways)} px`);
    await row.getByRole('button', { name: 'Remove chen' }).click();
    await page.getByRole('dialog', { name: 'Remove chen?' }).waitFor();
    assert.equal(await page.evaluate('document.activeElement.textContent'), 'Leave it');
    await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click();
    await row.waitFor({ state: 'detached' });
  });
});
