/**
 * Takes a sample of what the store shows each 10 s, on the clock's own tens, and counts in between how jobs ended.
 * It decides nothing, and what it notes is what people were shown at that moment.
 */
import { now } from '../clock.ts';
import type { JobRecord } from '../push/job.ts';
import type { Reason } from '../push/reason.ts';
import type { Change, Snapshot } from './door.ts';
import type { EndedSeries } from './historyDoor.ts';
import { SAMPLE_EVERY_MS, SERIES, type HistorySamples, type Sample } from './historySamples.ts';
import type { Supervisor } from './supervisor.ts';

/** As one lies on disk: seconds since 1970, then each series in its order. */
export type SampleRow = readonly (number | null)[];

type Ends = Record<EndedSeries, number>;

/** Returns the function that ends it, after a last sample. */
export function startSampling(
  supervisor: Pick<Supervisor, 'snapshot' | 'onChange'>,
  samples: HistorySamples,
  keep: (row: SampleRow) => void,
): () => void {
  let ends = noEnds();
  let loopLagMs: number | null = null;
  const forget = supervisor.onChange((change: Change) => {
    if (change.type === 'jobEnded') ends[endedAs(change.job)] += 1;
    if (change.type === 'loopLag' && change.process === 'supervisor')
      loopLagMs = Math.max(loopLagMs ?? 0, ...change.lagsMs);
  });
  const take = (): void => {
    const wallMs = Date.parse(now().wall);
    const sample = sampleOf(supervisor.snapshot(), ends, loopLagMs);
    samples.note(sample, wallMs);
    keep([Math.floor(wallMs / 1_000), ...SERIES.map((name) => sample[name])]);
    ends = noEnds();
    loopLagMs = null;
  };
  let timer: NodeJS.Timeout;
  const wait = (): void => {
    const untilNextMs = SAMPLE_EVERY_MS - (Date.parse(now().wall) % SAMPLE_EVERY_MS);
    timer = setTimeout(() => {
      take();
      wait();
    }, untilNextMs).unref();
  };
  wait();
  return () => {
    clearTimeout(timer);
    take();
    forget();
  };
}

/** A sample again, as it was kept; what a later version added is not known of it. */
export function noteRow(samples: HistorySamples, [atSeconds = null, ...values]: SampleRow): void {
  if (atSeconds === null || !Number.isSafeInteger(atSeconds) || atSeconds < 0) return;
  const sample = Object.fromEntries(SERIES.map((name, index) => [name, values[index] ?? null])) as Sample;
  samples.note(sample, atSeconds * 1_000);
}

export function sampleOf(
  { queue, workers, zombies, docker, containers }: Snapshot,
  ends: Readonly<Ends>,
  loopLagMs: number | null,
): Sample {
  const up = workers.filter(({ state }) => state === 'up');
  const { own, worker, container, foreign } = zombies.byOwner;
  const { unhealthy, ghost, healing, quarantined } = containers.byState;
  const isLooked = zombies.observedAt !== null;
  const isDockerKnown = docker.state === 'up' && containers.listed;
  return {
    waiting: queue.waiting,
    oldestWaitingMs: queue.oldestWaitingMs ?? 0,
    slotsBusy: workers.reduce((sum, { jobs }) => sum + jobs.length, 0),
    slots: workers.reduce((sum, { slots }) => sum + slots, 0),
    workersUp: up.length,
    workersNotUp: workers.length - up.length,
    zombiesOurs: isLooked ? own + worker : null,
    zombiesOthers: isLooked ? container + foreign : null,
    containersUnwell: isDockerKnown ? unhealthy + ghost + healing + quarantined : null,
    loopLagMs: loopLagMs === null ? null : Math.round(loopLagMs * 10) / 10,
    ...ends,
  };
}

export function noEnds(): Ends {
  return {
    endedChanged: 0,
    endedUnchanged: 0,
    endedConflict: 0,
    endedFailed: 0,
    endedUnreachable: 0,
    endedUnknown: 0,
    endedCancelled: 0,
  };
}

/** Nobody answered there as an SSH server does. */
const UNREACHABLE: readonly string[] = [
  'AddressUnknown',
  'ConnectRefused',
  'ConnectTimedOut',
  'ConnectionClosed',
  'HostUnreachable',
] satisfies readonly Reason[];

export function endedAs({ state, result }: Pick<JobRecord, 'state' | 'result'>): EndedSeries {
  if (state === 'cancelled') return 'endedCancelled';
  if (state === 'unknown') return 'endedUnknown';
  if (state === 'done') return result?.outcome === 'changed' ? 'endedChanged' : 'endedUnchanged';
  if (result?.outcome === 'conflict') return 'endedConflict';
  return UNREACHABLE.includes(result?.reason ?? '') ? 'endedUnreachable' : 'endedFailed';
}
