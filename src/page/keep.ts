/**
 * Keeps the reader's few choices (theme, language, keys) in the browser.
 * It never fails where storage is forbidden: the choice then lasts as long as the page.
 */
const PREFIX = 'garrison.';
const inMemory = new Map<string, string>();

export type Kept = 'theme' | 'language' | 'keys';

export function kept(name: Kept): string | null {
  try {
    return localStorage.getItem(PREFIX + name);
  } catch {
    return inMemory.get(name) ?? null;
  }
}

export function keep(name: Kept, value: string): void {
  inMemory.set(name, value);
  try {
    localStorage.setItem(PREFIX + name, value);
  } catch {
    // Storage is forbidden or full: it is kept above.
  }
}
