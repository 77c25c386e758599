/**
 * Makes ids that sort by their time: 9 characters of time, 5 of chance.
 * It promises no secrecy; an id is not a token.
 */
import { randomInt } from 'node:crypto';

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';

/** For example `p-1k3v9x2m-7hq2c`; `wallMs` is the time put into it. */
export function newId(prefix: string, wallMs: number): string {
  let time = '';
  for (let rest = wallMs, digits = 0; digits < 9; digits += 1) {
    time = (ALPHABET[rest % 32] ?? '') + time;
    rest = Math.floor(rest / 32);
  }
  const chance = Array.from({ length: 5 }, () => ALPHABET[randomInt(32)]).join('');
  return `${prefix}-${time}-${chance}`;
}
