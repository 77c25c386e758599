/**
 * Somebody else's account in the way: what is there, that nothing was touched, and what can be chosen, each with what it would do.
 * A choice makes a plan and changes nothing; one that is never allowed is not offered.
 */
import { useState } from 'preact/hooks';
import { useLocation } from 'wouter-preact';
import type { Choice, JobView, PushView } from '../../supervisor/door.ts';
import { post, type Document } from '../api.ts';
import { confirm } from '../confirming.ts';
import { planBody, type Chosen, type Wish } from '../jobs/planRequest.ts';
import { language, t } from '../words/language.ts';
import { privilegesZh } from '../words/planSaidZh.ts';
import { HostsLeft, hostsText, useHostsLeft } from './hostsLeft.tsx';
import { Trouble } from './trouble.tsx';

interface Group {
  readonly choices: readonly Choice[];
  readonly wish: Wish;
  /** Why it can become root, host by host where that differs; empty where that is not the matter. */
  readonly privileges: readonly string[];
  readonly hosts: readonly string[];
}

/** Hosts with the same choices are chosen for together; each of them can be left out. */
export function Choices({ push }: { push: PushView }) {
  return (
    <>
      {groupsOf(push.jobs).map((group) => (
        <ChoiceGroup
          key={`${group.choices.join(' ')} ${String(group.privileges.length)}`}
          {...{ group, push }}
        />
      ))}
    </>
  );
}

function groupsOf(jobs: readonly JobView[]): readonly Group[] {
  const groups = new Map<
    string,
    { group: Omit<Group, 'hosts' | 'privileges'>; hosts: string[]; privileges: Set<string> }
  >();
  for (const { host, account, result } of jobs) {
    const plan = result?.plan ?? null;
    const choices = plan?.choices ?? [];
    if (plan === null || account === null || choices.length === 0) continue;
    const key = `${choices.join(' ')} ${plan.reason}`;
    const found = groups.get(key) ?? { group: { choices, wish: account }, hosts: [], privileges: new Set() };
    found.hosts.push(host);
    if (plan.reason === 'AccountPrivileged') found.privileges.add(plan.words['privileges'] ?? '');
    groups.set(key, found);
  }
  return [...groups.values()].map(({ group, hosts, privileges }) => ({
    ...group,
    hosts,
    privileges: [...privileges],
  }));
}

function ChoiceGroup({ group, push }: { group: Group; push: PushView }) {
  const { choices, wish, privileges, hosts } = group;
  const { chosen, leaving } = useHostsLeft(hosts);
  const { trouble, isAsking, choose } = useChoosing(push, wish);
  return (
    <section class="choices-of" data-choices={choices.join(' ')}>
      <h2>{t('choice.title', { account: wish.name, n: hosts.length })}</h2>
      <p>{privileges.length === 0 ? t('choice.what') : privilegedText(privileges)}</p>
      <HostsLeft {...leaving} />
      <ul class="choice-list">
        {choices.map((choice) => (
          <li key={choice}>
            <button
              type="button"
              disabled={isAsking || chosen.length === 0}
              onClick={() => choose({ choice, hosts: chosen, privileges })}
            >
              {t(`choice.${choice}`, { n: chosen.length })}
            </button>{' '}
            {t(`choice.${choice}.does`)}{' '}
            {choice === 'keysOnly' && hasMore(wish) ? t('choice.keysOnly.without') : null}
          </li>
        ))}
      </ul>
      <p class="quiet">{t('choice.none')}</p>
      {trouble === null ? null : <Trouble error={trouble} />}
    </section>
  );
}

function privilegedText(privileges: readonly string[]): string {
  const why = privileges.join('; ');
  return t('choice.privileged', { why: language.value === 'zh' ? privilegesZh(why) : why });
}

/** Keys only, and yet more is wished: that is left out of such a plan. */
function hasMore({ groups, shell, sudo, comment }: Wish): boolean {
  return groups.length > 0 || shell !== null || sudo.kind !== 'none' || comment !== '';
}

interface Choosing {
  readonly choice: Choice;
  readonly hosts: readonly string[];
  readonly privileges: readonly string[];
}

function useChoosing(push: PushView, wish: Wish) {
  const [trouble, setTrouble] = useState<unknown>(null);
  const [isAsking, setAsking] = useState(false);
  const [, navigate] = useLocation();
  const plan = async (hosts: readonly string[], chosen: Chosen, reason: string | null): Promise<void> => {
    const body = planBody({ planOf: 'push', wish, hosts, reason }, chosen);
    const { item } = await post<Document<PushView>>('api/v1/pushes', body);
    navigate(`/pushes/${encodeURIComponent(item.id)}`);
  };
  const choose = ({ choice, hosts, privileges }: Choosing): void => {
    setTrouble(null);
    if (choice === 'takeOver') {
      askForName({ wish, hosts, privileges, reason: push.reason }, (typed, reason) =>
        plan(hosts, { choice, typed, isPrivileged: privileges.length > 0 }, reason),
      );
      return;
    }
    setAsking(true);
    plan(hosts, { choice, typed: null, isPrivileged: false }, push.reason)
      .catch(setTrouble)
      .finally(() => setAsking(false));
  };
  return { trouble, isAsking, choose };
}

interface TakeOver {
  readonly wish: Wish;
  readonly hosts: readonly string[];
  readonly privileges: readonly string[];
  readonly reason: string | null;
}

function askForName(
  { wish: { name }, hosts, privileges, reason }: TakeOver,
  plan: (typed: string, reason: string | null) => Promise<void>,
): void {
  confirm({
    title: t('choice.takeOver.title', { account: name, n: hosts.length }),
    ...(privileges.length === 0 ? {} : { warning: privilegedText(privileges) }),
    lines: [t('choice.takeOver.does'), t('choice.takeOver.plan'), hostsText(hosts)],
    typed: { label: t('confirm.typeName', { account: name }), word: name },
    ...(reason === null ? {} : { reason }),
    label: t('choice.takeOver', { n: hosts.length }),
    perform: (why) => plan(name, why),
  });
}
