/**
 * Reads the lines in which a host tells facts: a name and a value each, some more than once.
 * It knows no fact by name, and takes no more of them, nor longer ones, than any host has.
 */
import { printable } from './answer.ts';

const LONGEST_VALUE = 4096;
const MOST_VALUES = 400;

/** Null where the text is no base64. */
export function readTelling(base64: string): Told | null {
  const text = decodeTold(base64);
  if (text === null) return null;
  const told = new Map<string, string[]>();
  for (const line of text.split('\n').filter((each) => each !== '')) {
    const blank = line.indexOf(' ');
    const name = blank < 0 ? line : line.slice(0, blank);
    const values = told.get(name) ?? [];
    if (values.length < MOST_VALUES)
      told.set(name, [...values, blank < 0 ? '' : line.slice(blank + 1, blank + 1 + LONGEST_VALUE)]);
  }
  return new Told(told);
}

/** The named values of a telling. */
export class Told {
  readonly #values: ReadonlyMap<string, readonly string[]>;

  constructor(values: ReadonlyMap<string, readonly string[]>) {
    this.#values = values;
  }

  all(name: string): readonly string[] {
    return this.#values.get(name) ?? [];
  }

  one(name: string): string {
    return this.all(name)[0] ?? '';
  }

  yes(name: string): boolean {
    return this.one(name) === 'yes';
  }

  /** Null where it is not a whole number. */
  number(name: string): number | null {
    return /^\d{1,12}$/.test(this.one(name)) ? Number(this.one(name)) : null;
  }

  words(name: string): readonly string[] {
    return this.one(name)
      .split(' ')
      .filter((word) => word !== '')
      .map(printable);
  }
}

/** Null where it is no base64. */
export function decodeTold(base64: string): string | null {
  if (base64 === '' || base64.length % 4 !== 0 || !/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) return null;
  return new TextDecoder().decode(Uint8Array.from(atob(base64), (char) => char.charCodeAt(0)));
}
