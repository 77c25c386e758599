/**
 * Knows which version of Garrison this is.
 * It never asks a running supervisor, which may be of another version.
 */
import { readFileSync } from 'node:fs';

/** The version in package.json, which stands one folder above both src/ and dist/. */
export function ownVersion(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
