/** What may stand under `redis` in garrison.yaml, and what its passwords become. */
import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { loadConfig } from '../src/config.ts';
import type { ConfigProblem } from '../src/configFile.ts';
import { GarrisonError } from '../src/errors.ts';
import { redisPassword, redisTarget } from '../src/redisSettings.ts';

let home = '';
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'garrison-config-'));
});
afterEach(() => {
  rmSync(home, { recursive: true, force: true });
});

function write(name: string, text: string): string {
  const file = join(home, name);
  writeFileSync(file, text);
  return file;
}

function problems(): readonly ConfigProblem[] {
  try {
    loadConfig({ home });
  } catch (error) {
    assert.ok(error instanceof GarrisonError);
    return error.facts['problems'] as readonly ConfigProblem[];
  }
  throw new Error('the configuration was accepted');
}

const single: readonly (readonly [string, string, number, string, RegExp])[] = [
  ['no sentinel', 'redis:\n  name: m\n  sentinels: []\n', 3, 'redis.sentinels', /at least 1/],
  ['a sentinel without a port', 'redis: { name: m, sentinels: [r] }\n', 1, 'redis.sentinels.0', /host:port/],
  ['sentinels of no master', 'redis: { sentinels: ["r:26379"] }\n', 1, 'redis.name', /mymaster/],
  [
    'a URL and sentinels',
    'redis: { url: "redis://r", sentinels: ["r:26379"] }\n',
    1,
    'redis.sentinels',
    /contradicts url; keep one/,
  ],
  ['replicas of the embedded', 'redis: { waitForReplicas: 1 }\n', 1, 'redis.waitForReplicas', /no replicas/],
  ['a name without sentinels', 'redis: { url: "redis://r", name: m }\n', 1, 'redis.name', /needs sentinels/],
  ['embedded and shared', 'redis: { shared: true }\n', 1, 'redis.shared', /has one supervisor/],
];
describe('one problem under redis', () => {
  for (const [name, text, line, key, what] of single) {
    test(name, () => {
      write('garrison.yaml', text);
      const found = problems();
      assert.equal(found.length, 1, JSON.stringify(found));
      assert.deepEqual([found[0]?.line, found[0]?.key], [line, key]);
      assert.match(found[0]?.what ?? '', what);
    });
  }
});

test('the Redis password comes from its file or the environment, and a file open to others is refused', () => {
  const file = write('password', 'hunter2\n');
  write('garrison.yaml', 'redis: { url: "rediss://r:6379", passwordFile: password }\n');
  const { redis } = loadConfig({ home });
  chmodSync(file, 0o640);
  assert.throws(() => redisPassword(redis, {}), /can be read by other users/);
  chmodSync(file, 0o600);
  assert.equal(redisPassword(redis, { GARRISON_REDIS_PASSWORD: 'other' }), 'hunter2');
  assert.equal(
    redisPassword(
      { mode: 'url', url: 'redis://r', passwordFile: null, shared: false, waitForReplicas: 0 },
      { GARRISON_REDIS_PASSWORD: 'other' },
    ),
    'other',
  );
});

test('the sentinels and their passwords are where the supervisor and its workers find Redis', () => {
  chmodSync(write('password', 'of-redis\n'), 0o600);
  chmodSync(write('sentinel-password', 'of-the-sentinels\n'), 0o600);
  write(
    'garrison.yaml',
    'redis:\n  sentinels: ["a.example:26379", "[::1]:26380"]\n  name: mymaster\n  username: ops\n' +
      '  passwordFile: password\n  sentinelPasswordFile: sentinel-password\n',
  );
  const { redis, settings } = loadConfig({ home });
  assert.deepEqual(redisTarget(redis, '', {}), {
    kind: 'sentinels',
    sentinels: [
      { host: 'a.example', port: 26379 },
      { host: '::1', port: 26380 },
    ],
    name: 'mymaster',
    username: 'ops',
    password: 'of-redis',
    sentinelPassword: 'of-the-sentinels',
  });
  const shown = new Map(settings.map(({ key, value }) => [key, value]));
  assert.equal(shown.get('redis.sentinels'), 'a.example:26379, [::1]:26380');
  assert.equal(shown.get('redis.name'), 'mymaster');
  assert.ok(![...shown.values()].some((value) => value.includes('of-')));
  chmodSync(write('sentinel-password', ''), 0o600);
  assert.throws(() => redisTarget(redis, '', {}), /redis.sentinelPasswordFile: .* is empty/);
});
