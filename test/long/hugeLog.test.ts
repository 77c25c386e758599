/** A job's log of 1 GB: its end stands on the page at once and goes on, the page stays usable, and nobody holds it in memory. */
import assert from 'node:assert/strict';
import { appendFileSync, closeSync, existsSync, openSync, readFileSync, statSync, writeSync } from 'node:fs';
import { get } from 'node:http';
import { join } from 'node:path';
import { it } from 'node:test';
import type { Page } from 'playwright-core';
import type { EvidenceBundle, WhyView } from '../../src/supervisor/door.ts';
import { TestBrowser } from '../support/browser.ts';
import type { Garrison } from '../support/garrison.ts';
import { startOn, startOwnHosts } from '../support/ownHosts.ts';
import { withParts, type Parts } from '../support/parts.ts';
import { tempHome } from '../support/tempHome.ts';
import { until } from '../support/until.ts';

const GIB = 2 ** 30;
const MIB = 2 ** 20;
const MOST_GROWTH_BYTES = 100 * MIB;
const MOST_HEAP_BYTES = 150 * MIB;
/** The best of a few: other work on the machine is not the page's. */
const TRIES = 2;
const PARTS_BACK = 4;
/** More than twice what a log of 1 MiB takes at the same moment: the machine may be busy. */
const MOST_SLOWER_MS = 1_000;
const PATIENT = { deadlineMs: 120_000 };

it('a log of 1 GB is read at its end, further back, and to its true end', withParts(story));

async function story(parts: Parts): Promise<void> {
  const own = await startOwnHosts(parts, 1);
  const [host] = own.hosts;
  assert.ok(host);
  const home = tempHome(parts);
  // The host is silent for as long as all this takes.
  const ssh = 'idleTimeout: 20m, totalTimeout: 20m';
  const garrison = await startOn(own, parts, { home, ssh, config: 'workers: { count: 1 }' });
  const browser = await TestBrowser.start(parts);
  const page = await browser.signIn((await garrison.cli('sign-in')).stdout.trim());
  const base = new URL(page.url()).origin;
  page.setDefaultTimeout(PATIENT.deadlineMs);
  const short = (await garrison.settled((await garrison.push('amy', [host.name])).id)).jobs[0]?.id ?? '';
  const shortLog = join(home, 'logs', `${short}.log`);
  writeLines(shortLog, MIB);
  appendFileSync(shortLog, 'the end of 1 MiB\n');
  const shortMs = await bestOf(() => open(page, `${base}/jobs/${short}`, 'the end of 1 MiB'));
  host.closeGate();
  const push = await garrison.push('eva', [host.name]);
  const id = push.jobs[0]?.id ?? '';
  await host.atGate('eva');
  const log = join(home, 'logs', `${id}.log`);
  const note = (name: string, value: string): void => console.log(`# ${name}: ${value}`);
  const rss = watchRss(garrison.pid);
  parts.after(() => rss.end());
  writeLines(log, GIB);
  const say = (text: string): void => appendFileSync(log, `${new Date().toISOString()} host: ${text}\n`);
  say('the last line for now');

  const firstMs = await bestOf(() => open(page, `${base}/jobs/${id}`, 'the last line for now'));
  note('until the last lines of 1 MiB stand there', `${shortMs.toFixed(0)} ms`);
  note('until the last lines of 1 GiB stand there', `${firstMs.toFixed(0)} ms`);
  const liveMs = await bestOf(async (each) => {
    const beganMs = performance.now();
    say(`new line ${String(each)}`);
    await page
      .locator('.log')
      .getByText(`new line ${String(each)}`)
      .waitFor();
    return performance.now() - beganMs;
  });
  note('a line written until it stands there', `${liveMs.toFixed(0)} ms`);
  const earlierMs = await goBack(page);
  note('a part further back', `${earlierMs.toFixed(0)} ms`);
  note('rows then', String(await page.locator('.log > div').count()));
  const heapBytes = await heapOf(page);
  note('heap of the page then', `${inMib(heapBytes)} MiB`);
  await page.getByRole('button', { name: /^Go to the end/ }).click();
  say('after the jump');
  await page.locator('.log').getByText('after the jump').waitFor();
  await until('its end is in view', () => page.evaluate<boolean>(IS_AT_END), PATIENT);
  const navigationMs = await bestOf(() => navigate(page, id));
  note('from the log to the workers and back', `${navigationMs.toFixed(0)} ms`);

  host.openGate();
  const [ended] = (await garrison.settled(push.id, PATIENT.deadlineMs)).jobs;
  assert.equal(ended?.state, 'done', JSON.stringify(ended?.result));
  await page.getByText(/^End of the log: the job ended as done/).waitFor();
  await asksAllElse(garrison, id);
  await page.goto(`${base}/jobs/${id}`);
  await page.getByText(/^End of the log: the job ended as done/).waitFor();
  const downloaded = await downloadOf(page, base, id);
  assert.equal(downloaded, statSync(log).size, 'the whole of it can be downloaded');
  note('supervisor’s memory before, at most, after', rss.text());
  assert.ok(rss.growthBytes() < MOST_GROWTH_BYTES, rss.text());
  assert.ok(heapBytes < MOST_HEAP_BYTES, `${inMib(heapBytes)} MiB`);
  assert.ok(firstMs < 2 * shortMs + MOST_SLOWER_MS, `${String(firstMs)} ms`);
  assert.ok(navigationMs < 2 * shortMs + MOST_SLOWER_MS, `${String(navigationMs)} ms`);
  browser.assertNoErrors();
  rss.end();
  await garrison.end();
  await isSweptAway(parts, { home, log, own });
  assert.ok(existsSync(shortLog), 'what fits is kept');
}

