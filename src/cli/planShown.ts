/**
 * Waits for plans and shows them: host by host what would be done, what stands in the way, what stays, and why it is wanted.
 * It changes nothing and asks nobody to say yes.
 */
import { isFinal } from '../push/job.ts';
import { changeText } from '../push/planText.ts';
import type { JobView, PushView } from '../supervisor/door.ts';
import { USUAL_PUSH_TIMEOUT_MS } from './accountOptions.ts';
import { apiPath } from './client.ts';
import { toneOf } from './columns.ts';
import type { Context } from './context.ts';
import { EXIT } from './exitCodes.ts';
import { waitUntil, type WaitEnd } from './follow.ts';
import type { WaitOptions } from './options.ts';
import { visible, visibleJson, type Output } from './output.ts';

export interface PlansShown {
  readonly pushes: readonly PushView[];
  readonly options: WaitOptions;
  /** Why it is wanted there: sentences. */
  readonly because: (host: string, account: string | null) => readonly string[];
}

/** One after the other: they run at the same time all the same. */
export async function showPlans(context: Context, { pushes, options, because }: PlansShown): Promise<number> {
  const exitCodes: number[] = [];
  for (const push of pushes) exitCodes.push(await showOne(context, { push, options, because }));
  return Math.max(...exitCodes);
}

interface PlanShown extends Omit<PlansShown, 'pushes'> {
  readonly push: PushView;
}

async function showOne(context: Context, { push, options, because }: PlanShown): Promise<number> {
  const { client, output, format } = context;
  if (!options.wait) {
    output.data(format === 'json' ? visibleJson(push) : push.id);
    return EXIT.done;
  }
  const end = await waitForAll(context, push, options.timeout ?? USUAL_PUSH_TIMEOUT_MS);
  const document = (await client.get(apiPath('pushes', push.id))) as { item: PushView };
  if (end !== 'reached') return notReached(output, document.item, end);
  if (format === 'json') output.data(visibleJson(document));
  else if (format === 'jsonl') for (const job of document.item.jobs) output.data(visibleJson(job, 0));
  else if (format === 'name') output.data(push.id);
  else output.data(planLines(document.item, { paint: output.paint, because }).join('\n'));
  for (const line of closingLines(document.item)) output.note(line);
  return document.item.jobs.every(isPlanned) ? EXIT.done : EXIT.failed;
}

/** Until every host has answered, with no word about any of them. */
export function waitForAll({ client, output }: Context, push: PushView, timeoutMs: number): Promise<WaitEnd> {
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

export function notReached(output: Output, { id, kind, jobs }: PushView, end: WaitEnd): number {
  const open = jobs.filter((job) => !isFinal(job.state)).length;
  output.note(
    `garrison: ${end === 'timedOut' ? 'the wait timed out' : 'no longer waiting'} with ${String(open)} of ${String(jobs.length)} hosts unanswered; ${kind} ${id} goes on`,
  );
  output.note(`  next: garrison describe push ${id}`);
  return end === 'timedOut' ? EXIT.timedOut : EXIT.interrupted;
}

interface Telling extends Pick<PlansShown, 'because'> {
  readonly paint: Output['paint'];
}

/** One block for each host: the verdict, what would be done, what should be known, why it is wanted. */
function planLines(push: PushView, { paint, because }: Telling): readonly string[] {
  return push.jobs.flatMap((job) => {
    const plan = job.result?.plan ?? null;
    const verdict = plan?.verdict ?? job.result?.outcome ?? job.state;
    const isRefused = plan === null || plan.verdict === 'conflict' || plan.verdict === 'blocked';
    const reason = isRefused ? ` (${job.result?.reason ?? ''})` : '';
    return [
      `${visible(job.host)}: ${paint(verdict, toneOf(toneWord(verdict)))}${reason}`,
      ...(isRefused ? [`  ${visible(job.result?.detail ?? '')}`] : []),
      ...(plan?.changes ?? []).map(
        (change) => `  ${change.code.endsWith('removed') ? '-' : '+'} ${visible(changeText(change))}`,
      ),
      ...(plan?.notes ?? []).map((note) => `  · ${visible(note)}`),
      ...because(job.host, push.accountName).map((why) => `  because ${visible(why)}`),
    ];
  });
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

function closingLines({ id, jobs, planOf, undoOf = '' }: PushView): readonly string[] {
  const verdicts = jobs.map((job) => job.result?.plan?.verdict ?? 'not planned');
  const counts = [...new Set(verdicts)].map(
    (verdict) => `${String(verdicts.filter((each) => each === verdict).length)} ${verdict}`,
  );
  const lines = [`plan ${id}: ${counts.join(', ')}. Nothing was changed.`];
  if (verdicts.some((verdict) => verdict === 'create' || verdict === 'change'))
    lines.push(
      planOf === 'undo'
        ? `  next: garrison undo ${undoOf}   does just this, where nothing has changed since that push`
        : `  next: garrison push --plan ${id}   ${planOf === 'revoke' ? 'revokes' : 'pushes'} just this, where nothing has changed meanwhile`,
    );
  return lines;
}
