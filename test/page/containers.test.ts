/**
 * The operator's page over a real garrison with a real dockerd: a sick root healed from the page, the timeline that tells of it, a hung worker's strip.
 * One browser, one garrison: what one part does, the next one looks back on.
 */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import type { Page } from 'playwright-core';
import { seriousFindings, TestBrowser } from '../support/browser.ts';
import {
  freePort,
  importImage,
  runContainer,
  setHealthy,
  standInHealthCheck,
  standInScript,
  untilHealth,
  type StandIn,
} from '../support/dockerImages.ts';
import { TestDockerd } from '../support/dockerd.ts';
import { Garrison } from '../support/garrison.ts';
import { withParts, type Parts } from '../support/parts.ts';
import { tempHome } from '../support/tempHome.ts';
import { until } from '../support/until.ts';

const BLOCK_WORKER = new URL('../fixtures/blockWorker.js', import.meta.url).pathname;
const HOSTILE = `<img src=x onerror="document.title='owned'">`;

if (process.getuid?.() !== 0) {
  it('containers on the page', { skip: 'only root can start a dockerd' }, () => undefined);
} else {
  it('a sick root is healed from the page, and page and timeline tell the whole story', withParts(story));
}

interface Scene {
  readonly garrison: Garrison;
  readonly docker: ReturnType<TestDockerd['dockerode']>;
  readonly core: Awaited<ReturnType<typeof runContainer>>;
  readonly trigger: string;
}

async function story(parts: Parts): Promise<void> {
  const [scene, browser] = await Promise.all([begin(parts), TestBrowser.start(parts)]);
  const page = await browser.signIn(await linkOf(scene.garrison));
  const timeline = await page.context().newPage();
  await timeline.goto(new URL('timeline', page.url()).href);
  await timeline.waitForSelector('.timeline');
  await rootIsMarked(page, scene);
  await healed(page, scene);
  await timelineTells(timeline);
  await hungWorker(page, scene);
  await goneLeaves(page, scene);
  await fitsEveryone(page);
  browser.assertNoErrors();
}

async function begin(parts: Parts): Promise<Scene> {
  const dockerd = await TestDockerd.start(parts, {});
  const docker = dockerd.dockerode();
  await importImage(docker);
  const port = await freePort();
  const run = (name: string, standIn: StandIn): ReturnType<typeof runContainer> =>
    runContainer(docker, {
      name,
      script: standInScript(standIn),
      healthCheck: standInHealthCheck(standIn),
      labels: { 'com.docker.compose.project': 'jms', 'com.docker.compose.service': name },
    });
  const core = await run('jms_core', { healthy: 'from each start', answersAt: port });
  const koko = await run('jms_koko', { healthy: { whileHealthy: port } });
  await Promise.all([core, koko].map((each) => untilHealth(each, 'healthy')));
  const home = tempHome(parts);
  const trigger = join(home, 'block');
  const garrison = await Garrison.start(parts, {
    home,
    config: `workers: { count: 2 }\ncontainers: { socket: ${dockerd.socketPath}, dependsOn: { jms_koko: [jms_core] } }`,
    env: { NODE_OPTIONS: `--import=${BLOCK_WORKER}`, GARRISON_TEST_BLOCK: trigger },
  });
  return { garrison, docker, core, trigger };
}

async function linkOf(garrison: Garrison): Promise<string> {
  return (await garrison.api<{ link: string }>('POST', '/api/v1/sign-in-links')).link;
}

/** By the keyboard from the drawing to the container. */
async function rootIsMarked(page: Page, { core }: Scene): Promise<void> {
  await page.getByRole('link', { name: 'Containers', exact: true }).first().click();
  await page.waitForSelector('tr[data-container="jms_koko"] [data-state="healthy"]');
  await setHealthy(core, false);
  await page.waitForSelector('a.node.root[data-node="jms_core"]', { timeout: 20_000 });
  await page.waitForSelector('tr[data-container="jms_koko"] [data-state="unhealthy"]', { timeout: 20_000 });
  assert.match(await drawn(page, 'jms_core'), /✖ unhealthy · root cause/);
  assert.match(await textOf(page, 'tr[data-container="jms_koko"]'), /because of jms_core/);
  assert.doesNotMatch(await drawn(page, 'jms_koko'), /root cause/);
  assert.equal(await page.locator('path.edge.cause').count(), 1);
  assert.deepEqual(await seriousFindings(page), []);
  await page.locator('a[data-node="jms_core"]').focus();
  await page.keyboard.press('Enter');
  await page.waitForSelector('h1:has-text("jms_core")');
}

