// Remakes src/page/screenshot.png, which README shows: the overview of a garrison of its own with three practice hosts, after a push.
// Needs root, what `sh bin/setup test` installs, and a build. Leaves nothing behind: `node bin/screenshot.mjs`.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const PROGRAM = fileURLToPath(new URL('./garrison', import.meta.url));
const PICTURE = fileURLToPath(new URL('../src/page/screenshot.png', import.meta.url));
const ARGS = ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update', '--disable-sync'];

const home = mkdtempSync(join(tmpdir(), 'garrison-screenshot-'));
writeFileSync(join(home, 'garrison.yaml'), 'host: bastion-a\npage: { listen: "127.0.0.1:0" }\n');
spawnSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'alice', '-f', join(home, 'alice')]);
const supervisor = spawn(process.execPath, [PROGRAM, '--home', home, 'up', '--practice', '3'], { stdio: 'ignore' });
try {
  await untilReady();
  garrison('push', 'alice', '--to', 'practice-1', 'practice-2', 'practice-3', '--key', join(home, 'alice.pub'));
  await take(garrison('sign-in').trim());
} finally {
  supervisor.kill('SIGTERM');
  if (supervisor.exitCode === null) await once(supervisor, 'exit');
  rmSync(home, { recursive: true, force: true });
}

function garrison(...words) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [PROGRAM, '--home', home, ...words], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`garrison ${words.join(' ')}: ${stderr}`);
  return stdout;
}

async function untilReady() {
  for (let tries = 0; tries < 120; tries += 1) {
    const { status } = spawnSync(process.execPath, [PROGRAM, '--home', home, 'status']);
    if (status === 0) return;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  throw new Error('garrison did not come up within a minute');
}

async function take(link) {
  const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ARGS });
  try {
    const page = await browser.newPage({ viewport: { width: 1280, height: 860 }, colorScheme: 'light', locale: 'en-GB' });
    await page.goto(link);
    await page.getByRole('button').click();
    await page.locator('.mark-live').waitFor();
    await page.locator('[data-overall="well"]').waitFor();
    await page.screenshot({ path: PICTURE });
  } finally {
    await browser.close();
  }
}
