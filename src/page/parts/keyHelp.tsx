/**
 * The list of keys, and the switch that turns single keys off.
 * It names each key that keys.ts acts by, which the compiler sees to.
 */
import { useEffect, useRef } from 'preact/hooks';
import { helpIsOpen, keysAreOn, switchKeys, type GoKey } from '../keys.ts';
import { t } from '../words/language.ts';
import type { WordKey } from '../words/en.ts';

const PLACES: Readonly<Record<GoKey, WordKey>> = {
  o: 'nav.overview',
  w: 'nav.workers',
  j: 'nav.jobs',
  p: 'nav.push',
  a: 'nav.grants',
  x: 'nav.leftovers',
  c: 'nav.containers',
  l: 'nav.timeline',
  h: 'nav.history',
  z: 'nav.zombies',
};

export function KeyHelp() {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    if (helpIsOpen.value && dialog.current?.open === false) dialog.current.showModal();
  }, [helpIsOpen.value]);
  const single: readonly (readonly [string, string])[] = [
    ['/', t('keys.search')],
    ['?', t('keys.help')],
    ['r', t('keys.pause')],
    ['t', t('keys.theme')],
    ['Esc', t('keys.escape')],
  ];
  const pairs = Object.entries(PLACES).map(
    ([key, place]) => [`g ${key}`, t('keys.go', { where: t(place) })] as const,
  );
  return (
    <dialog ref={dialog} aria-labelledby="keys-title" onClose={() => (helpIsOpen.value = false)}>
      <h2 id="keys-title">{t('keys.title')}</h2>
      <dl class="keys">
        {[...single, ...pairs].map(([key, does]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{does}</dd>
          </div>
        ))}
      </dl>
      <button type="button" aria-pressed={keysAreOn.value} onClick={switchKeys}>
        {keysAreOn.value ? t('keys.on') : t('keys.off')}
      </button>{' '}
      <button type="button" onClick={() => dialog.current?.close()}>
        {t('ask.close')}
      </button>
    </dialog>
  );
}
