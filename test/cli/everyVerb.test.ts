/**
 * Every command against a supervisor that is up, stopped, gone, left a stale socket, is of another version or is none at all.
 * Exit codes and JSON are compared with the contract as test/support/everyVerb.ts writes it out.
 */
import assert from 'node:assert/strict';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import {
  EVERY_VERB,
  expectedExit,
  linesOf,
  ON_ITS_OWN,
  type Beside,
  type Places,
} from '../support/everyVerb.ts';
import { Garrison } from '../support/garrison.ts';
import { LEAVES } from '../support/leaves.ts';
import { leaveStaleSocket, standAsTcp, standBefore, standFor } from '../support/otherSupervisors.ts';
import { openParts } from '../support/parts.ts';
import { endsOfCommands, runCli, startCli, type TimedEnd } from '../support/runCli.ts';
import { makeTempHome } from '../support/tempHome.ts';
import { until } from '../support/until.ts';

const LONGEST_MS = 6_000;
const PASSWORD = 'a-long-enough-phrase-for-a-test';
const { parts, end } = openParts();

/** Nobody's; with the files that commands are given, and the journal of one that ran. */
function ownHome(): string {
  const home = makeTempHome();
  parts.after(() => home.remove());
  return home.path;
}

function assertPlain(line: string, { stdout, stderr, exitCode, tookMs }: TimedEnd): void {
  const told = `${line}: exit ${String(exitCode)}\n${stdout}${stderr}`;
  assert.ok(tookMs < LONGEST_MS, `${line} took ${String(tookMs)} ms`);
  assert.doesNotMatch(stderr, /^\s+at .*:\d+:\d+|\b(?:Type|Syntax|Reference)Error\b|undefined/m, told);
  if (exitCode === 0) return;
  assert.equal(stdout, '', told);
  assert.equal(stderr.match(/^garrison: /gm)?.length, 1, told);
  assert.match(stderr, /^garrison: [^\n]+\n {2}next: [^\n]+\n$/m, told);
}

function assertJson(line: string, stdout: string): void {
  if (stdout === '') return;
  const document = JSON.parse(stdout) as Record<string, unknown>;
  assert.equal(document['apiVersion'], 'garrison/v1', `${line}: ${stdout.slice(0, 300)}`);
  assert.equal(typeof document['kind'], 'string', line);
  assert.match(String(document['observedAt']), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z$/, line);
}

let garrison: Garrison;
let places: Places;
before(async () => {
  garrison = await Garrison.start(parts, { practice: 1, config: 'workers: { count: 2 }' });
  const { home, keys } = garrison;
  writeFileSync(join(home, 'secret'), `${PASSWORD}\n`, { mode: 0o600 });
  writeFileSync(join(home, 'key.pub'), keys.publicKey);
  const host = (await garrison.snapshot()).hosts[0]?.name ?? '';
  const push = await garrison.settled((await garrison.push('first', [host])).id);
  places = { host, job: push.jobs[0]?.id ?? '', folder: home };
});
after(end);

async function everyVerb(home: string, beside: Beside): Promise<ReadonlyMap<string, TimedEnd>> {
  const lines = linesOf(places);
  // Each may wait for one that is silent: several at a time, where none needs what another has done.
  const third = Math.ceil(lines.length / 3);
  const portions =
    beside === 'silent' ? [0, 1, 2].map((n) => lines.slice(n * third, (n + 1) * third)) : [lines];
  const ends = (await Promise.all(portions.map((part) => endsOfCommands(home, part)))).flat();
  const wrong: string[] = [];
  for (const [index, [words, verb]] of Object.entries(EVERY_VERB).entries()) {
    const ended = ends[index]!;
    const expected = expectedExit(verb, beside);
    if (ended.exitCode !== expected)
      wrong.push(`${words}: ${String(ended.exitCode)}, not ${String(expected)}: ${ended.stderr}`);
    assertPlain(words, ended);
    if (verb.prints !== 'text') assertJson(words, ended.stdout);
  }
  assert.deepEqual(wrong, []);
  return new Map(Object.keys(EVERY_VERB).map((words, index) => [words, ends[index]!]));
}

test('every command is among those tried', () => {
  const all = LEAVES.map(({ words }) => words.join(' ')).sort();
  assert.deepEqual([...Object.keys(EVERY_VERB), ...Object.keys(ON_ITS_OWN)].sort(), all);
});

test('beside one that is up', async () => {
  const ends = await everyVerb(garrison.home, 'up');
  const { item } = JSON.parse(ends.get('version')!.stdout) as { item: Record<string, unknown> };
  assert.deepEqual(Object.keys(item), ['version', 'nodeVersion', 'supervisor']);
  assert.deepEqual(item['supervisor'], { version: item['version'] });
});

/** Resolves to what doctor says. */
async function onTheirOwn(home: string): Promise<string> {
  const [doctor] = await Promise.all(
    Object.entries(ON_ITS_OWN).map(async ([words, { args, exits }]) => {
      const { exitCode, stdout, stderr } = await runCli([...args, '-o', 'json', '--home', home]);
      assert.ok(exits.includes(exitCode ?? -1), `${words}: ${String(exitCode)} ${stderr}`);
      assertJson(words, stdout);
      return stdout;
    }),
  );
  return doctor ?? '';
}

