/** The page's frame in a real browser, before the real server with a fake door: live, paused, stale, languages, themes, keys, and what axe says. */
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import type { Page } from 'playwright-core';
import { overallOf } from '../../src/server/sentence.ts';
import { seriousFindings, TestBrowser } from '../support/browser.ts';
import { worker } from '../support/fakeDoor.ts';
import { startFakeSupervisor, type FakeSupervisor } from '../support/fakeSupervisor.ts';
import { openParts } from '../support/parts.ts';
import { until } from '../support/until.ts';

const HOSTILE = `<img src=x onerror="document.title='owned'"><script>document.title='owned'</script>\u202e\u001b[31m`;
const PATHS = ['', 'workers', 'workers/push-1'];

describe('the frame of the page', () => {
  const { parts, end } = openParts();
  let browser: TestBrowser;
  let fake: FakeSupervisor;

  before(async () => {
    browser = await TestBrowser.start(parts);
  });
  beforeEach(async (context) => {
    fake = await startFakeSupervisor();
    fake.door.workers = ['push-1', 'push-2', 'push-3'].map((name) => worker(name));
    if ('after' in context) context.after(() => fake.end());
  });
  after(async () => {
    browser.assertNoErrors();
    await end();
  });

  const signedIn = (options = {}): Promise<Page> => browser.signIn(fake.server.signInLink()!, options);
  const addressOf = (path: string): string => `http://127.0.0.1:${String(fake.port)}/${path}`;
  const change = (name: string, changed: Parameters<typeof worker>[1]): void => {
    const after = worker(name, changed);
    fake.door.workers = fake.door.workers.map((each) => (each.name === name ? after : each));
    fake.door.tell({ type: 'worker', worker: after });
  };
  const textOf = async (page: Page, selector: string): Promise<string> =>
    (await page.locator(selector).first().innerText()).replace(/\s+/g, ' ');

  test('shows a change where it stands, and the sentence for the whole with it', async () => {
    const page = await signedIn();
    assert.match(await textOf(page, '[data-overall]'), /All well/);
    const names = (): Promise<string[]> =>
      page.evaluate(`[...document.querySelectorAll('tr[data-worker]')].map((row) => row.dataset.worker)`);
    const before = await names();
    change('push-2', { state: 'hung', reason: 'LoopBlocked', detail: HOSTILE });
    await page.waitForSelector('tr[data-worker="push-2"] [data-state="hung"]');
    assert.deepEqual(await names(), before, 'no row moved');
    await page.waitForSelector('[data-overall="degraded"]');
    const [sentence = ''] = overallOf(fake.door.snapshot()).sentences;
    assert.ok((await textOf(page, '[data-overall]')).includes(sentence.slice(0, 40)));
    assert.equal(await page.title(), 'Garrison on bastion-a', 'a text of a worker stays a text');
    change('push-2', {});
    await page.waitForSelector('[data-overall="well"]');
  });

  test('says Live, asks by itself where no stream comes through, and says Stale and signed out', async () => {
    const page = await signedIn();
    await page.waitForSelector('.mark-live');
    await page.route('**/api/v1/events', (route) => route.abort());
    await page.reload();
    await page.waitForSelector('.mark-polling');
    assert.match(await textOf(page, '.mark'), /Asked every few seconds/);
    change('push-1', { state: 'late', reason: 'BeatLate' });
    await page.waitForSelector('tr[data-worker="push-1"] [data-state="late"]');
    await page.unroute('**/api/v1/events');
    await page.waitForSelector('.mark-live', { timeout: 40_000 });
    const { port } = fake;
    await fake.server.close();
    await page.waitForSelector('.mark-stale');
    assert.match(await textOf(page, '.mark'), /^Stale since \d.*may be out of date\.$/);
    fake = await startFakeSupervisor(fake.home, { page: { port } });
    await page.waitForSelector('.mark-signedOut', { timeout: 40_000 });
    assert.ok(await page.getByRole('link', { name: 'Sign in' }).isVisible());
  });

  test('paused, it asks nothing and shows nothing new, until it is resumed', async () => {
    const page = await signedIn();
    await until('it follows', () => fake.door.listeners === 1);
    await page.keyboard.press('r');
    await page.waitForSelector('.mark-paused');
    await until('nobody follows', () => fake.door.listeners === 0);
    change('push-1', { state: 'failed', reason: 'CrashLoop' });
    assert.equal(await page.locator('[data-state="failed"]').count(), 0);
    await page.getByRole('button', { name: 'Resume' }).click();
    await page.waitForSelector('tr[data-worker="push-1"] [data-state="failed"]');
  });

  test('speaks the browser’s language, and the one that was chosen', async () => {
    const page = await signedIn({ locale: 'zh-CN' });
    assert.match(await textOf(page, '[data-overall]'), /一切正常/);
    assert.equal(await page.locator('html').getAttribute('lang'), 'zh-CN');
    await page.getByLabel('语言').selectOption('en');
    assert.match(await textOf(page, '[data-overall]'), /All well/);
    await page.reload();
    await page.waitForSelector('[data-overall="well"]');
    assert.match(await textOf(page, '[data-overall]'), /All well/);
  });

  test('is used by keyboard alone: a worker is restarted, after a question that does nothing by itself', async () => {
    fake.door.interrupts = ['2 jobs are run again'];
    fake.door.afterOperation = ({ id }) =>
      fake.door.endOperation(id, { state: 'done', detail: 'pid 1 beats' });
    const page = await signedIn();
    await page.keyboard.press('g');
    await page.keyboard.press('w');
    await page.waitForURL('**/workers');
    await tabTo(page, 'Restart push-2');
    await page.keyboard.press('Enter');
    await page.getByText('2 jobs are run again').waitFor();
    await page.keyboard.press('Enter');
    await page.locator('dialog[open]').waitFor({ state: 'detached' });
    assert.deepEqual(fake.door.operations, [], 'Enter left it');
    await tabTo(page, 'Restart push-2');
    await page.keyboard.press('Enter');
    await page.getByText('2 jobs are run again').waitFor();
    await page.keyboard.press('Escape');
    await page.locator('dialog[open]').waitFor({ state: 'detached' });
    assert.deepEqual(fake.door.operations, [], 'Escape left it');
    await page.keyboard.press('Enter');
    await page.getByText('2 jobs are run again').waitFor();
    await page.getByLabel(/Why/).focus();
    await page.keyboard.type('it hangs');
    await tabTo(page, 'Restart');
    await page.keyboard.press('Enter');
    await page.getByText('pid 1 beats').waitFor();
    const [{ verb, target, reason, actor } = {}] = fake.door.operations as unknown as Record<
      string,
      unknown
    >[];
    assert.deepEqual([verb, target, reason, actor], ['restart', 'worker/push-2', 'it hangs', 'page']);
  });

  test('single keys can be switched off, and never act while something is typed', async () => {
    const page = await signedIn();
    await page.keyboard.press('?');
    await page.getByRole('button', { name: 'Single keys are on' }).click();
    await page.keyboard.press('Escape');
    await page.keyboard.press('t');
    assert.equal(await page.locator('html').getAttribute('data-theme'), 'system');
    await page.reload();
    await page.waitForSelector('[data-overall]');
    await page.keyboard.press('?');
    assert.equal(await page.locator('dialog[open]').count(), 0);
  });

  for (const colorScheme of ['light', 'dark'] as const) {
    test(`axe finds nothing serious, ${colorScheme}, and a phone never scrolls sideways`, async () => {
      fake.door.workers[1] = worker('push-2', {
        state: 'hung',
        reason: 'LoopBlocked',
        detail: 'x'.repeat(300),
      });
      const page = await signedIn({ colorScheme, viewport: { width: 360, height: 740 } });
      for (const path of PATHS) {
        await page.goto(addressOf(path));
        await page.locator('.mark-live').waitFor();
        assert.deepEqual(await seriousFindings(page), [], path);
        const width = await page.evaluate<number>('document.documentElement.scrollWidth');
        assert.ok(width <= 360, `${path} is ${String(width)} px wide`);
      }
      await page.goto(addressOf('workers'));
      await page.getByRole('button', { name: 'Stop push-1' }).click();
      await page.getByText('under way').waitFor();
      assert.deepEqual(await seriousFindings(page), [], 'the question');
    });
  }
});

/** The name of what has the focus. */
const FOCUSED = `document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent.trim()`;

/** Presses Tab until the element of this name has the focus. */
async function tabTo(page: Page, name: string): Promise<void> {
  for (let presses = 0; presses < 60; presses += 1) {
    const focused = await page.evaluate<string>(FOCUSED);
    if (focused === name) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`${name} cannot be reached with Tab`);
}
