/** Holds README's tables true: each names exactly what the code has. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { loadConfig } from '../src/config.ts';
import { buildProgram } from '../src/cli/program.ts';
import { CONTAINER_STATES } from '../src/detector/container.ts';
import { LoginFailures } from '../src/server/loginFailures.ts';
import { openMetrics } from '../src/server/metrics.ts';
import { WORKER_STATES } from '../src/server/words.ts';
import type { HostOutcome } from '../src/push/job.ts';
import type { PlanVerdict } from '../src/push/plan.ts';
import { FakeDoor } from './support/fakeDoor.ts';
import { tempHome } from './support/tempHome.ts';

const README = read('../README.md');

function read(path: string): string {
  return readFileSync(new URL(path, import.meta.url), 'utf8');
}

/** The cells of a table's rows, below the heading. */
function table(heading: string): string[][] {
  const section = README.split(`## ${heading}\n`)[1]?.split('\n## ')[0] ?? '';
  const rows = section.split('\n').filter((line) => line.startsWith('| ') && !line.startsWith('| ---'));
  return rows.slice(1).map((line) => line.split(' | ').map((cell) => cell.replace(/^\| | \|$/g, '').trim()));
}

const METRICS = openMetrics(new FakeDoor(''), new LoginFailures()).descriptions();

const codes = (cells: readonly string[]): string[] => cells.map((cell) => cell.replaceAll('`', ''));

describe('README', () => {
  it('names every worker state, and no other', () => {
    assert.deepEqual(
      codes(table('What happens to a worker').map((row) => row[0] ?? '')).sort(),
      [...WORKER_STATES].sort(),
    );
  });

  it('names every container state, and no other', () => {
    assert.deepEqual(
      codes(table('Containers').map((row) => row[0] ?? '')).sort(),
      [...CONTAINER_STATES].sort(),
    );
  });

  it('names every result of a host', () => {
    const outcomes: Record<HostOutcome, true> = {
      changed: true,
      unchanged: true,
      conflict: true,
      failed: true,
      unknown: true,
    };
    assert.deepEqual(
      codes(table('What a push does').map((row) => row[0] ?? '')).sort(),
      Object.keys(outcomes).sort(),
    );
  });

  it('names every verdict of a plan', () => {
    const verdicts: Record<PlanVerdict, true> = {
      create: true,
      change: true,
      unchanged: true,
      conflict: true,
      blocked: true,
    };
    const named = table('Plans').flatMap((row) => codes((row[0] ?? '').split(', ')));
    assert.deepEqual(named.sort(), Object.keys(verdicts).sort());
  });

  it('names every configuration key that is used, with its default', (t) => {
    const { settings } = loadConfig({ home: tempHome(t) });
    const rows = new Map(table('Configuration').map((row) => [codes(row)[0] ?? '', codes(row)[1] ?? '']));
    for (const { key, value, used } of settings) {
      assert.equal(rows.has(key), used, `README and ${key}`);
      if (used && key !== 'host' && key !== 'ssh.identityFile') assert.equal(rows.get(key), value, key);
    }
    const known = settings.map((setting) => setting.key);
    const others = [...rows.keys()].filter((key) => !known.includes(key));
    const withoutDefault = [
      'containers.certPath',
      'containers.host',
      'containers.zombies.for',
      'containers.zombies.most',
      'page.tls.certFile',
      'page.tls.keyFile',
      'redis.name',
      'redis.passwordFile',
      'redis.sentinelPasswordFile',
      'redis.sentinels',
      'redis.url',
      'redis.username',
      'redis.waitForReplicas',
    ];
    assert.deepEqual(others.sort(), withoutDefault);
  });

  it('names every metric with its type and its labels, and no other', () => {
    // A row without labels has one cell less.
    const told = table('Metrics').map((row) => row.slice(0, -1).join(' '));
    const exposed = METRICS.map(({ name, type, labelNames }) => {
      const labels = labelNames.map((label) => `\`${label}\``);
      return [`\`${name.replace('garrison_', '')}\``, type, ...labels].join(' ');
    });
    assert.deepEqual(told.sort(), exposed.sort());
  });

  it('shows only commands and options that exist', () => {
    const names = buildProgram().commands.map((command) => command.name());
    const shown = [...README.matchAll(/garrison ([a-z-]+)/g)]
      .map((match) => match[1] ?? '')
      .filter((word) => word !== 'up');
    for (const word of shown) assert.ok(names.includes(word) || PROSE.includes(word), `garrison ${word}`);
  });
});

/** Words that follow "garrison" in a sentence or a path without being a command. */
const PROSE: readonly string[] = ['help'];
