/**
 * Shows to Prometheus how the hosts stand to the grants, what is left over on them, and how scheduled work ended.
 * It never has a label with a host or an account in it.
 */
import { CHECK_STATES, DRIFT_KINDS } from '../push/drift.ts';
import type { GrantsSummary } from '../supervisor/door.ts';
import type { MetricBook } from './metricBook.ts';
import { epochSeconds, type Scene } from './scene.ts';
import type { Series } from './seriesFamily.ts';
import { LEFTOVER_STATES, RUN_OUTCOMES, SCHEDULED_TASKS } from './words.ts';

interface Described {
  readonly name: string;
  readonly help: string;
  readonly labelNames?: readonly string[];
}

export function addGrantMetrics(book: MetricBook, scene: () => Scene): void {
  /** A supervisor always tells of them; what stands for one in a test may not. */
  const add: Add = (type, described, series) => {
    const of = ({ snapshot: { grants } }: Scene): readonly Series[] =>
      grants === undefined ? [] : series(grants);
    book.one<Scene>(type, { ...described, series: of }, scene);
  };
  addDrift(add);
  addSchedules(add);
  const leftovers = 'Accounts on hosts that no grant wants any more, as the last surveys saw them.';
  add('gauge', { name: 'leftovers', help: leftovers, labelNames: ['state'] }, (grants) =>
    LEFTOVER_STATES.map((state): Series => [[state], grants.leftovers[state]]),
  );
}

type Add = (
  type: 'gauge' | 'counter',
  described: Described,
  series: (grants: GrantsSummary) => readonly Series[],
) => void;

function addDrift(add: Add): void {
  const hosts = 'Hosts on which somebody changed what a push had set, by the last look at each.';
  add('gauge', { name: 'drift_hosts', help: hosts }, ({ driftedHosts }) => [[[], driftedHosts]]);
  const kinds = 'Accounts on hosts on which somebody changed something of this kind.';
  add('gauge', { name: 'drift', help: kinds, labelNames: ['kind'] }, ({ drift }) =>
    DRIFT_KINDS.map((kind): Series => [[kind], drift[kind]]),
  );
  const states = 'Hosts that grants name, by how the last look found them.';
  add('gauge', { name: 'grants_hosts', help: states, labelNames: ['state'] }, (grants) =>
    CHECK_STATES.map((state): Series => [[state], grants.hosts[state]]),
  );
}

function addSchedules(add: Add): void {
  const last =
    'When the last scheduled check ended; before the first, since when there is a timetable for it.';
  add('gauge', { name: 'grants_last_check_timestamp_seconds', help: last }, ({ lastCheckAt }) =>
    lastCheckAt === null ? [] : [[[], epochSeconds(lastCheckAt)]],
  );
  const interval =
    'From one scheduled check (or sync, which checks first) to the next; not there without one.';
  add('gauge', { name: 'grants_check_interval_seconds', help: interval }, ({ schedule }) => {
    const everyMs = schedule.check.everyMs ?? schedule.sync.everyMs;
    return everyMs === null ? [] : [[[], everyMs / 1000]];
  });
  const runs = 'Scheduled work that ended, by how.';
  add('counter', { name: 'grants_runs_total', help: runs, labelNames: ['task', 'outcome'] }, ({ schedule }) =>
    SCHEDULED_TASKS.flatMap((task) =>
      RUN_OUTCOMES.map((outcome): Series => [[task, outcome], schedule[task].runs[outcome]]),
    ),
  );
}
