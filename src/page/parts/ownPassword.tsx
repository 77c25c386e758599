/**
 * The question by which somebody gives the own account another password: the old one, and the new one twice.
 * It never keeps what was typed once it was sent.
 */
import { signal } from '@preact/signals';
import { useEffect, useRef, useState } from 'preact/hooks';
import { post } from '../api.ts';
import { t } from '../words/language.ts';
import type { WordKey } from '../words/en.ts';
import { Trouble } from './trouble.tsx';

export const ownPasswordIsOpen = signal(false);

export function OwnPassword() {
  const dialog = useRef<HTMLDialogElement>(null);
  const isOpen = ownPasswordIsOpen.value;
  useEffect(() => {
    if (isOpen && dialog.current?.open === false) dialog.current.showModal();
    if (!isOpen && dialog.current?.open === true) dialog.current.close();
  }, [isOpen]);
  return (
    <dialog ref={dialog} aria-labelledby="own-title" onClose={leave}>
      {isOpen ? <Question /> : null}
    </dialog>
  );
}

function leave(): void {
  ownPasswordIsOpen.value = false;
}

const NOTHING = { old: '', password: '', again: '' };
type Typed = typeof NOTHING;
const LABELS: Readonly<Record<keyof Typed, WordKey>> = {
  old: 'own.old',
  password: 'users.password',
  again: 'own.again',
};

type At =
  { readonly step: 'asking' | 'sent' | 'differ' | 'done' } | { readonly step: 'refused'; error: unknown };

function Question() {
  const [typed, setTyped] = useState(NOTHING);
  const [at, setAt] = useState<At>({ step: 'asking' });
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    const { old, password, again } = typed;
    if (password !== again) {
      setAt({ step: 'differ' });
      return;
    }
    setAt({ step: 'sent' });
    try {
      await post('api/v1/me/password', { old, password });
      setAt({ step: 'done' });
    } catch (error) {
      setAt({ step: 'refused', error });
    }
    setTyped(NOTHING);
  };
  return (
    <form onSubmit={(event) => void submit(event)}>
      <h2 id="own-title">{t('own.title')}</h2>
      <p>{t('own.what')}</p>
      <Outcome at={at} />
      {at.step === 'done' ? null : (
        <Fields typed={typed} change={(change) => setTyped({ ...typed, ...change })} />
      )}
      <p class="buttons">
        <button type="button" onClick={leave}>
          {t(at.step === 'done' ? 'ask.close' : 'ask.no')}
        </button>
        {at.step === 'done' ? null : (
          <button class="act" disabled={at.step === 'sent'}>
            {t('own.button')}
          </button>
        )}
      </p>
    </form>
  );
}

function Outcome({ at }: { at: At }) {
  switch (at.step) {
    case 'refused':
      return <Trouble error={at.error} />;
    case 'differ':
      return <p role="alert">{t('own.differ')}</p>;
    case 'done':
      return <p role="status">{t('own.done')}</p>;
    case 'asking':
    case 'sent':
      return null;
  }
}

function Fields({ typed, change }: { typed: Typed; change: (changed: Partial<Typed>) => void }) {
  return (
    <>
      {(['old', 'password', 'again'] as const).map((field) => (
        <label key={field} class="block">
          {t(LABELS[field])}
          <input
            type="password"
            name={field}
            required
            value={typed[field]}
            autoComplete={field === 'old' ? 'current-password' : 'new-password'}
            onInput={(event) => change({ [field]: event.currentTarget.value })}
          />
        </label>
      ))}
    </>
  );
}
