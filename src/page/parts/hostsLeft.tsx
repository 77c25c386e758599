/**
 * The hosts that something is chosen for together: all of them, until single ones are left out.
 * It does nothing with those that are left.
 */
import { useState } from 'preact/hooks';
import { t } from '../words/language.ts';
import { readable } from '../words/readable.ts';
import { Said } from './said.tsx';

const HOSTS_NAMED = 10;

interface HostsLeftProps {
  readonly hosts: readonly string[];
  readonly left: ReadonlySet<string>;
  readonly toggle: (host: string, isOn: boolean) => void;
  readonly leaveAll: () => void;
}

export function HostsLeft({ hosts, left, toggle, leaveAll }: HostsLeftProps) {
  return (
    <details>
      <summary>
        <bdi>{hostsText(hosts)}</bdi>
      </summary>
      <button type="button" class="small" onClick={leaveAll}>
        {t('push.chooseNone')}
      </button>
      <ul class="hosts">
        {hosts.map((host) => (
          <li key={host}>
            <label>
              <input
                type="checkbox"
                checked={!left.has(host)}
                onChange={(event) => toggle(host, event.currentTarget.checked)}
              />
              <Said>{host}</Said>
            </label>
          </li>
        ))}
      </ul>
    </details>
  );
}

export function useHostsLeft(hosts: readonly string[]) {
  const [left, setLeft] = useState<ReadonlySet<string>>(new Set());
  const toggle = (host: string, isOn: boolean): void =>
    setLeft(new Set(isOn ? [...left].filter((each) => each !== host) : [...left, host]));
  const leaving: HostsLeftProps = { hosts, left, toggle, leaveAll: () => setLeft(new Set(hosts)) };
  return { chosen: hosts.filter((host) => !left.has(host)), leaving };
}

/** The first by their names, of the others how many. */
export function hostsText(hosts: readonly string[]): string {
  const more = hosts.length - HOSTS_NAMED;
  const named = hosts.slice(0, HOSTS_NAMED).map(readable).join(', ');
  return more > 0 ? `${named} ${t('choice.more', { n: more })}` : named;
}
