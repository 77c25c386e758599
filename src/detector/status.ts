/** placeholder, replaced by the detector */
export type WorkerState = 'starting' | 'up' | 'late' | 'hung' | 'draining' | 'backoff' | 'failed' | 'stopped' | 'unknown';
export type TruthName = 'process' | 'heartbeat' | 'broker' | 'slots' | 'progress';
export interface Truth {
  readonly verdict: 'ok' | 'bad' | 'unknown';
  readonly evidence: string;
  readonly since: string;
}
