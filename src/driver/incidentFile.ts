/**
 * Keeps documents of incidents on disk, each whole or not at all, for their owner alone.
 * It removes none: retention.ts does.
 */
import { mkdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { writeDurably } from './durableFile.ts';

/** Returns the name of the file under incidents/. Rejects when it could not be written. */
export async function keepIncident(homeDir: string, name: string, text: string): Promise<string> {
  const folder = join(homeDir, 'incidents');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const safe = basename(name);
  await writeDurably(join(folder, safe), text);
  return safe;
}

/** `at`: RFC 3339. */
export function incidentName(at: string, ...parts: readonly string[]): string {
  const words = parts.map((part) => part.replaceAll(/[^A-Za-z0-9_.-]+/g, '_').slice(0, LONGEST_PART));
  return `${[at.replaceAll(/[:.]/g, '-'), ...words].join('-')}.json`;
}

const LONGEST_PART = 64;
