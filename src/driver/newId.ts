/**
 * Makes ids that sort by their time: 9 characters of time, 5 of chance.
 * It gives none twice in one process, and promises no secrecy: an id is not a token.
 */
import { randomInt } from 'node:crypto';

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';

const CHANCES = ALPHABET.length ** 5;
/** Of the latest millisecond: a push to ten thousand hosts asks for hundreds in one, and two jobs of one id would be one job. */
const given = { wallMs: 0, chances: new Set<number>() };

/** For example `p-1k3v9x2m-7hq2c`; `wallMs` is the time put into it. */
export function newId(prefix: string, wallMs: number): string {
  return `${prefix}-${written(wallMs, 9)}-${written(newChance(wallMs), 5)}`;
}

function newChance(wallMs: number): number {
  if (given.wallMs !== wallMs) given.chances.clear();
  given.wallMs = wallMs;
  for (;;) {
    const chance = randomInt(CHANCES);
    if (given.chances.has(chance)) continue;
    given.chances.add(chance);
    return chance;
  }
}

function written(number: number, digits: number): string {
  let text = '';
  for (let rest = number; text.length < digits; rest = Math.floor(rest / ALPHABET.length))
    text = (ALPHABET[rest % ALPHABET.length] ?? '') + text;
  return text;
}