describe('beside one of another version', () => {
  test('that speaks the same API, everything works, and what acts says so once', async () => {
    const home = ownHome();
    for (const file of ['garrison.yaml', 'journal.jsonl'])
      copyFileSync(join(garrison.home, file), join(home, file));
    const other = await standBefore(garrison.home, home, { version: '9.9.9' });
    parts.after(other.end);
    const ends = await everyVerb(home, 'up');
    for (const [words, { stderr }] of ends) {
      const { kind, up } = EVERY_VERB[words]!;
      const said = stderr.match(/the supervisor is 9\.9\.9, this command \d/g)?.length ?? 0;
      const says = kind === 'act' || ['status', 'version', 'secrets status'].includes(words);
      assert.equal(said, says && up !== 64 ? 1 : 0, `${words}: ${stderr}`);
    }
    assert.match(ends.get('version')!.stdout, /"version": "9\.9\.9"/);
  });
  test('that speaks another API, nothing is handed to it', async () => {
    const home = ownHome();
    const other = await standBefore(garrison.home, home, { version: '2.0.0', api: 'garrison/v2' });
    parts.after(other.end);
    copyFileSync(join(garrison.home, 'journal.jsonl'), join(home, 'journal.jsonl'));
    const ends = await everyVerb(home, 'silent');
    assert.deepEqual(other.asked, []);
    assert.match(
      ends.get('restart')!.stderr,
      /\(garrison 2\.0\.0\) .* speaks garrison\/v2, and this command garrison\/v1/,
    );
  });
  test('that says so in its documents only, is not believed', async () => {
    const home = ownHome();
    const exchange = (text: string): string => text.replaceAll('garrison/v1', 'garrison/v2');
    parts.after((await standBefore(garrison.home, home, { version: '2.0.0', exchange })).end);
    const [status, list] = await endsOfCommands(home, [['status'], ['get', 'workers']]);
    assert.deepEqual([status!.exitCode, list!.exitCode], [4, 4]);
    assert.match(status!.stderr, /speaks garrison\/v2/);
  });
  test('that has words of its own, is never all well by them', async () => {
    const home = ownHome();
    const exchange = (text: string): string =>
      text
        .replaceAll('"state":"up"', '"state":"levitating"')
        .replaceAll('"code":"NOT_FOUND"', '"code":"NOT_EVEN_THERE"');
    parts.after((await standBefore(garrison.home, home, { version: '0.2.0', exchange })).end);
    const lines = [
      ['status'],
      ['status', 'push-1'],
      ['get', 'workers'],
      ['describe', 'worker', 'x'],
      ['retry', 'x'],
    ];
    const ends = await endsOfCommands(home, lines);
    assert.deepEqual(
      ends.map(({ exitCode }) => exitCode),
      [4, 4, 0, 4, 1],
    );
    assert.match(ends[0]!.stderr, /states that this version does not know: levitating\n {2}next: /);
    assert.match(ends[2]!.stdout, /levitating/);
  });
});

