/**
 * Plans, choices, grants, drift and leftovers on the page, in a real browser against real practice hosts.
 * The administrator's account of the incident stands on one of them, and is touched by nothing but what was chosen.
 */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Page } from 'playwright-core';
import { TestBrowser, wcagFindings } from '../support/browser.ts';
import { Garrison } from '../support/garrison.ts';
import { openParts } from '../support/parts.ts';
import { until } from '../support/until.ts';

const ADMIN =
  "groupadd -f wheel; useradd -m -G wheel,audio sa-lee && echo 'sa-lee:secret' | chpasswd && echo 'sa-lee ALL=(ALL) NOPASSWD: ALL' >>/etc/sudoers";
const LOOK =
  'grep sa-lee /etc/passwd /etc/shadow /etc/group /etc/gshadow; cat /etc/sudoers; ls -lR --time-style=full-iso /home/sa-lee; find /home/sa-lee -type f -exec cat {} +; ls /etc/sudoers.d | grep lee; true';
const SHOTS = process.env['GARRISON_TEST_SHOTS'];

describe('on the page', () => {
  const { parts, end } = openParts();
  let garrison: Garrison;
  let browser: TestBrowser;
  let page: Page;
  let base = '';
  before(async () => {
    garrison = await Garrison.start(parts, { practice: 2, config: 'workers: { count: 1 }' });
    await garrison.tell('practice-2', ADMIN);
    browser = await TestBrowser.start(parts);
    const { link } = await garrison.api<{ link: string }>('POST', '/api/v1/sign-in-links');
    base = new URL(link).origin;
    page = await browser.signIn(link);
    page.setDefaultTimeout(20_000);
  });
  after(async () => {
    await end();
    browser.assertNoErrors();
  });

  const shot = async (name: string): Promise<void> => {
    if (SHOTS !== undefined) await page.screenshot({ path: join(SHOTS, `${name}.png`), fullPage: true });
  };
  const button = (name: string | RegExp) =>
    page.getByRole('button', { name, exact: typeof name === 'string' });
  const row = (host: string) => page.locator(`tr[data-planned="${host}"]`);
  const dialog = page0(() => page);
  const planned = async (): Promise<string> => {
    await page.locator('[data-plan]').waitFor();
    await page.getByText('Nothing was changed on any host').waitFor();
    return new URL(page.url()).pathname;
  };
  /** The one job of the push that is open has ended, and so. */
  const ended = async (state: 'done' | 'failed'): Promise<void> => {
    const row = page.locator('tr[data-job]');
    const ends = row.locator(
      ['done', 'failed', 'cancelled', 'unknown']
        .map((each) => `td:nth-child(n + 2) > [data-state="${each}"]`)
        .join(', '),
    );
    await ends.first().waitFor({ timeout: 60_000 });
    const said = await page.locator('main').innerText();
    assert.equal(await ends.first().getAttribute('data-state'), state, said);
  };

  test('a plan shows a conflict with its choices, each choice is a plan, and what is applied is what was shown', async () => {
    const untouched = await garrison.tell('practice-2', LOOK);
    await page.goto(`${base}/push`);
    await page.getByLabel('Account name').fill('sa-lee');
    await page.getByLabel(/^Public keys/).fill(garrison.keys.publicKey);
    await page.locator('select[aria-describedby="sudo-wrong"]').selectOption('all');
    await button(/^Choose the/).click();
    await button('Show what will happen').click();
    const first = await planned();
    await page.getByText('Of the hosts: create 1, conflict 1.').waitFor();
    assert.match(await page.title(), /^Plan p-/);
    assert.match(
      await row('practice-1').innerText(),
      /create[\s\S]*\+ create: account sa-lee[\s\S]*\+ write sudo rule: all commands/,
    );
    assert.match(
      await row('practice-2').innerText(),
      /conflict[\s\S]*AccountForeign[\s\S]*it is there: uid \d+[\s\S]*wheel/,
    );
    assert.deepEqual(await wcagFindings(page), []);
    await shot('plan-conflict');

    await button('Plan take-over, 1 host').click();
    const go = dialog().getByRole('button', { name: 'Plan take-over, 1 host' });
    assert.equal(await go.isDisabled(), true, 'before the name is typed');
    await dialog()
      .getByLabel(/Type the account’s name/)
      .fill('sa-le');
    assert.equal(await go.isDisabled(), true);
    await dialog()
      .getByLabel(/Type the account’s name/)
      .fill('sa-lee');
    await go.click();
    await page.getByText('Of the hosts: conflict 1.').waitFor();
    await page.getByText(/It can become root, or belongs to those who can \(.*wheel.*\)/).waitFor();
    await shot('plan-privileged');
    assert.equal(await garrison.tell('practice-2', LOOK), untouched);

    await page.goto(`${base}${first}`);
    await button('Plan keys only, 1 host').click();
    await page.getByText('chosen: keys only').waitFor();
    await planned();
    assert.match(
      await row('practice-2').innerText(),
      /change[\s\S]*\+ add key: ssh-ed25519[\s\S]*it stays somebody else's/,
    );
    assert.equal(await garrison.tell('practice-2', LOOK), untouched);
    await button('Apply to 1 host').click();
    await dialog().getByRole('button', { name: 'Apply to 1 host' }).click();
    await dialog().waitFor({ state: 'detached' });
    await ended('done');
    const taken = await garrison.tell('practice-2', 'id -nG sa-lee; cat ~sa-lee/.ssh/authorized_keys');
    assert.match(taken, /wheel[\s\S]*ssh-ed25519/);

    await page.goto(`${base}${first}`);
    await button('Apply to 1 host').click();
    await dialog()
      .getByText(/1 host is left out/)
      .waitFor();
    await dialog().getByLabel(/Why/).fill('a new colleague');
    await dialog().getByRole('button', { name: 'Apply to 1 host' }).click();
    await page.getByText('a new colleague').first().waitFor();
    await ended('done');
    assert.equal(await page.locator('tr[data-job]').count(), 1, 'not where it was refused');

    await page.goto(`${base}${first}`);
    await button('Apply to 1 host').click();
    await dialog().getByRole('button', { name: 'Apply to 1 host' }).click();
    await page.locator('[data-refused="1"]').waitFor();
    await page.getByText('HostChangedSincePlan').waitFor();
    await shot('push-changed-since');
    await button('Plan again for 1 host').click();
    await planned();
    await page.getByText('There is nothing to apply').waitFor();
    assert.match(await row('practice-1').innerText(), /unchanged/);
  });

  test('grants are checked, synced and checked for drift; one that ended leaves a leftover that is kept, locked and removed', async () => {
    const grant = (...hosts: readonly string[]): void => {
      const grants = hosts.map(
        (host) => `  - { accounts: [kim], hosts: [${host}], until: 2099-01-31, by: mia }\n`,
      );
      const list = grants.length === 0 ? 'grants: []\n' : `grants:\n${grants.join('')}`;
      writeFileSync(
        join(garrison.home, 'grants.yaml'),
        `accounts:\n  kim: { keys: ["${garrison.keys.publicKey}"] }\n${list}`,
      );
    };
    grant('practice-1');
    await page.goto(`${base}/grants`);
    assert.match(
      await page.locator('tr[data-grant="kim"]').innerText(),
      /practice-1[\s\S]*grant 1, names the host, granted by mia[\s\S]*2099-01-31/,
    );
    await button('Check the hosts').click();
    await page.locator('[data-check="1"]').waitFor();
    assert.match(await row('practice-1').innerText(), /kim[\s\S]*create[\s\S]*grant 1, names the host/);
    await shot('grants-checked');
    await button('Sync 1 pair').click();
    await dialog().getByText('The check shown here found: create 1.').waitFor();
    await dialog().getByRole('button', { name: 'Sync 1 pair' }).click();
    await page.locator('[data-synced="1"]').waitFor();
    await ended('done');
    await garrison.tell('practice-1', 'rm ~kim/.ssh/authorized_keys');
    await button('Check the hosts').click();
    await page
      .getByText('1 account was changed on a host since the last push. Nothing was touched.')
      .waitFor();
    assert.match(await row('practice-1').innerText(), /changed on the host[\s\S]*\+ add key/);
    await shot('grants-drift');

    grant();
    await page.goto(`${base}/leftovers`);
    await page.getByText('The hosts were not asked yet').waitFor();
    const ask = async (): Promise<void> => {
      await button('Ask 2 hosts').click();
      await page.locator('[data-survey="2"]').waitFor();
      await page.getByText('As the hosts answered').waitFor();
    };
    await ask();
    const left = page.locator('tr[data-leftover="practice-1/kim"]');
    assert.match(
      await left.innerText(),
      /open[\s\S]*grants wanted it once[\s\S]*To remove it, lock it first/,
    );
    assert.deepEqual(await wcagFindings(page), []);
    await shot('leftovers');
    await button('Keep kim practice-1').click();
    const keep = dialog().getByRole('button', { name: 'Keep' });
    assert.equal(await keep.isDisabled(), true, 'before a reason is given');
    await dialog().getByLabel(/^Why/).fill('handover');
    await keep.click();
    await left.getByText('kept: handover').waitFor();
    await button('No longer keep kim practice-1').click();
    await dialog().getByRole('button', { name: 'No longer keep' }).click();
    await button('Keep kim practice-1').waitFor();
    await button('Lock kim practice-1').click();
    await dialog().getByRole('button', { name: 'Lock' }).click();
    await page.waitForURL('**/pushes/p-*');
    await ended('done');
    await page.goto(`${base}/leftovers`);
    await page.locator('[data-survey="2"]').waitFor();
    await ask();
    await until('it is locked', async () => /locked/.test(await left.innerText()));
    await button('Remove kim practice-1').click();
    const remove = dialog().getByRole('button', { name: 'Remove' });
    await dialog()
      .getByText(/is archived on the host, under \/var\/lib\/garrison\/archive/)
      .waitFor();
    assert.equal(await remove.isDisabled(), true, 'before the name is typed');
    assert.deepEqual(await wcagFindings(page), []);
    await dialog()
      .getByLabel(/Type the account’s name/)
      .fill('kim');
    await remove.click();
    await page.waitForURL('**/pushes/p-*');
    await page.getByText('AccountRemoved').waitFor();
    assert.equal(await garrison.tell('practice-1', 'getent passwd kim || echo none'), 'none');
    await page.goto(`${base}/leftovers`);
    await page.locator('[data-survey="2"]').waitFor();
    await ask();
    await page.getByText('Nothing is left over on the hosts that answered').waitFor();
  });
});

/** The open dialog of whatever page there is by then. */
function page0(of: () => Page) {
  return () => of().locator('dialog[open]');
}
