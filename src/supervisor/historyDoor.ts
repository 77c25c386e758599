/**
 * What people may ask of the past: the journal as one timeline, the beats of the last minutes, and a container's last health checks.
 * It holds types only.
 */
import type { Relation } from '../detector/causes.ts';
import type { Subject } from '../detector/subject.ts';
import type { ContainerFacts, Probe } from '../detector/containerFacts.ts';

export type TimelineKind = 'worker' | 'container' | 'job' | 'operation' | 'notice' | 'supervisor';

/** What an entry is about; `docker` and `maintenance` have no page of their own. */
export interface TimelineAbout {
  readonly kind: 'worker' | 'container' | 'push' | 'job' | 'host' | 'zombies' | 'docker' | 'maintenance';
  readonly name: string;
}

export interface TimelineEntry {
  /** Its place in the journal; what `before` takes. */
  readonly id: string;
  /** RFC 3339. */
  readonly at: string;
  readonly kind: TimelineKind;
  /** The journal's own word for what happened. */
  readonly event: string;
  readonly about: TimelineAbout | null;
  /** A state that it came to; null where there is none. */
  readonly state: string | null;
  readonly sentence: string;
  /** Who wanted it; `garrison` when it was nobody's wish, null when nobody is named. */
  readonly actor: string | null;
  /** As whoever wanted it gave it. */
  readonly reason: string | null;
  /** Where whoever wanted it came from; null when that is not known. */
  readonly from: string | null;
  /** Under incidents/ in the home folder: what was seen before it was done. */
  readonly evidenceFile: string | null;
}

export interface TimelineQuery {
  readonly kind?: TimelineKind;
  /** Somewhere in what is told of it. */
  readonly q?: string;
  /** `worker/push-1`, `container/jms_core` and so on: only of that. */
  readonly about?: string;
  /** Somewhere in the name of whoever wanted it. */
  readonly actor?: string;
  /** Milliseconds of the wall clock: not before, and before. */
  readonly fromMs?: number;
  readonly toMs?: number;
  /** Of what somebody wanted only. */
  readonly wantedOnly?: boolean;
  /** Older than this entry. */
  readonly before?: string;
  readonly limit: number;
}

export interface TimelineListing {
  /** Newest first. */
  readonly items: readonly TimelineEntry[];
  /** Null at the beginning of the journal, or of the time that was asked for. There may be more behind one although this list is short: a search stops after so much. */
  readonly nextCursor: string | null;
  /** RFC 3339: of the oldest line that was read for it; null when there was none. */
  readonly searchedBackTo: string | null;
  /** Lines on the way that could not be read. */
  readonly damaged: number;
}

export interface BeatView {
  /** RFC 3339: when it arrived. */
  readonly at: string;
  readonly kind: 'beat' | 'started' | 'ended';
  /** Since the beat, start or end before it; null for the first that is kept. */
  readonly sinceLastMs: number | null;
}

export interface BeatsView {
  readonly worker: string;
  readonly everyMs: number;
  readonly windowMs: number;
  /** So long without one is late, and hung, while the supervisor itself is well. */
  readonly lateAfterMs: number;
  readonly hungAfterMs: number;
  /** RFC 3339: what is told of is between these two. */
  readonly from: string;
  readonly to: string;
  /** Oldest first. */
  readonly items: readonly BeatView[];
}

export interface ContainerHealthView {
  readonly container: string;
  /** As Docker says it; null while it keeps none. */
  readonly status: 'starting' | 'healthy' | 'unhealthy' | null;
  readonly failingStreak: number;
  /** Null when it has no health check. */
  readonly check: ContainerFacts['healthCheck'];
  /** Oldest first, at most five. */
  readonly probes: readonly Probe[];
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly exitCode: number;
  readonly restartPolicy: ContainerFacts['restartPolicy'];
  /** RFC 3339: when the oldest restart within the budget counts no more; null while there is none. */
  readonly budgetFreedAt: string | null;
}

/** One line of the journal and how it is joined to the one that it explains. */
export interface WhyStep extends TimelineEntry {
  readonly relation: Relation;
  /** The id of the entry that it explains; null for what is about the subject itself. */
  readonly explains: string | null;
  readonly depth: number;
}

export interface WhyView {
  readonly subject: Subject;
  /** What is about it, and right below each what led to it. */
  readonly steps: readonly WhyStep[];
  /** RFC 3339: of the oldest line that was read for it; what was earlier is not told. Null when there was none. */
  readonly searchedBackTo: string | null;
  /** The journal's beginning was reached. */
  readonly isWhole: boolean;
  readonly damaged: number;
}

/** All that is kept of something and of what led to it; free of what looks like a secret. */
export interface EvidenceBundle {
  readonly why: WhyView;
  readonly documents: readonly { readonly file: string; readonly document: unknown }[];
  /** A sentence for each thing that is not in it, and why. */
  readonly missing: readonly string[];
}

/** What is sampled: as it is at that moment or, of `ended…` and `loopLagMs`, since the sample before. */
export type SeriesName =
  | 'waiting'
  | 'oldestWaitingMs'
  | 'slotsBusy'
  | 'slots'
  | 'workersUp'
  | 'workersNotUp'
  | 'zombiesOurs'
  | 'zombiesOthers'
  | 'containersUnwell'
  | 'loopLagMs'
  | EndedSeries;

/** Jobs that ended, one host each; `endedUnreachable`: failed because nobody answered there. */
export type EndedSeries =
  | 'endedChanged'
  | 'endedUnchanged'
  | 'endedConflict'
  | 'endedFailed'
  | 'endedUnreachable'
  | 'endedUnknown'
  | 'endedCancelled';

export interface SamplesQuery {
  /** Milliseconds of the wall clock; null: `lastMs` before `toMs`. */
  readonly fromMs: number | null;
  /** Null or not there: an hour. */
  readonly lastMs?: number | null;
  /** Null: now. */
  readonly toMs: number | null;
  /** Between two points; null: as suits the time asked for. Made longer where there would be too many points. */
  readonly stepMs: number | null;
}

export interface SamplesView {
  /** RFC 3339: of the first point; point i is of the time from `from` + i × `stepMs` on, for `stepMs`. */
  readonly from: string;
  readonly stepMs: number;
  readonly points: number;
  /**
   * As many as `points` each; null where nothing is known. Of several samples the worst counts: the most, or the least
   * of `workersUp`; and the sum of what ended.
   */
  readonly series: Readonly<Record<SeriesName, readonly (number | null)[]>>;
}

/** Every method may throw GarrisonError. */
export interface HistoryDoor {
  /** The figures of the last seven days, at most 2,000 points. */
  samples(query: SamplesQuery): SamplesView;
  timeline(query: TimelineQuery): Promise<TimelineListing>;
  /** What was kept before the entry of this id; null when it is gone, NOT_FOUND when it names none. */
  evidence(id: string): Promise<{ readonly file: string; readonly document: unknown }>;
  /** How something came to be as it is; NOT_FOUND when nothing of that name is known. */
  why(name: string): Promise<WhyView>;
  bundle(name: string): Promise<EvidenceBundle>;
  beats(worker: string): BeatsView;
  /** By name, or by id as `docker ps` shows it. */
  containerHealth(name: string): ContainerHealthView;
}
