/**
 * Holds the alert rules to Debian's own promtool and amtool: they are valid, each fires for its fault and is silent without it,
 * and each number, metric, label and duration of each is held by a test that goes red without it.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { parse } from 'yaml';
import { buildProgram } from '../../src/cli/program.ts';
import {
  DASHBOARDS,
  RULES_FILE,
  mutantsOf,
  readRules,
  rulesFileOf,
  scaledRules,
  type AlertRule,
} from '../support/alertRules.ts';
import { tempHome } from '../support/tempHome.ts';

const PROMETHEUS = join(DASHBOARDS, 'prometheus');
const RULES = readRules();
const AT_ONCE = 2;

const NEEDED = [
  ...['Down', 'LoopStalled', 'PushQueueLatencyHigh', 'PushQueueNoWorkers', 'PushFailureRatioHigh'],
  ...['WorkerHung', 'WorkerFailed', 'WorkerFlapping', 'WorkerCrashLooping', 'WorkerMemoryHigh'],
  ...['ZombiesGrowing', 'ContainerUnhealthy', 'ContainerQuarantined', 'DockerAway', 'RedisAway'],
  ...[
    'DriftFound',
    'GrantsCheckOverdue',
    'CanaryLate',
    'LeftoversGrowing',
    'MaintenanceLeftOn',
    'LoginAttack',
    'GuardRefusals',
    'Watchdog',
  ],
];

describe('the alert rules', () => {
  it('are valid for promtool', async () => {
    const { code, output } = await run('promtool', ['check', 'rules', RULES_FILE]);
    assert.equal(code, 0, output);
    assert.match(output, new RegExp(`${String(RULES.length)} rules found`));
  });

  it('are all there, in CamelCase behind one prefix', () => {
    const names = RULES.map(({ alert }) => alert);
    assert.deepEqual(
      NEEDED.filter((name) => !names.includes(`Garrison${name}`)),
      [],
    );
    for (const name of names) assert.match(name, /^Garrison(?:[A-Z][a-z]+)+$/);
    assert.equal(new Set(names).size, names.length);
  });

  for (const rule of RULES) {
    it(`${rule.alert} says how bad it is, for how long, what it means and where to read on`, () => {
      assertComplete(rule);
    });
    it(`${rule.alert} has a section in the runbooks, with commands that exist`, () => {
      assertRunbook(rule);
    });
  }

  it('have no section in the runbooks that nobody leads to', () => {
    const wanted = RULES.map(({ alert }) => alert).sort();
    assert.deepEqual([...runbooks().keys()].sort(), wanted);
  });
});

describe('the tests of the alert rules', () => {
  for (const rule of RULES) {
    it(`${rule.alert} fires for its fault and is silent without it`, async () => {
      const { code, output } = await testRule(rule);
      assert.equal(code, 0, output);
    });
    it(`${rule.alert} is held in every place of it`, async (t) => {
      const folder = tempHome(t);
      const mutants = mutantsOf(rule);
      assert.ok(mutants.length > 0);
      const survivors: string[] = [];
      await eachOf(mutants, async ({ change, rule: mutant }, index) => {
        const { code, output } = await testMutant(mutant, join(folder, String(index)));
        assert.ok(code === 0 || output.includes('FAILED'), output);
        if (code === 0) survivors.push(change);
        else assert.doesNotMatch(output, /parse error|unmarshal/, change);
      });
      assert.deepEqual(survivors, []);
    });
  }
});

describe('the examples of configuration', () => {
  it('prometheus.yml is valid and reads the rules', async () => {
    const { code, output } = await run('promtool', [
      'check',
      'config',
      '--syntax-only',
      join(PROMETHEUS, 'prometheus.yml'),
    ]);
    assert.equal(code, 0, output);
    assert.match(readFileSync(join(PROMETHEUS, 'prometheus.yml'), 'utf8'), /garrison\.rules\.yaml/);
  });

  it('alertmanager.yml is valid, and keeps every warning quiet under its critical cause', async () => {
    const { code, output } = await run('amtool', ['check-config', join(PROMETHEUS, 'alertmanager.yml')]);
    assert.equal(code, 0, output);
    const { inhibit_rules: rules } = parse(readFileSync(join(PROMETHEUS, 'alertmanager.yml'), 'utf8')) as {
      inhibit_rules: { source_matchers: string[]; target_matchers: string[] }[];
    };
    const named = rules.flatMap((each) => [...each.source_matchers, ...each.target_matchers]).join('\n');
    for (const name of named.match(/Garrison\w*(?:\.\+)?/g) ?? [])
      assert.ok(
        RULES.some(({ alert }) => new RegExp(`^${name}$`).test(alert)),
        name,
      );
  });

  it('route each alert where it belongs', async () => {
    const file = join(PROMETHEUS, 'alertmanager.yml');
    for (const { alert, labels } of RULES) {
      const args = [
        'config',
        'routes',
        'test',
        `--config.file=${file}`,
        `alertname=${alert}`,
        `severity=${labels.severity ?? ''}`,
      ];
      const { code, output, said } = await run('amtool', args);
      assert.equal(code, 0, output);
      assert.equal(said.trim(), receiversOf(alert, labels.severity ?? ''), alert);
    }
  });

  it('hold no secret and no address but examples and loopback', () => {
    for (const file of readdirSync(PROMETHEUS).filter((name) => /\.ya?ml$/.test(name))) {
      const text = readFileSync(join(PROMETHEUS, file), 'utf8');
      assert.doesNotMatch(text, /\b(?:credentials|password|bearer_token|api_url|auth_password):/, file);
      const hosts = [...text.matchAll(/https?:\/\/([^/:\s|'"]+)/g)].map((match) => match[1] ?? '');
      for (const host of hosts) assert.match(host, /^(?:127\.0\.0\.1|(?:[\w.-]+\.)?example\.com)$/, file);
    }
  });
});

describe('the scaling of rules for live tests', () => {
  it('divides every duration and the time that a job may wait, and nothing else', () => {
    const text = [
      '# for 2m',
      'expr: a_x[15m] offset 1h > 300',
      'expr: garrison_queue_latency_seconds > 300',
      'for: 2m',
      'summary: for 2 minutes',
    ];
    assert.deepEqual(scaledRules(text.join('\n'), 30).split('\n'), [
      '# for 2m',
      'expr: a_x[30000ms] offset 120000ms > 300',
      'expr: garrison_queue_latency_seconds > 10',
      'for: 4000ms',
      'summary: for 2 minutes',
    ]);
  });

  it('leaves rules that promtool accepts', async (t) => {
    const file = join(tempHome(t), 'scaled.yaml');
    writeFileSync(file, scaledRules(readFileSync(RULES_FILE, 'utf8'), 30));
    const { code, output } = await run('promtool', ['check', 'rules', file]);
    assert.equal(code, 0, output);
  });
});

function assertComplete({ alert, labels, annotations, ...rule }: AlertRule): void {
  assert.match(labels.severity ?? '', /^(?:critical|warning|info)$/);
  assert.match(rule.keep_firing_for ?? '', /^\d+[smh]$/);
  assert.deepEqual(Object.keys(annotations).sort(), ['description', 'runbook_url', 'summary']);
  assert.match(annotations.summary ?? '', /^[A-Z][^{}]*\.$/, 'a summary is one static sentence');
  assert.ok((annotations.description ?? '').length > 40);
  assert.equal(annotations.runbook_url, `dashboards/runbooks.md#${alert.toLowerCase()}`);
}

/** By alert. */
function runbooks(): ReadonlyMap<string, string> {
  const text = readFileSync(join(DASHBOARDS, 'runbooks.md'), 'utf8');
  return new Map(
    text
      .split('\n## ')
      .slice(1)
      .map((section) => [section.slice(0, section.indexOf('\n')), section] as const),
  );
}

