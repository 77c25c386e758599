/**
 * Copies a text, over plain HTTP too, where browsers give no clipboard.
 * It never says that it copied when it did not.
 */
import { useState } from 'preact/hooks';
import { t } from '../words/language.ts';

export function Copy({ text, label }: { text: string; label?: string }) {
  const [told, setTold] = useState<'copy.copy' | 'copy.copied' | 'copy.failed'>('copy.copy');
  const copy = async (): Promise<void> => {
    setTold((await copied(text)) ? 'copy.copied' : 'copy.failed');
    setTimeout(() => setTold('copy.copy'), 2_000);
  };
  return (
    <button
      type="button"
      class="small"
      onClick={() => void copy()}
      aria-label={`${t('copy.copy')} ${label ?? text}`}
    >
      <span aria-live="polite">{t(told)}</span>
    </button>
  );
}

async function copied(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copiedBySelection(text);
  }
}

interface Copier {
  execCommand?(command: 'copy'): boolean;
}

/** Deprecated, and the one way there is outside of https and localhost. */
function copiedBySelection(text: string): boolean {
  const area = document.createElement('textarea');
  area.value = text;
  area.className = 'visually-hidden';
  document.body.append(area);
  area.select();
  try {
    return (document as Copier).execCommand?.('copy') === true;
  } finally {
    area.remove();
  }
}