describe('beside what is no supervisor', { concurrency: 3 }, () => {
  test('that answers with a page of its own', async () => {
    const home = ownHome();
    copyFileSync(join(garrison.home, 'journal.jsonl'), join(home, 'journal.jsonl'));
    const other = await standFor(home, (outgoing) => outgoing.end('<html>hello</html>'), { knows: false });
    parts.after(other.end);
    await everyVerb(home, 'silent');
    assert.deepEqual(other.asked, []);
  });

  const lines = [
    ['status'],
    ['get', 'workers', '-o', 'json'],
    ['logs', 'j-1'],
    ['restart', 'push-1', '--yes'],
    ['token', 'revoke', 'x'],
    ['push', 'eva', '--to', 'web-1'],
  ];
  const garbage: readonly (readonly [string, (outgoing: ServerResponse) => void])[] = [
    ['nothing', (outgoing) => outgoing.end()],
    ['204 to all', (outgoing) => outgoing.writeHead(204).end()],
    ['half a document', (outgoing) => outgoing.end('{"apiVersion":"garrison/v1","kind":"Wor')],
    ['another document', (outgoing) => outgoing.end('{"apiVersion":"v1","kind":"PodList","items":[]}')],
    [
      'a document without contents',
      (outgoing) => outgoing.end('{"apiVersion":"garrison/v1","kind":"Status"}'),
    ],
    [
      'a list of nothings',
      (outgoing) => outgoing.end('{"apiVersion":"garrison/v1","kind":"L","items":[null]}'),
    ],
    ['500 and HTML', (outgoing) => outgoing.writeHead(500).end('<h1>oops</h1>')],
    ['a redirect', (outgoing) => outgoing.writeHead(302, { location: 'http://x/' }).end()],
  ];
  test(`that answers with ${garbage.map(([what]) => what).join(', ')}`, async () => {
    const cases: { told: string; line: readonly string[] }[] = [];
    for (const [what, answer] of garbage) {
      const home = ownHome();
      parts.after((await standFor(home, answer)).end);
      for (const line of lines)
        cases.push({ told: `${line.join(' ')}: ${what}`, line: [...line, '--home', home] });
    }
    const ends = await endsOfCommands(
      garrison.home,
      cases.map(({ line }) => line),
    );
    for (const [index, ended] of ends.entries()) {
      assertPlain(cases[index]!.told, ended);
      const expected = [4, 4, 4, 7, 7, 7][index % lines.length];
      assert.equal(ended.exitCode, expected, `${cases[index]!.told}: ${ended.stderr}`);
    }
  });
  test('that answers without end', async () => {
    const home = ownHome();
    const part = Buffer.alloc(2 ** 20, 'a');
    const flood = (outgoing: ServerResponse): void => {
      const more = (): void => {
        while (!outgoing.destroyed && outgoing.write(part));
      };
      outgoing.on('drain', more);
      more();
    };
    parts.after((await standFor(home, flood)).end);
    const [status] = await endsOfCommands(home, [['status']]);
    assert.equal(status!.exitCode, 4);
    assertPlain('status', status!);
    assert.match(status!.stderr, /sends more than/);
  });
  test('that does not speak HTTP, hangs up, or says nothing', async () => {
    const seen = await Promise.all(
      [
        (socket: Socket) => socket.end('SSH-2.0-OpenSSH_9.6\r\n'),
        (socket: Socket) => socket.destroy(),
        () => undefined,
      ].map(async (hear) => {
        const home = ownHome();
        parts.after((await standAsTcp(home, hear)).end);
        return endsOfCommands(home, [['status'], ['restart', 'push-1', '--yes']]);
      }),
    );
    for (const ends of seen) {
      assert.deepEqual(
        ends.map(({ exitCode }) => exitCode),
        [4, 7],
        JSON.stringify(ends),
      );
      for (const ended of ends) assertPlain('status, restart', ended);
    }
    assert.match(seen[2]![0]!.stderr, /what listens on .* has not answered for 3 s/);
  });
});

describe('beside one that is not there', { concurrency: 2 }, () => {
  const besideNobody = async (prepare: (home: string) => Promise<void>): Promise<void> => {
    const home = ownHome();
    copyFileSync(join(garrison.home, 'journal.jsonl'), join(home, 'journal.jsonl'));
    await prepare(home);
    const ends = await everyVerb(home, 'away');
    assert.match(ends.get('status')!.stderr, /^garrison: no supervisor runs in /);
    assert.match(ends.get('version')!.stdout, /"supervisor": null/);
    assert.equal(ends.get('version')!.stderr, '');
    assert.match(readFileSync(join(home, 'users.json'), 'utf8'), /alice/);
  };
  test('at all', () =>
    besideNobody(async (home) => {
      assert.match(await onTheirOwn(home), /"SupervisorAway"/);
    }));
  test('and has left its socket', () => besideNobody(leaveStaleSocket));
});

test('beside one that is stopped in the middle of a wait, which says so, and ends with the id of what goes on', async () => {
  const push = ['push', 'late', '--to', places.host, '--key', join(garrison.home, 'key.pub')];
  for (const worker of ['push-1', 'push-2']) await garrison.cli('stop', worker, '--yes');
  const { ended, said } = startCli([...push, '--timeout', '9s', '-o', 'json', '--home', garrison.home]);
  await until('it waits', () => said.stderr.includes('nothing is pushed at the moment'));
  process.kill(garrison.pid, 'SIGSTOP');
  try {
    const { exitCode, stdout, stderr } = await ended;
    assert.deepEqual([exitCode, stdout], [124, ''], stderr);
    assert.match(
      stderr,
      /still waiting: no news for [3-9] s: the supervisor \(pid \d+\) .*stopped by a signal/,
    );
    assert.match(
      stderr,
      /no news for \d+ s from the supervisor\ngarrison: the wait timed out .*; push p-\S+ goes on/,
    );
  } finally {
    process.kill(garrison.pid, 'SIGCONT');
  }
});

test('beside one that is stopped, of which each says so, and since when', async () => {
  process.kill(garrison.pid, 'SIGSTOP');
  try {
    const [ends, doctor] = await Promise.all([everyVerb(garrison.home, 'silent'), onTheirOwn(garrison.home)]);
    const said = ends.get('restart')!.stderr;
    const pid = String(garrison.pid);
    assert.match(
      said,
      new RegExp(`^garrison: the supervisor \\(pid ${pid}\\) in \\S+ is stopped by a signal`),
    );
    assert.match(
      said,
      /its journal ends at \d{4}-.*\n {2}next: .*fg .*SIGCONT to pid \d+; .* doctor tells more/,
    );
    assert.match(doctor, /"SupervisorStopped"/);
  } finally {
    process.kill(garrison.pid, 'SIGCONT');
  }
});
