/**
 * Chooses hosts: by search, by group, one by one; a host whose key is not known says what to do.
 * It never trusts a key by itself: somebody sees its fingerprint first, and says so.
 */
import { useState } from 'preact/hooks';
import type { HostView, ScannedHostKey } from '../../supervisor/door.ts';
import { apiPath, post } from '../api.ts';
import { Said, Told } from '../parts/said.tsx';
import { State } from '../parts/state.tsx';
import { Trouble } from '../parts/trouble.tsx';
import { snapshot } from '../store.ts';
import type { FieldsProps } from '../views/pushForm.tsx';
import { t } from '../words/language.ts';
import { readable } from '../words/readable.ts';
import { Wrong } from './accountFields.tsx';

const MOST_SHOWN = 200;

export function HostChoice({ wish, change, wrong }: FieldsProps & { wrong: string | undefined }) {
  const [text, setText] = useState('');
  const [group, setGroup] = useState('');
  const hosts = snapshot.value?.hosts ?? [];
  const chosen = new Set(wish.hosts);
  const found = hosts.filter((host) => isFound(host, text, group));
  const choose = (names: Iterable<string>): void => {
    const wanted = new Set(names);
    change({ hosts: hosts.filter(({ name }) => wanted.has(name)).map(({ name }) => name) });
  };
  const toggle = (name: string, isOn: boolean): void =>
    choose(isOn ? [...chosen, name] : [...chosen].filter((each) => each !== name));
  return (
    <fieldset aria-describedby="hosts-wrong">
      <legend>{t('push.hosts')}</legend>
      {hosts.length === 0 ? <p>{t('push.noHosts')}</p> : null}
      <HostSearch {...{ hosts, text, setText, group, setGroup }} />
      <p class="buttons">
        <button
          type="button"
          class="small"
          onClick={() => choose([...chosen, ...found.map(({ name }) => name)])}
        >
          {t('push.chooseShown', { n: found.length })}
        </button>
        <button type="button" class="small" onClick={() => choose([])}>
          {t('push.chooseNone')}
        </button>
        <span role="status">{t('push.chosen', { n: chosen.size, total: hosts.length })}</span>
      </p>
      <ul class="hosts">
        {found.slice(0, MOST_SHOWN).map((host) => (
          <HostLine key={host.name} host={host} isOn={chosen.has(host.name)} toggle={toggle} />
        ))}
      </ul>
      {found.length > MOST_SHOWN ? <p>{t('push.hiddenHosts', { n: found.length - MOST_SHOWN })}</p> : null}
      <Wrong id="hosts-wrong" text={wrong} />
    </fieldset>
  );
}

function isFound({ name, address, groups }: HostView, text: string, group: string): boolean {
  if (group !== '' && !groups.includes(group)) return false;
  return `${name} ${address} ${groups.join(' ')}`.toLowerCase().includes(text.trim().toLowerCase());
}

interface HostSearchProps {
  readonly hosts: readonly HostView[];
  readonly text: string;
  readonly setText: (text: string) => void;
  readonly group: string;
  readonly setGroup: (group: string) => void;
}

function HostSearch({ hosts, text, setText, group, setGroup }: HostSearchProps) {
  const groups = [...new Set(hosts.flatMap((host) => host.groups))].sort();
  return (
    <div class="filters">
      <label>
        {t('push.searchHosts')}
        <input type="search" value={text} onInput={(event) => setText(event.currentTarget.value)} />
      </label>
      <label>
        {t('push.group')}
        <select value={group} onChange={(event) => setGroup(event.currentTarget.value)}>
          <option value="">{t('push.allGroups')}</option>
          {groups.map((each) => (
            <option key={each} value={each}>
              {readable(each)}
            </option>
          ))}
        </select>
      </label>
    </div>
  );
}

interface HostLineProps {
  readonly host: HostView;
  readonly isOn: boolean;
  readonly toggle: (name: string, isOn: boolean) => void;
}

function HostLine({ host, isOn, toggle }: HostLineProps) {
  const { name, address, groups, state, detail } = host;
  return (
    <li data-host={name}>
      <label>
        <input
          type="checkbox"
          checked={isOn}
          onChange={(event) => toggle(name, event.currentTarget.checked)}
        />
        <Said>{name}</Said>
      </label>{' '}
      <span class="quiet">
        <Said>{`${address} ${groups.join(', ')}`}</Said>
      </span>{' '}
      {state === 'trusted' ? null : <State state={state} />}
      {state === 'unknown' ? <Told>{detail}</Told> : ''}
      {state === 'untrusted' ? <HostKey host={name} /> : null}
    </li>
  );
}

/** The next snapshot tells that it is trusted. */
function HostKey({ host }: { host: string }) {
  const [keys, setKeys] = useState<readonly ScannedHostKey[] | null>(null);
  const [error, setError] = useState<unknown>(null);
  const attempt = async (deed: () => Promise<void>): Promise<void> => {
    setError(null);
    await deed().catch(setError);
  };
  const scan = async (): Promise<void> => {
    const { items } = await post<{ items: readonly ScannedHostKey[] }>(apiPath('hosts', host, 'scan'), {});
    setKeys(items);
  };
  const trust = async (fingerprint: string): Promise<void> => {
    await post(apiPath('hosts', host, 'trust'), { fingerprint });
    setKeys((before) => trusted(before, fingerprint));
  };
  return (
    <div>
      {t('push.untrusted', { host })}{' '}
      <button
        type="button"
        class="small"
        onClick={() => void attempt(scan)}
        aria-label={`${t('push.lookAtKey')} ${host}`}
      >
        {t('push.lookAtKey')}
      </button>
      {error === null ? null : <Trouble error={error} />}
      {keys === null ? null : <p>{t('push.keyAsk')}</p>}
      {keys?.map((key) => (
        <Fingerprint
          key={key.fingerprint}
          scanned={key}
          trust={() => void attempt(() => trust(key.fingerprint))}
        />
      ))}
    </div>
  );
}

function trusted(
  keys: readonly ScannedHostKey[] | null,
  fingerprint: string,
): readonly ScannedHostKey[] | null {
  return (
    keys?.map((key) => (key.fingerprint === fingerprint ? { ...key, alreadyTrusted: true } : key)) ?? null
  );
}

function Fingerprint({ scanned, trust }: { scanned: ScannedHostKey; trust: () => void }) {
  const { type, fingerprint, alreadyTrusted } = scanned;
  return (
    <p>
      <Said>{type}</Said>{' '}
      <span class="fingerprint">
        <Said>{fingerprint}</Said>
      </span>{' '}
      {alreadyTrusted ? (
        t('push.trusted')
      ) : (
        <button type="button" class="small" onClick={trust}>
          {t('push.trustKey')}
        </button>
      )}
    </p>
  );
}
