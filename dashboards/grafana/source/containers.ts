/**
 * The containers: the state each was in, what was done about it and whether that helped, and how Docker answered.
 * It says nothing of containers that Garrison does not see.
 */
import type { Board } from './board.ts';
import { graph, list, now, timeline, type Panel } from './panels.ts';
import { each, metric, perMinute, quantile, timesInRange } from './queries.ts';
import { BAD, CONTAINER_TIMELINE, GOOD, WISHED, eitherOr } from './states.ts';

export const CONTAINERS: Board = {
  name: 'garrison-containers',
  title: 'Garrison: containers',
  description:
    'The state each container was in, what was done about it and whether that helped, and how Docker answered.',
  rows: [
    { title: 'Now', panels: nowPanels() },
    { title: 'States', panels: [states(), maintenance()] },
    { title: 'What was done', panels: treatments() },
    { title: 'Docker', panels: docker() },
  ],
};

function nowPanels(): Panel[] {
  const panels = [sick(), quarantined(), wellAgain(), dockerAnswers()];
  return panels.map((panel) => panel.span(6).height(4));
}

function sick(): Panel {
  const sickNow = metric('container_state', 'state=~"unhealthy|healing|ghost"');
  return now({
    title: 'Sick containers',
    description:
      'Unhealthy, in healing, or a ghost; garrison heal NAME --plan shows what would make one well.',
    alerts: ['GarrisonContainerUnhealthy'],
    unit: 'none',
    queries: [{ query: each('sum', ['instance'], sickNow), line: '{{instance}}' }],
    limits: { bad: 1 },
    none: 'no container is known',
  });
}

function quarantined(): Panel {
  return now({
    title: 'Containers in quarantine',
    description:
      'They have used up their restarts and wait for a person: garrison quarantine list, then garrison why NAME.',
    alerts: ['GarrisonContainerQuarantined'],
    unit: 'none',
    queries: [{ query: each('sum', ['instance'], metric('container_quarantined')), line: '{{instance}}' }],
    limits: { bad: 1 },
    none: 'no container is known',
  });
}

function wellAgain(): Panel {
  const well = (share: number): string =>
    quantile({ share, of: 'container_heal_duration_seconds', by: ['instance'], over: '$__range' });
  return now({
    title: 'Well again after',
    description:
      'In this time, from the first sight of a container being sick until it was well after a treatment, for half and 95 of 100; garrison why NAME tells each step.',
    unit: 's',
    queries: [
      { query: well(0.5), line: 'half {{instance}}' },
      { query: well(0.95), line: '95 of 100 {{instance}}' },
    ],
    none: 'none was healed',
  });
}

function dockerAnswers(): Panel {
  return now({
    title: 'Docker answers',
    description:
      'While it does not, nothing is healed; containers may well run: garrison status, then systemctl status docker. Where there is no Docker, it never does.',
    alerts: ['GarrisonDockerAway'],
    unit: 'none',
    queries: [{ query: each('max', ['instance'], metric('docker_up')), line: '{{instance}}' }],
    mappings: eitherOr(['no', BAD], ['yes', GOOD]),
  });
}

function states(): Panel {
  return timeline({
    title: 'State of each container',
    description:
      'The same verdict as on the page and in garrison get containers; garrison why NAME tells how a container came to it. A gap means that Prometheus had no answer, or that it is gone.',
    alerts: ['GarrisonContainerUnhealthy', 'GarrisonContainerFlapping', 'GarrisonContainerQuarantined'],
    queries: [{ query: CONTAINER_TIMELINE.query, line: '{{project}} {{container}} {{instance}}' }],
    mappings: CONTAINER_TIMELINE.mappings,
  })
    .span(24)
    .height(12);
}

function maintenance(): Panel {
  return timeline({
    title: 'Maintenance',
    description:
      'While it is on, nothing in its scope is restarted by itself; garrison maintenance list says until when, by whom and why.',
    alerts: ['GarrisonMaintenanceLeftOn'],
    queries: [
      {
        query: each('max', ['instance', 'scope'], metric('maintenance_active')),
        line: '{{scope}} {{instance}}',
      },
    ],
    mappings: eitherOr(['off', GOOD], ['on', WISHED]),
  })
    .span(24)
    .height(5);
}

function treatments(): Panel[] {
  const heals = metric('container_heals_total');
  const panels = [
    graph({
      title: 'Treatments',
      description:
        'What was done to containers each minute, by Garrison and by people, and how it ended; garrison why NAME tells who did it and what was seen before.',
      alerts: ['GarrisonContainerFlapping'],
      unit: 'suffix: /min',
      queries: [
        {
          query: perMinute(heals, ['instance', 'action', 'outcome']),
          line: '{{action}} {{outcome}} {{instance}}',
        },
      ],
    }),
    list({
      title: 'Treatments of each container, in this time',
      description:
        'The same container again and again has a cause that restarts do not cure; garrison why NAME has the evidence kept before each.',
      columns: [
        {
          name: 'times',
          unit: 'none',
          query: timesInRange(heals, ['instance', 'container', 'action', 'outcome']),
        },
      ],
      none: 'nothing was done',
    }),
  ];
  return panels.map((panel) => panel.span(12).height(8));
}

function docker(): Panel[] {
  return [...calls(), events()].map((panel) => panel.span(8).height(8));
}

function calls(): Panel[] {
  const seconds = 'docker_request_duration_seconds';
  return [
    graph({
      title: 'Calls to Docker took',
      description:
        '95 of 100 calls ended within this, by what they were for; when reading gets slow, the daemon is starved: journalctl -u docker.',
      unit: 's',
      queries: [
        {
          query: quantile({ share: 0.95, of: seconds, by: ['instance', 'op'] }),
          line: '{{op}} {{instance}}',
        },
      ],
    }),
    graph({
      title: 'Calls to Docker that did not succeed',
      description:
        'Each minute, failed or not answered in time, by what they were for; garrison status says what Docker said.',
      alerts: ['GarrisonDockerAway'],
      unit: 'suffix: /min',
      queries: [
        {
          query: perMinute(metric(`${seconds}_count`, 'outcome!="ok"'), ['instance', 'op', 'outcome']),
          line: '{{op}} {{outcome}} {{instance}}',
        },
      ],
    }),
  ];
}

function events(): Panel {
  return graph({
    title: 'What its events missed',
    description:
      'How often the stream of events was opened again, and changes that a complete look found and no event had told of, each minute; both mean a daemon that is restarted or overloaded: journalctl -u docker.',
    unit: 'suffix: /min',
    queries: [
      {
        query: perMinute(metric('docker_event_stream_reconnects_total'), ['instance']),
        line: 'opened again {{instance}}',
      },
      {
        query: perMinute(metric('docker_resync_discrepancies_total'), ['instance']),
        line: 'missed {{instance}}',
      },
    ],
  });
}
