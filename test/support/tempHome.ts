/**
 * Gives a test a folder of its own: mode 0700, and a path so short that Unix sockets fit in it (their limit is 107 bytes).
 * It never removes anything but that folder.
 */
import { mkdtempSync, rmSync } from 'node:fs';

/** Where they all lie, and those of every other test run. */
export const PARENT = '/tmp';

export interface TempHome {
  readonly path: string;
  remove(): void;
}

/** Never forgotten: a mount may outlive the folder's end. */
const made = new Set<string>();

/** Made here by this process, and nobody else's. */
export function isOwnTempHome(path: string): boolean {
  return made.has(path);
}

/** `prefix`: what the folder's name begins with. */
export function makeTempHome(prefix = 'g-'): TempHome {
  const path = mkdtempSync(`${PARENT}/${prefix}`);
  made.add(path);
  return {
    path,
    remove: () => rmSync(path, { recursive: true, force: true }),
  };
}

/** The same, removed when the test (or suite) ends. */
export function tempHome(context: { after(fn: () => void): void }): string {
  const home = makeTempHome();
  context.after(() => home.remove());
  return home.path;
}