function assertRunbook({ alert }: AlertRule): void {
  const section = runbooks().get(alert) ?? '';
  for (const part of ['**Means**', '**Look at**', '**Do**']) assert.ok(section.includes(part), part);
  const commands = [...section.matchAll(/`garrison ([a-z-]+)(?: ([a-z]+)(?![\w/-]))?/g)];
  assert.ok(commands.length > 0, 'it names a command');
  for (const [, name = '', sub] of commands) {
    const command = buildProgram().commands.find((each) => each.name() === name);
    assert.ok(command !== undefined, `garrison ${name}`);
    if (command.commands.length > 0)
      assert.ok(
        command.commands.some((each) => each.name() === sub),
        `garrison ${name} ${sub ?? ''}`,
      );
    if (name === 'get')
      assert.ok(command.helpInformation().includes(sub ?? '?'), `garrison get ${sub ?? ''}`);
  }
}

function receiversOf(alert: string, severity: string): string {
  if (alert === 'GarrisonWatchdog') return 'dead-mans-switch';
  const people = { critical: 'on-call', warning: 'team', info: 'log' }[severity] ?? '';
  return alert === 'GarrisonContainerUnhealthy' || alert === 'GarrisonWorkerHung'
    ? `garrison,${people}`
    : people;
}

function testFile({ alert }: AlertRule): string {
  return join(PROMETHEUS, 'tests', `${alert}.yaml`);
}

function testRule(rule: AlertRule): Promise<Ended> {
  assert.ok(existsSync(testFile(rule)), `${rule.alert} has no test`);
  return run('promtool', ['test', 'rules', testFile(rule)]);
}

/** Its own test, beside a rules file with this one alone. */
async function testMutant(mutant: AlertRule, folder: string): Promise<Ended> {
  mkdirSync(join(folder, 'tests'), { recursive: true });
  writeFileSync(join(folder, 'garrison.rules.yaml'), rulesFileOf(mutant));
  const file = join(folder, 'tests', 'one.yaml');
  writeFileSync(file, readFileSync(testFile(mutant), 'utf8'));
  return run('promtool', ['test', 'rules', file]);
}

async function eachOf<T>(all: readonly T[], work: (one: T, index: number) => Promise<void>): Promise<void> {
  const left = [...all.entries()];
  const worker = async (): Promise<void> => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) await work(next[1], next[0]);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

interface Ended {
  readonly code: number;
  readonly output: string;
  /** Standard output alone. */
  readonly said: string;
}

function run(program: string, args: readonly string[]): Promise<Ended> {
  return new Promise((resolve, reject) => {
    execFile(program, args, { timeout: 60_000 }, (error, stdout, stderr) => {
      if (error !== null && typeof error.code !== 'number') {
        reject(new Error(`${program} did not run to its end: ${error.message}`));
        return;
      }
      const code = error === null ? 0 : Number(error.code);
      resolve({ code, output: `${stdout}${stderr}`, said: stdout });
    });
  });
}
