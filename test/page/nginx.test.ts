/** The page behind a real nginx with the configuration that README gives, in a real browser; and where that nginx lets no stream through. */
import assert from 'node:assert/strict';
import { appendFileSync, writeFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import type { Page } from 'playwright-core';
import { TestBrowser } from '../support/browser.ts';
import { worker } from '../support/fakeDoor.ts';
import { startFakeSupervisor, type FakeSupervisor } from '../support/fakeSupervisor.ts';
import { PREFIX } from '../support/frontProxy.ts';
import { freePort, startNginx, type Nginx } from '../support/nginx.ts';
import { openParts } from '../support/parts.ts';
import { tempHome } from '../support/tempHome.ts';
import { until } from '../support/until.ts';
import { addUser, PASSWORD } from '../support/visitor.ts';

/** Besides what README gives: nothing that ends in a stream comes through. */
const denied = (ofEvents: number, ofLog: number): string => `
    location = ${PREFIX}api/v1/events { return ${String(ofEvents)}; }
    location ~ ^${PREFIX}api/v1/jobs/[^/]+/log$ {
      if ($arg_follow = 1) { return ${String(ofLog)}; }
      proxy_pass http://127.0.0.1:PAGE;
      proxy_set_header Host $host;
    }`;

describe('behind nginx', () => {
  const { parts, end } = openParts();
  let fake: FakeSupervisor;
  let nginx: Nginx;
  let browser: TestBrowser;
  let page: Page;
  let log: string;
  const at = (path: string): string => `${nginx.origin}${PREFIX}${path}`;
  before(async () => {
    const port = await freePort();
    const publicUrl = `https://localhost:${String(port)}`;
    fake = await startFakeSupervisor(undefined, {
      page: { basePath: PREFIX, publicUrl, trustedProxies: ['loopback'] },
    });
    parts.after(() => fake.end());
    nginx = await startNginx(tempHome(parts), port, () => fake.port);
    parts.after(() => nginx.end());
    await addUser(fake, 'ann', 'operate');
    fake.door.jobs = [fake.door.job0('j-1', { state: 'running', attempt: 1 })];
    log = await fake.door.jobLogFile('j-1');
    writeFileSync(log, 'line 1\n');
    browser = await TestBrowser.start(parts);
    page = await browser.open({ ignoreHTTPSErrors: true });
    page.setDefaultTimeout(15_000);
  });
  after(async () => {
    browser.assertNoErrors();
    await end();
  });
  const rows = async (): Promise<readonly string[]> =>
    (await page.locator('.log > div .text').allInnerTexts()).map((text) => text.trim());
  const wrote = (from: number, to: number): string[] =>
    Array.from({ length: to - from + 1 }, (_, index) => `line ${String(from + index)}`);
  let written = 1;
  const write = (from: number, to: number): void => {
    appendFileSync(log, `${wrote(from, to).join('\n')}\n`);
    written = to;
  };
  const shows = (to: number): Promise<boolean> =>
    until(`line ${String(to)} is shown`, async () => (await rows()).at(-1) === `line ${String(to)}`, {
      deadlineMs: 20_000,
    });

  test('who follows a deep link signs in and is there, also after a reload; both streams come through', async () => {
    await page.goto(at('jobs/j-1'));
    assert.equal(page.url(), at('login?to=jobs%2Fj-1'));
    await page.fill('#name', 'ann');
    await page.fill('#password', PASSWORD);
    await page.press('#password', 'Enter');
    await page.waitForURL(at('jobs/j-1'));
    await page.reload();
    await page.waitForSelector('.mark-live');
    await page.waitForSelector('[data-log="following"]');
    write(2, 5);
    await shows(5);
    fake.door.change('j-1', { worker: 'push-7' });
    await page.getByRole('link', { name: 'push-7' }).waitFor();
    await page.getByRole('link', { name: 'Workers', exact: true }).first().click();
    await page.waitForURL(at('workers'));
    fake.door.tell({ type: 'worker', worker: worker('push-2', { state: 'late', reason: 'BeatLate' }) });
    await page.waitForSelector('tr[data-worker="push-2"] [data-state="late"]');
    await page.goBack();
    await shows(5);
  });

  test('where streams are refused or time out, the log is asked for, says so, and streams again', async () => {
    await page.goto(at('jobs/j-1'));
    await page.waitForSelector('[data-log="following"]');
    const first = written;
    await shows(first);
    await nginx.configure({ more: denied(504, 403).replace('PAGE', String(fake.port)) });
    await page.waitForSelector('[data-log="polling"]', { timeout: 30_000 });
    await page.waitForSelector('.mark-polling', { timeout: 30_000 });
    await page.getByText(/new lines are asked for every 3 s/).waitFor();
    write(first + 1, first + 20);
    await shows(first + 20);
    await page.reload();
    await page.waitForSelector('[data-log="polling"]', { timeout: 30_000 });
    await shows(first + 20);
    write(first + 21, first + 30);
    await nginx.configure({});
    await page.evaluate(`dispatchEvent(new Event('online'))`);
    await page.waitForSelector('[data-log="following"]', { timeout: 40_000 });
    write(first + 31, first + 32);
    await shows(first + 32);
    assert.deepEqual(await rows(), wrote(1, first + 32), 'no line is missing, none is there twice');
  });

  test('a log that is asked for ends as one that is followed does, with its last words', async () => {
    await nginx.configure({ more: denied(403, 504).replace('PAGE', String(fake.port)) });
    await page.goto(at('jobs/j-1'));
    await page.waitForSelector('[data-log="polling"]', { timeout: 30_000 });
    appendFileSync(log, 'cut off in the mid');
    fake.door.change('j-1', { state: 'unknown' });
    await page.getByText(/^End of the log: the job ended as unknown/).waitFor();
    assert.equal((await rows()).at(-1), 'cut off in the mid');
  });
});
