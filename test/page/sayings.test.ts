/** What the page says in a real browser is so: of a plan that comes late, of what is old, cut off or not known, of times and zones, and of a log that cannot be read. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { after, before, beforeEach, describe, test } from 'node:test';
import type { Page, Route } from 'playwright-core';
import { fill } from '../../src/page/words/fill.ts';
import type { PushRequest } from '../../src/supervisor/pushAsk.ts';
import { TestBrowser } from '../support/browser.ts';
import { containerView, hostView, worker, zombieView } from '../support/fakeDoor.ts';
import { startFakeSupervisor, type FakeSupervisor } from '../support/fakeSupervisor.ts';
import { openParts } from '../support/parts.ts';
import { until } from '../support/until.ts';

const AT = '2026-01-02T03:04:05.678Z';

describe('what the page says', () => {
  const { parts, end } = openParts();
  let browser: TestBrowser;
  let fake: FakeSupervisor;
  let page: Page;
  before(async () => {
    fake = await startFakeSupervisor();
    parts.after(() => fake.end());
    fake.door.hosts = ['web-1', 'web-2'].map((name) => hostView(name));
    browser = await TestBrowser.start(parts);
    page = await browser.signIn(fake.server.signInLink()!, { timezoneId: 'Asia/Shanghai' });
    page.setDefaultTimeout(15_000);
  });
  beforeEach(async () => {
    await page.unrouteAll();
    fake.door.asked.length = 0;
    fake.door.workers = [worker('push-1')];
  });
  after(async () => {
    await end();
    browser.assertNoErrors();
  });

  const open = async (path: string): Promise<void> => {
    await page.goto(`http://127.0.0.1:${String(fake.port)}/${path}`);
    await page.locator('.mark-live').waitFor();
  };
  const pushes = (): readonly (readonly [readonly string[], boolean])[] =>
    (fake.door.asked as PushRequest[]).map(({ hosts, dryRun }) => [hosts, dryRun]);

  test('a plan is of what the form says now, and what is pushed is what the plan says', async () => {
    await open('push');
    const look = page.getByRole('button', { name: 'Show what will happen' });
    const plan = page.locator('[data-plan]');
    await page.getByLabel(/Check: can the hosts/).check();
    await page.getByLabel('web-1').check();
    let held: Route | null = null;
    await page.route('**/api/v1/pushes', (route) => {
      held = route;
    });
    await look.click();
    await until('the question is on its way', () => held !== null);
    await page.getByLabel('web-2').check();
    const told = page.waitForResponse('**/api/v1/pushes');
    await (held as unknown as Route).continue();
    await (await told).finished();
    await page.unrouteAll();
    await page.evaluate('new Promise((drawn) => requestAnimationFrame(() => setTimeout(drawn)))');
    assert.equal(await plan.count(), 0, 'of a choice that is changed since');
    await look.click();
    await page.waitForSelector('[data-plan="2"]');
    await page.getByLabel('web-2').uncheck();
    await plan.waitFor({ state: 'detached' });
    await look.click();
    await page.waitForSelector('[data-plan="1"]');
    await page.getByText('1 job would be made, one for each host').waitFor();
    await page.getByRole('button', { name: 'check on 1 host', exact: true }).click();
    await page.waitForURL('**/pushes/p-*');
    assert.deepEqual(pushes(), [
      [['web-1'], true],
      [['web-1', 'web-2'], true],
      [['web-1'], true],
      [['web-1'], false],
    ]);
  });

  test('a worker is offered what changes something, and what is asked of it is asked of its life', async () => {
    fake.door.workers = [
      worker('runs', { detail: `silent since ${AT}` }),
      worker('quiet', { wish: 'quiet', reason: 'Quiet' }),
      worker('stopped', { wish: 'stop', state: 'stopped', incarnation: null }),
      worker('dead', { state: 'backoff', incarnation: null }),
    ];
    await open('workers');
    const offers = async (name: string): Promise<string[]> =>
      page.locator(`tr[data-worker="${name}"] button`).allInnerTexts();
    assert.deepEqual(await offers('runs'), ['Quiet', 'Restart', 'Stop']);
    assert.deepEqual(await offers('quiet'), ['Start', 'Restart', 'Stop']);
    assert.deepEqual(await offers('stopped'), ['Start']);
    assert.deepEqual(await offers('dead'), ['Start', 'Stop']);
    await page.getByText('silent since 2026-01-02 03:04:05 UTC').waitFor();
    await page.getByRole('button', { name: 'Stop runs' }).click();
    await page.getByText('under way').waitFor();
    const [asked] = fake.door.asked as { ifIncarnation: string | null }[];
    assert.equal(asked?.ifIncarnation, '4711-99-abcd');
    await page.keyboard.press('Escape');
  });

  test('what is old is not called well without its time, and every time has a zone', async () => {
    await open('');
    const verdict = page.locator('[data-overall] h1');
    await page.locator('.verdict.well').waitFor();
    assert.equal((await verdict.innerText()).trim(), '● All well');
    await page.getByRole('button', { name: 'Pause' }).click();
    await page.locator('.verdict.old').waitFor();
    assert.match(await verdict.innerText(), /^▲ All well, at \d\d:\d\d:\d\d$/);
    await page.getByRole('button', { name: 'Resume' }).click();
    await page.locator('.verdict.well').waitFor();
    assert.match(await page.locator('footer').innerText(), /Times are of Asia\/Shanghai \(GMT\+8\)/);
    const title = await page.locator('footer time').getAttribute('title');
    assert.match(title ?? '', /Jan 2, 2025, 11:04:05 GMT\+8 · 2025-01-02T03:04:05\.678Z$/);
  });

  test('containers are counted whole, and not called well when nobody can tell', async () => {
    const card = page.locator('.card', { has: page.getByRole('link', { name: 'Containers' }) });
    fake.door.containers = [containerView('core')];
    await open('');
    await card.getByText('1, not sick').waitFor();
    fake.door.containers = [
      containerView('core', { state: 'unknown' }),
      containerView('koko', { state: 'unhealthy' }),
    ];
    await open('');
    await card.getByText('1 of 2 sick, 1 not known').waitFor();
    // The summary names only some of them; here, none.
    assert.equal(await card.getByRole('link', { name: '1 more' }).count(), 1);
    fake.door.docker = { ...fake.door.docker, state: 'away' };
    await open('');
    await card.getByText('Docker does not answer: of the 2 seen before nothing is known').waitFor();
    assert.doesNotMatch(await card.innerText(), /sick/);
  });

  test('of very many zombies it says that it lists the first', async () => {
    fake.door.zombies = Array.from({ length: 1_005 }, (_, at) => zombieView(10_000 + at));
    await open('zombies');
    await page.getByText('The table has the first 1000 of 1005').waitFor();
    fake.door.zombies = [zombieView(10_000)];
    await open('zombies');
    await page.locator('tr[data-parent]').waitFor();
    assert.equal(await page.getByText('The table has the first').count(), 0);
  });

  test('of a log it says why its earlier lines do not come, and when it is followed no more', async () => {
    fake.door.jobs = [fake.door.job0('j-1', { state: 'running', attempt: 1 })];
    writeFileSync(await fake.door.jobLogFile('j-1'), `${'filling '.repeat(20)}\n`.repeat(6_000));
    await open('jobs/j-1');
    const earlier = page.getByRole('button', { name: 'Show earlier lines' });
    const failure = page.locator('[role="alert"]', { hasText: 'could not be read' });
    await page.route('**/jobs/j-1/log', (route) => route.fulfill({ status: 503, body: '' }));
    await earlier.click();
    await failure.getByText(/the answer was 503\. Try again, or download/).waitFor();
    await page.unrouteAll();
    await page.route('**/jobs/j-1/log', (route) => route.abort());
    await earlier.click();
    await failure.getByText(/no answer came/).waitFor();
    await page.unrouteAll();
    await earlier.click();
    await failure.waitFor({ state: 'detached' });
    await page.route('**/log?follow=1**', (route) => route.abort());
    await page.route('**/log?part=1**', (route) =>
      route.fulfill({ status: 404, json: { code: 'NOT_FOUND', detail: 'there is no log' } }),
    );
    await open('jobs/j-1');
    await page.waitForSelector('[data-log="failed"]');
    assert.equal(await page.locator('[data-log]').innerText(), 'The log is not followed any more.');
    await page.getByText('there is no log').waitFor();
  });
});

test('words are of one or of more, and a fact is never taken for words', () => {
  const words = '{n} {n:job|jobs} of {who}';
  assert.equal(fill(words, { n: 1, who: '{n:a|b}' }), '1 job of {n:a|b}');
  assert.equal(fill(words, { n: 0, who: 'x\u202e' }), '0 jobs of x<U+202E>');
  assert.equal(fill('{missing} {constructor}', {}), '{missing} {constructor}');
});
