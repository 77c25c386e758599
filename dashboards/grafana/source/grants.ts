/**
 * How the hosts stand to the grants: what somebody changed, what is left over, and whether scheduled work is made.
 * It names no host and no account: no metric does.
 */
import { graph, type Panel } from './panels.ts';
import { each, metric, perMinute, secondsSince } from './queries.ts';

export function grantPanels(): Panel[] {
  return [drift(), hosts(), leftovers(), checks(), runs()].map((panel) => panel.span(12).height(7));
}

function drift(): Panel {
  return graph({
    title: 'What somebody changed on hosts',
    description:
      'Hosts that drifted, and accounts on hosts by what was changed of them; garrison sync --check says what, and touches nothing.',
    alerts: ['GarrisonDriftFound'],
    unit: 'none',
    queries: [
      { query: each('sum', ['instance'], metric('drift_hosts')), line: 'hosts {{instance}}' },
      { query: each('sum', ['instance', 'kind'], metric('drift')), line: '{{kind}} {{instance}}' },
    ],
  });
}

function hosts(): Panel {
  return graph({
    title: 'Hosts that grants name',
    description: 'By how the last look found each; garrison plan --grants shows what would be done.',
    unit: 'none',
    queries: [
      { query: each('sum', ['instance', 'state'], metric('grants_hosts')), line: '{{state}} {{instance}}' },
    ],
  });
}

function leftovers(): Panel {
  return graph({
    title: 'Accounts that no grant wants any more',
    description:
      'As the last surveys saw them; garrison leftovers lists them, and locks, keeps or removes each.',
    alerts: ['GarrisonLeftoversGrowing'],
    unit: 'none',
    queries: [
      { query: each('sum', ['instance', 'state'], metric('leftovers')), line: '{{state}} {{instance}}' },
    ],
  });
}

function checks(): Panel {
  return graph({
    title: 'Since the last scheduled check',
    description:
      'And the time from one to the next as it is wanted; garrison status says what a check that is due waits for.',
    alerts: ['GarrisonGrantsCheckOverdue'],
    unit: 's',
    queries: [
      {
        query: secondsSince(['instance'], metric('grants_last_check_timestamp_seconds')),
        line: 'since {{instance}}',
      },
      {
        query: each('max', ['instance'], metric('grants_check_interval_seconds')),
        line: 'wanted {{instance}}',
      },
    ],
  });
}

function runs(): Panel {
  return graph({
    title: 'Scheduled work that ended',
    description:
      'Each minute, by how; held: a person is to look first, garrison status says why; failed: it is tried again.',
    unit: 'suffix: /min',
    queries: [
      {
        query: perMinute(metric('grants_runs_total'), ['instance', 'task', 'outcome']),
        line: '{{task}} {{outcome}} {{instance}}',
      },
    ],
  });
}
