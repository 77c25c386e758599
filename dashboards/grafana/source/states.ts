/**
 * Codes the states of workers and containers as numbers for a state timeline, with a word and a colour for each.
 * It never has a list of states of its own: both come from the lists that the metrics are made of.
 */
import {
  MappingType,
  type ValueMapping,
  type ValueMappingResult,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { CONTAINER_STATES, type ContainerState } from '../../../src/detector/container.ts';
import type { WorkerState } from '../../../src/detector/verdict.ts';
import { WORKER_STATES } from '../../../src/server/words.ts';
import { each, metric } from './queries.ts';

/** Those of the page. */
export const GOOD = '#1a7f37';
export const BAD = '#b42318';
/** On its way from one to the other. */
export const BETWEEN = '#b08800';
/** A person wanted it so. */
export const WISHED = '#6e7781';
/** Nobody can tell. */
export const UNSURE = '#8250df';

const WORKER_COLOURS: Readonly<Record<WorkerState, string>> = {
  starting: BETWEEN,
  up: GOOD,
  late: BETWEEN,
  hung: BAD,
  draining: BETWEEN,
  backoff: BETWEEN,
  failed: BAD,
  stopped: WISHED,
  unknown: UNSURE,
};

const CONTAINER_COLOURS: Readonly<Record<ContainerState, string>> = {
  healthy: GOOD,
  starting: BETWEEN,
  unhealthy: BAD,
  healing: BETWEEN,
  quarantined: BAD,
  paused: WISHED,
  stopped: WISHED,
  ghost: BAD,
  unknown: UNSURE,
};

export interface CodedStates {
  /** One line for each, at the number of its state. */
  readonly query: string;
  readonly mappings: ValueMapping[];
}

export const WORKER_TIMELINE: CodedStates = {
  query: coded('worker_state', WORKER_STATES, ['instance', 'worker']),
  mappings: mapped(WORKER_STATES.map((state) => [state, WORKER_COLOURS[state]])),
};

export const CONTAINER_TIMELINE: CodedStates = {
  query: coded('container_state', CONTAINER_STATES, ['instance', 'project', 'container']),
  mappings: mapped(CONTAINER_STATES.map((state) => [state, CONTAINER_COLOURS[state]])),
};

/** 0 and 1 in words. */
export function eitherOr(no: readonly [string, string], yes: readonly [string, string]): ValueMapping[] {
  return mapped([no, yes], 0);
}

/** Each state's number is its place in the list, from 1: the metric is 1 for one state and 0 for all others. */
function coded(name: string, states: readonly string[], by: readonly string[]): string {
  const terms = states.map(
    (state, index) => `${String(index + 1)} * (${metric(name, `state="${state}"`)} == 1)`,
  );
  return each('max', by, `\n  ${terms.join('\n  or ')}\n`);
}

function mapped(words: readonly (readonly [string, string])[], first = 1): ValueMapping[] {
  const options = words.map(([text, color], index): [string, ValueMappingResult] => [
    String(index + first),
    { text, color, index },
  ]);
  return [{ type: MappingType.ValueToText, options: Object.fromEntries(options) }];
}
