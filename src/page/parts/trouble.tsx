/**
 * Shows why something did not work, and what to do next, as the server said it.
 * It never hides the server's own words behind softer ones.
 */
import { Problem } from '../api.ts';
import { t } from '../words/language.ts';

export function Trouble({ error }: { error: unknown }) {
  const cure = error instanceof Problem ? error.cure : null;
  return (
    <div class="trouble" role="alert">
      <strong>{t('error.title')}</strong>
      <p>{error instanceof Error ? error.message : String(error)}</p>
      {cure === null ? null : <p>{t('error.next', { cure })}</p>}
    </div>
  );
}
