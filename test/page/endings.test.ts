/** How jobs end, seen and done by a person in a real browser over real hosts: a killed worker, a cancel, a retry, and what is downloaded. */
import assert from 'node:assert/strict';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import type { Page } from 'playwright-core';
import type { JobView, PushView } from '../../src/supervisor/door.ts';
import { TestBrowser } from '../support/browser.ts';
import type { Garrison } from '../support/garrison.ts';
import { startOn, startOwnHosts, type OwnHost } from '../support/ownHosts.ts';
import { openParts } from '../support/parts.ts';
import { until } from '../support/until.ts';

const REFUSING = '#!/bin/sh\nexit 1\n';

describe('how jobs end on the page', () => {
  const { parts, end } = openParts();
  let browser: TestBrowser;
  let garrison: Garrison;
  let page: Page;
  let base: string;
  let web1: OwnHost;
  let web2: OwnHost;
  before(async () => {
    const own = await startOwnHosts(parts, 2);
    [web1, web2] = own.hosts as [OwnHost, OwnHost];
    [garrison, browser] = await Promise.all([
      startOn(own, parts, { config: 'workers: { count: 2 }' }),
      TestBrowser.start(parts),
    ]);
    const { link } = await garrison.api<{ link: string }>('POST', '/api/v1/sign-in-links');
    page = await browser.signIn(link);
    page.setDefaultTimeout(15_000);
    base = new URL(link).origin;
  });
  after(async () => {
    await end();
    browser.assertNoErrors();
  });

  const lines = async (): Promise<readonly string[]> =>
    (await page.locator('.log > div .text').allInnerTexts()).map((text) => text.trim());
  const firstJob = (push: PushView): JobView => push.jobs[0] ?? assert.fail('the push has no job');
  const openJob = async ({ id }: JobView): Promise<void> => {
    await page.goto(`${base}/jobs/${id}`);
    await page.waitForSelector('[data-log="following"]');
  };
  /** What the dialog says before the deed; it is done then. */
  const answerYes = async (): Promise<string> => {
    await page.locator('dialog[open] button.act').waitFor();
    const asked = await page.locator('dialog[open]').innerText();
    await page.locator('dialog[open] button.act').click();
    await page.locator('dialog[open] [data-state="done"]').waitFor();
    return asked;
  };
  const downloaded = async (name: string): Promise<{ name: string; text: string }> => {
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('link', { name }).click(),
    ]);
    return { name: download.suggestedFilename(), text: readFileSync(await download.path(), 'utf8') };
  };

  test('the log of a job whose worker is killed says so, goes on with the next attempt, and ends', async () => {
    web1.closeGate();
    const push = await garrison.push('eva', ['web-1'], { reason: 'ticket 7' });
    const job = firstJob(push);
    await openJob(job);
    await web1.atGate('eva');
    const { worker } = await garrison.job(job.id);
    const life = (await garrison.workers()).find(({ name }) => name === worker)?.incarnation;
    assert.ok(worker && life);
    process.kill(life.pid, 'SIGKILL');
    await page
      .locator('.log')
      .getByText(/attempt 1 ended without an answer/)
      .waitFor();
    web1.openGate();
    await page.getByText(/^End of the log: the job ended as done/).waitFor();
    const shown = await lines();
    const lostAt = shown.findIndex((line) =>
      line.endsWith(
        `garrison: attempt 1 ended without an answer: its worker ${worker} lost it or is gone. The next attempt follows by itself and reads the host's own record first.`,
      ),
    );
    assert.ok(lostAt > 0 && lostAt < shown.length - 1, shown.join('\n'));
    assert.equal(shown.filter((line) => line.includes('ended without an answer')).length, 1);
    const chain = page.locator(`[data-chain="job/${job.id}"]`);
    await chain
      .locator('[data-relation="because"]')
      .getByText(/SIGKILL/)
      .waitFor();
    assert.match(await chain.innerText(), new RegExp(`${worker} \\(pid ${String(life.pid)}\\)`));
    const saved = await downloaded('Download as text');
    assert.equal(saved.name, `${job.id}.log`);
    assert.deepEqual(saved.text.trimEnd().split('\n'), shown);
    const document = await downloaded('Download as JSON');
    assert.equal(document.name, `${job.id}.json`);
    assert.deepEqual((JSON.parse(document.text) as { item: JobView }).item, await garrison.job(job.id));
  });

  test('what is cancelled by a click, queued or running, ends as cancelled, and its log says so', async () => {
    web2.closeGate();
    const running = firstJob(await garrison.push('mia', ['web-2']));
    await web2.atGate('mia');
    const queued = firstJob(await garrison.push('kim', ['web-2']));
    for (const [job, said] of [
      [queued, /cancelled before it started; nothing was done on the host/i],
      [running, /cancel/i],
    ] as const) {
      await openJob(job);
      await page.getByRole('button', { name: 'Cancel', exact: true }).click();
      assert.match(await answerYes(), new RegExp(`job ${job.id} on host web-2`));
      await page.getByText(/^End of the log: the job ended as cancelled/).waitFor();
      await page.keyboard.press('Escape');
      await page.locator('h1 + p [data-state="cancelled"]').waitFor();
      assert.match((await lines()).at(-1) ?? '', said);
    }
    web2.openGate();
  });

  test('the hosts of a push that failed are retried by a click, and the result is verified', async () => {
    const gate = `${web2.filesAt}/etc/shadow-maint/useradd-pre.d/gate`;
    writeFileSync(gate, REFUSING);
    const push = await garrison.push('zoe', ['web-1', 'web-2']);
    await page.goto(`${base}/pushes/${push.id}`);
    await page.locator('[data-count="failed"]').getByText('failed 1').waitFor();
    await page.locator('[data-count="done"]').getByText('done 1').waitFor();
    rmSync(gate);
    await page.getByRole('button', { name: 'Retry the 1 that did not succeed' }).click();
    const asked = await answerYes();
    assert.match(asked, /on host web-2 \(failed\)/);
    assert.doesNotMatch(asked, /web-1/);
    assert.match(await page.locator('dialog[open]').innerText(), /on host web-2: changed/);
    await page.keyboard.press('Escape');
    await page.locator('[data-count="done"]').getByText('done 2').waitFor();
    assert.match(await web2.tell('id -un zoe'), /^zoe$/);
    const saved = await downloaded('Download as JSON');
    assert.equal(saved.name, `${push.id}.json`);
    const { item } = JSON.parse(saved.text) as { item: PushView };
    assert.deepEqual(item, await garrison.pushView(push.id));
    assert.deepEqual(
      item.jobs.map(({ host, state }) => [host, state]),
      [
        ['web-1', 'done'],
        ['web-2', 'done'],
      ],
    );
  });

  test('the timeline is narrowed by actor and time in its address, and a push leads to its jobs', async () => {
    const push = await garrison.push('ada', ['web-1', 'web-2']);
    const { jobs } = await garrison.settled(push.id);
    await page.goto(`${base}/timeline?about=${encodeURIComponent(`push/${push.id}`)}`);
    const entries = page.locator('.timeline > li');
    await entries.filter({ hasText: 'ended' }).waitFor();
    const asked = entries.filter({ hasText: 'was asked for' });
    await asked.getByRole('button', { name: `Jobs of push ${push.id}` }).click();
    await page.locator(`[data-jobs-of="${push.id}"] [data-state="done"]`).nth(1).waitFor();
    await page.locator(`[data-jobs-of="${push.id}"]`).getByRole('link', { name: 'web-2' }).click();
    const second = jobs.find(({ host }) => host === 'web-2');
    assert.ok(second?.worker);
    await page.waitForURL(`**/jobs/${second.id}`);
    await page.locator('dd').getByRole('link', { name: second.worker, exact: true }).click();
    await page.getByRole('link', { name: 'All jobs that name it' }).click();
    await page.locator(`tr[data-job="${second.id}"]`).waitFor();
    await page.goto(`${base}/timeline`);
    await entries.first().waitFor();
    await page.getByLabel('By', { exact: true }).fill('nobody');
    await page.keyboard.press('Enter');
    await page.waitForURL('**actor=nobody**');
    await until('nothing is left', async () => (await entries.count()) === 0);
    await page.getByLabel('By', { exact: true }).fill(push.actor.toUpperCase());
    await page.keyboard.press('Enter');
    await asked.first().waitFor();
    await page.getByLabel('From', { exact: true }).fill('2026-01-02T03:04');
    await page.waitForURL('**from=2026-01-0**');
    await page.reload();
    await asked.first().waitFor();
    assert.equal(await page.getByLabel('From', { exact: true }).inputValue(), '2026-01-02T03:04');
    await page.getByText('There is nothing older in the time asked for.').waitFor();
    await page.getByLabel('To', { exact: true }).fill('2026-01-02T03:05');
    await until('nothing was then', async () => (await entries.count()) === 0);
  });
});
