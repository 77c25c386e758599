/**
 * What the browser's tab and its history call the view that is open.
 * It never holds more than one: the view that was opened last.
 */
import { signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';

export const viewTitle = signal<string | null>(null);

/** While the view that calls it is open. */
export function useViewTitle(title: string): void {
  useEffect(() => {
    viewTitle.value = title;
    return () => {
      viewTitle.value = null;
    };
  }, [title]);
}
