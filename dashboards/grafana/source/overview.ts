/**
 * The first dashboard to open: is all well, what fires, and is it Garrison itself or what it stands on.
 * It goes into no single worker or container; each of those has a dashboard.
 */
import { BigValueTextMode } from '@grafana/grafana-foundation-sdk/common';
import { MappingType, type ValueMappingResult } from '@grafana/grafana-foundation-sdk/dashboard';
import { ALERT_NAMES, runbookAddress, sectionOf } from './alerts.ts';
import type { Board } from './board.ts';
import { graph, list, now, timeline, type Panel } from './panels.ts';
import { chosen, each, metric, perMinute, quantile, secondsSince, timesInRange } from './queries.ts';
import { BAD, GOOD, eitherOr } from './states.ts';

export const OVERVIEW: Board = {
  name: 'garrison-overview',
  title: 'Garrison: overview',
  description:
    'Is all well; if not, what fires, and is it Garrison, its workers, its queue, its containers or what it stands on.',
  rows: [
    { title: 'Now', panels: [...nowPanels(), firing(), surroundings()] },
    { title: 'Garrison itself', panels: itself() },
    { title: 'Who asked for what, and who was not let in', panels: asked() },
  ],
};

function nowPanels(): Panel[] {
  const panels = [answers(), version(), workersNotUp(), taking(), waiting(), sick()];
  return panels.map((panel) => panel.span(4).height(4));
}

function answers(): Panel {
  return now({
    title: 'Garrison answers',
    description:
      'Whether Prometheus had an answer at its last look; while it has none, nothing restarts workers or containers: systemctl status garrison.',
    alerts: ['GarrisonDown', 'GarrisonUnsteady'],
    unit: 'none',
    queries: [{ query: each('max', ['instance'], chosen('up')), line: '{{instance}}' }],
    mappings: eitherOr(['no', BAD], ['yes', GOOD]),
  });
}

function version(): Panel {
  const query = each('max', ['instance', 'version', 'node_version'], metric('build_info'));
  return now({
    title: 'Version',
    description: 'Which Garrison runs there, on which Node; after an upgrade all instances show the same.',
    unit: 'none',
    queries: [{ query, line: '{{version}}, Node {{node_version}}' }],
  }).textMode(BigValueTextMode.Name);
}

function workersNotUp(): Panel {
  return now({
    title: 'Workers that are not up',
    description: 'Workers in any other state than up; garrison status names each, since when and why.',
    alerts: ['GarrisonWorkerHung', 'GarrisonWorkerFailed'],
    unit: 'none',
    queries: [
      { query: each('sum', ['instance'], metric('worker_state', 'state!="up"')), line: '{{instance}}' },
    ],
    limits: { bad: 1 },
  });
}

function taking(): Panel {
  return now({
    title: 'Workers that take jobs',
    description: 'At 0 nothing is pushed; garrison status says why.',
    alerts: ['GarrisonPushQueueNoWorkers'],
    unit: 'none',
    queries: [{ query: each('sum', ['instance'], metric('queue_workers')), line: '{{instance}}' }],
    mappings: [{ type: MappingType.ValueToText, options: { 0: { text: 'none', color: BAD, index: 0 } } }],
  });
}

function waiting(): Panel {
  return now({
    title: 'The oldest job has waited for',
    description:
      'Age of the oldest job that no worker has taken yet; garrison jobs says what each waits for.',
    alerts: ['GarrisonPushQueueLatencyHigh'],
    unit: 's',
    queries: [{ query: each('max', ['instance'], metric('queue_latency_seconds')), line: '{{instance}}' }],
    limits: { look: 60, bad: 300 },
  });
}

function sick(): Panel {
  const states = metric('container_state', 'state=~"unhealthy|healing|ghost|quarantined"');
  return now({
    title: 'Containers that are sick',
    description:
      'Unhealthy, in healing, in quarantine, or a ghost; garrison get containers shows each and its root.',
    alerts: ['GarrisonContainerUnhealthy', 'GarrisonContainerQuarantined'],
    unit: 'none',
    queries: [{ query: each('sum', ['instance'], states), line: '{{instance}}' }],
    limits: { bad: 1 },
    none: 'no container is known',
  });
}

