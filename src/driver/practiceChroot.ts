/**
 * The sandbox of a practice host where namespaces are forbidden: a directory of hard links that sshd is chrooted into.
 * It mounts nothing, and what it links it never writes to: all that a host may change is a copy.
 */
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { monoMs } from '../clock.ts';
import { GarrisonError } from '../errors.ts';
import type { PracticeStage } from './practiceFiles.ts';
import { missingPrograms } from './practiceNamespace.ts';
import { buildRoot, neededFiles } from './practiceRoot.ts';
import type { Sandbox } from './practiceSshd.ts';
import { runToEnd } from './runToEnd.ts';

const SCRIPT = fileURLToPath(new URL('./practice-chroot.sh', import.meta.url));
const SWEEP = fileURLToPath(new URL('./practice-sweep.sh', import.meta.url));
const CLEARED_WITHIN_MS = 10_000;
const POLL_MS = 10;

/** The sandbox, or why this machine does not permit it (tried, not guessed). */
export async function chrootSandbox(homeDir: string): Promise<Sandbox | string> {
  const missing = missingPrograms();
  if (missing !== null) return missing;
  const folder = join(homeDir, 'practice');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const probe = await runToEnd('sh', [SCRIPT, 'probe', folder]);
  if (probe.exitCode !== 0) return probe.lines.at(-1) ?? 'mknod and chroot are not permitted';
  const files = await neededFiles();
  return {
    kind: 'chroot',
    prepare: async (stage) => {
      await sweepStale(stage);
      buildRoot(rootOf(stage), stage.folder, files);
      return { file: 'sh', args: [SCRIPT, 'start', rootOf(stage)] };
    },
    filesAt: rootOf,
    cleared: untilCleared,
  };
}

function rootOf(stage: PracticeStage): string {
  return join(stage.folder, 'root');
}

/** What a machine that lost its power, or a sweeper that was killed, left behind. */
async function sweepStale(stage: PracticeStage): Promise<void> {
  if (!existsSync(rootOf(stage))) return;
  await runToEnd('sh', [SWEEP, rootOf(stage)]);
}

/** The sweeper removes the directory last, so once it is gone everything is. */
async function untilCleared(stage: PracticeStage): Promise<void> {
  const deadlineMs = monoMs() + CLEARED_WITHIN_MS;
  while (existsSync(rootOf(stage))) {
    if (monoMs() > deadlineMs) {
      throw new GarrisonError(
        'INTERNAL',
        `${stage.name} could not be cleared: ${rootOf(stage)} is still there`,
      );
    }
    await sleep(POLL_MS);
  }
}