/** Lines as a worker writes them, of about so many bytes. */
function writeLines(log: string, bytes: number): void {
  const lines = Array.from(
    { length: 8_000 },
    (_, each) =>
      `2026-01-02T03:04:05.678Z host: ${String(each)} packet eva é中 <b>${'word '.repeat(15)}</b>\n`,
  );
  const block = Buffer.from(lines.join(''));
  const file = openSync(log, 'a');
  for (let written = 0; written < bytes; written += block.length) writeSync(file, block);
  closeSync(file);
}

async function bestOf(once: (each: number) => Promise<number>): Promise<number> {
  const tries: number[] = [];
  for (let each = 0; each < TRIES; each += 1) tries.push(await once(each));
  return Math.min(...tries);
}

async function open(page: Page, address: string, line: string): Promise<number> {
  await page.goto(new URL('/workers', address).href);
  await page.waitForSelector('tr[data-worker]');
  const beganMs = performance.now();
  await page.goto(address);
  await page.locator('.log').getByText(line).first().waitFor();
  return performance.now() - beganMs;
}

/** Further back, a part at a time; the slowest step counts. */
async function goBack(page: Page): Promise<number> {
  await page.evaluate(`document.querySelector('.log').scrollTop = 0`);
  await page.getByRole('button', { name: /^Go to the end/ }).waitFor();
  let slowestMs = 0;
  for (let part = 0; part < PARTS_BACK; part += 1) {
    const shown = await page.locator('.log > div').count();
    const beganMs = performance.now();
    await page.getByRole('button', { name: 'Show earlier lines' }).click();
    await until('more is shown', async () => (await page.locator('.log > div').count()) > shown, PATIENT);
    slowestMs = Math.max(slowestMs, performance.now() - beganMs);
  }
  return slowestMs;
}

const IS_AT_END = `(() => {
  const log = document.querySelector('.log');
  return log.scrollHeight - log.scrollTop - log.clientHeight < 24;
})()`;

async function navigate(page: Page, id: string): Promise<number> {
  const beganMs = performance.now();
  await page.getByRole('link', { name: 'Workers', exact: true }).first().click();
  await page.waitForSelector('tr[data-worker]');
  await page.goBack();
  await page.locator('h1').getByText(id).waitFor();
  await page.locator('.log').getByText('after the jump').waitFor();
  return performance.now() - beganMs;
}

async function heapOf(page: Page): Promise<number> {
  const session = await page.context().newCDPSession(page);
  await session.send('HeapProfiler.collectGarbage');
  const { usedSize } = await session.send('Runtime.getHeapUsage');
  await session.detach();
  return usedSize;
}

/** What else looks at a job: the chain, its evidence, parts and ranges of its log, and the command. */
async function asksAllElse(garrison: Garrison, id: string): Promise<void> {
  const why = await garrison.api<WhyView>('GET', `/api/v1/why/job/${id}`);
  assert.ok(why.steps.length > 0);
  const bundle = await garrison.api<EvidenceBundle>('GET', `/api/v1/evidence/job/${id}`);
  assert.ok(JSON.stringify(bundle).length < 4 * MIB);
  const part = await garrison.api<{ text: string }>('GET', `/api/v1/jobs/${id}/log?part=1&from=0`);
  assert.ok(part.text.length <= 256 * 1024);
  assert.equal((await garrison.cli('why', id)).exitCode, 0);
}

/** As the button does it, with the page's own cookie; only its length is kept. */
async function downloadOf(page: Page, base: string, id: string): Promise<number> {
  const cookies = await page.context().cookies();
  const cookie = cookies.map(({ name, value }) => `${name}=${value}`).join('; ');
  return new Promise((resolve, reject) => {
    const sent = get(`${base}/api/v1/jobs/${id}/log`, { headers: { cookie } }, (answer) => {
      assert.equal(answer.statusCode, 200);
      let bytes = 0;
      answer.on('data', (data: Buffer) => (bytes += data.length));
      answer.on('end', () => resolve(bytes));
      answer.on('error', reject);
    });
    sent.on('error', reject);
  });
}

/** A garrison that may keep less removes it at its start, and the job is still told of. */
async function isSweptAway(
  parts: Parts,
  { home, log, own }: { home: string; log: string; own: Parameters<typeof startOn>[0] },
): Promise<void> {
  const again = await startOn(own, parts, {
    home,
    config: 'workers: { count: 1 }\nretention: { logs: 512MiB }',
  });
  await until('the huge log is gone', () => !existsSync(log));
  const { items } = await again.api<{ items: { id: string }[] }>('GET', '/api/v1/jobs');
  const text = await again.text(`/api/v1/jobs/${items[0]?.id ?? ''}/log`);
  assert.equal(text, '');
}

interface RssWatch {
  growthBytes(): number;
  text(): string;
  end(): void;
}

function watchRss(pid: number): RssWatch {
  const look = (): number =>
    Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${String(pid)}/status`, 'utf8'))?.[1]) * 1024;
  const before = look();
  let most = before;
  const timer = setInterval(() => (most = Math.max(most, look())), 50);
  return {
    growthBytes: () => most - before,
    text: () => [before, most, look()].map((bytes) => `${inMib(bytes)} MiB`).join(', '),
    end: () => clearInterval(timer),
  };
}

function inMib(bytes: number): string {
  return (bytes / MIB).toFixed(0);
}
