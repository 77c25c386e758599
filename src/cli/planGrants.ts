/**
 * `plan --grants`: plans for all that the grants want now, each with the grants that want it.
 * It changes nothing; the supervisor reads the grants at that moment.
 */
import { GarrisonError } from '../errors.ts';
import type { Wanted } from '../push/grants.ts';
import type { PushView } from '../supervisor/door.ts';
import { apiPath } from './client.ts';
import type { Context } from './context.ts';
import type { WaitOptions } from './options.ts';
import { showPlans } from './planShown.ts';
import type { ListDocument } from './print.ts';

interface GrantOptions extends WaitOptions {
  readonly to?: readonly string[];
}

export async function planGrants(context: Context, options: GrantOptions): Promise<number> {
  const body = { hosts: options.to ?? null, reason: options.reason ?? null, plan: true };
  const { items } = (await context.client.post(apiPath('syncs'), body)) as ListDocument<PushView>;
  const wanted = await readWanted(context, options.to);
  return showPlans(context, {
    pushes: items,
    options,
    because: (host, account) => becauseOf(wanted, host, account),
  });
}

function becauseOf(wanted: readonly Wanted[], host: string, account: string | null): readonly string[] {
  return wanted.find((each) => each.host === host && each.account.name === account)?.because ?? [];
}

export async function readWanted(
  { client }: Context,
  hosts: readonly string[] | undefined,
): Promise<readonly Wanted[]> {
  const { items } = (await client.get(apiPath('grants'))) as ListDocument<Wanted>;
  return items.filter(({ host }) => hosts === undefined || hosts.includes(host));
}

/** For `plan`: either an account or the grants. */
export function needsNoAccount(account: string | undefined): void {
  if (account !== undefined)
    throw new GarrisonError('USAGE', 'the grants say whom: name no account beside --grants', {
      cure: 'garrison plan --grants [--to HOST…]',
    });
}
