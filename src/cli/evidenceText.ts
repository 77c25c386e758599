/**
 * Puts into lines what was seen of a container before something was done to it: its last probes, log lines and processes, its limits, whom it served.
 * It concludes nothing, and takes the file for what it is: text that the container and its processes chose.
 */
import { formatSizeBytes } from '../units.ts';
import { visible } from './output.ts';

/** `file` is its name under incidents/; null in the place of what is gone. */
export function evidenceLines(evidence: unknown, file: string): string[] {
  if (evidence === null) return ['', `What was seen before (incidents/${visible(file)}) is gone.`];
  const seen = fieldsOf(evidence);
  return [
    '',
    `Seen at ${text(seen['at'])}: ${text(seen['why'])} (all of it: incidents/${visible(file)})`,
    row('state', stateText(fieldsOf(seen['state']))),
    ...healthRows(fieldsOf(seen['health'])),
    row('limits', limitsText(fieldsOf(seen['limits']), fieldsOf(seen['counters']))),
    row('sessions', sessionsText(fieldsOf(seen['sessions']))),
    row('compose', text(seen['composeAtWork'])),
    ...processRows(listOf(seen['processes'])),
    ...topRows(fieldsOf(seen['top']), listOf(seen['processes'])),
    ...listOf(seen['gaps']).map((gap) => row('gap', text(gap))),
    ...logRows(listOf(seen['logs'])),
  ].filter((line) => line !== null);
}

const PROBES_SHOWN = 3;
const LOG_LINES_SHOWN = 20;
const PROCESSES_SHOWN = 10;
const LONGEST = 200;

type Fields = Readonly<Record<string, unknown>>;

function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {};
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** Empty for what is not there; a word at the end says that more was. */
function text(value: unknown): string {
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (typeof value !== 'string') return '';
  const shown = visible(value.trim().slice(0, LONGEST));
  return value.trim().length > LONGEST ? `${shown} …` : shown;
}

/** Null when there is nothing to say of it. */
function row(title: string, said: string): string | null {
  return said === '' ? null : `  ${title.padEnd(9)} ${said}`;
}

function stateText(state: Fields): string {
  const { status, pid, process, startedAt, exitCode, error } = state;
  const parts = [
    `${text(status)}${pid === 0 || pid === undefined ? '' : ` as pid ${text(pid)} (${text(process)})`}`,
    `started ${text(startedAt)}`,
    ...(status === 'running' ? [] : [`exit code ${text(exitCode)}`]),
    ...(state['oomKilled'] === true ? ['killed for want of memory'] : []),
    ...(state['restartCount'] === 0
      ? []
      : [`restarted ${text(state['restartCount'])} times by Docker itself`]),
    ...(text(error) === '' ? [] : [text(error)]),
  ];
  return status === undefined ? '' : parts.join(', ');
}

function healthRows(health: Fields): (string | null)[] {
  const { status, failingStreak } = health;
  if (status === undefined) return [];
  const probes = listOf(health['probes']).slice(-PROBES_SHOWN).map(fieldsOf);
  return [
    row('health', `${text(status)}, ${countText(failingStreak, 'failure')} in a row`),
    ...probes.map(({ startedAt, exitCode, output }) =>
      row('probe', `${text(startedAt)} exit code ${text(exitCode)}: ${text(output)}`),
    ),
  ];
}

function limitsText(limits: Fields, counters: Fields): string {
  const bytes = (value: unknown): string => (typeof value === 'number' ? formatSizeBytes(value) : '');
  const used = (title: string, now: string, most: string): string[] =>
    now === '' && most === ''
      ? []
      : [`${title} ${now === '' ? '?' : now} of ${most === '' ? 'no limit' : most}`];
  const { oomKills } = counters;
  return [
    ...used('memory', bytes(counters['memoryBytes']), bytes(limits['memoryBytes'])),
    ...used('processes', text(counters['pids']), text(limits['pids'])),
    ...(text(limits['cpus']) === '' ? [] : [`processors ${text(limits['cpus'])}`]),
    ...(typeof oomKills === 'number' && oomKills > 0
      ? [`${String(oomKills)} of its processes ended for want of memory`]
      : []),
  ].join(', ');
}

function sessionsText({ connections, execs, carriesLogin }: Fields): string {
  if (connections === undefined && execs === undefined) return '';
  const counted =
    connections === null
      ? 'connections could not be counted'
      : `${countText(connections, 'connection')} from others`;
  const login = carriesLogin === true ? ['somebody who is logged in on this host came in through it'] : [];
  return [counted, countText(execs, 'exec session'), ...login].join(', ');
}

function countText(count: unknown, what: string): string {
  return `${text(count)} ${what}${count === 1 ? '' : 's'}`;
}

function processRows(processes: readonly unknown[]): (string | null)[] {
  const more = processes.length - PROCESSES_SHOWN;
  return [
    ...processes.slice(0, PROCESSES_SHOWN).map((process) => {
      const { pid, state, wchan, command } = fieldsOf(process);
      const where = text(wchan) === '' ? '' : `, waits in ${text(wchan)}`;
      return row(
        'process',
        `pid ${text(pid)} state ${text(state) === '' ? 'gone' : text(state)}${where}: ${text(command)}`,
      );
    }),
    more > 0 ? row('', `and ${String(more)} more`) : null,
  ];
}

/** Docker's own list, where the host's was not seen. */
function topRows(top: Fields, processes: readonly unknown[]): (string | null)[] {
  if (processes.length > 0) return [];
  const line = (cells: unknown): string => listOf(cells).map(text).join(' ');
  return [top['titles'], ...listOf(top['processes']).slice(0, PROCESSES_SHOWN)].map((cells) =>
    row('top', line(cells)),
  );
}

function logRows(logs: readonly unknown[]): string[] {
  if (logs.length === 0) return [];
  const shown = logs.slice(-LOG_LINES_SHOWN).map((entry) => {
    const { from, text: said } = fieldsOf(entry);
    return `    ${text(from).padEnd(6)} ${text(said)}`;
  });
  return [`  its last ${String(shown.length)} log lines of ${String(logs.length)} that were kept:`, ...shown];
}
