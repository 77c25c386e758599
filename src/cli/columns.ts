/**
 * Which columns people see of each kind of thing.
 * It never works a value out: each column shows a field as the supervisor gave it.
 */
import { incarnationText } from '../heartbeat.ts';
import type {
  ContainerStoryView,
  ContainerView,
  IncidentView,
  HostView,
  JobView,
  MaintenanceView,
  OperationView,
  PushSummary,
  WorkerView,
  ZombieView,
} from '../supervisor/door.ts';
import { formatDurationMs, formatSizeBytes } from '../units.ts';
import type { Tone } from './output.ts';
import type { Column } from './table.ts';

/** By meaning: well; wants watching; wrong; rests because somebody wanted it so. What is under way is plain. */
const TONES: Readonly<Record<string, Tone>> = {
  ...tones('good', ['up', 'done', 'changed', 'unchanged', 'trusted', 'ok', 'healthy']),
  ...tones('warn', ['late', 'starting', 'draining', 'unknown', 'untrusted', 'healing']),
  ...tones('bad', ['failed', 'hung', 'conflict', 'backoff', 'bad', 'unhealthy', 'ghost', 'quarantined']),
  ...tones('dim', ['stopped', 'cancelled', 'paused', 'planned']),
};

function tones(tone: Tone, states: readonly string[]): Readonly<Record<string, Tone>> {
  return Object.fromEntries(states.map((state) => [state, tone]));
}

export function toneOf(state: string): Tone {
  return TONES[state] ?? 'plain';
}

export const WORKER_COLUMNS: readonly Column<WorkerView>[] = [
  { title: 'WORKER', of: (worker) => worker.name },
  { title: 'STATE', of: (worker) => worker.state, tone: (worker) => toneOf(worker.state) },
  { title: 'REASON', of: (worker) => worker.reason, wide: true },
  { title: 'SINCE', of: (worker) => seconds(worker.since), whole: true },
  { title: 'JOBS', of: (worker) => `${String(worker.jobs.length - worker.riders)}/${String(worker.slots)}` },
  { title: 'RESTARTS', of: (worker) => String(worker.restarts), spare: true },
  {
    title: 'BEAT',
    of: (worker) => (worker.lastBeatAgoMs === null ? '' : formatDurationMs(worker.lastBeatAgoMs)),
    wide: true,
  },
  {
    title: 'MEMORY',
    of: (worker) => (worker.rssBytes === null ? '' : formatSizeBytes(worker.rssBytes)),
    wide: true,
  },
  { title: 'WISH', of: (worker) => worker.wish, wide: true },
  { title: 'INCARNATION', of: incarnationOf, wide: true },
  { title: 'DETAIL', of: (worker) => worker.detail },
];

export const JOB_COLUMNS: readonly Column<JobView>[] = [
  { title: 'JOB', of: (job) => job.id },
  { title: 'PUSH', of: (job) => job.pushId, wide: true },
  { title: 'KIND', of: (job) => job.kind, spare: true },
  { title: 'ACCOUNT', of: (job) => job.account?.name ?? '' },
  { title: 'HOST', of: (job) => job.host },
  { title: 'STATE', of: (job) => job.state, tone: (job) => toneOf(job.state) },
  {
    title: 'RESULT',
    of: (job) => job.result?.outcome ?? '',
    tone: (job) => toneOf(job.result?.outcome ?? ''),
  },
  { title: 'REASON', of: (job) => job.result?.reason ?? '', wide: true },
  { title: 'SINCE', of: (job) => seconds(job.since), spare: true },
  { title: 'ATTEMPT', of: (job) => String(job.attempt), wide: true },
  { title: 'WORKER', of: (job) => job.worker ?? '', wide: true },
  { title: 'DETAIL', of: jobDetail },
];

export const PUSH_COLUMNS: readonly Column<PushSummary>[] = [
  { title: 'PUSH', of: (push) => push.id },
  { title: 'KIND', of: (push) => push.kind, spare: true },
  { title: 'ACCOUNT', of: (push) => push.accountName ?? '' },
  { title: 'STATE', of: (push) => push.state, tone: (push) => toneOf(push.state) },
  { title: 'HOSTS', of: (push) => String(push.hosts) },
  { title: 'CREATED', of: (push) => seconds(push.createdAt) },
  { title: 'BY', of: (push) => push.actor, spare: true },
  { title: 'WHY', of: (push) => push.reason ?? '', wide: true },
];

export const HOST_COLUMNS: readonly Column<HostView>[] = [
  { title: 'HOST', of: (host) => host.name },
  { title: 'ADDRESS', of: (host) => host.address },
  { title: 'PORT', of: (host) => String(host.port), spare: true },
  { title: 'USER', of: (host) => host.user },
  { title: 'STATE', of: (host) => host.state, tone: (host) => toneOf(host.state) },
  { title: 'GROUPS', of: (host) => host.groups.join(','), spare: true },
  { title: 'PRACTICE', of: (host) => (host.practice ? 'yes' : 'no'), wide: true },
  { title: 'DETAIL', of: (host) => host.detail },
];