async function healed(page: Page, { core }: Scene): Promise<void> {
  const before = (await core.inspect()).State.StartedAt;
  assert.match(await textOf(page, 'main'), /it is the root cause.*0 of 3 restarts within/s);
  await page.waitForSelector('.probes [data-state="bad"]');
  assert.deepEqual(await seriousFindings(page), []);
  await page.getByRole('button', { name: 'Heal jms_core' }).click();
  await page.waitForSelector('dialog ol li');
  assert.match(await textOf(page, 'dialog ol'), /jms_core/);
  assert.equal((await core.inspect()).State.StartedAt, before, 'a plan does nothing');
  await page.locator('dialog input').fill(HOSTILE);
  await page.locator('dialog button.act').click();
  await page.waitForSelector('dialog [data-state="done"]', { timeout: 40_000 });
  assert.notEqual((await core.inspect()).State.StartedAt, before);
  await page.keyboard.press('Escape');
  await page.waitForSelector('h1 [data-state="healthy"]');
  await page.waitForSelector('main:has-text("1 of 3 restarts within")');
  await page.waitForSelector('li[data-event="healed"]');
  await page.waitForSelector('.probes [data-state="ok"]');
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.locator('.evidence a').first().click(),
  ]);
  const kept = JSON.parse(readFileSync(await download.path(), 'utf8')) as { item: object };
  assert.match(JSON.stringify(kept.item), /jms_core/);
}

/** It was open all the time: nothing in it moved, and the count is above it. */
async function timelineTells(page: Page): Promise<void> {
  await page.waitForSelector('.fresh button');
  assert.equal(await page.locator('li[data-event="container"]').count(), 0, 'nothing came unasked');
  await page.locator('.fresh button').click();
  const told = async (): Promise<string> => {
    const lines = await page.locator('.timeline > li').allInnerTexts();
    return lines
      .reverse()
      .join('\n')
      .replace(/[ \n]+/g, ' ');
  };
  await until('the end is told', async () => {
    if ((await page.locator('.fresh button').count()) > 0) await page.locator('.fresh button').click();
    return /heal container\/jms_core: /.test(await told());
  });
  assert.match(
    await told(),
    /heal container\/jms_core was asked for.*jms_core: .*(restart|Docker).*healthy.*heal container\/jms_core: /,
  );
  assert.ok((await told()).includes(HOSTILE), 'why is told as it was given');
  await page.locator('input[type="search"]').fill('jms_core');
  await page.locator('main select').selectOption('container');
  await page.waitForURL(/kind=container/);
  await page.waitForURL(/q=jms_core/);
  await page.waitForSelector('li[data-kind="container"]');
  assert.equal(await page.locator('.timeline > li:not([data-kind="container"])').count(), 0);
  await page.locator('button.why').first().click();
  await page.waitForSelector('.chain li');
  assert.match(await textOf(page, '.chain'), /was asked for/, 'the chain goes back to who wanted it');
  await page.locator('.evidence button').first().click();
  await page.waitForSelector('pre.kept');
  assert.deepEqual(await seriousFindings(page), []);
  assert.doesNotMatch(await page.title(), /owned/);
}

async function hungWorker(page: Page, { trigger }: Scene): Promise<void> {
  await page.goto(new URL('/workers/push-1', page.url()).href);
  await page.waitForSelector('[data-beats]');
  assert.equal(await page.locator('.beats li:has-text("Silent for")').count(), 0, 'no silence yet');
  writeFileSync(trigger, 'push-1');
  // It is hung for less than a second: then it is killed. The story keeps it.
  await page.waitForSelector('.story [data-state="hung"]', { timeout: 30_000 });
  await page.waitForSelector('h1 [data-state="up"]', { timeout: 30_000 });
  await page.waitForSelector('.beats .silence.late, .beats .silence.hung', { state: 'attached' });
  await page.waitForSelector('.beats .ended[d^="M"]', { state: 'attached' });
  await page.waitForSelector('.beats li:has-text("Silent for")');
  assert.match(
    await textOf(page, '[data-beats]'),
    /^\d+ of \d+ beats came\. Longest silence: \d+(\.\d)? sec, from /,
  );
  await page.locator('.story .evidence button').first().click();
  await page.waitForSelector('.story pre.kept:has-text("blockIfAsked")');
  assert.deepEqual(await seriousFindings(page), []);
}

async function goneLeaves(page: Page, { docker }: Scene): Promise<void> {
  await page.getByRole('link', { name: 'Containers', exact: true }).first().click();
  await page.waitForSelector('tr[data-container="jms_koko"]');
  await docker.getContainer('jms_koko').remove({ force: true });
  await page.waitForSelector('tr[data-container="jms_koko"]', { state: 'detached' });
  assert.equal(await page.locator('a.node').count(), 1);
}

/** In Chinese and at a phone's width. */
async function fitsEveryone(page: Page): Promise<void> {
  await page.setViewportSize({ width: 360, height: 740 });
  await page.locator('header select').nth(1).selectOption('zh');
  for (const path of ['containers', 'containers/jms_core', 'timeline', 'zombies', 'workers/push-1']) {
    await page.goto(new URL(`/${path}`, page.url()).href);
    await page.waitForSelector('h1');
    await page.waitForSelector('main [role="status"]:has-text("加载中")', { state: 'detached' });
    assert.equal(await page.evaluate('document.documentElement.scrollWidth'), 360, path);
    assert.match(await textOf(page, 'main'), /[\u4e00-\u9fff]/, path);
  }
  assert.deepEqual(await seriousFindings(page), []);
}

async function drawn(page: Page, name: string): Promise<string> {
  return (await page.locator(`a[data-node="${name}"]`).textContent()) ?? '';
}

async function textOf(page: Page, selector: string): Promise<string> {
  return (await page.locator(selector).first().innerText()).replace(/\s+/g, ' ');
}
