/**
 * Writes the queries of the dashboards: of the chosen jobs and instances only, and each kind of metric in its own form.
 * It asks nothing of any Prometheus, and knows no dashboard.
 */

/** Kept in every query: what the variables at the top of the page choose. */
const CHOSEN = 'job=~"$job", instance=~"$instance"';

/** `garrison_NAME` of what is chosen; more matchers as Prometheus writes them. */
export function metric(name: string, ...matchers: readonly string[]): string {
  return chosen(`garrison_${name}`, ...matchers);
}

/** A series that is not Garrison's own, such as `up` or `ALERTS`. */
export function chosen(series: string, ...matchers: readonly string[]): string {
  return `${series}{${[CHOSEN, ...matchers].join(', ')}}`;
}

/** How often each minute, by these labels. */
export function perMinute(counter: string, by: readonly string[]): string {
  return `60 * sum by (${by.join(', ')}) (rate(${counter}[$__rate_interval]))`;
}

/** How often in the shown time; what did not happen is left out of the list. */
export function timesInRange(counter: string, by: readonly string[]): string {
  return `${inRange(counter, by)} > 0`;
}

/** How often in the shown time. */
export function inRange(counter: string, by: readonly string[]): string {
  return `sum by (${by.join(', ')}) (increase(${counter}[$__range]))`;
}

/** Which part of all there were, 0–1; no number while there were none. */
export function share(part: string, all: string, over: '$__rate_interval' | '$__range'): string {
  const counted = (counter: string): string => each('sum', ['instance'], `rate(${counter}[${over}])`);
  return `${counted(part)} / ${counted(all)}`;
}

export interface Quantile {
  /** 0.5 is the median. */
  readonly share: number;
  /** Of the histogram, without `_bucket`. */
  readonly of: string;
  readonly matchers?: readonly string[];
  readonly by: readonly string[];
  readonly over?: '$__rate_interval' | '$__range';
}

/** The time within which this share of them ended; no number while there was none. */
export function quantile({ share, of, matchers = [], by, over = '$__rate_interval' }: Quantile): string {
  const buckets = metric(`${of}_bucket`, ...matchers);
  return `histogram_quantile(${share}, sum by (${[...by, 'le'].join(', ')}) (rate(${buckets}[${over}])))`;
}

/** The newest, or a median of many: one line for each set of these labels. */
export function each(how: 'sum' | 'max' | 'min', by: readonly string[], query: string): string {
  return `${how} by (${by.join(', ')}) (${query})`;
}

/** How long ago a time in seconds is. */
export function secondsSince(by: readonly string[], timestamp: string): string {
  return `time() - ${each('max', by, timestamp)}`;
}
