/** The page's frame in a real browser, before the real server with a fake door: live, paused, stale, languages, themes, keys, and what axe says. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import type { Page, Request } from 'playwright-core';
import { overallOf } from '../../src/server/sentence.ts';
import { seriousFindings, tabTo, TestBrowser } from '../support/browser.ts';
import { result, worker } from '../support/fakeDoor.ts';
import { beatsView } from '../support/fakeHistory.ts';
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
    const beforeItsTime = sentence.slice(0, sentence.indexOf('2025-'));
    assert.ok(
      (await textOf(page, '[data-overall]')).includes(`${beforeItsTime}2025-01-02 03:04:05 UTC`),
      sentence,
    );
    assert.equal(await page.title(), 'Garrison on bastion-a', 'a text of a worker stays a text');
    change('push-2', {});
    await page.waitForSelector('[data-overall="well"]');
  });

  test('a search of the timeline goes on by itself to the beginning of a long journal, and says how far it came', async () => {
    const line = (second: number, reason: string): string => {
      const at = new Date(Date.UTC(2026, 0, 1) + second * 1000).toISOString();
      const fact = { event: 'operation', actor: 'user:wang', verb: 'restart', target: 'worker/push-1' };
      return `${JSON.stringify({ at, ...fact, reason })}\n`;
    };
    const others = Array.from({ length: 12_000 }, (_, index) => line(index + 1, 'another reason')).join('');
    writeFileSync(join(fake.home, 'journal.jsonl'), `${line(0, 'the needle')}${others}`);
    fake.door.history.journalHome = fake.home;
    const page = await signedIn();
    let calls = 0;
    let release: () => void = () => undefined;
    const released = new Promise<void>((resolve) => (release = resolve));
    await page.route(/timeline\?.*before=/, async (route) => {
      calls += 1;
      if (calls === 2) await released;
      await route.continue();
    });
    await page.goto(addressOf('timeline?q=needle'));
    await page.getByText('Searching further back by itself:').waitFor();
    assert.match(await textOf(page, 'main'), /Stop searching .*searched back to/);
    release();
    await page.waitForSelector('.timeline > li');
    assert.match(await textOf(page, '.timeline'), /the needle/);
    await page.getByText('This is where the journal begins.').waitFor();
    assert.ok(calls >= 3, `${String(calls)} calls`);
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

  test('on a worker’s page, too, it asks nothing while paused; and hidden, it lets its connection go', async () => {
    const page = await signedIn();
    await page.clock.install();
    fake.door.history.beatsOf['push-1'] = beatsView('push-1');
    // What has not been answered when the page is paused is asked once more, to be shown as it is then.
    await page.goto(addressOf('workers/push-1'));
    await page.waitForSelector('.mark-live');
    await page.getByText('Nothing has happened').or(page.locator('.story')).first().waitFor();
    await page.locator('figure.beats').waitFor();
    await page.keyboard.press('r');
    await page.waitForSelector('.mark-paused');
    await until('nobody follows', () => fake.door.listeners === 0);
    const asked: string[] = [];
    page.on('request', (request) => asked.push(request.url()));
    await page.clock.runFor(60_000);
    assert.deepEqual(asked, []);
    await page.getByRole('button', { name: 'Resume' }).click();
    await page.waitForSelector('.mark-live');
    const see = (state: 'hidden' | 'visible'): Promise<unknown> =>
      page.evaluate(`Object.defineProperty(document, 'visibilityState', { configurable: true, value: '${state}' });
        document.dispatchEvent(new Event('visibilitychange'))`);
    await see('hidden');
    await page.clock.runFor(10_000);
    await until('nobody follows', () => fake.door.listeners === 0);
    change('push-1', { state: 'failed', reason: 'CrashLoop' });
    await see('visible');
    await page.waitForSelector('.mark-live');
    await page.locator('h1 [data-state="failed"]').waitFor();
  });

  test('what was missed in a pause arrives after it, in every view of jobs, and an older word undoes none', async () => {
    fake.door.jobs = ['j-1', 'j-2'].map((id) => fake.door.job0(id, { pushId: 'p-1', state: 'running' }));
    const { kind, createdAt } = fake.door.jobs[0]!;
    const told = { accountName: null, actor: 'eva', reason: null, jobIds: ['j-1', 'j-2'] };
    fake.door.pushes = [{ id: 'p-1', kind, createdAt, ...told, state: 'open', jobs: fake.door.jobs }];
    const page = await signedIn();
    const views = [
      ['jobs', 'tr[data-job="j-1"]'],
      ['jobs/j-1', 'h1 + p'],
      ['pushes/p-1', 'tr[data-job="j-1"]'],
      ['pushes', 'tbody tr'],
    ] as const;
    for (const [path, place] of views) {
      fake.door.jobs = fake.door.jobs.map((job) => ({ ...job, state: 'running', revision: 1 }));
      fake.door.pushes = fake.door.pushes.map((push) => ({ ...push, state: 'open', jobs: fake.door.jobs }));
      await page.goto(addressOf(path));
      await page.waitForSelector('.mark-live');
      await page.locator(`${place} [data-state]`).first().waitFor();
      const before = fake.door.jobs[0]!;
      await page.keyboard.press('r');
      await until('nobody follows', () => fake.door.listeners === 0);
      fake.door.pushes = fake.door.pushes.map((push) => ({ ...push, state: 'done' }));
      fake.door.change('j-1', { state: 'done', result: result() });
      await page.keyboard.press('r');
      await page.locator(`${place} [data-state="done"]`).first().waitFor();
      fake.door.tell({ type: 'job', job: before });
      const host = `after ${path}`;
      fake.door.tell({ type: 'supervisor', snapshot: { ...fake.door.snapshot(), host } });
      await page.getByText(`Garrison on ${host}`, { exact: true }).waitFor();
      assert.equal(await page.locator(`${place} [data-state="running"]`).count(), 0, path);
    }
    fake.door.pushes = fake.door.pushes.map((push) => ({ ...push, state: 'failed' }));
    fake.door.change('j-2', { state: 'failed' });
    await page.locator('tbody tr [data-state="failed"]').waitFor();
    await page.getByText(/^As of \d/).waitFor();
  });

  test('an answer that was lost is told as one, and a question that was closed says nothing in another', async () => {
    const page = await signedIn();
    await page.goto(addressOf('workers'));
    const isDryRun = (request: Request): boolean => /"dryRun":true/.test(request.postData() ?? '');
    let lose: () => Promise<void> = async () => undefined;
    await page.route('**/api/v1/operations', (route) => {
      const { target } = route.request().postDataJSON() as { target: string };
      if (target !== 'worker/push-1') return isDryRun(route.request()) ? route.continue() : route.abort();
      lose = () => route.abort();
      return Promise.resolve();
    });
    await page.getByRole('button', { name: 'Quiet push-1' }).click();
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Stop push-2' }).click();
    await page.getByText('under way').waitFor();
    await Promise.all([page.waitForEvent('requestfailed'), lose()]);
    assert.match(await textOf(page, 'dialog h2'), /push-2/);
    await page.locator('dialog button.act').click();
    await page.getByText('No answer came. It may have been done all the same.').waitFor();
    await page.getByText(/look under pushes and in the timeline/).waitFor();
  });

  test('what its reader may do follows the server, and no lost answer takes it away', async () => {
    const page = await signedIn();
    await page.goto(addressOf('workers'));
    const stop = page.getByRole('button', { name: 'Stop push-1' });
    await stop.waitFor();
    const again = async (): Promise<void> => {
      await page.keyboard.press('r');
      await page.waitForSelector('.mark-paused');
      await page.keyboard.press('r');
      await page.waitForSelector('.mark-live');
    };
    await page.route('**/api/v1/me', (route) => route.abort());
    await Promise.all([
      page.waitForEvent('requestfailed', (request) => request.url().endsWith('/me')),
      again(),
    ]);
    assert.ok(await stop.isVisible());
    await page.unroute('**/api/v1/me');
    const item = { name: 'user:eva', role: 'view', formToken: null };
    await page.route('**/api/v1/me', (route) => route.fulfill({ json: { item } }));
    await again();
    await stop.waitFor({ state: 'detached' });
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
    const lives = fake.door.asked.map((asked) => (asked as { ifIncarnation: unknown }).ifIncarnation);
    assert.deepEqual(lives, Array(4).fill('4711-99-abcd'), 'of this life of the worker, and no other');
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
