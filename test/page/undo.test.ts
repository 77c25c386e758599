/**
 * Taking a push back on the page, in a real browser against real practice hosts: pushed, planned back, undone, and told of on both sides.
 * What somebody has changed on a host since is never touched.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Page } from 'playwright-core';
import { TestBrowser, wcagFindings } from '../support/browser.ts';
import { Garrison } from '../support/garrison.ts';
import { openParts } from '../support/parts.ts';

const LOOK = 'cat /etc/passwd /etc/shadow /etc/group /etc/gshadow; ls -A /home /etc/sudoers.d';

describe('on the page', () => {
  const { parts, end } = openParts();
  let garrison: Garrison;
  let browser: TestBrowser;
  let page: Page;
  let base = '';
  before(async () => {
    garrison = await Garrison.start(parts, { practice: 2, config: 'workers: { count: 1 }' });
    browser = await TestBrowser.start(parts);
    const { link } = await garrison.api<{ link: string }>('POST', '/api/v1/sign-in-links');
    base = new URL(link).origin;
    page = await browser.signIn(link);
    page.setDefaultTimeout(30_000);
  });
  after(async () => {
    await end();
    browser.assertNoErrors();
  });

  const button = (name: string) => page.getByRole('button', { name, exact: true });
  const dialog = () => page.locator('dialog[open]');
  const look = (host: string): Promise<string> => garrison.tell(host, LOOK);
  const path = (): string => new URL(page.url()).pathname;
  const undoWith = async (label: string): Promise<void> => {
    await button(label).click();
    await dialog()
      .getByLabel(/Type the account’s name/)
      .fill('eva');
    await dialog().getByRole('button', { name: label }).click();
    await dialog().waitFor({ state: 'detached' });
  };

  test('a push is taken back where nobody has changed it since, and each says so of the other', async () => {
    const start = await look('practice-1');
    await page.goto(`${base}/push`);
    await page.getByLabel('Account name').fill('eva');
    await page.getByLabel(/^Public keys/).fill(garrison.keys.publicKey);
    await page.getByRole('button', { name: /^Choose the/ }).click();
    await button('Show what will happen').click();
    await page.getByText('Of the hosts: create 2.').waitFor();
    await button('Apply to 2 hosts').click();
    await dialog().getByRole('button', { name: 'Apply to 2 hosts' }).click();
    await button('Take it back').waitFor({ timeout: 60_000 });
    const pushed = path();
    await garrison.tell('practice-2', 'usermod -a -G audio eva');
    const changed = await look('practice-2');

    await button('Take it back').click();
    await page.getByText('Of the hosts: change 1, conflict 1.').waitFor();
    const planned = path();
    const row = (host: string): Promise<string> => page.locator(`tr[data-planned="${host}"]`).innerText();
    assert.match(await row('practice-1'), /change[\s\S]*− remove account: the push made it/);
    assert.match(await row('practice-2'), /ChangedSincePush[\s\S]*its groups[\s\S]*change it by hand/);
    assert.deepEqual(await wcagFindings(page), []);
    assert.match(await look('practice-1'), /^eva:/m, 'a plan changes nothing');

    await undoWith('Undo on 1 host');
    await page.getByText('AccountUndone').waitFor({ timeout: 60_000 });
    assert.match(
      await page.locator('main').innerText(),
      new RegExp(`undoes ${pushed.split('/').pop() ?? ''}`),
    );
    const undo = path();
    assert.equal(await look('practice-1'), start);
    assert.equal(await look('practice-2'), changed);
    await page.locator(`main a[href="${pushed}"]`).click();
    await page.getByText(`undone by ${undo.split('/').pop() ?? ''}`).waitFor();

    await garrison.tell('practice-2', 'gpasswd -d eva audio');
    await page.goto(`${base}${planned}`);
    await button('Plan again').click();
    await page.getByText('Of the hosts: change 1, unchanged 1.').waitFor();
    assert.match(await row('practice-1'), /AlreadyUndone/);
    await undoWith('Undo on 1 host');
    await page.getByText('AccountUndone').waitFor({ timeout: 60_000 });
    assert.equal(await garrison.tell('practice-2', 'getent passwd eva || echo none'), 'none');
    await page.goto(`${base}${pushed}`);
    await page.locator('[data-not-undoable]').waitFor();
    assert.match(
      await page.locator('[data-not-undoable]').innerText(),
      /it was undone on practice-1\. it was undone on practice-2\./,
    );
    assert.equal(await button('Take it back').count(), 0);
  });
});
