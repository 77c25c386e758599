/** With the keyboard alone, and with what helps whoever cannot see or bear motion: in a real browser, before a door with nothing behind it. */
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import type { Page } from 'playwright-core';
import { tabTo, TestBrowser, wcagFindings } from '../support/browser.ts';
import { containerView, result, worker } from '../support/fakeDoor.ts';
import { startFakeSupervisor, type FakeSupervisor } from '../support/fakeSupervisor.ts';
import { openParts } from '../support/parts.ts';
import { until } from '../support/until.ts';

let fake: FakeSupervisor;
let browser: TestBrowser;
const { parts, end } = openParts();
before(async () => {
  fake = await startFakeSupervisor();
  parts.after(() => fake.end());
  browser = await TestBrowser.start(parts);
});
after(async () => {
  await end();
  browser.assertNoErrors();
});

describe('the keyboard alone', () => {
  const press = async (page: Page, ...keys: readonly string[]): Promise<void> => {
    for (const key of keys) await page.keyboard.press(key);
  };
  beforeEach(() => {
    const said = result({ outcome: 'failed', stage: 'connect', reason: 'ConnectRefused' });
    const failed = { state: 'failed', stage: 'connect', attempt: 1, result: said } as const;
    fake.door.jobs = [
      fake.door.job0('j-1', { host: 'web-1', ...failed }),
      fake.door.job0('j-2', { host: 'db-9', ...failed }),
    ];
    const sick = { state: 'unhealthy', reason: 'ProbeFailed', root: 'core' } as const;
    fake.door.containers = [containerView('core', { ...sick, incarnation: '4711-99-abcd' })];
    fake.door.operations = [];
  });

  test('finds a job, opens it and tries it again, up to the result', async () => {
    fake.door.afterOperation = ({ id }) =>
      fake.door.endOperation(id, { state: 'done', detail: 'j-2 is queued again' });
    const page = await browser.signIn(fake.server.signInLink()!);
    await press(page, 'g', 'j');
    await page.locator('tr[data-job="j-2"]').waitFor();
    await press(page, '/');
    await page.keyboard.type('db-9');
    await page.locator('tr[data-job="j-1"]').waitFor({ state: 'detached' });
    await tabTo(page, 'db-9');
    await press(page, 'Enter');
    await page.waitForURL('**/jobs/j-2');
    await tabTo(page, 'Retry');
    await press(page, 'Enter');
    const dialog = page.getByRole('dialog', { name: 'Retry j-2?' });
    await dialog.getByLabel(/Why/).waitFor();
    await press(page, 'Tab', 'Tab');
    await tabTo(page, 'Retry');
    assert.deepEqual(fake.door.operations, []);
    await press(page, 'Enter');
    await dialog.getByText('j-2 is queued again').waitFor();
    assert.deepEqual(
      fake.door.operations.map(({ verb, target, state }) => [verb, target, state]),
      [['retry', 'j-2', 'done']],
    );
    await press(page, 'Enter');
    await page.locator('dialog[open]').waitFor({ state: 'detached' });
  });

  test('heals a container up to the question, and leaves it with Escape', async () => {
    fake.door.steps = ['restart core, which is the root cause'];
    const page = await browser.signIn(fake.server.signInLink()!);
    await press(page, 'g', 'c');
    await page.locator('tr[data-container="core"]').waitFor();
    await press(page, '/');
    await tabTo(page, 'core');
    await press(page, 'Enter');
    await page.waitForURL('**/containers/core');
    await tabTo(page, 'Heal core');
    await press(page, 'Enter');
    await page.getByText('restart core, which is the root cause').waitFor();
    await press(page, 'Escape');
    await page.locator('dialog[open]').waitFor({ state: 'detached' });
    assert.deepEqual(fake.door.operations, [], 'nothing was done');
    await tabTo(page, 'Heal core');
  });

  test('moves a table that is wider than the screen, and stops at none that is not', async () => {
    const page = await browser.signIn(fake.server.signInLink()!, { viewport: { width: 650, height: 740 } });
    await press(page, 'g', 'j');
    const wide = page.locator('.wide');
    await wide.and(page.getByRole('region')).waitFor();
    assert.deepEqual(await wcagFindings(page), []);
    for (let presses = 0; !(await isFocused(page, '.wide')); presses += 1) {
      assert.ok(presses < 60, 'it is reached with Tab');
      await press(page, 'Tab');
    }
    await press(page, 'ArrowRight');
    await until('it moves', () => page.evaluate<boolean>(`document.querySelector('.wide').scrollLeft > 0`));
    await page.setViewportSize({ width: 1600, height: 900 });
    await until('it is no stop', async () => (await wide.getAttribute('tabindex')) === null);
  });
});

test('one sentence over all is read aloud, and not the list', async () => {
  const page = await browser.signIn(fake.server.signInLink()!);
  const aloud = page.locator('[data-overall] :is([aria-live], [role="status"])');
  assert.equal(await page.locator('[data-overall][aria-live]').count(), 0);
  assert.equal(await aloud.count(), 1);
  fake.door.containers = [];
  const hung = worker('push-2', { state: 'hung', reason: 'LoopBlocked' });
  const late = worker('push-1', { state: 'late', reason: 'BeatLate' });
  fake.door.workers = [late, hung];
  for (const each of fake.door.workers) fake.door.tell({ type: 'worker', worker: each });
  await aloud.getByText('Not all is well, 2 to look at', { exact: true }).waitFor();
  assert.equal(await page.locator('[data-overall] li').count(), 2);
});

test('nothing moves for whoever asked for less motion', async () => {
  for (const [reducedMotion, animation] of [
    ['reduce', 'none'],
    ['no-preference', 'appear'],
  ] as const) {
    const page = await browser.signIn(fake.server.signInLink()!, { reducedMotion });
    await page.keyboard.press('?');
    await page.locator('dialog[open]').waitFor();
    const name = await page.evaluate<string>(
      `getComputedStyle(document.querySelector('dialog[open]')).animationName`,
    );
    assert.equal(name, animation, reducedMotion);
  }
});

function isFocused(page: Page, selector: string): Promise<boolean> {
  return page.evaluate(`document.activeElement.matches(${JSON.stringify(selector)})`);
}
