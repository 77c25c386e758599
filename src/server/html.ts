/**
 * Makes HTML out of text so that no text can ever become markup.
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

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITY[character] ?? character);
}

/** A template whose values are escaped, except markup and lists of markup. */
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
  if (typeof value === 'string') return escapeHtml(value);
  if (typeof value === 'number') return String(value);
  if ('markup' in value) return value.markup;
  return value.map((item) => item.markup).join('');
}
