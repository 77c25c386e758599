/**
 * Containers examined for real before anything is done to them: the evidence that is kept, and whom it would interrupt.
 * It does nothing to any of them.
 */
import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { ContainerEvidence } from '../../src/driver/containerEvidence.ts';
import { composeCommand } from '../../src/driver/composeAtWork.ts';
import { isOwnContainer } from '../../src/driver/containerSessions.ts';
import { LogLines } from '../../src/driver/dockerLogs.ts';
import { incidentName } from '../../src/driver/incidentFile.ts';
import { plainAddress, tcpSockets } from '../../src/driver/netTable.ts';
import { withoutSecrets } from '../../src/driver/secretWords.ts';
import { ComposeProject } from '../support/compose.ts';
import { TestHands } from '../support/containerHands.ts';
import { TestDockerd } from '../support/dockerd.ts';
import {
  freePort,
  importImage,
  openSession,
  runContainer,
  runInside,
  setHealthy,
  standInScript,
  untilHealth,
} from '../support/dockerImages.ts';
import { startOwnHosts } from '../support/ownHosts.ts';
import { withParts, type Parts } from '../support/parts.ts';
import { SshSession } from '../support/sshSession.ts';
import { until } from '../support/until.ts';

describe('what strangers have written', () => {
  it('is taken apart into lines, in any pieces and of any length', logLines);
  it('makes no file but in its folder', fileNames);
  it('holds no secret that a name tells', secrets);
  it('is a docker compose or none', composeCommands);
  it('is a table of sockets', socketTable);
});

if (process.getuid?.() === 0) {
  describe('an examination of a container', () => {
    it('keeps its evidence, whole and bounded, without its environment', withParts(evidence));
    it('of one that writes nonsense without end', withParts(hostileLog));
    it('counts the sessions of others', withParts(sessions));
    it('finds a login that goes through it', withParts(login));
    it('finds a docker compose at work on it', withParts(compose));
    it('of one that is gone, or ended, or of a Docker that hangs', withParts(without));
  });
}

interface World {
  readonly dockerd: TestDockerd;
  readonly hands: TestHands;
}

async function world(parts: Parts): Promise<World> {
  const dockerd = await TestDockerd.start(parts);
  await importImage(dockerd.dockerode());
  return { dockerd, hands: TestHands.onSocket(parts, dockerd.socketPath) };
}

function parsed(text: string): ContainerEvidence {
  return JSON.parse(text) as ContainerEvidence;
}

