/**
 * A part of the page that is loaded when it is wanted, so that the first view does not wait for it.
 * It never leaves a hole: it says that it is loading, or that it could not be.
 */
import type { ComponentType } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { t } from '../words/language.ts';
import { Trouble } from './trouble.tsx';

export function Later({ load }: { load: () => Promise<ComponentType> }) {
  const [Loaded, setLoaded] = useState<ComponentType | null>(null);
  const [error, setError] = useState<unknown>(null);
  useEffect(() => {
    load().then((component) => setLoaded(() => component), setError);
  }, []);
  if (Loaded !== null) return <Loaded />;
  return error === null ? <p role="status">{t('list.loading')}</p> : <Trouble error={error} />;
}
