/**
 * Asks promtool what the shipped alerts say at each of several instants, from the very metrics that were scraped at them.
 * The instants lie so far apart that none is in another's range, but for what an alert looks back on for days.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { Reading } from './readings.ts';
import { stateAlerts } from './stateAlerts.ts';

export interface Instant {
  readonly metrics: string;
  readonly shown: Reading;
}

const HOURS_APART = 2;
const TARGET = 'job="garrison",instance="here"';
const GAP = '_';

/** Each alert speaks of exactly those whose state it is about, at each instant. */
export async function assertAlertsAgree(instants: readonly Instant[], folder: string): Promise<void> {
  const alerts = stateAlerts();
  const tests = instants.flatMap(({ shown }, index) =>
    alerts.map(({ query, of }) => ({
      expr: query,
      eval_time: `${String(index * HOURS_APART)}h`,
      exp_samples: of(shown).map((name) => ({ labels: labelsOf(name, shown), value: 1 })),
    })),
  );
  const file = join(folder, 'instants.yaml');
  const interval = `${String(HOURS_APART)}h`;
  const all = [{ interval, input_series: seriesOf(instants), promql_expr_test: tests }];
  writeFileSync(file, stringify({ evaluation_interval: interval, tests: all }));
  const { code, said } = await promtool(['test', 'rules', file]);
  assert.equal(code, 0, said);
}

function labelsOf(name: string, { workers }: Reading): string {
  if (name === '') return '{}';
  return name in workers ? `{worker="${name}"}` : `{container="${name}"}`;
}

/** One value for each instant, a gap where it was not there. */
function seriesOf(instants: readonly Instant[]): { series: string; values: string }[] {
  const values = new Map<string, string[]>();
  for (const [index, { metrics }] of instants.entries())
    for (const line of metrics.split('\n').filter((each) => each.startsWith('garrison_'))) {
      const at = line.lastIndexOf(' ');
      const series = ofTarget(line.slice(0, at));
      const row = values.get(series) ?? instants.map(() => GAP);
      row[index] = line.slice(at + 1);
      values.set(series, row);
    }
  return [...values].map(([series, row]) => ({ series, values: row.join(' ') }));
}

function ofTarget(series: string): string {
  return series.endsWith('}') ? `${series.slice(0, -1)},${TARGET}}` : `${series}{${TARGET}}`;
}

function promtool(args: readonly string[]): Promise<{ code: number; said: string }> {
  return new Promise((resolve, reject) => {
    execFile('promtool', args, { timeout: 60_000, maxBuffer: 64 << 20 }, (error, stdout, stderr) => {
      if (error !== null && typeof error.code !== 'number') reject(new Error(error.message));
      else resolve({ code: error === null ? 0 : Number(error.code), said: `${stdout}${stderr}` });
    });
  });
}
