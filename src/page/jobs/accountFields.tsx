/**
 * The fields of the account that is pushed or revoked.
 * A private key that is pasted is taken out of its field at once, and goes nowhere.
 */
import { useState } from 'preact/hooks';
import { t } from '../words/language.ts';
import type { FieldsProps, Wrongs } from '../views/pushForm.tsx';
import { Said } from '../parts/said.tsx';
import { isPrivateKey } from './keyCheck.ts';

export function Wrong({ id, text }: { id: string; text: string | undefined }) {
  return text === undefined ? null : (
    <p class="wrong" id={id} role="alert">
      <Said>{text}</Said>
    </p>
  );
}

type Props = FieldsProps & { readonly wrongs: Wrongs };

export function AccountFields(props: Props) {
  const isPush = props.wish.kind === 'push';
  return (
    <fieldset>
      <legend>{t('push.account')}</legend>
      <TextField {...props} field="name" label={t('push.name')} />
      {isPush ? (
        <>
          <Keys {...props} />
          <TextField {...props} field="groups" label={t('push.groups')} />
          <TextField {...props} field="shell" label={t('push.shell')} />
          <Sudo {...props} />
          <TextField {...props} field="comment" label={t('push.comment')} />
        </>
      ) : null}
    </fieldset>
  );
}

function TextField({
  wish,
  change,
  wrongs,
  field,
  label,
}: Props & { field: 'name' | 'groups' | 'shell' | 'comment'; label: string }) {
  const wrong = wrongs[field];
  return (
    <>
      <label class="block">
        {label}
        <input
          name={field}
          value={wish[field]}
          autocomplete="off"
          autocapitalize="off"
          spellcheck={false}
          aria-invalid={wrong !== undefined}
          aria-describedby={`${field}-wrong`}
          onInput={(event) => change({ [field]: event.currentTarget.value })}
        />
      </label>
      <Wrong id={`${field}-wrong`} text={wrong} />
    </>
  );
}

function Keys({ wish, change, wrongs }: Props) {
  const [wasPrivate, setWasPrivate] = useState(false);
  const typed = (area: HTMLTextAreaElement): void => {
    const refused = isPrivateKey(area.value);
    if (refused) area.value = '';
    // Told until something else is given: one paste may come as several inputs.
    setWasPrivate((before) => refused || (before && area.value === ''));
    change({ keys: area.value });
  };
  const wrong = wasPrivate ? t('push.private') : wrongs.keys;
  return (
    <>
      <label class="block">
        {t('push.keys')}
        <textarea
          name="keys"
          rows={4}
          value={wish.keys}
          spellcheck={false}
          autocomplete="off"
          aria-invalid={wrong !== undefined}
          aria-describedby="keys-wrong"
          onInput={(event) => typed(event.currentTarget)}
        />
      </label>
      <Wrong id="keys-wrong" text={wrong} />
    </>
  );
}

function Sudo({ wish, change, wrongs }: Props) {
  return (
    <>
      <label class="block">
        {t('push.sudo')}{' '}
        <select
          value={wish.sudo}
          aria-invalid={wrongs.sudo !== undefined}
          aria-describedby="sudo-wrong"
          onChange={(event) => change({ sudo: event.currentTarget.value as 'none' | 'all' | 'commands' })}
        >
          {(['none', 'all', 'commands'] as const).map((each) => (
            <option key={each} value={each}>
              {t(`push.sudo.${each}`)}
            </option>
          ))}
        </select>
      </label>
      {wish.sudo === 'commands' ? (
        <label class="block">
          {t('push.commands')}
          <input
            name="commands"
            value={wish.commands}
            spellcheck={false}
            onInput={(event) => change({ commands: event.currentTarget.value })}
          />
        </label>
      ) : null}
      <Wrong id="sudo-wrong" text={wrongs.sudo} />
    </>
  );
}
