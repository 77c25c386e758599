/**
 * Puts facts into words: `{n}` is the fact of that name, `{n:job|jobs}` the first word where that fact counts one, else the second.
 * It never makes markup, and shows what could turn or hide the text by its name.
 */
import { readable } from './readable.ts';

const PLACE = /\{(\w+)(?::([^|}]*)\|([^}]*))?\}/g;

export type Facts = Readonly<Record<string, string | number>>;

export function fill(words: string, facts: Facts): string {
  return words.replace(PLACE, (whole, ...found: readonly (string | undefined)[]) => {
    const [name = '', one, more] = found;
    const fact = facts[name];
    if (fact === undefined || !Object.hasOwn(facts, name)) return whole;
    if (one === undefined || more === undefined) return readable(String(fact));
    return Number(fact) === 1 ? one : more;
  });
}
