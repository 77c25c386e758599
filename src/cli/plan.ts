/**
 * `plan`, and `--dry-run` of a push or a revoke: asks each host what is there, and shows what would be done and what would not.
 * It changes nothing on any host; what it shows is what `push --plan` then holds the host to.
 */
import type { Command } from 'commander';
import { GarrisonError } from '../errors.ts';
import { isFinal } from '../push/job.ts';
import type { AccountPlan, PlannedKind, PlanVerdict } from '../push/plan.ts';
import { changeText } from '../push/planText.ts';
import type { JobView, PushView } from '../supervisor/door.ts';
import { accountOptions, accountOf, USUAL_PUSH_TIMEOUT_MS, type AccountOptions } from './accountOptions.ts';
import { apiPath } from './client.ts';
import { toneOf } from './columns.ts';
import { action, type Context } from './context.ts';
import { EXIT } from './exitCodes.ts';
import { waitUntil, type WaitEnd } from './follow.ts';
import { waitOptions, type WaitOptions } from './options.ts';
import { visible, visibleJson, type Output } from './output.ts';

interface PlanOptions extends AccountOptions {
  readonly to?: readonly string[];
  readonly from?: readonly string[];
}

export function addPlanCommand(program: Command): void {
  const about = 'show host by host what a push (--to) or a revoke (--from) would do, and change nothing';
  const command = waitOptions(program.command('plan').description(about), '10m')
    .argument('<account>', 'a POSIX user name')
    .option('--to <hosts...>', 'hosts of the inventory that it would be pushed to')
    .option('--from <hosts...>', 'hosts of the inventory that it would be revoked from');
  accountOptions(command).action(
    action<PlanOptions>('act', (context, { args, options }) => {
      const { to, from } = options;
      if ((to === undefined) === (from === undefined))
        throw new GarrisonError('USAGE', 'name either --to HOST… or --from HOST…', {
          cure: 'garrison help plan',
        });
      return from === undefined
        ? showPlan(context, {
            of: 'push',
            account: accountOf(args[0] ?? '', options),
            hosts: to ?? [],
            options,
          })
        : showPlan(context, { of: 'revoke', account: { name: args[0] ?? '' }, hosts: from, options });
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
  const { client, output, format } = context;
  const body = { kind: 'plan', planOf: of, account, hosts, reason: options.reason ?? null };
  const { item } = (await client.post(apiPath('pushes'), body)) as { item: PushView };
  if (!options.wait) {
    output.data(format === 'json' ? visibleJson(item) : item.id);
    return EXIT.done;
  }
  const end = await waitForAll(context, item, options.timeout ?? USUAL_PUSH_TIMEOUT_MS);
  const document = (await client.get(apiPath('pushes', item.id))) as { item: PushView };
  if (end !== 'reached') return notReached(output, document.item, end);
  if (format === 'json') output.data(visibleJson(document));
  else if (format === 'jsonl') for (const job of document.item.jobs) output.data(visibleJson(job, 0));
  else if (format === 'name') output.data(item.id);
  else output.data(planLines(document.item, output.paint).join('\n'));
  for (const line of closingLines(document.item)) output.note(line);
  return document.item.jobs.every(isPlanned) ? EXIT.done : EXIT.failed;
}

function waitForAll({ client, output }: Context, push: PushView, timeoutMs: number): Promise<WaitEnd> {
  const open = new Set(push.jobs.map((job) => job.id));
  const take = (job: JobView): boolean => {
    if (isFinal(job.state)) open.delete(job.id);
    output.progress(`${String(push.jobs.length - open.size)} of ${String(push.jobs.length)} hosts answered`);
    return open.size === 0;
  };
  return waitUntil({
    ...{ client, output, timeoutMs },
    level: async () => {
      const { item } = (await client.get(apiPath('pushes', push.id))) as { item: PushView };
      return item.jobs.map(take).every(Boolean) || open.size === 0;
    },
    edge: ({ event, data }) => event === 'job' && take(data as JobView),
  });
}

function notReached(output: Output, { id, jobs }: PushView, end: WaitEnd): number {
  const open = jobs.filter((job) => !isFinal(job.state)).length;
  output.note(
    `garrison: ${end === 'timedOut' ? 'the wait timed out' : 'no longer waiting'} with ${String(open)} of ${String(jobs.length)} hosts unanswered; plan ${id} goes on`,
  );
  output.note(`  next: garrison describe push ${id}`);
  return end === 'timedOut' ? EXIT.timedOut : EXIT.interrupted;
}

/** One block for each host: the verdict, what would be done, what should be known. */
export function planLines(push: PushView, paint: Output['paint']): readonly string[] {
  return push.jobs.flatMap((job) => {
    const plan = job.result?.plan ?? null;
    const verdict = plan?.verdict ?? job.result?.outcome ?? job.state;
    const head = `${visible(job.host)}: ${paint(verdict, toneOf(toneWord(verdict)))}`;
    if (plan === null || !wouldBeDone(plan.verdict))
      return [
        plan?.verdict === 'unchanged' ? head : `${head} (${job.result?.reason ?? ''})`,
        ...whyLines(job, plan),
      ];
    return [
      head,
      ...plan.changes.map(
        (change) => `  ${change.code.endsWith('removed') ? '-' : '+'} ${visible(changeText(change))}`,
      ),
      ...noteLines(plan),
    ];
  });
}

function whyLines({ result }: JobView, plan: AccountPlan | null): readonly string[] {
  if (plan?.verdict === 'unchanged') return noteLines(plan);
  return [`  ${visible(result?.detail ?? '')}`, ...(plan === null ? [] : noteLines(plan))];
}

function noteLines({ notes }: AccountPlan): readonly string[] {
  return notes.map((note) => `  · ${visible(note)}`);
}

function wouldBeDone(verdict: PlanVerdict): boolean {
  return verdict === 'create' || verdict === 'change';
}

/** Of a word that columns know the colour of. */
function toneWord(verdict: string): string {
  return verdict === 'create' || verdict === 'change'
    ? 'changed'
    : verdict === 'blocked'
      ? 'failed'
      : verdict;
}

function isPlanned({ result }: JobView): boolean {
  const verdict = result?.plan?.verdict;
  return verdict === 'create' || verdict === 'change' || verdict === 'unchanged';
}

function closingLines({ id, jobs, planOf }: PushView): readonly string[] {
  const verdicts = jobs.map((job) => job.result?.plan?.verdict ?? 'not planned');
  const counts = [...new Set(verdicts)].map(
    (verdict) => `${String(verdicts.filter((each) => each === verdict).length)} ${verdict}`,
  );
  const lines = [`plan ${id}: ${counts.join(', ')}. Nothing was changed.`];
  if (verdicts.some((verdict) => verdict === 'create' || verdict === 'change'))
    lines.push(
      `  next: garrison push --plan ${id}   ${planOf === 'revoke' ? 'revokes' : 'pushes'} just this, where nothing has changed meanwhile`,
    );
  return lines;
}
