/**
 * Shows each host's result of a push as it arrives, and ends with what became of the whole.
 * It never shows a job twice and never takes an older record for a newer one.
 */
import { monoMs } from '../clock.ts';
import { isFinal } from '../push/job.ts';
import { mayHaveChanged } from '../push/undoable.ts';
import type { JobView, PushView } from '../supervisor/door.ts';
import { apiPath, type ServerEvent } from './client.ts';
import { checkColumns } from './checkColumns.ts';
import { jobDetail, toneOf } from './columns.ts';
import type { Context } from './context.ts';
import { EXIT } from './exitCodes.ts';
import { waitUntil, type WaitEnd } from './follow.ts';
import { visibleJson } from './output.ts';
import { columnsFor } from './print.ts';
import { startTicker } from './ticker.ts';
import { headingLines, rowLines, tableOf, type Column } from './table.ts';

/** It is not known before the host has answered; a wide terminal shows more. */
const DETAIL_COLUMNS = 200;

interface Arrival {
  readonly job: JobView;
  readonly tookMs: number;
}

export async function waitForPush(
  context: Context,
  { push, timeoutMs }: { push: PushView; timeoutMs: number },
): Promise<number> {
  const board = createBoard(context, push);
  const stopTelling = startTicker(context.output, board.progress);
  try {
    const end = await waitUntil({
      client: context.client,
      output: context.output,
      timeoutMs,
      level: async (signal) => {
        const document = await context.client.get(apiPath('pushes', push.id), { signal });
        const { item } = document as { item: PushView };
        for (const job of item.jobs) board.take(job);
        return board.complete();
      },
      edge: ({ event, data }: ServerEvent) => {
        if (event === 'job') board.take(data as JobView);
        return board.complete();
      },
    });
    return await finish(context, { push, end, board });
  } finally {
    stopTelling();
  }
}

export function resultColumns(
  kind: PushView['kind'],
  tookOf: (job: JobView) => string,
): readonly Column<JobView>[] {
  return [
    { title: 'HOST', of: (job) => job.host },
    { title: 'RESULT', of: resultOf, tone: (job) => toneOf(resultOf(job)), minWidth: 9 },
    { title: 'REASON', of: (job) => job.result?.reason ?? '', minWidth: 17 },
    { title: 'TOOK', of: tookOf, minWidth: 6 },
    { title: 'STAGE', of: (job) => job.result?.stage ?? job.stage ?? '', wide: true, minWidth: 7 },
    { title: 'VERIFIED', of: (job) => job.result?.verified ?? '', wide: true },
    { title: 'JOB', of: (job) => job.id, wide: true },
    ...(kind === 'check' ? checkColumns() : []),
    { title: 'DETAIL', of: changesAndDetail, wraps: true, minWidth: DETAIL_COLUMNS },
  ];
}

interface Board {
  readonly take: (job: JobView) => void;
  readonly complete: () => boolean;
  readonly jobs: () => readonly JobView[];
  readonly progress: () => string;
}

function createBoard({ output, format }: Context, push: PushView): Board {
  const startedMs = monoMs();
  const jobs = new Map(push.jobs.map((job) => [job.id, job]));
  const arrivals = new Map<string, Arrival>();
  const columns = columnsFor(
    resultColumns(push.kind, (job) => tookText(arrivals.get(job.id))),
    format,
  );
  const table = tableOf(push.jobs, columns, output);
  const print = (job: JobView): void => {
    const lines = (): readonly string[] => rowLines(job, table);
    if (format === 'jsonl') output.data(visibleJson(job, 0));
    else if (format === 'name') output.data(job.id);
    else if (format === 'json') output.note(`${job.host}: ${resultOf(job)}: ${changesAndDetail(job)}`);
    else output.data([...(arrivals.size === 1 ? headingLines(table) : []), ...lines()].join('\n'));
  };
  return {
    take: (job) => {
      const known = jobs.get(job.id);
      if (known === undefined || arrivals.has(job.id) || job.revision < known.revision) return;
      jobs.set(job.id, job);
      if (!isFinal(job.state)) return;
      arrivals.set(job.id, { job, tookMs: monoMs() - startedMs });
      print(job);
    },
    complete: () => arrivals.size === jobs.size,
    jobs: () => [...jobs.values()],
    progress: () => {
      const waiting = [...jobs.values()].filter((job) => job.state === 'queued').length;
      const running = jobs.size - arrivals.size - waiting;
      return `${String(arrivals.size)} of ${String(jobs.size)} hosts answered, ${String(running)} running, ${String(waiting)} queued`;
    },
  };
}

async function finish(
  context: Context,
  { push, end, board }: { push: PushView; end: WaitEnd; board: Board },
): Promise<number> {
  const { output, client, format } = context;
  const jobs = board.jobs();
  const open = jobs.filter((job) => !isFinal(job.state)).length;
  switch (end) {
    case 'timedOut':
      output.note(
        `garrison: the wait timed out with ${String(open)} of ${String(jobs.length)} hosts unanswered; push ${push.id} goes on`,
      );
      output.note(`  next: garrison describe push ${push.id}`);
      return EXIT.timedOut;
    case 'interrupted':
      output.note(`garrison: no longer waiting; push ${push.id} goes on`);
      output.note(`  next: garrison describe push ${push.id}, or garrison cancel ${push.id}`);
      return EXIT.interrupted;
    case 'reached':
      if (format === 'json') output.data(visibleJson(await client.get(apiPath('pushes', push.id))));
      output.note(summaryOf(push, jobs));
      if (jobs.some(mayHaveChanged)) output.note(`  to take it back: garrison undo ${push.id}`);
      return jobs.every((job) => job.state === 'done') ? EXIT.done : EXIT.failed;
  }
}

function summaryOf(push: PushView, jobs: readonly JobView[]): string {
  const counts = new Map<string, number>();
  for (const job of jobs) counts.set(resultOf(job), (counts.get(resultOf(job)) ?? 0) + 1);
  const parts = [...counts].map(([result, count]) => `${String(count)} ${result}`);
  const retry = jobs.some((job) => job.state !== 'done') ? `; after mending: garrison retry ${push.id}` : '';
  return `${push.kind} ${push.id}: ${parts.join(', ')}${retry}`;
}

function resultOf(job: JobView): string {
  // Cancelled says more than the outcome that goes with it.
  return job.state === 'cancelled' ? job.state : (job.result?.outcome ?? job.state);
}

function changesAndDetail(job: JobView): string {
  const changes = job.result?.changes ?? [];
  const detail = jobDetail(job);
  return changes.length === 0 ? detail : `${changes.join(', ')}. ${detail}`;
}

/** From the moment the push was taken until its answer was seen here. */
function tookText(arrival: Arrival | undefined): string {
  return arrival === undefined ? '' : `${(arrival.tookMs / 1000).toFixed(1)}s`;
}
