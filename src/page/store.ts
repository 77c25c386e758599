/**
 * What the page knows, as the supervisor told it: the last snapshot with every change since put into it.
 * It never judges or computes a state, and never keeps what an older message says over what a newer one said.
 */
import { computed, signal } from '@preact/signals';
import type { ContainerView, JobView, OperationView, Snapshot, WorkerView } from '../supervisor/door.ts';
import type { Overall } from '../server/sentence.ts';
import { lookForGone, readContainers, takeContainer } from './containerList.ts';
import { tellJob } from './jobs/toldJobs.ts';
import type { EventName } from './live.ts';

export type StatusDocument = Snapshot & { readonly overall: Overall };

export const snapshot = signal<Snapshot | null>(null);
export const overall = signal<Overall | null>(null);
/** The last change of each operation that was told while the page was open. */
export const operations = signal<ReadonlyMap<string, OperationView>>(new Map());
/** How many: each comes after a time of which nothing was told, so whoever holds something else reads it anew. */
export const snapshotsTaken = signal(0);

/** Supervisor's clock minus this browser's. */
export const clockSkewMs = signal(0);

export const workers = computed<readonly WorkerView[]>(() => snapshot.value?.workers ?? []);

/** Of operations that nobody looks at any more only the last are kept. */
const MOST_OPERATIONS = 200;

export function takeStatus({ overall: told, ...status }: StatusDocument): void {
  takeSnapshot(status);
  overall.value = told;
  snapshotsTaken.value += 1;
  void readContainers();
}

export function takeEvent(name: EventName, data: unknown): void {
  switch (name) {
    case 'overall':
      overall.value = data as Overall;
      return;
    case 'supervisor':
      takeSnapshot(data as Snapshot);
      lookForGone((data as Snapshot).containers.total);
      return;
    case 'worker':
      takeWorker(data as WorkerView);
      return;
    case 'container':
      takeContainer(data as ContainerView);
      return;
    case 'operation':
      takeOperation(data as OperationView);
      return;
    case 'job':
      tellJob(data as JobView);
      return;
  }
}

export function takeOperation(operation: OperationView): void {
  const kept = [...operations.value].filter(([id]) => id !== operation.id).slice(1 - MOST_OPERATIONS);
  operations.value = new Map([...kept, [operation.id, operation]]);
}

function takeSnapshot(taken: Snapshot): void {
  clockSkewMs.value = Date.parse(taken.observedAt) - Date.now();
  snapshot.value = taken;
}

function takeWorker(worker: WorkerView): void {
  if (snapshot.value === null) return;
  const others = snapshot.value.workers;
  const isKnown = others.some(({ name }) => name === worker.name);
  const changed = isKnown
    ? others.map((each) => (each.name === worker.name ? worker : each))
    : [...others, worker];
  snapshot.value = { ...snapshot.value, workers: changed };
}
