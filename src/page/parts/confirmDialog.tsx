/**
 * Shows the question that confirming.ts holds: what will happen, the word to type where one is asked for, and the reason for the journal.
 * The button that does it is never the one that Enter or Escape presses unasked.
 */
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { confirming, stopConfirming, type Confirming } from '../confirming.ts';
import { t } from '../words/language.ts';
import { Said } from './said.tsx';
import { Trouble } from './trouble.tsx';

export function ConfirmDialog() {
  const dialog = useRef<HTMLDialogElement>(null);
  const now = confirming.value;
  useLayoutEffect(() => {
    if (now !== null && dialog.current?.open === false) dialog.current.showModal();
    if (now === null && dialog.current?.open === true) dialog.current.close();
  }, [now]);
  const closed = (): void => {
    if (dialog.current?.open === false) stopConfirming();
  };
  return (
    <dialog ref={dialog} aria-labelledby="confirm-title" onClose={closed}>
      {now === null ? null : <Question key={now.title} now={now} />}
    </dialog>
  );
}

function Question({ now }: { now: Confirming }) {
  const { typed, needsReason = false } = now;
  const [reason, setReason] = useState(now.reason ?? '');
  const [word, setWord] = useState('');
  const { trouble, isSent, send } = useSending(now);
  const isReady =
    (typed === undefined || word.trim() === typed.word) && (!needsReason || reason.trim() !== '');
  const submit = (event: Event): void => {
    event.preventDefault();
    if (isReady) send(reason.trim() === '' ? null : reason.trim());
  };
  return (
    <form onSubmit={submit}>
      <Told now={now} />
      {typed === undefined ? null : <Typed label={typed.label} word={word} setWord={setWord} />}
      <label class="block">
        {needsReason ? t('confirm.reason') : t('ask.reason')}
        <input
          value={reason}
          maxLength={1000}
          required={needsReason}
          onInput={(event) => setReason(event.currentTarget.value)}
        />
      </label>
      {trouble === null ? null : <Trouble error={trouble} />}
      <p class="buttons">
        <LeaveButton />
        <button class="act" disabled={isSent || !isReady}>
          {now.label}
        </button>
      </p>
    </form>
  );
}

function useSending(now: Confirming) {
  const [isSent, setSent] = useState(false);
  const [trouble, setTrouble] = useState<unknown>(null);
  const send = (reason: string | null): void => {
    setSent(true);
    now.perform(reason).then(
      () => {
        if (confirming.value === now) stopConfirming();
      },
      (error: unknown) => {
        setTrouble(error);
        setSent(false);
      },
    );
  };
  return { trouble, isSent, send };
}

function Told({ now: { title, warning, lines } }: { now: Confirming }) {
  return (
    <>
      <h2 id="confirm-title">
        <Said>{title}</Said>
      </h2>
      {warning === undefined ? null : (
        <p class="bad">
          <Said>{warning}</Said>
        </p>
      )}
      <ul>
        {lines.map((line) => (
          <li key={line}>
            <Said>{line}</Said>
          </li>
        ))}
      </ul>
    </>
  );
}

interface TypedProps {
  readonly label: string;
  readonly word: string;
  readonly setWord: (word: string) => void;
}

function Typed({ label, word, setWord }: TypedProps) {
  return (
    <label class="block">
      <Said>{label}</Said>
      <input
        name="typed"
        value={word}
        maxLength={255}
        autocomplete="off"
        autocapitalize="off"
        spellcheck={false}
        onInput={(event) => setWord(event.currentTarget.value)}
      />
    </label>
  );
}

/** Has the focus from the start. */
function LeaveButton() {
  const button = useRef<HTMLButtonElement>(null);
  useLayoutEffect(() => button.current?.focus(), []);
  return (
    <button type="button" ref={button} onClick={stopConfirming}>
      {t('ask.no')}
    </button>
  );
}
