/**
 * Reads what each window of a garrison shows at one instant: the page, the API, the metrics, and both forms of the command.
 * It takes each window's own words and judges none of them; who compares must see to it that nothing changed meanwhile.
 */
import assert from 'node:assert/strict';
import type { ContainerView, Snapshot, WorkerView } from '../../../src/supervisor/door.ts';

export interface Reading {
  /** State by name; of a container that is gone there is nothing. */
  readonly workers: Readonly<Record<string, string>>;
  readonly containers: Readonly<Record<string, string>>;
  /** Those that work, by name. */
  readonly working: readonly string[];
  /** Those that wait for a person, by name. */
  readonly quarantined: readonly string[];
  readonly redis: 'up' | 'away';
  readonly docker: 'up' | 'away';
}

export type Window = 'page' | 'API' | 'metrics' | 'command, JSON' | 'command, table';
/** Where a window does not tell of something, it is not in its reading. */
export type Readings = Readonly<Record<Window, Partial<Reading>>>;

/** How to ask; an answer that is an error must reject. */
export interface Asking {
  readonly get: (path: string) => Promise<string>;
  /** What each of these command lines says. */
  readonly commands: (lines: readonly (readonly string[])[]) => Promise<readonly string[]>;
}

export interface ReadAll {
  readonly readings: Readings;
  /** As scraped. */
  readonly metrics: string;
}

const COMMANDS = [
  ['status', '-o', 'json'],
  ['get', 'containers', '-o', 'json'],
  ['status'],
  ['get', 'containers'],
];

export async function readAll({ get, commands }: Asking): Promise<ReadAll> {
  const [page, status, containers, metrics, said] = await Promise.all([
    get('/plain'),
    get('/api/v1/status'),
    get('/api/v1/containers'),
    get('/metrics'),
    commands(COMMANDS),
  ]);
  const [statusJson = '', containersJson = '', statusTable = '', containersTable = ''] = said;
  return {
    metrics,
    readings: {
      page: readPage(page),
      API: readJson(status, containers),
      metrics: readMetrics(metrics),
      'command, JSON': readJson(statusJson, containersJson),
      'command, table': readTables(statusTable, containersTable),
    },
  };
}

/** Every window says the same as the API, as far as it speaks of it. */
export function assertSameEverywhere(readings: Readings): void {
  for (const [window, reading] of Object.entries(readings)) {
    const spoken = Object.keys(reading) as (keyof Reading)[];
    const told = Object.fromEntries(spoken.map((name) => [name, readings.API[name]]));
    assert.deepEqual(reading, told, `the ${window} (actual) and the API (expected)`);
  }
}

function readJson(status: string, containers: string): Reading {
  const { workers, redis, docker } = JSON.parse(status) as Snapshot;
  const { items } = JSON.parse(containers) as { items: readonly ContainerView[] };
  return {
    workers: statesOf(workers),
    containers: statesOf(items),
    working: namesOf(workers, ({ state }) => state === 'up' || state === 'late'),
    quarantined: namesOf(items, ({ heal }) => heal.quarantinedSince !== null),
    redis: redis.up ? 'up' : 'away',
    docker: docker.state === 'up' ? 'up' : 'away',
  };
}

function statesOf(all: readonly { readonly name: string; readonly state: string }[]): Record<string, string> {
  return sorted(all.map(({ name, state }) => [name, state]));
}

function namesOf<T extends WorkerView | ContainerView>(all: readonly T[], is: (one: T) => boolean): string[] {
  return all
    .filter(is)
    .map(({ name }) => name)
    .sort();
}

function sorted(entries: readonly (readonly [string, string])[]): Record<string, string> {
  const states = Object.fromEntries([...entries].sort(([a], [b]) => (a < b ? -1 : 1)));
  assert.equal(Object.keys(states).length, entries.length, 'nothing is told of twice');
  return states;
}

/** The first two cells of each row are the name and the state. */
const ROW = /<tr>\s*<td>([^<]*)<\/td>\s*<td class="state (?:good|bad)">([^<]*)<\/td>/g;

function readPage(page: string): Partial<Reading> {
  const rows = (title: string): Record<string, string> =>
    sorted([...sectionOf(page, title).matchAll(ROW)].map(([, name = '', state = '']) => [name, state]));
  const dockerTrouble = /<p class="state bad">(?!The brake is on)/.test(sectionOf(page, 'Containers'));
  return {
    workers: rows('Workers'),
    containers: rows('Containers'),
    redis: page.includes('<li>Redis is down since') ? 'away' : 'up',
    docker: dockerTrouble ? 'away' : 'up',
  };
}

function sectionOf(page: string, title: string): string {
  const [, section] = page.split(`<h2>${title}</h2>`);
  assert.ok(section !== undefined, `the page has a section ${title}`);
  return section.split('<h2>')[0] ?? '';
}

export type Sample = readonly [labels: Readonly<Record<string, string>>, value: number];

/** All samples of one metric. */
export function samplesOf(metrics: string, name: string): Sample[] {
  return metrics
    .split('\n')
    .filter((line) => line.startsWith(`garrison_${name}{`) || line.startsWith(`garrison_${name} `))
    .map((line): Sample => {
      const labels = [...line.matchAll(/(\w+)="([^"]*)"/g)].map(([, key = '', value = '']) => [key, value]);
      return [Object.fromEntries(labels) as Record<string, string>, Number(line.split(' ').at(-1))];
    });
}

function readMetrics(metrics: string): Reading {
  const isOne = (name: string): boolean => samplesOf(metrics, name)[0]?.[1] === 1;
  const ones = (name: string, label: string): string[] =>
    samplesOf(metrics, name)
      .filter(([, value]) => value === 1)
      .map(([labels]) => labels[label] ?? '')
      .sort();
  return {
    workers: oneHot(metrics, 'worker'),
    containers: oneHot(metrics, 'container'),
    working: ones('worker_up', 'worker'),
    quarantined: ones('container_quarantined', 'container'),
    redis: isOne('redis_up') ? 'up' : 'away',
    docker: isOne('docker_up') ? 'up' : 'away',
  };
}

/** Exactly one state of each is 1; all of them are 0 of a container that is gone. */
function oneHot(metrics: string, kind: 'worker' | 'container'): Record<string, string> {
  const samples = samplesOf(metrics, `${kind}_state`);
  for (const [labels, value] of samples) assert.ok(value === 0 || value === 1, JSON.stringify(labels));
  return sorted(
    samples.filter(([, value]) => value === 1).map(([labels]) => [labels[kind] ?? '', labels['state'] ?? '']),
  );
}

function readTables(status: string, containers: string): Partial<Reading> {
  return {
    workers: readTable(status, 'WORKER'),
    containers: readTable(containers, 'CONTAINER'),
    redis: /^redis: (up|down) since/m.exec(status)?.[1] === 'up' ? 'up' : 'away',
    docker: /^docker: (\w+) since/m.exec(status)?.[1] === 'up' ? 'up' : 'away',
  };
}

/** From its heading down to the next empty line; a table without a row is not printed. */
function readTable(said: string, title: string): Record<string, string> {
  const lines = said.split('\n');
  const from = lines.findIndex((line) => line.startsWith(title));
  if (from === -1) return {};
  const heading = lines[from] ?? '';
  const stateAt = heading.indexOf('STATE');
  const rows = lines.slice(from + 1);
  const end = rows.findIndex((line) => line.trim() === '');
  return sorted(
    rows.slice(0, end === -1 ? rows.length : end).map((line) => {
      return [line.split(' ')[0] ?? '', line.slice(stateAt).split(' ')[0] ?? ''];
    }),
  );
}
