/**
 * Makes text that others wrote fit to be shown: colours are left out, all other control is shown by its name.
 * It never makes markup of anything, and never cuts anything off.
 */

const ESCAPES =
  /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)|[PX^_][^\u001b]*\u001b\\|[@-Z\\-_])/g;
const CONTROL = /[\p{Cc}\u061c\u200b-\u200f\u2028\u2029\u202a-\u202e\u2060-\u2069\ufeff]/gu;

/** Escape sequences go, other control characters and marks of direction are shown by their name. */
export function readable(line: string): string {
  return line
    .replace(/\r$/, '')
    .replace(ESCAPES, '')
    .replace(CONTROL, (char) => (char === '\t' ? char : named(char)));
}

function named(char: string): string {
  const code = char.codePointAt(0) ?? 0;
  if (code < 0x20) return String.fromCodePoint(0x2400 + code);
  if (code === 0x7f) return '\u2421';
  return `<U+${code.toString(16).toUpperCase().padStart(4, '0')}>`;
}
