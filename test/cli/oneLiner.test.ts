/**
 * The line that took a bastion's only way in with it was `ps -ef | awk '/defunct/ {print $2}' | xargs kill -9`.
 * Garrison has no words for it: no command and no route takes a pid, a list of them or a signal, from an argument, a body or a pipe.
 */
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { z } from 'zod';
import { isAlive, readProcStat } from '../../src/proc.ts';
import * as bodies from '../../src/server/body.ts';
import { callSocket, json, startFakeSupervisor, type FakeSupervisor } from '../support/fakeSupervisor.ts';
import { INSTEAD, LEAVES } from '../support/leaves.ts';
import { runCli } from '../support/runCli.ts';

/** What a place for a process or a signal would be called; `ifIncarnation` is a condition and chooses no target. */
const TELLS_OF_SIGNALS = /pid|signal|sig\b|kill|proc/i;
/** Whatever is named on a command line, it is one of these, and Garrison looks it up in its own lists; `to` is an account's new name. */
const ARGUMENTS = [
  'account',
  'host',
  'hosts',
  'id',
  'job',
  'kind',
  'name',
  'names',
  'push',
  'scope',
  'shell',
  'to',
];
/** Lists of names are taken only where nothing that runs is ended. */
const MAY_TAKE_A_LIST = [
  ...['check', 'plan', 'push', 'revoke', 'status', 'sync'],
  // A removal, and an undo of what made an account, refuse where anything runs.
  'undo',
  ...['list', 'keep', 'lock', 'remove'].map((leaf) => `leftovers ${leaf}`),
];

test('no command takes a pid, a list of them, or a signal', () => {
  assert.ok(LEAVES.length > 15, 'the commands were found');
  for (const { words, command } of LEAVES) {
    const said = words.join(' ');
    assert.doesNotMatch(said, /\b(?:kill|signal)\b/);
    for (const argument of command.registeredArguments) {
      assert.ok(ARGUMENTS.includes(argument.name()), `${said} <${argument.name()}>`);
      assert.doesNotMatch(argument.description, /\bpids?\b|\bsignal/i, said);
      if (argument.variadic) assert.ok(MAY_TAKE_A_LIST.includes(said), `${said} takes a list`);
    }
    for (const option of command.options) {
      assert.doesNotMatch(option.long ?? option.flags, TELLS_OF_SIGNALS, `${said} ${option.flags}`);
      assert.doesNotMatch(option.short ?? '', /^-\d/, `${said} ${option.flags}`);
      if (option.variadic) assert.ok(MAY_TAKE_A_LIST.includes(said), `${said} ${option.flags} takes a list`);
    }
  }
});

