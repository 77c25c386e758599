/**
 * The workers one by one: the state each was in, why it was started again, what it holds, and the zombies around it.
 * It says nothing of the jobs that they do.
 */
import type { Board } from './board.ts';
import { graph, list, timeline, type Panel } from './panels.ts';
import { each, metric, perMinute, quantile, secondsSince, timesInRange } from './queries.ts';
import { WORKER_TIMELINE } from './states.ts';

const ONE = ['instance', 'worker'];
const LINE = '{{worker}} {{instance}}';

export const WORKERS: Board = {
  name: 'garrison-workers',
  title: 'Garrison: workers',
  description:
    'The state each worker was in, why it was started again, what it holds, and the zombies around it.',
  rows: [
    { title: 'States', panels: [states(), present()] },
    { title: 'Ends and changes', panels: changes() },
    { title: 'What they hold', panels: holdings() },
    { title: 'Zombies', panels: zombies() },
  ],
};

function states(): Panel {
  return timeline({
    title: 'State of each worker',
    description:
      'The same verdict as on the page and in garrison status; garrison why push-1 tells how a worker came to it. A gap means that Prometheus had no answer.',
    alerts: ['GarrisonWorkerHung', 'GarrisonWorkerFailed', 'GarrisonWorkerFlapping'],
    queries: [{ query: WORKER_TIMELINE.query, line: LINE }],
    mappings: WORKER_TIMELINE.mappings,
  })
    .span(24)
    .height(9);
}

function present(): Panel {
  const busy = metric('worker_slots', 'state="busy"');
  return list({
    title: 'Each worker now',
    description:
      'How long its present life, or else its last, has gone on, how long ago it beat, what it holds, and how often it was started again; garrison describe worker push-1 says more.',
    columns: [
      { name: 'lives for', unit: 's', query: secondsSince(ONE, metric('worker_start_time_seconds')) },
      {
        name: 'beat ago',
        unit: 's',
        query: secondsSince(ONE, metric('worker_last_heartbeat_timestamp_seconds')),
        limits: { look: 30, bad: 60 },
      },
      { name: 'memory', unit: 'bytes', query: each('max', ONE, metric('worker_resident_memory_bytes')) },
      { name: 'slots busy', unit: 'none', query: each('max', ONE, busy) },
      { name: 'slots', unit: 'none', query: each('sum', ONE, metric('worker_slots')) },
      { name: 'restarts', unit: 'none', query: each('sum', ONE, metric('worker_restarts_total')) },
    ],
    none: 'no worker is known',
  })
    .span(24)
    .height(7);
}

function changes(): Panel[] {
  const shown = perMinute(metric('worker_state_transitions_total'), ONE);
  const held = perMinute(metric('worker_suppressed_transitions_total'), ONE);
  const panels = [
    graph({
      title: 'Restarts of each worker',
      description:
        'How often each was started again each minute; after eight deaths it counts as failed: garrison why push-1.',
      alerts: ['GarrisonWorkerCrashLooping'],
      unit: 'suffix: /min',
      queries: [{ query: perMinute(metric('worker_restarts_total'), ONE), line: LINE }],
    }),
    list({
      title: 'Why they were started again, in this time',
      description:
        'Restarts by the reason of the end before them; garrison why push-1 has the exit codes and what was seen before each end.',
      columns: [
        {
          name: 'times',
          unit: 'none',
          query: timesInRange(metric('worker_restarts_total'), [...ONE, 'reason']),
        },
      ],
      none: 'none was started again',
    }),
    graph({
      title: 'Changes of state, shown and held back',
      description:
        'Changes that people were shown, and changes of verdict that did not last and nobody was shown; many held back mean a machine under load: garrison why push-1.',
      alerts: ['GarrisonWorkerFlapping'],
      unit: 'suffix: /min',
      queries: [
        { query: shown, line: `shown ${LINE}` },
        { query: held, line: `held back ${LINE}` },
      ],
    }),
  ];
  return panels.map((panel) => panel.span(8).height(8));
}

function holdings(): Panel[] {
  const panels = [slots(), memory(), lastBeat(), lateness(), spare()];
  return panels.map((panel) => panel.span(12).height(8));
}

function spare(): Panel {
  return graph({
    title: 'A spare stands ready',
    description:
      'One where a booted worker stands ready to take the place of one that dies; none for a moment after each death, and with workers.spare: 0: garrison status says how it is.',
    unit: 'none',
    queries: [
      { query: each('max', ['instance'], metric('worker_spare', 'state="ready"')), line: '{{instance}}' },
    ],
  });
}

function slots(): Panel {
  return graph({
    title: 'Slots that are busy',
    description:
      'Jobs that each worker has in hand, and the slots of all; when all are busy new jobs wait: garrison get workers names the jobs.',
    unit: 'none',
    queries: [
      { query: each('max', ONE, metric('worker_slots', 'state="busy"')), line: LINE },
      { query: each('sum', ['instance'], metric('worker_slots')), line: 'all slots {{instance}}' },
    ],
  });
}

function memory(): Panel {
  return graph({
    title: 'Memory',
    description:
      'Resident memory of each; over the limit, workers.memoryLimit, it is drained and replaced, and garrison restart push-1 does that now.',
    alerts: ['GarrisonWorkerMemoryHigh'],
    unit: 'bytes',
    queries: [
      { query: each('max', ONE, metric('worker_resident_memory_bytes')), line: LINE },
      { query: each('max', ['instance'], metric('worker_memory_limit_bytes')), line: 'limit {{instance}}' },
    ],
  });
}

function lastBeat(): Panel {
  const beats = metric('worker_last_heartbeat_timestamp_seconds');
  return graph({
    title: 'Last beat',
    description:
      'How long ago each beat, as Prometheus saw it: a worker beats every second, so more than that and a scrape means that it is late or away: garrison why push-1.',
    alerts: ['GarrisonWorkerHung'],
    unit: 's',
    queries: [{ query: secondsSince(ONE, beats), line: LINE }],
    limits: { look: 30, bad: 60 },
  });
}

function lateness(): Panel {
  return graph({
    title: 'Their event loops are late by',
    description:
      'How late the event loop of any worker ran in 99 of 100 seconds; at 4 s a worker counts as hung.',
    unit: 's',
    queries: [
      {
        query: quantile({
          share: 0.99,
          of: 'event_loop_lag_seconds',
          matchers: ['process="worker"'],
          by: ['instance'],
        }),
        line: '{{instance}}',
      },
    ],
    limits: { look: 1, bad: 4 },
  });
}

function zombies(): Panel[] {
  const panels = [
    graph({
      title: 'Zombies by whose they are',
      description:
        'Processes that ended and that their parent has not waited for, harmless each; garrison get zombies says under which parent and what to do.',
      alerts: ['GarrisonZombiesGrowing'],
      unit: 'none',
      queries: [
        {
          query: each('sum', ['instance', 'owner'], metric('zombie_processes')),
          line: '{{owner}} {{instance}}',
        },
      ],
    }),
    graph({
      title: 'Zombies reaped',
      description:
        'Orphans that Garrison was given, and what its workers had left, each minute; garrison reap sweeps now.',
      unit: 'suffix: /min',
      queries: [
        {
          query: perMinute(metric('zombies_reaped_total'), ['instance', 'kind']),
          line: '{{kind}} {{instance}}',
        },
      ],
    }),
  ];
  return panels.map((panel) => panel.span(12).height(8));
}