async function evidence(parts: Parts): Promise<void> {
  const { dockerd, hands } = await world(parts);
  const container = await dockerd.dockerode().createContainer({
    name: 'core',
    Image: 'garrison-test:1',
    Cmd: [
      'sh',
      '-c',
      'echo to-stdout; echo to-stderr >&2; while :; do sleep 5; done',
      '--',
      '--password',
      'hunter2',
    ],
    Env: ['DB_PASSWORD=hunter3'],
    Healthcheck: { Test: ['CMD-SHELL', 'printf "broken\\033[31m"; exit 3'], Interval: 3e8, Retries: 1 },
    HostConfig: {
      NetworkMode: 'none',
      Memory: 64 << 20,
      PidsLimit: 50,
      Ulimits: [{ Name: 'nofile', Soft: 100, Hard: 200 }],
      RestartPolicy: { Name: 'always' },
      Binds: ['/srv:/srv:ro'],
    },
  });
  await container.start();
  await untilHealth(container, 'unhealthy');
  const startedMs = performance.now();
  const told = await hands.examine(container.id);
  const tookMs = performance.now() - startedMs;
  const text = hands.evidence(told);
  const found = parsed(text);
  assert.deepEqual([told.id, told.examination?.gaps, found.gaps], [container.id, [], []]);
  assert.match(told.examination?.bundleFile ?? '', /^\d{4}-.*-container-core-[0-9a-f]{12}\.json$/);
  const file = join(hands.home, 'incidents', told.examination?.bundleFile ?? '');
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.ok(!/hunter[23]|DB_PASSWORD/.test(text), 'no secret of its environment or arguments');
  assert.deepEqual([found.why, found.name, found.restartPolicy], ['a test wants to know', 'core', 'always']);
  const { limits, health, counters, state } = found;
  assert.deepEqual([limits.memoryBytes, limits.pids, limits['ulimit nofile']], [64 << 20, 50, '100:200']);
  assert.equal(health?.status, 'unhealthy');
  assert.deepEqual(
    [health.probes[0]?.exitCode, health.probes[0]?.output],
    [3, 'broken\ufffd[31m'],
    'harmless',
  );
  assert.ok((counters.memoryBytes ?? 0) > 0 && (counters.pids ?? 0) >= 2);
  assert.deepEqual([state.oomKilled, state.restartCount, state.status], [false, 0, 'running']);
  assert.deepEqual(found.mounts, ['bind /srv at /srv, read only']);
  assert.deepEqual(found.logs?.map(({ stream, text: line }) => [stream, line.replace(/^\S+Z /, '')]).sort(), [
    ['stderr', 'to-stderr'],
    ['stdout', 'to-stdout'],
  ]);
  assert.ok((found.top?.processes.length ?? 0) >= 2 && found.top?.titles[0] === 'PID');
  const first = found.processes?.find(({ pid }) => pid === state.pid);
  assert.match(first?.command ?? '', /^sh -c .* --password \*\*\*$/);
  assert.match(first?.state ?? '', /^[SR]$/);
  console.log(`# examined in ${tookMs.toFixed(0)} ms, ${String(text.length)} bytes`);
  assert.ok(tookMs < 1000, String(tookMs));
  const times: number[] = [];
  for (let round = 0; round < 9; round += 1) {
    const beganMs = performance.now();
    const { examination } = await hands.hands.examineNow(container.id);
    times.push(performance.now() - beganMs);
    assert.equal(examination?.bundleFile, null);
  }
  const middle = times.sort((one, other) => one - other)[4] ?? Infinity;
  console.log(`# examined again, median ${middle.toFixed(0)} ms`);
  assert.ok(middle < 300, String(middle));
}

async function hostileLog(parts: Parts): Promise<void> {
  const { dockerd, hands } = await world(parts);
  const { id } = await runContainer(dockerd.dockerode(), {
    name: 'loud',
    networkMode: 'none',
    script: [
      "head -c 10000000 /dev/zero | tr '\\0' x; echo",
      'i=0; while [ $i -lt 400 ]; do printf "\\033]0;owned\\007\\033[2J\\342\\200\\256 \\377\\376 %d\\r\\n" $i; i=$((i+1)); done',
      'head -c 300000 /dev/urandom; echo',
      "head -c 10000000 /dev/zero | tr '\\0' y; echo; echo done; sleep 600",
    ].join('\n'),
  });
  await until('it has written all', async () => {
    const said = await dockerd.dockerode().getContainer(id).logs({ stdout: true, tail: 1 });
    return said.toString().includes('done');
  });
  const told = await hands.examine(id);
  const text = hands.evidence(told);
  assert.ok(text.length > 1000 && Buffer.byteLength(text) <= 2 << 20, String(text.length));
  assert.deepEqual(text.match(/[^\P{C}\n]/gu), null, 'nothing that a terminal would obey');
  const { logs } = parsed(text);
  assert.ok(logs !== null && logs.length > 0 && logs.length <= 200);
  assert.ok(logs.every(({ text: line }) => line.length <= 2000));
  assert.match(logs.at(-1)?.text ?? '', /done$/);
}

