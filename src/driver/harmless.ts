/**
 * Takes from text of strangers what a terminal would obey and what would turn its reading round.
 * It keeps every letter, and says where something was.
 */

/** Line breaks are taken, too. At most `longest` characters. */
export function harmless(text: string, longest: number): string {
  // First the cut: the text may be as long as it likes.
  const cut = text.length > longest;
  const kept = cut ? text.slice(0, longest - 1) : text;
  return kept.replaceAll(/[\p{C}\u2028\u2029]/gu, '\ufffd') + (cut ? '…' : '');
}
