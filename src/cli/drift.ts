/**
 * `sync --check`: plans all that the grants want, and tells what somebody changed on the hosts since it was pushed.
 * It changes nothing; a wish that is new in grants.yaml is no drift, and is only counted.
 */
import { changeText } from '../push/planText.ts';
import type { JobView, PushView } from '../supervisor/door.ts';
import { USUAL_PUSH_TIMEOUT_MS } from './accountOptions.ts';
import { apiPath } from './client.ts';
import type { Context } from './context.ts';
import { EXIT } from './exitCodes.ts';
import type { WaitOptions } from './options.ts';
import { visible } from './output.ts';
import { notReached, waitForAll } from './planShown.ts';
import { printList, type ListDocument } from './print.ts';

interface CheckOptions extends WaitOptions {
  readonly to?: readonly string[];
}

interface Drift {
  readonly host: string;
  readonly account: string;
  readonly verdict: string;
  readonly reason: string;
  /** Sentences: what a sync would put right, or why it could not. */
  readonly what: readonly string[];
}

/** 0 where nothing was changed, 1 where something was or a host did not answer. */
export async function checkDrift(context: Context, options: CheckOptions): Promise<number> {
  const { client, output, format } = context;
  const body = { hosts: options.to ?? null, reason: options.reason ?? 'garrison sync --check', plan: true };
  const document = (await client.post(apiPath('syncs'), body)) as ListDocument<PushView>;
  const jobs: JobView[] = [];
  for (const push of document.items) {
    const end = await waitForAll(context, push, options.timeout ?? USUAL_PUSH_TIMEOUT_MS);
    const { item } = (await client.get(apiPath('pushes', push.id))) as { item: PushView };
    if (end !== 'reached') return notReached(output, item, end);
    jobs.push(...item.jobs);
  }
  const items = jobs.flatMap(driftOf);
  printList<Drift>(context, {
    document: { ...document, kind: 'DriftList', items },
    columns: [
      { title: 'HOST', of: ({ host }) => host },
      { title: 'ACCOUNT', of: ({ account }) => account },
      { title: 'VERDICT', of: ({ verdict }) => verdict },
      { title: 'CHANGED ON THE HOST', of: ({ what }) => what.join('; ') },
    ],
    nameOf: ({ host, account }) => `${host}/${account}`,
    whenEmpty: 'nothing was changed on the hosts that answered',
  });
  const silent = jobs.filter(({ result }) => (result?.plan ?? null) === null);
  for (const { host, result, state } of silent)
    output.note(
      `${visible(host)} was not planned (${result?.reason ?? state}): ${visible(result?.detail ?? '')}`,
    );
  noteNewWishes(context, jobs);
  if (items.length > 0 && format === 'table')
    output.note("  next: garrison sync puts right what it may; a conflict is a person's to settle");
  return items.length + silent.length === 0 ? EXIT.done : EXIT.failed;
}

function driftOf({ host, account, result }: JobView): readonly Drift[] {
  const plan = result?.plan ?? null;
  if (plan?.isDrift !== true) return [];
  const what = plan.changes.length === 0 ? [result?.detail ?? ''] : plan.changes.map(changeText);
  return [{ host, account: account?.name ?? '', verdict: plan.verdict, reason: plan.reason, what }];
}

function noteNewWishes({ output }: Context, jobs: readonly JobView[]): void {
  const others = jobs.filter(({ result }) => {
    const plan = result?.plan ?? null;
    return plan !== null && plan.verdict !== 'unchanged' && plan.isDrift !== true;
  });
  if (others.length > 0)
    output.note(
      `${String(others.length)} more are not as the grants want and were never pushed so: garrison sync --dry-run`,
    );
}
