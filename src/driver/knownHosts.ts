/**
 * Reads known_hosts files as OpenSSH writes them: which keys a host is known by.
 * It accepts no key by itself, and takes a line that it does not understand for none.
 */
import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';

export interface KnownKeys {
  /** `type base64`. */
  readonly accepted: readonly string[];
  readonly revoked: readonly string[];
}

/** Of whoever bears one of the names: `host`, `[host]:port`, or an alias. */
export function knownKeys(files: readonly string[], names: readonly string[]): KnownKeys {
  const accepted: string[] = [];
  const revoked: string[] = [];
  for (const line of files.flatMap(linesOf)) {
    const words = line.trim().split(/\s+/);
    const marker = words[0]?.startsWith('@') === true ? words.shift() : undefined;
    const [patterns, type, base64] = words;
    if (patterns === undefined || type === undefined || base64 === undefined) continue;
    if (!names.some((name) => isNamed(patterns, name))) continue;
    if (marker === '@revoked') revoked.push(`${type} ${base64}`);
    else if (marker === undefined) accepted.push(`${type} ${base64}`);
  }
  return { accepted, revoked };
}

function linesOf(file: string): readonly string[] {
  try {
    return readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => !line.startsWith('#'));
  } catch {
    // Not everybody has each of them.
    return [];
  }
}

function isNamed(patterns: string, name: string): boolean {
  if (patterns.startsWith('|1|')) return isHashOf(patterns, name);
  let isMatched = false;
  for (const pattern of patterns.split(',')) {
    const isNot = pattern.startsWith('!');
    if (!isMatch(isNot ? pattern.slice(1) : pattern, name)) continue;
    if (isNot) return false;
    isMatched = true;
  }
  return isMatched;
}

function isHashOf(entry: string, name: string): boolean {
  const [, , salt = '', hash = ''] = entry.split('|');
  return createHmac('sha1', Buffer.from(salt, 'base64')).update(name).digest('base64') === hash;
}

function isMatch(pattern: string, name: string): boolean {
  const parts = pattern
    .toLowerCase()
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${parts}$`).test(name.toLowerCase());
}
