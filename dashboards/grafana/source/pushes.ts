/**
 * The queue and its jobs: what waits and for how long, how jobs end and why they fail, and whether the queue itself is quick.
 * It names no job, host or account: no metric does.
 */
import type { Board } from './board.ts';
import { grantPanels } from './grants.ts';
import { graph, list, now, type Panel } from './panels.ts';
import { each, inRange, metric, perMinute, quantile, share, timesInRange } from './queries.ts';

const ENDED = 'jobs_processed_total';
const BADLY = 'outcome=~"failed|unknown"';
const QUANTILES = [0.5, 0.95, 0.99] as const;

export const PUSHES: Board = {
  name: 'garrison-pushes',
  title: 'Garrison: pushes',
  description:
    'What waits and for how long, how jobs end and why they fail, and whether the queue itself is quick.',
  rows: [
    { title: 'Now', panels: nowPanels() },
    { title: 'The queue', panels: queue() },
    { title: 'How jobs end', panels: ends() },
    { title: 'Grants', panels: grantPanels() },
  ],
};

function nowPanels(): Panel[] {
  const jobs = (state: string): string => each('sum', ['instance'], metric('jobs', state));
  const panels = [
    now({
      title: 'Jobs that wait',
      description: 'Jobs that no worker has taken yet; garrison jobs says what each waits for.',
      unit: 'none',
      queries: [{ query: jobs('state="queued"'), line: '{{instance}}' }],
    }),
    now({
      title: 'Jobs in hand',
      description:
        'Jobs that a worker has begun; garrison jobs shows each, and garrison logs JOB -f what it does.',
      unit: 'none',
      queries: [{ query: jobs('state!="queued"'), line: '{{instance}}' }],
    }),
    now({
      title: 'Jobs that ended, in this time',
      description: 'Jobs that came to an end, whichever; garrison jobs lists them.',
      unit: 'none',
      queries: [{ query: inRange(metric(ENDED), ['instance']), line: '{{instance}}' }],
    }).decimals(0),
    now({
      title: 'Share that failed, in this time',
      description:
        'Of the jobs that ended, those that failed or ended without a known result; garrison jobs names the reason, and garrison retry JOB tries again.',
      alerts: ['GarrisonPushFailureRatioHigh'],
      unit: 'percentunit',
      queries: [
        {
          query: share(metric(ENDED, BADLY), metric(ENDED), '$__range'),
          line: '{{instance}}',
        },
      ],
      limits: { look: 0.05, bad: 0.2 },
      none: 'none ended',
    }),
  ];
  return panels.map((panel) => panel.span(6).height(4));
}

function queue(): Panel[] {
  const panels = [
    graph({
      title: 'Jobs that have not ended',
      description:
        'By state; when queued grows and nothing runs, nobody takes jobs: garrison status says why.',
      alerts: ['GarrisonPushQueueNoWorkers'],
      unit: 'none',
      queries: [
        { query: each('sum', ['instance', 'state'], metric('jobs')), line: '{{state}} {{instance}}' },
      ],
    }),
    graph({
      title: 'The oldest job has waited for',
      description:
        'Age of the oldest job that no worker has taken yet; garrison jobs says what it waits for.',
      alerts: ['GarrisonPushQueueLatencyHigh'],
      unit: 's',
      queries: [{ query: each('max', ['instance'], metric('queue_latency_seconds')), line: '{{instance}}' }],
      limits: { look: 60, bad: 300 },
    }),
    graph({
      title: 'Workers that take jobs',
      description: 'At 0 nothing is pushed; garrison status says why.',
      alerts: ['GarrisonPushQueueNoWorkers'],
      unit: 'none',
      queries: [{ query: each('sum', ['instance'], metric('queue_workers')), line: '{{instance}}' }],
    }),
    graph({
      title: 'The test job took',
      description:
        'A job that does nothing goes the way of a push every 15 s; when it takes seconds, the queue is slow and not the hosts: garrison status.',
      alerts: ['GarrisonCanaryLate'],
      unit: 's',
      queries: quantiles('queue_canary_seconds', []),
      limits: { look: 1, bad: 5 },
    }),
  ];
  return panels.map((panel) => panel.span(12).height(8));
}

function ends(): Panel[] {
  const panels = [ended(), shareFailed(), took(), whereFailed(), whyFailed()];
  return panels.map((panel, index) => panel.span(index === panels.length - 1 ? 24 : 12).height(8));
}

function ended(): Panel {
  return graph({
    title: 'Jobs that ended',
    description:
      'Each minute, by how they ended; unknown ones are settled by garrison retry JOB, which reads the host’s own record.',
    unit: 'suffix: /min',
    queries: [{ query: perMinute(metric(ENDED), ['instance', 'outcome']), line: '{{outcome}} {{instance}}' }],
  });
}

function shareFailed(): Panel {
  return graph({
    title: 'Share that failed',
    description:
      'Of the jobs that ended, those that failed or ended without a known result; no line while none ended. garrison jobs names the reasons.',
    alerts: ['GarrisonPushFailureRatioHigh'],
    unit: 'percentunit',
    queries: [
      { query: share(metric(ENDED, BADLY), metric(ENDED), '$__rate_interval'), line: '{{instance}}' },
    ],
    limits: { look: 0.05, bad: 0.2 },
    max: 1,
  });
}

function took(): Panel {
  return graph({
    title: 'Jobs that were done took',
    description:
      'From when a worker took the job until it was done, for half, 95 and 99 of 100; garrison logs JOB shows where the time went.',
    unit: 's',
    queries: quantiles('job_duration_seconds', ['outcome="done"']),
  });
}

function whereFailed(): Panel {
  return graph({
    title: 'Where jobs failed',
    description:
      'Jobs that failed or ended without a known result each minute, by the stage they had reached; garrison check HOST tells connect, login, sudo and clock apart.',
    unit: 'suffix: /min',
    queries: [
      {
        query: perMinute(metric('push_errors_total'), ['instance', 'stage']),
        line: '{{stage}} {{instance}}',
      },
    ],
  });
}

function whyFailed(): Panel {
  return list({
    title: 'Why jobs failed, in this time',
    description:
      'By the stage reached and the reason of the result; garrison jobs names the hosts, and garrison retry JOB tries again once it is mended.',
    columns: [
      {
        name: 'jobs',
        unit: 'none',
        query: timesInRange(metric('push_errors_total'), ['instance', 'stage', 'reason']),
      },
    ],
    none: 'none failed',
  });
}

function quantiles(of: string, matchers: readonly string[]): { query: string; line: string }[] {
  return QUANTILES.map((part) => ({
    query: quantile({ share: part, of, matchers, by: ['instance'] }),
    line: `${String(part * 100)} of 100 {{instance}}`,
  }));
}
