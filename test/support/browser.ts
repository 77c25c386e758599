/**
 * Debian's Chromium for a test, driven through Playwright: one browser, with pages that are signed in as an operator is.
 * It goes nowhere but to 127.0.0.1, and any error in a page fails the test.
 */
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';
import type { Result } from 'axe-core';

/** Besides `--no-sandbox`, which root needs: without the rest it asks the network for things, many at a time. */
const ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** A first start on a busy machine takes a while. */
const START_WITHIN_MS = 60_000;
const SERIOUS = ['serious', 'critical'];
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

interface Context {
  after(end: () => Promise<void> | void): void;
}

export class TestBrowser {
  readonly #browser: Browser;
  readonly #errors: string[] = [];

  private constructor(browser: Browser) {
    this.#browser = browser;
  }

  /** `more`: arguments of Chromium besides the usual ones. */
  static async start(context: Context, more: readonly string[] = []): Promise<TestBrowser> {
    const executablePath = '/usr/bin/chromium';
    const browser = new TestBrowser(
      await chromium.launch({ executablePath, args: [...ARGS, ...more], timeout: START_WITHIN_MS }),
    );
    context.after(() => browser.#browser.close());
    return browser;
  }

  /** A page of its own, signed in by this link; it shows the overview. */
  async signIn(link: string, options: BrowserContextOptions = {}): Promise<Page> {
    const page = await this.open(options);
    await page.goto(link);
    await page.getByRole('button').click();
    await page.waitForSelector('[data-overall]');
    return page;
  }

  async open(options: BrowserContextOptions = {}): Promise<Page> {
    const context = await this.#browser.newContext({ locale: 'en-GB', reducedMotion: 'reduce', ...options });
    const page = await context.newPage();
    page.on('pageerror', (error) => this.#errors.push(error.message));
    page.on('console', (message) => {
      if (/Content Security Policy|Refused to/.test(message.text())) this.#errors.push(message.text());
    });
    return page;
  }

  /** No script failed, and nothing was refused by the page's own policy. */
  assertNoErrors(): void {
    assert.deepEqual(this.#errors, []);
  }
}

/** The rules of WCAG 2.2 AA, as axe tags them: the later levels hold the earlier ones; of target size there is 2.5.8 in 2.2. */
const WCAG_TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];

/** What axe finds serious or worse on the page as it stands, a line each. */
export async function seriousFindings(page: Page): Promise<readonly string[]> {
  return findings(page, null);
}

/** The same, and whatever breaks a rule of WCAG 2.2 AA. */
export async function wcagFindings(page: Page): Promise<readonly string[]> {
  return findings(page, WCAG_TAGS);
}

async function findings(page: Page, tags: readonly string[] | null): Promise<readonly string[]> {
  if (!(await page.evaluate<boolean>(`'axe' in globalThis`))) await page.evaluate(AXE);
  const violations = await page.evaluate(async (values) => {
    const { axe } = globalThis as unknown as {
      axe: { run(options: object): Promise<{ violations: Result[] }> };
    };
    return (await axe.run(values === null ? {} : { runOnly: { type: 'tag', values } })).violations;
  }, tags);
  return violations
    .filter(({ impact }) => tags !== null || SERIOUS.includes(impact ?? ''))
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 300)).join(' | ')}`);
}

/** The name of what has the focus. */
const FOCUSED = `document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent.trim()`;

/** Presses Tab until the element of this name has the focus. */
export async function tabTo(page: Page, name: string): Promise<void> {
  for (let presses = 0; presses < 60; presses += 1) {
    const focused = await page.evaluate<string>(FOCUSED);
    if (focused === name) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`${name} cannot be reached with Tab`);
}
