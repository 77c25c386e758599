/** The page's jobs, logs and pushes in a real browser: a push from its form to its result, a log over lost connections, and a hostile host. */
import assert from 'node:assert/strict';
import { appendFileSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { BrowserContextOptions, Page } from 'playwright-core';
import type { PushView } from '../../src/supervisor/door.ts';
import { TestBrowser } from '../support/browser.ts';
import { result } from '../support/fakeDoor.ts';
import { startFakeSupervisor, type FakeSupervisor } from '../support/fakeSupervisor.ts';
import { Garrison } from '../support/garrison.ts';
import { openParts } from '../support/parts.ts';
import { until } from '../support/until.ts';

const HOSTILE = `<img src=x onerror="document.title='owned'"><script>document.title='owned'</script>\u202e\u001b[31m`;
const SHOTS = process.env['GARRISON_TEST_SHOTS'];

describe('the page’s jobs', () => {
  const { parts, end } = openParts();
  let browser: TestBrowser;
  let fake: FakeSupervisor;
  let line: CutLine;
  before(async () => {
    fake = await startFakeSupervisor();
    parts.after(() => fake.end());
    line = await CutLine.to(fake.port);
    parts.after(() => line.end());
    // The page's own name and port, as its server wants to be called; what is sent there goes over the line.
    const rule = `MAP localhost:${String(fake.port)} 127.0.0.1:${String(line.port)}`;
    browser = await TestBrowser.start(parts, [`--host-resolver-rules=${rule}`]);
  });
  after(async () => {
    await end();
    browser.assertNoErrors();
  });

  const signIn = async (link: string, options: BrowserContextOptions = {}): Promise<Page> => {
    const page = await browser.signIn(link, options);
    page.setDefaultTimeout(15_000);
    return page;
  };
  const shot = async (page: Page, name: string): Promise<void> => {
    if (SHOTS !== undefined) await page.screenshot({ path: join(SHOTS, `${name}.png`), fullPage: true });
  };

  test('a push goes from its form to its result, and is found among the jobs', async () => {
    const garrison = await Garrison.start(parts, { practice: 2 });
    const { link } = await garrison.api<{ link: string }>('POST', '/api/v1/sign-in-links');
    const page = await signIn(link);
    const base = new URL(link).origin;
    await page.goto(`${base}/push`);
    await page.getByLabel('Account name').fill('eva');
    await page.getByLabel('Account name').press('Enter');
    const keys = page.getByLabel(/^Public keys/);
    const sent: string[] = [];
    page.on('request', (request) => sent.push(request.postData() ?? ''));
    await keys.fill('-----BEGIN OPENSSH PRIVATE KEY-----\nsecret-bytes');
    await page.getByText(/That is a private key/).waitFor();
    assert.equal(await keys.inputValue(), '');
    await page.getByRole('button', { name: 'Show what will happen' }).click();
    await page.getByText('Choose at least one host.').waitFor();
    await page.getByRole('button', { name: /^Choose the/ }).click();
    await keys.fill(garrison.keys.publicKey);
    await page.getByLabel('Shell').fill('bash');
    await page.getByRole('button', { name: 'Show what will happen' }).click();
    await page
      .locator('#shell-wrong')
      .getByText(/path of a shell/)
      .waitFor();
    await page.getByLabel('Shell').fill('');
    await page.getByRole('button', { name: 'Show what will happen' }).click();
    await page.waitForSelector('[data-plan="2"]');
    await shot(page, 'push-plan');
    const pushes = async (): Promise<PushView[]> =>
      (await garrison.api<{ items: PushView[] }>('GET', '/api/v1/pushes')).items;
    await page.getByText('Of the hosts: create 2.').waitFor();
    const kinds = async (): Promise<string[]> => (await pushes()).map(({ kind }) => kind);
    assert.deepEqual(await kinds(), ['plan'], 'nothing was done before it was said');
    await page.getByRole('button', { name: 'Apply to 2 hosts' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Apply to 2 hosts' }).click();
    await page.locator('tr [data-state]').first().waitFor();
    await until(
      'both rows end well',
      async () => (await page.locator('tr [data-state="done"]').count()) === 2,
      {
        deadlineMs: 30_000,
      },
    );
    await page
      .getByText(/created account/)
      .first()
      .waitFor();
    await shot(page, 'push-done');
    assert.ok(!sent.some((body) => body.includes('secret-bytes')), 'the private key went nowhere');
    await page.locator('tbody a').first().click();
    await page.getByText(/^End of the log: the job ended as done/).waitFor();
    assert.match(await page.locator('.log').innerText(), /garrison:/);
    await shot(page, 'job');
    await page.goto(`${base}/jobs?state=done&q=EVA`);
    await until(
      'both are found, with what was planned',
      async () => (await page.locator('tr[data-job]').count()) === 4,
    );
    await page.getByRole('button', { name: /^failed/ }).click();
    await page.getByText('No job fits this filter.').waitFor();
    await page.goBack();
    await until('the filter is back', async () => (await page.locator('tr[data-job]').count()) === 4);
    const [push] = await pushes();
    const again = await garrison.push('eva', ['practice-1']);
    const found = (): Promise<{ items: unknown[] }> => garrison.api('GET', '/api/v1/jobs?state=done&q=eva');
    await until('it is kept, not only told', async () => (await found()).items.length === 5);
    await page.getByRole('button', { name: 'Show 1 new' }).click();
    await until('it is there', async () => (await page.locator('tr[data-job]').count()) === 5);
    assert.notEqual(again.id, push?.id);
    await shot(page, 'jobs');
  });

  test('a live log over 20 lost connections has every line once, then its end', async () => {
    const { page, log } = await openJob('j-1');
    writeFileSync(log, '');
    await page.waitForSelector('[data-log="following"]');
    let written = 0;
    const write = (count: number): void => {
      for (let each = 0; each < count; each += 1) appendFileSync(log, `line ${String((written += 1))} é中\n`);
    };
    for (let cut = 0; cut < 20; cut += 1) {
      write(5);
      await until(`line ${String(written - 4)} is shown`, async () =>
        (await page.locator('.log').innerText()).includes(`line ${String(written - 4)} `),
      );
      write(7);
      line.cut();
      write(3);
    }
    fake.door.change('j-1', { state: 'failed', result: result({ outcome: 'failed' }) });
    await page.getByText(/^End of the log: the job ended as failed/).waitFor();
    const rows = await page.locator('.log > div').allInnerTexts();
    assert.deepEqual(
      rows.map((row) =>
        row
          .split('\n')
          .map((part) => part.trim())
          .join(' '),
      ),
      Array.from({ length: written }, (_, at) => `${String(at + 1)} line ${String(at + 1)} é中`),
    );
    assert.ok(line.cuts >= 20, String(line.cuts));
  });

  test('a job that ends while the connection is lost is shown as ended; a server that says nothing is Stale after 40 s', async () => {
    const { page, base } = await openJob('j-3');
    await page.waitForSelector('.mark-live');
    line.cut();
    await until('nobody follows', () => fake.door.listeners === 0);
    fake.door.change('j-3', { state: 'done', result: result() });
    await page.locator('h1 + p [data-state="done"]').waitFor();
    await page.clock.install();
    await page.goto(`${base}/workers`);
    await page.waitForSelector('.mark-live');
    await until('its reader is known', async () => (await page.locator('tr button').count()) > 0);
    line.hold();
    await page.clock.runFor(35_000);
    await page.clock.runFor(5_000);
    await page.waitForSelector('.mark-stale', { timeout: 3_000 });
    line.release();
    await page.clock.runFor(30_000);
    await page.waitForSelector('.mark-live');
  });

  test('shows what a hostile host says as text, everywhere, and not more than a part of a huge log', async () => {
    const { page, base, log } = await openJob('j-2');
    const facts = { [HOSTILE]: HOSTILE };
    const said = result({ outcome: 'failed', reason: HOSTILE, detail: HOSTILE, changes: [HOSTILE], facts });
    fake.door.change('j-2', { state: 'failed', host: HOSTILE, worker: HOSTILE, result: said });
    fake.door.pushes = fake.door.pushes.map((push) => ({ ...push, jobs: fake.door.jobs }));
    writeFileSync(log, `${'filling '.repeat(20)}\n`.repeat(60_000));
    appendFileSync(log, `${HOSTILE}\u0000\u0007 \u001b[1mlast\u001b[0m\n`);
    for (const path of ['jobs/j-2', 'jobs', 'pushes/p-1']) {
      await page.goto(`${base}/${path}`);
      await page.getByText('<img src=x onerror', { exact: false }).first().waitFor();
      assert.doesNotMatch(await page.title(), /owned/, path);
      assert.equal(await page.locator('main img, main script').count(), 0, path);
      assert.doesNotMatch(
        await page.locator('main').innerText(),
        /\u202e/,
        `${path} turns the direction of text`,
      );
    }
    await page.goto(`${base}/jobs/j-2`);
    await page.getByText('<U+202E>␀␇ last').waitFor();
    const count = (): Promise<number> => page.locator('.log > div').count();
    const before = await count();
    assert.ok(before < 3_000, String(before));
    await page.getByRole('button', { name: 'Show earlier lines' }).click();
    await until('more is shown', async () => (await count()) > before);
    await shot(page, 'hostile');
    await page.setViewportSize({ width: 360, height: 740 });
    for (const path of ['jobs/j-2', 'jobs', 'push', 'pushes', 'pushes/p-1']) {
      await page.goto(`${base}/${path}`);
      await page.locator('h1').waitFor();
      await shot(page, `phone-${path.replace('/', '-')}`);
      const wider = 'document.documentElement.scrollWidth - document.documentElement.clientWidth';
      assert.equal(await page.evaluate(wider), 0, `${path} scrolls sideways`);
    }
  });

  /** A job of the fake supervisor's, looked at over the line. */
  async function openJob(jobId: string): Promise<{ page: Page; base: string; log: string }> {
    fake.door.jobs = [fake.door.job0(jobId, { state: 'running', pushId: 'p-1', attempt: 1 })];
    const { kind, createdAt, jobs } = { ...fake.door.jobs[0]!, jobs: fake.door.jobs };
    const said = { accountName: HOSTILE, actor: HOSTILE, reason: HOSTILE };
    fake.door.pushes = [{ id: 'p-1', kind, createdAt, ...said, jobIds: [jobId], state: 'open', jobs }];
    const base = `http://localhost:${String(fake.port)}`;
    const page = await signIn(fake.server.signInLink()!.replace('127.0.0.1', 'localhost'));
    await page.goto(`${base}/jobs/${jobId}`);
    return { page, base, log: await fake.door.jobLogFile(jobId) };
  }
});

/** A TCP line between the browser and the page's port, which can be cut. */
class CutLine {
  readonly port: number;
  cuts = 0;
  #isHeld = false;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(server: Server, port: number) {
    this.#server = server;
    this.port = port;
  }

  static to(port: number): Promise<CutLine> {
    return new Promise((resolve) => {
      const server = createServer();
      server.listen(0, '127.0.0.1', () => {
        const line = new CutLine(server, (server.address() as { port: number }).port);
        server.on('connection', (near) => line.#join(near, connect(port, '127.0.0.1')));
        resolve(line);
      });
    });
  }

  /** Takes whatever comes, as a stopped process's kernel does, and says nothing. */
  hold(): void {
    this.#isHeld = true;
    for (const socket of this.#sockets) socket.unpipe();
  }

  release(): void {
    this.#isHeld = false;
    for (const socket of this.#sockets) socket.destroy();
  }

  #join(near: Socket, far: Socket): void {
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#sockets.add(from);
      from.on('error', () => undefined);
      from.on('close', () => {
        this.#sockets.delete(from);
        to.destroy();
      });
      if (!this.#isHeld) from.pipe(to);
    }
  }

  cut(): void {
    if (this.#sockets.size > 0) this.cuts += 1;
    for (const socket of this.#sockets) socket.destroy();
  }

  async end(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
