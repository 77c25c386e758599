/**
 * The question before a deed: what will be done step by step, whom it interrupts, and why (for the journal); then how it went.
 * The button that does it is never the one that Enter or Escape presses unasked.
 */
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { answerYes, asking, stopAsking, type Asking } from '../asking.ts';
import { operations } from '../store.ts';
import { t, word } from '../words/language.ts';
import { Told } from './said.tsx';
import { State } from './state.tsx';
import { Trouble } from './trouble.tsx';

export function OperationDialog() {
  const dialog = useRef<HTMLDialogElement>(null);
  const now = asking.value;
  useLayoutEffect(() => {
    if (now !== null && dialog.current?.open === false) dialog.current.showModal();
    if (now === null && dialog.current?.open === true) dialog.current.close();
  }, [now]);
  // The browser tells of it later: by then the next question may stand here.
  const closed = (): void => {
    if (dialog.current?.open === false) stopAsking();
  };
  return (
    <dialog ref={dialog} aria-labelledby="ask-title" onClose={closed}>
      {now === null ? null : (
        <>
          <h2 id="ask-title">
            {t('ask.title', { verb: word('verb', now.wish.verb), target: now.wish.target })}
          </h2>
          <Step now={now} />
        </>
      )}
    </dialog>
  );
}

function Step({ now }: { now: Asking }) {
  switch (now.step) {
    case 'planning':
      return <p role="status">{t('ask.planning')}</p>;
    case 'refused':
      return (
        <>
          <Trouble error={now.error} />
          <CloseButton label={t('ask.close')} />
        </>
      );
    case 'asking':
      return <Question now={now} />;
    case 'under way':
      return <Outcome id={now.id} />;
  }
}

function Question({ now: { wish, plan } }: { now: Extract<Asking, { step: 'asking' }> }) {
  const [reason, setReason] = useState('');
  const [isSent, setSent] = useState(false);
  const { detail, steps = [], interrupts } = plan;
  const submit = (event: Event): void => {
    event.preventDefault();
    setSent(true);
    void answerYes(wish, reason);
  };
  return (
    <form onSubmit={submit}>
      <p>
        <Told>{detail}</Told>
      </p>
      {steps.length === 0 ? null : <Lines title={t('ask.steps')} lines={steps} ordered />}
      <Lines title={t('ask.interrupts')} lines={interrupts} none={t('ask.nobody')} />
      <label class="block">
        {t('ask.reason')}
        <input value={reason} maxLength={1000} onInput={(event) => setReason(event.currentTarget.value)} />
      </label>
      <p class="buttons">
        <CloseButton label={t('ask.no')} />
        <button class="act" disabled={isSent}>
          {word('verb', wish.verb)}
        </button>
      </p>
    </form>
  );
}

function Lines({
  title,
  lines,
  ordered = false,
  none = '',
}: {
  title: string;
  lines: readonly string[];
  ordered?: boolean;
  /** Said where there is no line. */
  none?: string;
}) {
  const items =
    lines.length === 0 ? (
      <li>{none}</li>
    ) : (
      lines.map((line) => (
        <li key={line}>
          <Told>{line}</Told>
        </li>
      ))
    );
  return (
    <>
      <h3>{title}</h3>
      {ordered ? <ol>{items}</ol> : <ul>{items}</ul>}
    </>
  );
}

function Outcome({ id }: { id: string }) {
  const operation = operations.value.get(id);
  if (operation === undefined || operation.state === 'running') {
    return (
      <>
        <p role="status">{t('ask.running', { id })}</p>
        {operation === undefined ? null : (
          <p>
            <Told>{operation.detail}</Told>
          </p>
        )}
        <CloseButton label={t('ask.close')} />
      </>
    );
  }
  return (
    <>
      <p role="status">
        <State state={operation.state} /> <Told>{operation.detail}</Told>
      </p>
      <CloseButton label={t('ask.close')} />
    </>
  );
}

/** Has the focus from the start, so that whoever presses Enter unasked leaves it. */
function CloseButton({ label }: { label: string }) {
  const button = useRef<HTMLButtonElement>(null);
  useLayoutEffect(() => button.current?.focus(), []);
  return (
    <button type="button" ref={button} onClick={stopAsking}>
      {label}
    </button>
  );
}
