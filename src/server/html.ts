/**
 * Makes HTML out of text so that no text can ever become markup, nor turn round what stands beside it.
 * It never lets a value through unescaped unless it is markup that was made here.
 */

/** Markup; only `html` makes it. */
export interface Markup {
  readonly markup: string;
}

const ENTITY: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Of what is no letter: all that a browser would obey or hide. Tabs and ends of lines it may have. */
const CONTROL = /(?![\t\n])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** Control characters and marks of direction are shown by their number. */
export function readable(text: string): string {
  return text.replace(CONTROL, (char) => {
    const code = char.codePointAt(0) ?? 0;
    return `<U+${code.toString(16).toUpperCase().padStart(4, '0')}>`;
  });
}

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITY[character] ?? character);
}

/** A template whose values are readable and escaped, except markup and lists of markup. */
export function html(
  parts: TemplateStringsArray,
  ...values: readonly (string | number | Markup | readonly Markup[])[]
): Markup {
  const markup = parts.reduce((text, part, index) => {
    const value = values[index - 1];
    return text + (value === undefined ? '' : render(value)) + part;
  });
  return { markup };
}

function render(value: string | number | Markup | readonly Markup[]): string {
  if (typeof value === 'string') return escapeHtml(readable(value));
  if (typeof value === 'number') return String(value);
  if ('markup' in value) return value.markup;
  return value.map((item) => item.markup).join('');
}