async function sessions(parts: Parts): Promise<void> {
  const { dockerd, hands } = await world(parts);
  const docker = dockerd.dockerode();
  const port = await freePort();
  const standIn = { healthy: 'from each start', answersAt: port } as const;
  const koko = await runContainer(docker, {
    name: 'koko',
    script: standInScript(standIn),
    healthCheck: { test: 'sleep 1', intervalMs: 50, timeoutMs: 5000 },
  });
  const other = await runContainer(docker, { name: 'other' });
  const seen = async (id: string): Promise<unknown> => {
    const { examination, detail } = await hands.hands.examineNow(id);
    assert.ok(examination !== null, detail);
    assert.deepEqual(examination.gaps, []);
    const { connections, execs, carriesLogin } = examination.sessions;
    return {
      connections,
      execs,
      carriesLogin,
      isOwn: examination.isOwn,
      composeAtWork: examination.composeAtWork,
    };
  };
  const nothing = { connections: 0, execs: 0, carriesLogin: false, isOwn: false, composeAtWork: null };
  await runInside(koko, `until printf '' | nc -w 1 127.0.0.1 ${String(port)}; do sleep 0.05; done`);
  await until('nobody is left', async () => {
    assert.deepEqual(await seen(koko.id), nothing, 'its health checks are no sessions');
    return true;
  });
  const session = await openSession(port);
  const second = await openSession(port);
  parts.after(() => {
    session.close();
    second.close();
  });
  assert.deepEqual(await seen(koko.id), { ...nothing, connections: 2 });
  second.close();
  await until('one is left', async () => {
    assert.deepEqual(await seen(koko.id), { ...nothing, connections: 1 });
    return true;
  });
  await runInside(
    koko,
    `setsid sh -c '(printf "GET /cgi-bin/session HTTP/1.0\\r\\n\\r\\n"; sleep 600) | nc 127.0.0.1 ${String(port)} >/srv/own' </dev/null >/dev/null 2>&1 & until [ -s /srv/own ]; do sleep 0.05; done`,
  );
  assert.deepEqual(await seen(koko.id), { ...nothing, connections: 1 }, 'it is no session of its own');
  await runInside(
    other,
    `setsid sh -c '(printf "GET /cgi-bin/session HTTP/1.0\\r\\n\\r\\n"; sleep 600) | nc 127.0.0.1 ${String(port)} >/srv/own' </dev/null >/dev/null 2>&1 & until [ -s /srv/own ]; do sleep 0.05; done`,
  );
  assert.deepEqual(await seen(koko.id), { ...nothing, connections: 2 }, "another container's is one");
  assert.deepEqual(await seen(other.id), nothing, 'it only goes out');
  const exec = await koko.exec({ Cmd: ['sleep', '600'], AttachStdin: true });
  const stream = await exec.start({ hijack: true, stdin: true });
  parts.after(() => void stream.destroy());
  await until('the exec is seen', async () => {
    assert.deepEqual(await seen(koko.id), { ...nothing, connections: 2, execs: 1 });
    return true;
  });
  const { sessions: all, loginsThrough, endsUs, gaps } = await hands.hands.examineDocker();
  assert.deepEqual(
    all.map(({ container, sessions: { connections, execs } }) => [container, connections, execs]),
    [
      ['koko', 2, 1],
      ['other', 0, 0],
    ],
  );
  assert.deepEqual([loginsThrough, endsUs, gaps], [[], null, []]);
}

async function login(parts: Parts): Promise<void> {
  const { dockerd, hands } = await world(parts);
  const { hosts, login: key } = await startOwnHosts(parts, 1);
  const [host] = hosts;
  assert.ok(host !== undefined);
  const port = await freePort();
  const hop = await runContainer(dockerd.dockerode(), {
    name: 'hop',
    script: `nc -ll -p ${String(port)} -e nc 127.0.0.1 ${String(host.port)}`,
  });
  const beside = await runContainer(dockerd.dockerode(), { name: 'beside' });
  const carries = async (id: string): Promise<boolean | undefined> =>
    (await hands.hands.examineNow(id)).examination?.sessions.carriesLogin;
  assert.equal(await carries(hop.id), false, 'nobody is logged in');
  const direct = await SshSession.open(parts, host, key);
  assert.equal(await carries(hop.id), false, 'not through it');
  await direct.ask('true');
  const session = await SshSession.open(parts, { ...host, port }, key);
  assert.equal(await carries(hop.id), true);
  assert.equal(await carries(beside.id), false);
  assert.deepEqual((await hands.hands.examineDocker()).loginsThrough, ['hop']);
  await session.ask('true');
}