export const OPERATION_COLUMNS: readonly Column<OperationView>[] = [
  { title: 'OPERATION', of: (operation) => operation.id },
  { title: 'VERB', of: (operation) => operation.verb },
  { title: 'TARGET', of: (operation) => operation.target },
  { title: 'STATE', of: (operation) => operation.state, tone: (operation) => toneOf(operation.state) },
  { title: 'CREATED', of: (operation) => seconds(operation.createdAt), spare: true },
  { title: 'BY', of: (operation) => operation.actor, spare: true },
  { title: 'WHY', of: (operation) => operation.reason ?? '', wide: true },
  { title: 'DETAIL', of: (operation) => operation.detail },
];

export const INCIDENT_COLUMNS: readonly Column<IncidentView>[] = [
  { title: 'AT', of: (incident) => incident.at },
  { title: 'WORKER', of: (incident) => incident.worker, whole: true },
  { title: 'FROM', of: ({ from }) => (from === null ? '' : `${from.state} ${from.reason}`), spare: true },
  { title: 'TO', of: ({ state, reason }) => `${state} ${reason}`, tone: ({ state }) => toneOf(state) },
  { title: 'SHOWN', of: ({ shown }) => (shown ? 'yes' : 'held back'), spare: true },
  { title: 'ID', of: (incident) => incident.id, wide: true },
  { title: 'DETAIL', of: (incident) => incident.detail },
];

export const CONTAINER_COLUMNS: readonly Column<ContainerView>[] = [
  { title: 'CONTAINER', of: (container) => container.name },
  { title: 'STATE', of: (container) => container.state, tone: (container) => toneOf(container.state) },
  { title: 'REASON', of: (container) => container.reason, wide: true },
  { title: 'SINCE', of: (container) => seconds(container.since), whole: true },
  { title: 'PROJECT', of: (container) => container.project ?? '', spare: true },
  { title: 'ROOT', of: (container) => container.root ?? '', spare: true },
  { title: 'HEAL', of: ({ heal }) => heal.selection, spare: true },
  { title: 'RESTARTS', of: ({ heal }) => `${String(heal.restarts)}/${String(heal.budget)}` },
  { title: 'ZOMBIES', of: ({ zombies }) => String(zombies), wide: true },
  { title: 'DEPENDS ON', of: (container) => container.dependsOn.join(','), wide: true },
  { title: 'ID', of: (container) => container.id, wide: true },
  { title: 'PLAN', of: ({ heal }) => heal.plan, wide: true },
  { title: 'DETAIL', of: (container) => container.detail },
];

export const QUARANTINE_COLUMNS: readonly Column<ContainerView>[] = [
  { title: 'CONTAINER', of: (container) => container.name },
  { title: 'SINCE', of: ({ heal, since }) => seconds(heal.quarantinedSince ?? since), whole: true },
  { title: 'RESTARTS', of: ({ heal }) => `${String(heal.restarts)}/${String(heal.budget)}` },
  { title: 'WHY', of: (container) => container.detail },
];

export const MAINTENANCE_COLUMNS: readonly Column<MaintenanceView>[] = [
  { title: 'SCOPE', of: ({ scope }) => scope },
  { title: 'UNTIL', of: ({ until }) => seconds(until), whole: true },
  { title: 'SINCE', of: ({ since }) => seconds(since), spare: true },
  { title: 'BY', of: ({ actor }) => actor, spare: true },
  { title: 'WHY', of: ({ reason }) => reason ?? '' },
];

export const STORY_COLUMNS: readonly Column<ContainerStoryView>[] = [
  { title: 'AT', of: ({ at }) => at },
  { title: 'EVENT', of: ({ event }) => event, tone: ({ event }) => STORY_TONE[event] ?? 'plain' },
  { title: 'BY', of: ({ actor }) => actor, spare: true },
  { title: 'EVIDENCE', of: ({ bundleFile }) => bundleFile ?? '', wide: true },
  { title: 'DETAIL', of: ({ detail }) => detail },
];

const STORY_TONE: Readonly<Partial<Record<ContainerStoryView['event'], Tone>>> = {
  healed: 'good',
  recovered: 'good',
  healFailed: 'bad',
  quarantined: 'bad',
  paged: 'bad',
};

export const ZOMBIE_COLUMNS: readonly Column<ZombieView>[] = [
  { title: 'PID', of: (zombie) => String(zombie.pid) },
  { title: 'NAME', of: (zombie) => zombie.name },
  { title: 'OWNER', of: (zombie) => zombie.owner },
  { title: 'SINCE', of: (zombie) => seconds(zombie.since), spare: true },
  { title: 'PARENT', of: ({ parent }) => `${parent.name} ${String(parent.pid)}`.trimStart() },
  { title: 'CONTAINER', of: ({ parent }) => parent.containerName ?? parent.container ?? '' },
  { title: 'ADVICE', of: (zombie) => zombie.advice, wide: true },
];

/** What `--if-incarnation` takes. */
function incarnationOf({ incarnation }: WorkerView): string {
  return incarnation === null ? '' : incarnationText(incarnation);
}

export function jobDetail(job: JobView): string {
  if (job.result !== null) return job.result.detail;
  if (job.state !== 'queued') return job.cancelRequested ? 'a cancel was asked for' : (job.stage ?? '');
  const place = job.position === null ? '' : `position ${String(job.position)}; `;
  return `${place}${job.waitingFor ?? ''}`;
}

/** RFC 3339 without the milliseconds nobody reads. */
export function seconds(time: string): string {
  return time.replace(/\.\d+Z$/, 'Z');
}
