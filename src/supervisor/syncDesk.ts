/**
 * Turns what the grants want now into plans or pushes: one for each account and wish, with the hosts that want it so.
 * It keeps no copy of a grant, and never takes anything away: what is wanted no longer is left to people.
 */
import { GarrisonError } from '../errors.ts';
import type { AccountWish } from '../push/account.ts';
import type { Wanted } from '../push/grants.ts';
import type { PushView } from './door.ts';
import type { PushRequest, SyncRequest } from './pushAsk.ts';
import { checkHosts } from './hostCheck.ts';
import type { Surroundings } from './ports.ts';

/** More account × host pairs than this are pushed only when somebody has seen how many they are. */
export const UNASKED_PAIRS = 50;

interface Desk {
  submit(request: PushRequest): Promise<PushView>;
}

export async function sync(
  request: SyncRequest,
  around: Pick<Surroundings, 'wanted' | 'hosts'>,
  desk: Desk,
): Promise<readonly PushView[]> {
  const { hosts, plan, confirmed } = request;
  if (hosts !== null) checkHosts(hosts, around.hosts);
  const wanted = around.wanted().filter(({ host }) => hosts === null || hosts.includes(host));
  if (wanted.length === 0)
    throw new GarrisonError('NOT_FOUND', 'no grant in force wants any account there', {
      cure: 'Look at grants.yaml in the home folder: its grants may have ended, or name other hosts.',
    });
  if (!plan) agreeOn(wanted.length, confirmed);
  const pushes: PushView[] = [];
  for (const group of byWish(wanted)) pushes.push(await desk.submit(pushOf(request, group)));
  return pushes;
}

function agreeOn(pairs: number, confirmed: number | null): void {
  if (confirmed === pairs || (confirmed === null && pairs <= UNASKED_PAIRS)) return;
  const cure = `Look at garrison plan --grants; then say the number: garrison sync --pairs ${String(pairs)}`;
  const said = confirmed === null ? 'nobody was asked' : `${String(confirmed)} were agreed to`;
  throw new GarrisonError(
    'REFUSED_BY_GUARD',
    `this would push ${String(pairs)} accounts (account × host), and ${said}`,
    { cure },
  );
}

interface Group {
  readonly account: AccountWish;
  readonly hosts: readonly string[];
}

/** On one host there may be more sudo than on another. */
function byWish(wanted: readonly Wanted[]): readonly Group[] {
  const groups = new Map<string, { account: AccountWish; hosts: string[] }>();
  for (const { account, host } of wanted) {
    const key = JSON.stringify(account);
    const group = groups.get(key) ?? { account, hosts: [] };
    group.hosts.push(host);
    groups.set(key, group);
  }
  return [...groups.values()];
}

function pushOf({ plan, actor, from, reason }: SyncRequest, { account, hosts }: Group): PushRequest {
  const by = { actor, ...(from === undefined ? {} : { from }) };
  const wish = { account, hosts, reason: reason ?? 'wanted by grants.yaml', dryRun: false };
  return plan
    ? { ...by, ...wish, kind: 'plan', planOf: 'push', granted: true }
    : { ...by, ...wish, kind: 'push', granted: true };
}