async function compose(parts: Parts): Promise<void> {
  const { dockerd, hands } = await world(parts);
  const project = new ComposeProject(dockerd, {
    name: 'jms',
    services: {
      core: { standIn: { healthy: 'when told' }, check: { retries: 1000 } },
      koko: { standIn: { healthy: 'from each start' }, dependsOn: ['core'] },
    },
  });
  const up = project.up();
  const core = project.container('core');
  const id = await until('core is there', async () => (await core.inspect()).Id);
  const told = await until('it is seen', async () => {
    const { examination } = await hands.hands.examineNow(id);
    return examination?.composeAtWork;
  });
  assert.equal(told, 'docker-compose up -d');
  const beside = await runContainer(dockerd.dockerode(), {
    name: 'beside',
    labels: {
      'com.docker.compose.project': 'else',
      'com.docker.compose.project.working_dir': dockerd.folder,
    },
    networkMode: 'none',
  });
  await setHealthy(core, true);
  // A project in a folder below may be meant by another file: who runs compose there is left in peace.
  assert.equal((await hands.hands.examineNow(beside.id)).examination?.composeAtWork, 'docker-compose up -d');
  assert.equal((await up).exitCode, 0);
  assert.equal((await hands.hands.examineNow(id)).examination?.composeAtWork, null);
}

async function without(parts: Parts): Promise<void> {
  const { dockerd, hands } = await world(parts);
  const gone = await hands.examine('f'.repeat(64));
  assert.deepEqual([gone.examination, gone.detail], [null, 'it is gone']);
  const container = await runContainer(dockerd.dockerode(), { name: 'short', script: 'echo last words' });
  await until('it has ended', async () => !(await container.inspect()).State.Running);
  const ended = await hands.examine(container.id);
  assert.deepEqual([ended.examination?.gaps, ended.examination?.sessions.connections], [[], 0]);
  assert.match(parsed(hands.evidence(ended)).logs?.[0]?.text ?? '', /last words$/);
  await dockerd.stop('dockerd');
  const startedMs = performance.now();
  const hung = await hands.examine(container.id);
  assert.equal(hung.examination, null);
  assert.match(hung.detail, /did not answer inspecting the container [0-9a-f]+ within \d+ ms$/);
  assert.ok(performance.now() - startedMs < 3500);
  dockerd.cont('dockerd');
}

function frame(from: number, text: string | Buffer): Buffer {
  const bytes = Buffer.from(text as string);
  const header = Buffer.alloc(8);
  header.writeUInt8(from, 0);
  header.writeUInt32BE(bytes.length, 4);
  return Buffer.concat([header, bytes]);
}

function logLines(): void {
  const all = Buffer.concat([
    frame(1, 'one\r\ntw'),
    frame(2, 'err\u001b[1m\n'),
    frame(1, ''),
    frame(1, 'o\n'),
    frame(1, `${'é'.repeat(5000)}\nlast`),
  ]);
  for (const size of [1, 3, 8, 1000, all.length]) {
    const lines = new LogLines(false);
    for (let at = 0; at < all.length; at += size) lines.take(all.subarray(at, at + size));
    const end = lines.end();
    assert.deepEqual(
      end.map(({ stream, text }) => [stream, text.length > 100 ? text.length : text]),
      [
        ['stdout', 'one'],
        ['stderr', 'err\ufffd[1m'],
        ['stdout', 'two'],
        ['stdout', 2000],
        ['stdout', 'last'],
      ],
    );
  }
  const raw = new LogLines(true);
  raw.take(Buffer.from('a\nb'));
  assert.deepEqual(
    raw.end().map(({ text }) => text),
    ['a', 'b'],
  );
  const unframed = new LogLines(false);
  unframed.take(Buffer.from('plain text\nmore\n'));
  assert.deepEqual(
    unframed.end().map(({ text }) => text),
    ['plain text', 'more'],
  );
  const many = new LogLines(true);
  for (let line = 0; line < 1000; line += 1) many.take(Buffer.from(`${String(line)}\n`));
  assert.deepEqual([many.end().length, many.end()[0]?.text], [200, '800']);
  assert.throws(() => {
    for (let round = 0; round < 40; round += 1) many.take(Buffer.alloc(1 << 20));
  }, /more than/);
}