test('no command reads what is piped into it', () => {
  const folder = new URL('../../src/cli/', import.meta.url);
  const readers = readdirSync(folder).filter((file) =>
    /\bstdin\b|readFileSync\(0|\/dev\/stdin/.test(readFileSync(new URL(file, folder), 'utf8')),
  );
  // The questions of the one are asked on a terminal only; the other reads where `--password-hash-file -` says so, and a hash alone.
  assert.deepEqual(readers, ['ask.ts', 'passwordHash.ts']);
});

test('no route and no body has a place for one', () => {
  const folder = new URL('../../src/server/', import.meta.url);
  const code = readdirSync(folder)
    .map((file) => readFileSync(new URL(file, folder), 'utf8'))
    .join('\n');
  const routes = [
    ...code.matchAll(/\bapp\.(?:get|post|put|patch|delete|all|route)\b[^('`]*\(\s*['`]([^'`]+)/g),
  ];
  assert.ok(routes.length > 10, 'the routes were found');
  for (const [, path = ''] of routes) assert.doesNotMatch(path, TELLS_OF_SIGNALS);
  const schemas = Object.entries(bodies).flatMap(([name, value]) =>
    value instanceof z.ZodType ? [[name, value] as const] : [],
  );
  assert.ok(schemas.length >= 4, 'the bodies were found');
  for (const [name, schema] of schemas) assertNoPlace(name, z.toJSONSchema(schema, { io: 'input' }));
  const { target, verb } = bodies.OperationBody.shape;
  // reap has none: it is about all zombies, and ends nobody.
  assert.ok(target instanceof z.ZodDefault && target.unwrap() instanceof z.ZodString, 'one target, by name');
  for (const word of verb.options) assert.doesNotMatch(word, TELLS_OF_SIGNALS);
});

/** No number but the length of a maintenance: a body that has none has no pid. */
function assertNoPlace(path: string, schema: unknown): void {
  if (typeof schema !== 'object' || schema === null || path === 'OperationBody.properties.forMs') return;
  for (const [key, inner] of Object.entries(schema)) {
    if (key === 'type') assert.ok(!['number', 'integer'].includes(String(inner)), `${path} takes a number`);
    if (key === 'properties')
      for (const name of Object.keys(inner as object)) assert.doesNotMatch(name, TELLS_OF_SIGNALS, path);
    assertNoPlace(`${path}.${key}`, inner);
  }
}

describe('with the pids of real processes', () => {
  let fake: FakeSupervisor;
  const sleepers: ChildProcess[] = [];
  const pids: string[] = [];
  const identities: { pid: number; startTicks: number }[] = [];

  before(async () => {
    fake = await startFakeSupervisor();
    // Nobody waits for an operation that a fake would never end.
    fake.door.afterOperation = ({ id }) => {
      fake.door.endOperation(id, { state: 'done' });
    };
    for (let each = 0; each < 2; each += 1) sleepers.push(spawn('sleep', ['600'], { stdio: 'ignore' }));
    for (const { pid } of sleepers) {
      pids.push(String(pid));
      identities.push({ pid: pid!, startTicks: readProcStat(pid!)!.startTicks });
    }
  });
  after(async () => {
    for (const sleeper of sleepers) sleeper.kill('SIGKILL');
    await Promise.all(sleepers.map((sleeper) => once(sleeper, 'exit')));
    await fake.end();
  });

  const nothingHappened = (): void => {
    for (const identity of identities) assert.ok(isAlive(identity), 'it lives');
    // A sweep reaps what has ended, maintenance only forbids and a reload reads files, whatever stands on their standard input.
    const harmless: readonly string[] = ['reap', 'reload', 'maintenanceOn', 'maintenanceOff'];
    const others = fake.door.operations.filter(({ verb }) => !harmless.includes(verb));
    assert.deepEqual([others, fake.door.pushes], [[], []]);
  };
  /** As `ps -ef | awk '{print $2}'` prints them. */
  const listing = (): string => `${pids.join('\n')}\n`;

  test('every command that they are piped into does nothing with them', async () => {
    await inPairs(LEAVES, async ({ words }) => {
      const { exitCode, stdout } = await runCli(
        [...(INSTEAD[words.join(' ')] ?? words), '--home', fake.home],
        {},
        listing(),
      );
      assert.ok(exitCode !== null, words.join(' '));
      for (const pid of pids)
        assert.ok(!stdout.split(/\s+/).includes(pid), `${words.join(' ')} shows ${pid}`);
      nothingHappened();
    });
  });

  test('every command that xargs would append them to refuses them, or knows nothing of that name', async () => {
    await inPairs(LEAVES, async ({ words }) => {
      const wanted = { push: ['--to', 'web-1'], revoke: ['--from', 'web-1'] }[words[0] ?? ''] ?? [];
      const { exitCode } = await runCli(
        [...(INSTEAD[words.join(' ')] ?? words), ...wanted, ...pids, '--home', fake.home],
        {},
        listing(),
      );
      assert.notEqual(exitCode, 0, `${words.join(' ')} ${pids.join(' ')}`);
      nothingHappened();
    });
  });

  test('and a signal beside them is a usage error', async () => {
    const verbs = ['restart', 'stop', 'start', 'quiet', 'cancel'];
    await inPairs(verbs, async (verb) => {
      for (const signal of verb === 'stop' ? ['-9', '--signal=KILL'] : ['-9']) {
        const { exitCode } = await runCli([verb, signal, pids[0] ?? '', '--home', fake.home], {}, listing());
        assert.equal(exitCode, 64, `${verb} ${signal}`);
      }
      const one = await runCli([verb, pids[0] ?? '', '--yes', '--home', fake.home], {}, listing());
      assert.notEqual(one.exitCode, 0, `${verb} of one pid`);
      nothingHappened();
    });
  });

  test('no request has them either', async () => {
    const target = pids[0] ?? '';
    const bodiesSent: readonly object[] = [
      { verb: 'kill', target },
      { verb: 'stop', target: Number(target) },
      { verb: 'stop', target: pids },
      { verb: 'stop', target },
      { verb: 'stop', target: 'push-1', pid: Number(target) },
      { verb: 'stop', target: 'push-1', pids },
      { verb: 'stop', target: 'push-1', signal: 'SIGKILL' },
      { verb: 'stop', target: 'push-1', forMs: Number(target) * 1000 },
      { verb: 'heal', target },
      { verb: 'maintenanceOn', target },
      pids,
    ];
    for (const body of bodiesSent) {
      const { status, text } = await callSocket(fake, {
        method: 'POST',
        path: '/api/v1/operations',
        ...json(body),
      });
      assert.ok(status >= 400 && status < 500, `${JSON.stringify(body)}: ${String(status)} ${text}`);
      nothingHappened();
    }
  });
});

async function inPairs<T>(all: readonly T[], run: (one: T) => Promise<void>): Promise<void> {
  const rest = [...all];
  const take = async (): Promise<void> => {
    for (let one = rest.shift(); one !== undefined; one = rest.shift()) await run(one);
  };
  await Promise.all([take(), take()]);
}
