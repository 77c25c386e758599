/**
 * The dashboards on a real Prometheus that has watched a garrison through faults: every query of theirs has something to show.
 * Each query is asked as it is kept, with what Grafana would put in for its variables.
 */
import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { FACTOR } from '../support/alertScene.ts';
import { TestDockerd } from '../support/dockerd.ts';
import {
  freePort,
  importImage,
  runContainer,
  standInHealthCheck,
  standInScript,
} from '../support/dockerImages.ts';
import { Garrison } from '../support/garrison.ts';
import {
  allOf,
  everyQuery,
  filledIn,
  keptDashboards,
  labelValues,
  type GrafanaVariable,
} from '../support/grafana.ts';
import { watchForLeaks } from '../support/leaks.ts';
import { withParts, type Parts } from '../support/parts.ts';
import { TestPrometheus } from '../support/prometheus.ts';
import { until } from '../support/until.ts';

const DEADLINE_MS = 60_000;
/** Finer than the scrapes, so that what one of them alone saw is there. */
const STEP_SECONDS = 0.25;
/** As Grafana chooses it for scrapes each half second. */
const RATE_INTERVAL = '2s';
/** GarrisonLoginAttack is about more than 20 of them. */
const BAD_SIGN_INS = 40;

if (process.getuid?.() !== 0) {
  it('dashboards', { skip: 'only root can start a dockerd' }, () => undefined);
} else {
  describe('the dashboards on a real Prometheus', () => {
    const leaks = watchForLeaks();
    after(() => leaks.assertNone());

    it('show something in every panel after faults', withParts(everyPanelShows));
  });
}

async function everyPanelShows(parts: Parts): Promise<void> {
  const { garrison, prometheus } = await startScene(parts);
  const fromSeconds = Date.now() / 1000;
  await doFaults(garrison, prometheus);
  const run = { prometheus, fromSeconds, toSeconds: Date.now() / 1000 };
  const empty: string[] = [];
  let asked = 0;
  for (const dashboard of keptDashboards().values()) {
    const values = await variableValues(run, dashboard.templating.list);
    for (const { where, expr } of everyQuery(dashboard)) {
      asked += 1;
      if (!hasNumber(await seriesOf(run, filledIn(expr, values)))) empty.push(`${where}: ${expr}`);
    }
  }
  console.log(`${String(asked)} queries were asked`);
  assert.ok(asked > 60);
  assert.deepEqual(empty, []);
  await assertTrue(run);
}

/** What is known of the run from elsewhere is what they show. */
async function assertTrue(run: Run): Promise<void> {
  const show = await reader(run);
  const hung = (await show('garrison-workers', 'State of each worker')).get('push-1');
  assert.ok(hung?.includes('up') && hung.includes('hung'), hung?.join());
  const healed = (await show('garrison-containers', 'State of each container')).get('jms_core');
  assert.ok(healed?.includes('unhealthy') && healed.at(-1) === 'healthy', healed?.join());
  const shares = await show('garrison-pushes', 'Share that failed, in this time');
  assert.equal(shares.get('')?.at(-1), '0.5', 'one of two jobs failed');
}

/** The values of a panel's first query over the run, in the words of its mapping, by worker or container. */
async function reader(
  run: Run,
): Promise<(uid: string, title: string) => Promise<ReadonlyMap<string, readonly string[]>>> {
  const dashboards = [...keptDashboards().values()];
  const values = await variableValues(run, dashboards[0]?.templating.list ?? []);
  return async (uid, title) => {
    const panel = dashboards.find((each) => each.uid === uid)?.panels.find((each) => each.title === title);
    const words = panel?.fieldConfig?.defaults.mappings?.[0]?.options ?? {};
    const series = await seriesOf(run, filledIn(panel?.targets?.[0]?.expr ?? '', values));
    return new Map(
      series.map((one) => [
        one.metric['worker'] ?? one.metric['container'] ?? '',
        one.values.map(([, value]) => words[value]?.text ?? value),
      ]),
    );
  };
}

interface Scene {
  readonly garrison: Garrison;
  readonly prometheus: TestPrometheus;
}

async function startScene(parts: Parts): Promise<Scene> {
  const dockerd = await TestDockerd.start(parts);
  await importImage(dockerd.dockerode());
  const closed = `127.0.0.1:${String(await freePort())}`;
  const [address, port] = closed.split(':');
  const garrison = await Garrison.start(parts, {
    practice: 1,
    inventory: `hosts: { dead: { address: ${String(address)}, port: ${String(port)}, user: root } }\n`,
    config: [
      'workers: { count: 2 }',
      `containers: { socket: ${dockerd.socketPath}, confirm: 1s, heal: [jms_core] }`,
      `notify: [ { template: plain, url: "http://${closed}/" } ]`,
    ].join('\n'),
  });
  const prometheus = await TestPrometheus.start(parts, garrison, FACTOR);
  const standIn = { healthy: 'from the second start' } as const;
  await runContainer(dockerd.dockerode(), {
    name: 'jms_core',
    script: standInScript(standIn),
    healthCheck: standInHealthCheck(standIn),
    networkMode: 'none',
  });
  return { garrison, prometheus };
}