function fileNames(): void {
  const name = incidentName('2026-01-01T00:00:00.000Z', 'container', '../../etc/\n\u001b$(x)', 'abc');
  assert.equal(name, '2026-01-01T00-00-00-000Z-container-.._.._etc_x_-abc.json');
}

function secrets(): void {
  const cases: readonly (readonly [string, string])[] = [
    ['app --db-password hunter2 --verbose', 'app --db-password *** --verbose'],
    ['app --token=abc x', 'app --token=*** x'],
    ['env API_KEY=abc app', 'env API_KEY=*** app'],
    ['redis-cli -u redis://me:pw@host:6379/1', 'redis-cli -u redis://***@host:6379/1'],
    ['/usr/bin/mysql -psecret -u root', '/usr/bin/mysql -p*** -u root'],
    ['redis-cli -a secret ping', 'redis-cli -a *** ping'],
    ['app --password --next', 'app --password --next'],
    ['docker-compose -p jms up', 'docker-compose -p jms up'],
    ['a\u001b[2Jb', 'a\ufffd[2Jb'],
  ];
  for (const [words, shown] of cases) assert.equal(withoutSecrets(words.split(' ')), shown);
}

function composeCommands(): void {
  const command = (text: string): unknown => {
    const found = composeCommand(text.split(' '));
    return found === null ? null : [found.verb, found.project, found.files.join(), found.isAttached];
  };
  assert.deepEqual(command('/usr/bin/python3 /usr/bin/docker-compose -f a.yml -f b.yml up -d'), [
    'up',
    null,
    'a.yml,b.yml',
    false,
  ]);
  assert.deepEqual(command('docker --context x compose --project-name=jms restart core'), [
    'restart',
    'jms',
    '',
    false,
  ]);
  assert.deepEqual(command('/usr/libexec/docker/cli-plugins/docker-compose compose -pjms up'), [
    'up',
    'jms',
    '',
    true,
  ]);
  assert.deepEqual(command('docker-compose --ansi never ps -a'), ['ps', null, '', false]);
  for (const none of ['vim docker-compose.yml', 'docker ps', 'python3 manage.py', 'sh -c docker-compose'])
    assert.deepEqual(none === 'sh -c docker-compose' ? command('') : command(none), null);
  assert.equal(
    composeCommand('docker-compose run --rm core mysql -psecret'.split(' '))?.shown,
    'docker-compose run',
    'what is run may hold a secret',
  );
}

function socketTable(): void {
  const table = [
    '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode',
    '   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 77 1 0 100 0 0 10 0',
    '   1: 0000000000000000FFFF00000100007F:0016 0000000000000000FFFF00000100007F:C350 01 00000000:00000000 00:00000000 00000000 0 0 78 1',
    '   2: B80D01200000000000000000010000 00:00 xx',
    '   3: B80D0120000000000000000001000000:01BB 00000000000000000000000000000000:0000 0A 0:0 00:0 0 0 0 79 1',
    '   4: 0100007F:1F91 0100007F:0001 06 00000000:00000000 00:00000000 00000000     0        0 0 3',
  ].join('\n');
  assert.deepEqual(
    tcpSockets(table).map(({ local, remote, state, inode }) => [
      `${local.address} ${String(local.port)}`,
      `${remote.address} ${String(remote.port)}`,
      state,
      inode,
    ]),
    [
      ['127.0.0.1 8080', '0.0.0.0 0', 'listening', 77],
      ['127.0.0.1 22', '127.0.0.1 50000', 'established', 78],
      ['2001:db8:0:0:0:0:0:1 443', '0:0:0:0:0:0:0:0 0', 'listening', 79],
    ],
  );
  assert.equal(plainAddress('2001:db8::1'), '2001:db8:0:0:0:0:0:1');
  assert.equal(plainAddress('::ffff:10.0.0.1'), '10.0.0.1');
  assert.equal(plainAddress('::'), '0:0:0:0:0:0:0:0');
  assert.equal(plainAddress('core.example'), null);
  assert.equal(isOwnContainer('a'.repeat(64)), false);
}