/** The last column holds the end of each section's address, and leads there. */
function firing(): Panel {
  const matchers = ['alertname=~"Garrison.+"', 'alertname!="GarrisonWatchdog"', 'alertstate="firing"'];
  const labels = ['alertname', 'severity', 'instance', 'worker', 'container', 'loop', 'scope'];
  const alerts = each('max', [...labels], chosen('ALERTS', ...matchers));
  const options = ALERT_NAMES.map((name, index): [string, ValueMappingResult] => [
    name,
    { text: sectionOf(name), index },
  ]);
  return list({
    title: 'Alerts that fire now',
    description:
      'Each alert of Garrison that fires; the last column leads to what it means, what to look at and what to type.',
    columns: [
      {
        name: null,
        unit: 'none',
        query: `label_replace(${alerts}, "runbook", "$1", "alertname", "(.+)")`,
      },
    ],
    none: 'no alert fires',
  })
    .overrideByName('runbook', [
      { id: 'mappings', value: [{ type: MappingType.ValueToText, options: Object.fromEntries(options) }] },
      {
        id: 'links',
        value: [{ title: 'Runbook', url: runbookAddress('${__value.text}'), targetBlank: true }],
      },
    ])
    .span(14)
    .height(8);
}

function surroundings(): Panel {
  return timeline({
    title: 'What Garrison stands on',
    description:
      'Whether Garrison, Redis and Docker answered; without Redis no push begins, without Docker nothing is healed: garrison status says since when and why. Where there is no Docker, it is always away.',
    alerts: ['GarrisonDown', 'GarrisonRedisAway', 'GarrisonDockerAway'],
    queries: [
      { query: each('max', ['instance'], chosen('up')), line: 'Garrison {{instance}}' },
      { query: each('max', ['instance'], metric('redis_up')), line: 'Redis {{instance}}' },
      { query: each('max', ['instance'], metric('docker_up')), line: 'Docker {{instance}}' },
    ],
    mappings: eitherOr(['away', BAD], ['answers', GOOD]),
  })
    .span(10)
    .height(8);
}

function itself(): Panel[] {
  const panels = [loops(), lateness(), observer()];
  return panels.map((panel) => panel.span(8).height(8));
}

function loops(): Panel {
  const loops = metric('loop_last_success_timestamp_seconds');
  return graph({
    title: 'Each loop last came to its end',
    description:
      'How long ago; a loop that stands still shows old things: garrison status, and the log of Garrison.',
    alerts: ['GarrisonLoopStalled'],
    unit: 's',
    queries: [{ query: secondsSince(['instance', 'loop'], loops), line: '{{loop}} {{instance}}' }],
    limits: { bad: 60 },
  });
}

function lateness(): Panel {
  return graph({
    title: 'Its event loop is late by',
    description:
      'How late the event loop ran in 99 of 100 seconds; from a second on, its own judgement stretches: look for load on the machine.',
    unit: 's',
    queries: [
      {
        query: quantile({
          share: 0.99,
          of: 'event_loop_lag_seconds',
          matchers: ['process="supervisor"'],
          by: ['instance'],
        }),
        line: '{{instance}}',
      },
    ],
    limits: { bad: 1 },
  });
}

function observer(): Panel {
  return graph({
    title: 'How well it sees',
    description:
      'The health of Garrison itself as an observer: 0 is well and 7 is worst, and every limit stretches by it; look for load on the machine.',
    unit: 'none',
    queries: [{ query: each('max', ['instance'], metric('observer_health')), line: '{{instance}}' }],
    limits: { look: 1, bad: 4 },
    max: 7,
  });
}

function asked(): Panel[] {
  const panels = [operations(), messages(), notLetIn()];
  return panels.map((panel) => panel.span(8).height(8));
}

function operations(): Panel {
  return list({
    title: 'Operations in this time',
    description:
      'What people and programs asked for, by the kind of who asked, and how it ended; garrison get operations has each one and its reason.',
    columns: [
      {
        name: 'times',
        unit: 'none',
        query: timesInRange(metric('operations_total'), ['instance', 'verb', 'actor', 'outcome']),
      },
    ],
    none: 'nothing was asked for',
  });
}

function messages(): Panel {
  return graph({
    title: 'Messages to people',
    description:
      'Messages to the channels of notify each minute; failed and dropped ones are in the journal as messageLost.',
    unit: 'suffix: /min',
    queries: [
      {
        query: perMinute(metric('notifications_total'), ['instance', 'channel', 'outcome']),
        line: '{{channel}} {{outcome}} {{instance}}',
      },
    ],
  });
}

function notLetIn(): Panel {
  return graph({
    title: 'Who was not let in, and signals that were not sent',
    description:
      'Sign-ins that failed, and signals that the guard refused, each minute; the log of Garrison names the senders, signalRefused in the journal the rule.',
    alerts: ['GarrisonLoginAttack', 'GarrisonGuardRefusals'],
    unit: 'suffix: /min',
    queries: [
      {
        query: perMinute(metric('login_failures_total'), ['instance', 'kind']),
        line: 'sign-in by {{kind}} {{instance}}',
      },
      {
        query: perMinute(metric('guard_refusals_total'), ['instance', 'rule']),
        line: 'guard {{rule}} {{instance}}',
      },
    ],
  });
}
