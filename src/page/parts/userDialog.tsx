/**
 * The question before something is done to an account: what it needs to know, and why (for the journal).
 * A refusal is shown beside what was typed, which is kept; a password is not.
 */
import { useEffect, useRef, useState } from 'preact/hooks';
import { actor } from '../actor.ts';
import { deed, perform, ROLES, users, type Answers, type Deed, type Role } from '../users.ts';
import { warningsOf } from '../userWarnings.ts';
import { t } from '../words/language.ts';
import { Trouble } from './trouble.tsx';

export function UserDialog() {
  const dialog = useRef<HTMLDialogElement>(null);
  const now = deed.value;
  useEffect(() => {
    if (now !== null && dialog.current?.open === false) dialog.current.showModal();
    if (now === null && dialog.current?.open === true) dialog.current.close();
  }, [now]);
  return (
    <dialog ref={dialog} aria-labelledby="deed-title" onClose={leave}>
      {now === null ? null : <Question key={JSON.stringify(now)} now={now} />}
    </dialog>
  );
}

function leave(): void {
  deed.value = null;
}

const NOTHING: Answers = { name: '', role: 'view', password: '', reason: '' };

function Question({ now }: { now: Deed }) {
  const [answers, setAnswers] = useState(NOTHING);
  const [trouble, setTrouble] = useState<unknown>(null);
  const [isSent, setSent] = useState(false);
  const change = (changed: Partial<Answers>): void => setAnswers({ ...answers, ...changed });
  const submit = (event: Event): void => {
    event.preventDefault();
    setSent(true);
    perform(now, answers).then(leave, (error: unknown) => {
      setTrouble(error);
      setSent(false);
      change({ password: '' });
    });
  };
  return (
    <form onSubmit={submit}>
      <h2 id="deed-title">{titleOf(now)}</h2>
      <p>{t(`users.what.${now.kind}`)}</p>
      <Warnings now={now} />
      {trouble === null ? null : <Trouble error={trouble} />}
      <Fields now={now} answers={answers} change={change} />
      <label class="block">
        {t('ask.reason')}
        <input
          value={answers.reason}
          maxLength={1000}
          onInput={(event) => change({ reason: event.currentTarget.value })}
        />
      </label>
      <p class="buttons">
        <button type="button" autofocus={!asksSomething(now)} onClick={leave}>
          {t('ask.no')}
        </button>
        <button class="act" disabled={isSent}>
          {t(`users.do.${now.kind}`)}
        </button>
      </p>
    </form>
  );
}

function Warnings({ now }: { now: Deed }) {
  const keys = warningsOf(now, { me: actor.value?.name ?? '', accounts: users.value ?? [] });
  return (
    <>
      {keys.map((key) => (
        <p key={key} class="bad">
          {t(key)}
        </p>
      ))}
    </>
  );
}

interface FieldProps {
  readonly now: Deed;
  readonly answers: Answers;
  readonly change: (changed: Partial<Answers>) => void;
}

function Fields({ now, answers, change }: FieldProps) {
  const asksName = now.kind === 'add' || now.kind === 'rename';
  const asksPassword = now.kind === 'add' || now.kind === 'password';
  return (
    <>
      {asksName ? (
        <label class="block">
          {t(now.kind === 'add' ? 'column.name' : 'users.newName')}
          <input
            name="account"
            value={answers.name}
            maxLength={63}
            required
            autoComplete="off"
            autoCapitalize="none"
            spellcheck={false}
            onInput={(event) => change({ name: event.currentTarget.value })}
          />
        </label>
      ) : null}
      {now.kind === 'add' ? <RoleField answers={answers} change={change} /> : null}
      {asksPassword ? (
        <label class="block">
          {t('users.password')}
          <input
            type="password"
            name="new-password"
            value={answers.password}
            required
            minLength={12}
            autoComplete="new-password"
            onInput={(event) => change({ password: event.currentTarget.value })}
          />
        </label>
      ) : null}
    </>
  );
}

function RoleField({ answers, change }: Omit<FieldProps, 'now'>) {
  return (
    <label class="block">
      {t('column.role')}{' '}
      <select value={answers.role} onChange={(event) => change({ role: event.currentTarget.value as Role })}>
        {ROLES.map((role) => (
          <option key={role} value={role}>
            {t(`role.${role}`)}
          </option>
        ))}
      </select>
    </label>
  );
}

/** Where nothing need be typed, Enter must not do it. */
function asksSomething({ kind }: Deed): boolean {
  return kind === 'add' || kind === 'rename' || kind === 'password';
}

function titleOf(now: Deed): string {
  switch (now.kind) {
    case 'add':
      return t('users.title.add');
    case 'role':
      return t('users.title.role', { name: now.name, role: t(`role.${now.role}`) });
    case 'unlock':
      return t('users.title.unlock', { name: now.name, source: now.source });
    case 'remove':
    case 'password':
    case 'rename':
      return t(`users.title.${now.kind}`, { name: now.name });
  }
}
