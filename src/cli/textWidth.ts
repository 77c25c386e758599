/**
 * Says how many columns of a terminal a text takes, and cuts it to a number of them.
 * It never cuts within what people see as one character.
 */

const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\u4dbf\u4e00-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1f64f}\u{1f680}-\u{1f6ff}\u{1f900}-\u{1faff}\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}/u;
const NO_WIDTH = /^[\p{M}\p{Cf}]+$/u;
const ONLY_ASCII = /^[\u0020-\u007e]*$/;

const characters = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

export function textWidth(text: string): number {
  if (ONLY_ASCII.test(text)) return text.length;
  let width = 0;
  for (const { segment } of characters.segment(text)) width += widthOf(segment);
  return width;
}

/** As long as it must be, or its beginning and `…`. */
export function cutToWidth(text: string, most: number): string {
  if (textWidth(text) <= most) return text;
  if (most < 1) return '';
  return `${beginning(text, most - 1)}…`;
}

/** The longest beginning that takes no more. */
function beginning(text: string, most: number): string {
  let width = 0;
  let kept = '';
  for (const { segment } of characters.segment(text)) {
    width += widthOf(segment);
    if (width > most) break;
    kept += segment;
  }
  return kept;
}

/** Lines of no more than so many columns, broken between words where there are any. */
export function wrapToWidth(text: string, most: number): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    let rest = word;
    const joined = line === '' ? rest : `${line} ${rest}`;
    if (textWidth(joined) <= most) {
      line = joined;
      continue;
    }
    if (line !== '') lines.push(line);
    for (; textWidth(rest) > most; rest = rest.slice((lines.at(-1) ?? '').length))
      lines.push(beginning(rest, most) || Array.from(rest).slice(0, 1).join(''));
    line = rest;
  }
  return line === '' && lines.length > 0 ? lines : [...lines, line];
}

function widthOf(segment: string): number {
  if (WIDE.test(segment)) return 2;
  return NO_WIDTH.test(segment) ? 0 : 1;
}
