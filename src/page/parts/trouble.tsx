/**
 * Shows why something did not work, and what to do next, as the server said it.
 * It never hides the server's own words behind softer ones.
 */
import { Problem } from '../api.ts';
import { t } from '../words/language.ts';
import { Told } from './said.tsx';

export function Trouble({ error }: { error: unknown }) {
  const cure = error instanceof Problem ? error.cure : null;
  return (
    <div class="trouble" role="alert">
      <strong>{t('error.title')}</strong>
      <p>
        <Told>{error instanceof Error ? error.message : String(error)}</Told>
      </p>
      {cure === null ? null : (
        <p>
          {t('error.next')} <Told>{cure}</Told>
        </p>
      )}
    </div>
  );
}
