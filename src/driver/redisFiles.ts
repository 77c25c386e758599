/**
 * Sets aside the files of an embedded redis-server that cannot read them, whole, and saves all but a broken end.
 * It never changes what was set aside: what is saved is a copy.
 */
import { existsSync, readFileSync, renameSync, rmSync, truncateSync } from 'node:fs';
import { cp, open } from 'node:fs/promises';
import { join } from 'node:path';
import { goodUpTo, isOnlyTheEnd, lastFileIn, namedFile } from '../detector/redisDamage.ts';
import { setAside, type OnSetAside, type SetAside } from '../setAside.ts';
import { runToEnd } from './runToEnd.ts';

/** `lostBytes` null: nothing could be saved, Redis starts empty. */
export type OnRedisDamage = (done: SetAside, lostBytes: number | null) => void;

const FOLDER = 'redis/appendonlydir';
/** A copy that may be a part of one, and one that is whole: half a copy in the folder's place would be read as all there is. */
const COPYING = `${FOLDER}.copying`;
const MENDED = `${FOLDER}.mended`;
const CHECK_WITHIN_MS = 60_000;
/** A broken end is a last write; what is longer is looked at by a person. */
const LONGEST_END_BYTES = 1024 * 1024;

interface Cut {
  readonly file: string;
  readonly goodBytes: number;
  readonly lostBytes: number;
}

/** `line`: what Redis said of it. Throws HOME_UNUSABLE when the folder cannot be set aside. */
export async function setRedisFilesAside(
  homeDir: string,
  line: string,
  onDone: OnRedisDamage,
): Promise<void> {
  const folder = join(homeDir, FOLDER);
  if (!existsSync(folder)) return;
  const cut = await cutOf(folder, line);
  if (cut !== null) await copyAllBut(cut, homeDir);
  let done: SetAside | undefined;
  const onSetAside: OnSetAside = (seen) => {
    done = seen;
  };
  setAside({ homeDir, name: FOLDER, onSetAside }, `cannot be read by Redis (${line})`);
  if (cut !== null) renameSync(join(homeDir, MENDED), folder);
  if (done !== undefined) onDone(done, cut === null ? null : cut.lostBytes);
}

/** What a supervisor that was ended in the middle of it had begun: a whole copy takes the place that is empty, anything else goes. */
export function finishMending(homeDir: string): void {
  const [folder, mended] = [join(homeDir, FOLDER), join(homeDir, MENDED)];
  rmSync(join(homeDir, COPYING), { recursive: true, force: true });
  if (!existsSync(mended)) return;
  if (existsSync(folder)) rmSync(mended, { recursive: true, force: true });
  else renameSync(mended, folder);
}

/** Many gigabytes may take minutes: the loops go on meanwhile. Without room for it everything stays as it was, and Redis says so until there is. */
async function copyAllBut({ file, goodBytes }: Cut, homeDir: string): Promise<void> {
  const [copying, mended] = [join(homeDir, COPYING), join(homeDir, MENDED)];
  for (const earlier of [copying, mended]) rmSync(earlier, { recursive: true, force: true });
  try {
    await cp(join(homeDir, FOLDER), copying, { recursive: true });
    truncateSync(join(copying, file), goodBytes);
    renameSync(copying, mended);
  } catch (error) {
    rmSync(copying, { recursive: true, force: true });
    throw error;
  }
}

/** Null: more is broken than the end of the file that is written to. */
async function cutOf(folder: string, line: string): Promise<Cut | null> {
  const file = namedFile(line);
  try {
    const manifest = readFileSync(join(folder, 'appendonly.aof.manifest'), 'utf8');
    if (file === null || lastFileIn(manifest) !== file) return null;
    const path = join(folder, file);
    const { stdout } = await runToEnd('redis-check-aof', [path], { timeoutMs: CHECK_WITHIN_MS });
    const found = goodUpTo(stdout.join('\n'));
    if (found === null) return null;
    const lostBytes = found.sizeBytes - found.goodBytes;
    if (lostBytes <= 0 || lostBytes > LONGEST_END_BYTES) return null;
    const rest = await readFrom(path, found.goodBytes, lostBytes);
    return isOnlyTheEnd(rest) ? { file, goodBytes: found.goodBytes, lostBytes } : null;
  } catch {
    // Without its list, or without redis-check-aof, nothing is known to be good.
    return null;
  }
}

async function readFrom(path: string, from: number, bytes: number): Promise<string> {
  const handle = await open(path);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(bytes), 0, bytes, from);
    return buffer.toString('latin1', 0, bytesRead);
  } finally {
    await handle.close();
  }
}
