/** The charts in a real browser over a real garrison: drawn, their table as the API has it, the range in the address, the marks, and what axe says. */
import assert from 'node:assert/strict';
import { appendFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import type { Page } from 'playwright-core';
import type { SamplesView } from '../../src/supervisor/door.ts';
import { seriousFindings, TestBrowser } from '../support/browser.ts';
import { Garrison } from '../support/garrison.ts';
import { withParts, type Parts } from '../support/parts.ts';
import { tempHome } from '../support/tempHome.ts';
import { until } from '../support/until.ts';

const MINUTE_MS = 60_000;

it('the charts tell what the supervisor kept, over a restart too', withParts(story));

async function story(parts: Parts): Promise<void> {
  const home = tempHome(parts);
  const stretch = writePast(home);
  const [garrison, browser] = await Promise.all([
    Garrison.start(parts, { home, config: 'workers: { count: 1 }' }),
    TestBrowser.start(parts),
  ]);
  const page = await browser.signIn((await garrison.cli('sign-in')).stdout.trim());
  // A first sample of this life takes up to 10 s: what the earlier life left is looked at meanwhile.
  await Promise.all([apiTells(garrison, stretch), chartsOpen(page)]);
  await page.reload();
  await tableIsTheApis(page);
  await rangeStays(page);
  await fitsEveryone(page);
  browser.assertNoErrors();
  await garrison.end();
  const rows = readFileSync(join(home, 'history.jsonl'), 'utf8').trim().split('\n');
  assert.equal((JSON.parse(rows.at(-1) ?? '[]') as unknown[]).length, 18, 'a last sample was kept');
}

/** As an earlier life left it: half an hour ago ten minutes of samples, torn at the end, and a worker that hung. */
function writePast(home: string): number {
  const beginMs = Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS - 30 * MINUTE_MS;
  for (let each = 0; each < 60; each += 1) {
    const row = [beginMs / 1_000 + each * 10, each, each * 1_000, 1, 10, 1, 0, 0, 2, null, 1.5];
    const ends = [each === 5 ? 3 : 0, 0, 0, 0, each === 6 ? 2 : 0, 0, 0];
    appendFileSync(join(home, 'history.jsonl'), `${JSON.stringify([...row, ...ends])}\n`);
  }
  appendFileSync(join(home, 'history.jsonl'), '[17');
  const hung = {
    event: 'verdict',
    id: 'i-1',
    worker: 'push-1',
    at: new Date(beginMs + 5 * MINUTE_MS).toISOString(),
    from: { state: 'up', reason: 'Beating' },
    state: 'hung',
    reason: 'LoopBlocked',
    shown: true,
    detail: '<img src=x onerror="document.title=1">',
    autopsyFile: null,
    lastLines: [],
  };
  appendFileSync(join(home, 'journal.jsonl'), `${JSON.stringify(hung)}\n`);
  return beginMs;
}

async function apiTells(garrison: Garrison, beginMs: number): Promise<void> {
  assert.match(garrison.output, /1 lines of .*history\.jsonl cannot be read/);
  const from = new Date(beginMs).toISOString();
  const to = new Date(beginMs + 10 * MINUTE_MS + 30_000).toISOString();
  const view = await garrison.api<SamplesView>('GET', `/api/v1/history?from=${from}&to=${to}&step=10s`);
  const waiting = [...Array.from({ length: 60 }, (_, each) => each), null, null, null, null];
  assert.deepEqual([view.from, view.stepMs, view.series.waiting], [from, 10_000, waiting]);
  assert.ok(view.series.containersUnwell.every((value) => value === null));
  const fresh = await until(
    'a sample of this life',
    async () => {
      const { series } = await garrison.api<SamplesView>('GET', '/api/v1/history');
      return series.workersUp.at(-1) === 1 ? series : null;
    },
    { deadlineMs: 25_000 },
  );
  assert.equal(fresh.slots.at(-1), 10);
  const week = await garrison.api<SamplesView>('GET', '/api/v1/history?last=7d&step=1s');
  assert.ok(week.points <= 2_000 && week.points > 1_500, String(week.points));
  assert.equal(Math.max(...week.series.waiting.map((value) => value ?? 0)), 59);
  for (const bad of ['from=yesterday', 'step=10', 'last=1h&from=2026-01-01T00:00:00Z', 'what=1'])
    await assert.rejects(garrison.api('GET', `/api/v1/history?${bad}`), /400|not understood/, bad);
}

async function chartsOpen(page: Page): Promise<void> {
  await page.waitForSelector('[data-chart="queue"] canvas');
  assert.equal(await page.locator('.hour [data-chart]').count(), 4);
  await page.keyboard.press('g');
  await page.keyboard.press('h');
  await page.waitForURL('**/history');
  await marksOpen(page);
}

async function tableIsTheApis(page: Page): Promise<void> {
  await page.waitForSelector('[data-chart="queue"] canvas');
  assert.equal(await page.locator('[data-chart] canvas').count(), 8);
  assert.ok(await page.evaluate<boolean>(IS_DRAWN), 'something is drawn');
  const caption = await page.locator('[data-chart="queue"] figcaption').innerText();
  assert.match(caption, /waiting: now 0, least 0, most 59 at \d/);
  assert.match(await page.locator('[data-line="endedUnreachable"]').innerText(), /2 in all/);
  const answered = page.waitForResponse('**/api/v1/history?last=24h');
  await page.getByLabel('24 hours').check();
  const { item } = (await (await answered).json()) as { item: SamplesView };
  await page.locator('[data-chart="queue"] summary').click();
  await page.locator('[data-chart="queue"] td').first().waitFor();
  const shown = await page.evaluate<string[]>(
    `[...document.querySelectorAll('[data-chart="queue"] td')].map((cell) => cell.dataset.value)`,
  );
  const told = item.series.waiting.map((value) => (value === null ? '' : String(value))).reverse();
  assert.deepEqual(shown, told);
}

const IS_DRAWN = `(() => {
  const canvas = document.querySelector('[data-chart="queue"] canvas');
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  return data.some((value) => value > 0);
})()`;

async function rangeStays(page: Page): Promise<void> {
  assert.match(page.url(), /range=24h/);
  await page.reload();
  await page.waitForSelector('[data-chart="queue"] canvas');
  assert.ok(await page.getByLabel('24 hours').isChecked());
  await page.getByLabel('1 hour').check();
  await page.waitForURL('**range=1h');
}

async function marksOpen(page: Page): Promise<void> {
  const mark = page.locator('.marks button').first();
  await mark.focus();
  await page.keyboard.press('Enter');
  await page.locator('.events .timeline').getByText('push-1: up → hung').waitFor();
  assert.notEqual(await page.title(), '1');
}

async function fitsEveryone(page: Page): Promise<void> {
  for (const [colorScheme, width] of [
    ['light', 1_200],
    ['dark', 360],
  ] as const) {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize({ width, height: 740 });
    assert.deepEqual(await seriousFindings(page), [], colorScheme);
    const wide = await page.evaluate<number>('document.documentElement.scrollWidth');
    assert.ok(wide <= width, `${String(wide)} px wide`);
  }
  await page.getByLabel('Language').selectOption('zh');
  await page.getByRole('heading', { name: '等待中的任务' }).waitFor();
}
