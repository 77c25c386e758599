/**
 * Says in one line which thing of JumpServer wants an account somewhere, and until when.
 * It never lets a name that people chose there act on a terminal or a page.
 */
import { idOf, textOf, type Fields } from './jumpserverAnswer.ts';
import { readMoment } from './jumpserverMoment.ts';

/** JumpServer has no word for never: it writes an end 70 years ahead. */
const AS_GOOD_AS_NEVER_MS = 50 * 365 * 86_400_000;
const LONGEST_NAME = 60;

/** The id at the end tells apart what people called the same. */
export function sourceOf(kind: string, thing: Fields, user = ''): string {
  const name = plainName(textOf(thing['name']));
  const part = user === '' ? '' : `, system user ${plainName(user)}`;
  return `${kind} ${name}${part} (${plainName(idOf(thing))})`;
}

/** As a moment of grants.yaml; null where it is as good as never, or not told. */
export function untilOf(permission: Fields, nowMs: number): string | null {
  const end = readMoment(textOf(permission['date_expired']));
  return end === null || end.ms > nowMs + AS_GOOD_AS_NEVER_MS ? null : end.text;
}

/** Letters of any script, digits and a few signs; all else is a question mark. */
export function plainName(name: string): string {
  const shown = Array.from(name.normalize('NFC'), (each) =>
    /[\p{L}\p{N} ._@:/+-]/u.test(each) ? each : '?',
  );
  const cut = shown.slice(0, LONGEST_NAME).join('').trim();
  return shown.length > LONGEST_NAME ? `${cut}…` : cut;
}
