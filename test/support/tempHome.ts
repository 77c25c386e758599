/**
 * Gives a test a folder of its own: mode 0700, and a path so short that Unix sockets fit in it (their limit is 107 bytes).
 * It never removes anything but that folder.
 */
import { mkdtempSync, rmSync } from 'node:fs';

export interface TempHome {
  readonly path: string;
  remove(): void;
}

export function makeTempHome(): TempHome {
  const path = mkdtempSync('/tmp/g-');
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