/** Side by side; each waits until Prometheus has seen what it did. */
async function doFaults(garrison: Garrison, prometheus: TestPrometheus): Promise<void> {
  const seen = (query: string): Promise<unknown> =>
    until(`prometheus sees ${query}`, async () => ((await prometheus.value(query)) ?? 0) > 0, {
      deadlineMs: DEADLINE_MS,
      everyMs: 200,
    });
  await Promise.all([pushes(garrison), badSignIns(garrison), hangOneAndKillOne(garrison)]);
  await Promise.all([
    seen('sum(garrison_jobs_processed_total{outcome="done"})'),
    seen('sum(garrison_push_errors_total)'),
    seen('sum(garrison_worker_restarts_total)'),
    seen('max_over_time(garrison_worker_state{worker="push-1", state="hung"}[1m])'),
    seen('sum(garrison_container_heals_total{outcome="healed"})'),
    seen('garrison_container_heal_duration_seconds_count'),
    // One that came back before the first scrape is in no rate.
    seen('increase(garrison_queue_canary_seconds_count[1m])'),
    prometheus.fires('GarrisonLoginAttack', {}, DEADLINE_MS),
  ]);
  await done(garrison, 'maintenance', 'on', 'container/jms_core', '--for', '5m');
  await seen('garrison_maintenance_active{scope="container/jms_core"}');
  await done(garrison, 'maintenance', 'off', 'container/jms_core');
  await seen('sum(garrison_operations_total{verb="maintenanceOff", outcome="done"})');
}

/** One is done; the other finds nobody at the host's address. */
async function pushes(garrison: Garrison): Promise<void> {
  const { id } = await garrison.push('eva', ['practice-1', 'dead']);
  const { jobs } = await garrison.settled(id);
  assert.deepEqual(jobs.map(({ state }) => state).sort(), ['done', 'failed']);
}

async function badSignIns(garrison: Garrison): Promise<void> {
  const { stdout } = await garrison.cli('sign-in');
  const page = /http:\/\/[^/\s]+/.exec(stdout)?.[0];
  assert.ok(page);
  for (let tried = 0; tried < BAD_SIGN_INS; tried += 1) {
    const headers = { authorization: 'Bearer not-a-token', connection: 'close' };
    const { status } = await fetch(`${page}/metrics`, { headers });
    assert.equal(status, 401);
  }
}

/** A worker that was stopped is hung, and is woken; one that was killed is started again. */
async function hangOneAndKillOne(garrison: Garrison): Promise<void> {
  const [first, second] = (await garrison.workers()).map(({ incarnation }) => incarnation?.pid);
  assert.ok(first !== undefined && second !== undefined);
  process.kill(first, 'SIGSTOP');
  process.kill(second, 'SIGKILL');
}

async function done(garrison: Garrison, ...args: readonly string[]): Promise<void> {
  const { exitCode, stderr } = await garrison.cli(...args);
  assert.equal(exitCode, 0, stderr);
}

interface Run {
  readonly prometheus: TestPrometheus;
  readonly fromSeconds: number;
  readonly toSeconds: number;
}

/** As Grafana fills them in when "All" is chosen; each must have something to choose. */
async function variableValues(
  { prometheus, fromSeconds, toSeconds }: Run,
  variables: readonly GrafanaVariable[],
): Promise<ReadonlyMap<string, string>> {
  const range = `${String(Math.ceil(toSeconds - fromSeconds))}s`;
  const values = new Map([
    ['__rate_interval', RATE_INTERVAL],
    ['__range', range],
  ]);
  for (const variable of variables.filter(({ type }) => type === 'query')) {
    const { series, label } = labelValues(variable);
    const match = encodeURIComponent(filledIn(series, values));
    const found = await prometheus.ask<string[]>(`label/${label}/values?match[]=${match}`);
    assert.equal(found.length, 1, `variable ${variable.name} offers ${found.join()}`);
    values.set(variable.name, allOf(variable, found));
  }
  return values;
}

interface Series {
  readonly metric: Readonly<Record<string, string>>;
  readonly values: readonly (readonly [seconds: number, value: string])[];
}

async function seriesOf(
  { prometheus, fromSeconds, toSeconds }: Run,
  query: string,
): Promise<readonly Series[]> {
  const asked = new URLSearchParams({
    query,
    start: String(fromSeconds),
    end: String(toSeconds),
    step: String(STEP_SECONDS),
  });
  const { result } = await prometheus.ask<{ result: Series[] }>(`query_range?${asked.toString()}`);
  return result;
}

/** NaN is no number. */
function hasNumber(series: readonly Series[]): boolean {
  return series.some(({ values }) => values.some(([, value]) => !Number.isNaN(Number(value))));
}
