/**
 * `plan`, and `--dry-run` of a push or a revoke: asks each host what is there, and shows what would be done and what would not.
 * It changes nothing on any host; what it shows is what `push --plan` then holds the host to.
 */
import type { Command } from 'commander';
import { GarrisonError } from '../errors.ts';
import type { PlannedKind } from '../push/plan.ts';
import type { PushView } from '../supervisor/door.ts';
import { accountOf, accountOptions, type AccountOptions } from './accountOptions.ts';
import { apiPath } from './client.ts';
import { action, type Context } from './context.ts';
import { interruptible } from './interruption.ts';
import { waitOptions, type WaitOptions } from './options.ts';
import { needsNoAccount, planGrants } from './planGrants.ts';
import { showPlans } from './planShown.ts';

interface PlanOptions extends AccountOptions {
  readonly to?: readonly string[];
  readonly from?: readonly string[];
  readonly grants?: boolean;
}

export function addPlanCommand(program: Command): void {
  const about = 'show host by host what a push (--to) or a revoke (--from) would do, and change nothing';
  const command = waitOptions(program.command('plan').description(about), '10m')
    .argument('[account]', 'a POSIX user name; none with --grants')
    .option('--grants', 'all that the grants want now')
    .option('--to <hosts...>', 'hosts of the inventory that it would be pushed to')
    .option('--from <hosts...>', 'hosts of the inventory that it would be revoked from');
  accountOptions(command).action(
    action<PlanOptions>('act', async (context, { args, options }) => {
      const { to, from } = options;
      if (options.grants === true) {
        needsNoAccount(args[0] ?? from?.[0]);
        return planGrants(context, options);
      }
      if (args[0] === undefined)
        throw new GarrisonError('USAGE', 'name the account', { cure: 'garrison help plan' });
      if ((to === undefined) === (from === undefined))
        throw new GarrisonError('USAGE', 'name either --to HOST… or --from HOST…', {
          cure: 'garrison help plan',
        });
      return from === undefined
        ? showPlan(context, {
            of: 'push',
            account: await accountOf(args[0], options),
            hosts: to ?? [],
            options,
          })
        : showPlan(context, { of: 'revoke', account: { name: args[0] }, hosts: from, options });
    }),
  );
}

export interface PlanWish {
  readonly of: PlannedKind;
  readonly account: object;
  readonly hosts: readonly string[];
  readonly options: WaitOptions;
}

/** 0 where all could be planned, 1 where a host refused, stands in the way or did not answer. */
export async function showPlan(context: Context, { of, account, hosts, options }: PlanWish): Promise<number> {
  const body = { kind: 'plan', planOf: of, account, hosts, reason: options.reason ?? null };
  return interruptible(context.output, async ({ taken, waiting }) => {
    const { item } = (await context.client.post(apiPath('pushes'), body)) as { item: PushView };
    taken(`push ${item.id}`);
    if (options.wait) waiting();
    return showPlans(context, { pushes: [item], options, because: () => [] });
  });
}
