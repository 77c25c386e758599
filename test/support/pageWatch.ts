/**
 * A browser that stays on the page of the workers while faults are done: every verdict that ever stood there, in order.
 * It reads what stands on the page, not what the page was sent.
 */
import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';
import { TestBrowser } from './browser.ts';
import type { Garrison } from './garrison.ts';
import type { Parts } from './parts.ts';
import type { SeenView } from './follow.ts';

/** A verdict that was published for so long must have stood on the page: the 300 ms, and as much for a busy machine. */
const SURELY_SHOWN_MS = 600;

/** Notes each row's state and reason whenever anything on the page has changed. */
const RECORDER = `(() => {
  const seen = [];
  const look = () => {
    for (const row of document.querySelectorAll('tr[data-worker]')) {
      const told = row.querySelector('[data-state]').dataset.state + ' ' + row.querySelector('.reason').textContent;
      const last = seen.findLast((each) => each.worker === row.dataset.worker);
      if (last?.told !== told) seen.push({ worker: row.dataset.worker, told });
    }
  };
  look();
  new MutationObserver(look).observe(document.body, { subtree: true, childList: true, characterData: true, attributes: true });
  globalThis.seenOnThePage = seen;
})()`;

export class PageWatch {
  readonly #page: Page;
  readonly #browser: TestBrowser;

  private constructor(browser: TestBrowser, page: Page) {
    this.#browser = browser;
    this.#page = page;
  }

  static async start(parts: Parts, garrison: Garrison): Promise<PageWatch> {
    const browser = await TestBrowser.start(parts);
    const { stdout } = await garrison.cli('sign-in');
    const page = await browser.signIn(stdout.trim());
    await page.getByRole('link', { name: 'Workers', exact: true }).first().click();
    await page.waitForSelector('tr[data-worker]');
    await page.evaluate(RECORDER);
    return new PageWatch(browser, page);
  }

  /** By worker: what stood there, each once for as long as it stood. */
  async seen(): Promise<ReadonlyMap<string, readonly string[]>> {
    const all = await this.#page.evaluate<{ worker: string; told: string }[]>('globalThis.seenOnThePage');
    this.#browser.assertNoErrors();
    const names = [...new Set(all.map(({ worker }) => worker))];
    return new Map(
      names.map((name) => [name, all.filter(({ worker }) => worker === name).map(({ told }) => told)]),
    );
  }
}

/** Nothing stood there that was not published, all in the published order, each once; and what lasted stood there. */
export function assertPageFollowed(seen: readonly string[], published: readonly SeenView[]): void {
  const story = published.filter((view, index) => told(view) !== told(published[index - 1]));
  let at = -1;
  const shown = new Set<number>();
  for (const verdict of seen) {
    at = story.findIndex((view, index) => index > at && told(view) === verdict);
    assert.ok(at >= 0, `the page showed ${seen.join(' → ')} of ${story.map(told).join(' → ')}`);
    shown.add(at);
  }
  for (const [index, view] of story.entries()) {
    const next = story[index + 1];
    const lasted = next === undefined || next.seenAtMs - view.seenAtMs >= SURELY_SHOWN_MS;
    assert.ok(!lasted || shown.has(index), `the page did not show ${told(view)}: ${seen.join(' → ')}`);
  }
}

function told(view: SeenView | undefined): string {
  return view === undefined ? '' : `${view.state} ${view.reason}`;
}
