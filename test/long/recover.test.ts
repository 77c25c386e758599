/** A redis-server of our own that runs and answers nobody: `garrison recover` ends it and starts another on the same files, and nothing is lost. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { it } from 'node:test';
import { Redis } from 'ioredis';
import { Garrison } from '../support/garrison.ts';
import { withParts } from '../support/parts.ts';
import { redisPidOf } from '../support/redisPid.ts';
import { until } from '../support/until.ts';

it(
  'a redis-server that is caught in an endless script is ended and replaced',
  withParts(async (parts) => {
    const garrison = await Garrison.start(parts, {
      practice: 1,
      config: 'workers: { count: 2 }\ncontainers: { socket: /nonexistent/docker.sock }',
    });
    const { hosts } = await garrison.snapshot();
    const host = hosts[0]?.name ?? '';
    const earlier = await garrison.settled((await garrison.push('ann', [host])).id);
    assert.equal(earlier.state, 'done');
    const pid = redisPidOf(garrison.pid);
    const redis = new Redis({ path: join(garrison.home, 'redis', 'redis.sock'), retryStrategy: () => null });
    redis.on('error', () => undefined);
    parts.after(() => redis.disconnect());
    // A script that has written is not to be ended by SCRIPT KILL, and holds up an orderly end.
    redis.eval("redis.call('set', 'garrison-test', 1) while true do end", 0).catch(() => undefined);
    await until('it is missed', async () => !(await garrison.snapshot()).redis.up, { deadlineMs: 30_000 });

    const said = await garrison.cli('recover', '--yes');
    assert.equal(said.exitCode, 0, `${said.stdout}${said.stderr}`);
    assert.match(said.stdout, /^recover: done: cured at the queue stage; interrupted: pushes wait/);
    assert.match(said.stderr, /ended and a new one has taken its place; the queue's test job came back/);
    assert.notEqual(redisPidOf(garrison.pid), pid);
    assert.equal((await garrison.pushView(earlier.id)).state, 'done', 'what was kept before is there');
    const later = await garrison.settled((await garrison.push('bob', [host])).id);
    assert.equal(later.state, 'done');
  }),
);
