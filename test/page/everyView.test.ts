/** Every view in a real browser, for everybody: what axe says by WCAG 2.2 AA, a phone's width, both languages and themes, and hostile text in every field. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Page } from 'playwright-core';
import { TestBrowser, wcagFindings } from '../support/browser.ts';
import { fillEverything, usually, VIEWS } from '../support/everyView.ts';
import { startFakeSupervisor, type FakeSupervisor } from '../support/fakeSupervisor.ts';
import { openParts } from '../support/parts.ts';
import { addUser, PASSWORD } from '../support/visitor.ts';

const PHONE = { width: 360, height: 740 };
const MARKUP = `<img src=x onerror="document.title='owned'"><script>document.title='owned'</script>`;
const TURNING = '\u202eenod si tI\u2066\u0007\u001b[31m\u001b]0;owned\u0007\u0000';
const HOSTILE = `${MARKUP}${TURNING}${'x'.repeat(10_000)}`;

/** Views on which the supervisor's sentences have codes. */
const SAID_IN_CHINESE = [
  ...['', 'workers', 'workers/push-2', 'containers', 'containers/core', 'zombies'],
  ...['pushes/p-plan', 'pushes/p-undo', 'pushes/p-taken', 'grants?plans=p-plan', 'leftovers/p-survey'],
];

let fake: FakeSupervisor;
let browser: TestBrowser;
const { parts, end } = openParts();
before(async () => {
  fake = await startFakeSupervisor();
  parts.after(() => fake.end());
  await addUser(fake, 'chen', 'operate');
  browser = await TestBrowser.start(parts);
});
after(async () => {
  await end();
  browser.assertNoErrors();
});

const at = (path: string): string => `http://127.0.0.1:${String(fake.port)}/${path}`;

async function look(page: Page, [path, waitsFor]: (typeof VIEWS)[number]): Promise<void> {
  await page.goto(at(path));
  await page.locator(waitsFor).first().waitFor({ state: 'attached' });
}

async function tooWide(page: Page): Promise<readonly string[]> {
  const width = await page.evaluate<number>('document.documentElement.scrollWidth');
  return width <= PHONE.width ? [] : [`${String(width)} px wide`];
}

describe('every view', () => {
  for (const [locale, colorScheme] of [
    ['en-GB', 'light'],
    ['zh-CN', 'dark'],
  ] as const) {
    test(`keeps WCAG 2.2 AA and a phone’s width, ${locale}, ${colorScheme}`, async () => {
      fillEverything(fake, usually);
      const page = await browser.signIn(fake.server.signInLink()!, { locale, colorScheme, viewport: PHONE });
      const found: string[] = [];
      const lookAt = async (what: string): Promise<void> => {
        found.push(...(await wcagFindings(page)).map((finding) => `${what}: ${finding}`));
        found.push(...(await tooWide(page)).map((finding) => `${what}: ${finding}`));
      };
      for (const view of VIEWS) {
        await look(page, view);
        await lookAt(view[0]);
        if (locale === 'zh-CN' && SAID_IN_CHINESE.includes(view[0]))
          found.push(...(await englishIn(page)).map((text) => `${view[0]}: not in Chinese: ${text}`));
      }
      await page.context().clearCookies();
      await page.goto(at('login'));
      await lookAt('the sign-in form');
      assert.deepEqual(found, []);
    });
  }

  test('the supervisor’s own words stay at hand behind the Chinese ones, in English', async () => {
    fillEverything(fake, usually);
    const page = await browser.signIn(fake.server.signInLink()!, { locale: 'zh-CN', viewport: PHONE });
    await look(page, ['', 'tr[data-worker="push-2"]']);
    const row = page.locator('tr[data-worker="push-2"]');
    assert.match(await row.innerText(), /进程 4711 的主循环停住了/);
    const original = row.getByText('its main loop has not turned');
    assert.equal(await original.isVisible(), false);
    await row.locator('summary').press('Enter');
    await original.waitFor();
    assert.equal(await original.getAttribute('lang'), 'en');
    assert.match(await page.locator('[data-overall] ul').innerText(), /工作进程 push-2 自 .* 起卡死/);
    assert.deepEqual(await tooWide(page), []);
  });

  test('somebody changes the own password', async () => {
    const page = await browser.open({ viewport: PHONE });
    await page.goto(at('login'));
    await page.fill('#name', 'chen');
    await page.fill('#password', PASSWORD);
    await page.press('#password', 'Enter');
    await page.getByRole('button', { name: 'Change password' }).click();
    const dialog = page.getByRole('dialog', { name: 'Another password for your account' });
    const send = async (again: string): Promise<void> => {
      await dialog.getByLabel('Old password').fill(PASSWORD);
      await dialog.getByLabel(/^Password, 12/).fill('quite another battery');
      await dialog.getByLabel('The new password again').fill(again);
      await dialog.getByRole('button', { name: 'Change password' }).click();
    };
    await send('something else');
    await dialog.getByText('nothing was sent').waitFor();
    assert.deepEqual(await wcagFindings(page), []);
    await send('quite another battery');
    await dialog.getByText('Your password is changed').waitFor();
    assert.deepEqual(await tooWide(page), []);
  });

  test('shows hostile text in every field as text, which turns nothing and pushes nothing aside', async () => {
    fillEverything(fake, (usual) => `${usual} ${HOSTILE}`);
    const page = await browser.signIn(fake.server.signInLink()!, { viewport: PHONE });
    const found: string[] = [];
    for (const view of VIEWS) {
      await look(page, view);
      found.push(...(await harmIn(page)).map((harm) => `${view[0]}: ${harm}`));
    }
    assert.deepEqual(found, []);
  });
});

/** What of it did more than stand there. */
async function harmIn(page: Page): Promise<readonly string[]> {
  const text = (await page.locator('#page').textContent()) ?? '';
  const control = /[\u202a-\u202e\u2060-\u2069\u0000\u0007\u001b]/.exec(text);
  return [
    ...(/owned/.test(await page.title()) ? ['the title is another'] : []),
    ...((await page.locator('#page img, #page script').count()) > 0 ? ['it became markup'] : []),
    ...(control === null
      ? []
      : [`control in ${text.slice(Math.max(0, control.index - 80), control.index + 20)}`]),
    ...(await tooWide(page)),
  ];
}

/** What reads like an English sentence and is not marked as one. */
async function englishIn(page: Page): Promise<readonly string[]> {
  const texts = await page.evaluate<readonly string[]>(`(() => {
    const walker = document.createTreeWalker(document.querySelector('main'), NodeFilter.SHOW_TEXT);
    const texts = [];
    while (walker.nextNode())
      if (walker.currentNode.parentElement.closest('[lang="en"], details.original') === null)
        texts.push(walker.currentNode.data);
    return texts;
  })()`);
  return texts.filter((text) => /[a-z]+ [a-z]+ [a-z]+/i.test(text) && !/[\u4e00-\u9fff]/.test(text));
}
