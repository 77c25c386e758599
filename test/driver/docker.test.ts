/**
 * Docker as it is watched: a real dockerd, and a scripted one only for what no real one does when asked to.
 * It heals nothing.
 */
import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { ContainerFacts } from '../../src/detector/containerFacts.ts';
import { containerFacts } from '../../src/driver/containerFacts.ts';
import { DockerCalls } from '../../src/driver/docker.ts';
import { dockerEvent, LineBuffer, type DockerEvent } from '../../src/driver/dockerEvent.ts';
import { DockerFailure } from '../../src/driver/dockerFailure.ts';
import { DockerWatch } from '../../src/driver/dockerWatch.ts';
import { hasChanged, listedContainer } from '../../src/driver/listedContainer.ts';
import { TestDockerd } from '../support/dockerd.ts';
import {
  importImage,
  runContainer,
  setHealthy,
  standInHealthCheck,
  standInScript,
  untilHealth,
} from '../support/dockerImages.ts';
import { makeGhost } from '../support/ghost.ts';
import { withParts, type Parts } from '../support/parts.ts';
import { makeTempHome } from '../support/tempHome.ts';
import { until } from '../support/until.ts';

const ID = 'a'.repeat(64);
const OTHER = 'b'.repeat(64);

describe('what Docker says of a container', () => {
  it('is read whatever it is', readsAnything);
  it('is read as Docker means it', readsMeaning);
  it('is not changed by the time that goes by', listEntries);
  it('comes as events in any pieces', eventPieces);
});

describe('a scripted Docker', () => {
  it('that hangs, is forbidden, fails, or is none, is told in plain words', withParts(plainWords));
  it('whose stream drops every time, or says nothing, is seen by its list', withParts(badStreams));
  it('that refuses inspects is not up', withParts(forbidsInspect));
  it('that is not there is told once', withParts(notThere));
});

if (process.getuid?.() === 0) {
  describe('a real Docker', () => {
    it('is seen at once, whatever becomes of its containers', withParts(comeAndGo));
    it('is seen again after its death', withParts(death));
    it('has a ghost, which is seen', withParts(ghost));
  });
}

/** What a watch has told. */
class Seen {
  readonly watch: DockerWatch;
  readonly calls: DockerCalls;
  readonly facts = new Map<string, ContainerFacts>();
  readonly events: DockerEvent[] = [];
  readonly docker: { readonly up: boolean; readonly detail: string }[] = [];
  readonly count = new Map<string, number>();
  /** From an event to the look that it caused. */
  readonly lookMs: number[] = [];
  #toldMs = new Map<string, number>();
  lists = 0;
  missed = 0;
  reconnects = 0;

  constructor(
    parts: Parts,
    path: string,
    { relistEveryMs = 10_000, deadlineMs = 10_000, renewMs = 180_000 } = {},
  ) {
    const onCall = (op: string): unknown => this.count.set(op, (this.count.get(op) ?? 0) + 1);
    this.calls = new DockerCalls({ kind: 'socket', path }, onCall, deadlineMs);
    this.watch = new DockerWatch(
      {
        calls: this.calls,
        relistEveryMs,
        dice: () => 0.5,
        renewStreamEveryMs: renewMs,
        streamDeadlineMs: deadlineMs,
      },
      {
        onListed: (facts, missed) => {
          this.lists += 1;
          this.missed += missed;
          this.facts.clear();
          for (const fact of facts) this.facts.set(fact.id, fact);
        },
        onSeen: (facts) => {
          this.facts.set(facts.id, facts);
          const toldMs = this.#toldMs.get(facts.id);
          this.#toldMs.delete(facts.id);
          if (toldMs !== undefined) this.lookMs.push(performance.now() - toldMs);
        },
        onGone: (id) => this.facts.delete(id),
        onEvent: (event) => {
          this.events.push(event);
          if (!this.#toldMs.has(event.id)) this.#toldMs.set(event.id, performance.now());
        },
        onDocker: (up, detail) => this.docker.push({ up, detail }),
        onReconnect: () => (this.reconnects += 1),
        onCall,
      },
    );
    parts.after(() => this.watch.end());
    this.watch.start();
  }

  named(name: string): ContainerFacts | undefined {
    return [...this.facts.values()].find((facts) => facts.name === name);
  }
}

function readsAnything(): void {
  const field = fc.oneof(fc.jsonValue(), fc.constantFrom('running', 'healthy', 'container:x', -1, 1e300, ID));
  const object = (...keys: string[]): fc.Arbitrary<unknown> =>
    fc.oneof(field, fc.record(Object.fromEntries(keys.map((key) => [key, field])), { requiredKeys: [] }));
  const health = fc.record({
    Status: fc.constantFrom('healthy', 'unhealthy', 3),
    Log: fc.oneof(field, fc.array(object('Start', 'ExitCode', 'Output'))),
  });
  const answer = fc.record(
    {
      Id: fc.oneof({ weight: 9, arbitrary: fc.constant(ID) }, field),
      Name: field,
      Config: object('Image', 'Labels', 'Healthcheck', 'StopTimeout'),
      HostConfig: object('NetworkMode', 'IpcMode', 'PidMode', 'VolumesFrom', 'RestartPolicy'),
      State: fc.oneof(
        fc.record({ Status: fc.constantFrom('running', 'odd'), Running: field, Pid: field, Health: health }),
        field,
      ),
    },
    { requiredKeys: [] },
  );
  let read = 0;
  fc.assert(
    fc.property(fc.oneof({ weight: 9, arbitrary: answer }, fc.jsonValue()), (json) => {
      const facts = containerFacts(json, () => 'unseen');
      listedContainer(json);
      dockerEvent(JSON.stringify(json));
      if (typeof facts === 'string') return;
      read += 1;
      assert.ok(Number.isInteger(facts.pid) && facts.pid >= 0 && Number.isInteger(facts.exitCode));
      assert.ok(facts.stopTimeoutMs >= 0 && facts.stopTimeoutMs <= 86_400_000);
      assert.ok(!Number.isNaN(Date.parse(facts.startedAt)) && facts.name !== '');
      for (const probe of facts.health?.probes ?? []) assert.ok(Buffer.byteLength(probe.output) <= 4096);
      for (const { with: other } of facts.shares) assert.ok(other !== '');
    }),
    { numRuns: 2000 },
  );
  assert.ok(read > 100, `only ${String(read)} were read at all`);
}

function readsMeaning(): void {
  const facts = containerFacts(
    {
      Id: ID,
      Name: '/jms_koko',
      Config: {
        Image: 'koko:1',
        Labels: {
          'garrison.heal': 'observe',
          'com.docker.compose.oneoff': 'True',
          'com.docker.compose.depends_on': 'core:service_healthy:false',
        },
        Healthcheck: { Test: ['CMD', 'x'], Interval: 5e9, Retries: 0 },
      },
      HostConfig: {
        NetworkMode: `container:${OTHER}`,
        VolumesFrom: ['data:ro', 'more'],
        RestartPolicy: { Name: '' },
      },
      State: {
        Status: 'running',
        Pid: 42,
        Health: { Status: 'unhealthy', FailingStreak: 2, Log: [{ ExitCode: 1, Output: 'é'.repeat(3000) }] },
      },
    },
    (pid) => (pid === 42 ? 'zombie' : 'gone'),
  );
  assert.ok(typeof facts !== 'string');
  assert.equal(facts.name, 'jms_koko');
  assert.deepEqual(
    [facts.isOneOff, facts.healLabel, facts.dependsOnLabel, facts.project],
    [true, 'observe', 'core:service_healthy:false', null],
  );
  assert.deepEqual(facts.shares, [
    { what: 'network', with: OTHER },
    { what: 'volumes', with: 'data' },
    { what: 'volumes', with: 'more' },
  ]);
  assert.deepEqual(facts.healthCheck, { intervalMs: 5000, timeoutMs: 30_000, startPeriodMs: 0, retries: 3 });
  assert.deepEqual([facts.process, facts.restartPolicy, facts.stopTimeoutMs], ['zombie', 'no', 10_000]);
  assert.equal(Buffer.byteLength(facts.health?.probes[0]?.output ?? ''), 4096);
}

function listEntries(): void {
  const entry = (Status: string): NonNullable<ReturnType<typeof listedContainer>> =>
    listedContainer({
      Id: ID,
      Names: ['/one'],
      State: Status.startsWith('Up') ? 'running' : 'exited',
      Status,
    })!;
  const changed = (before: string, now: string): boolean => hasChanged(entry(before), entry(now));
  assert.ok(!changed('Up Less than a second (healthy)', 'Up 2 seconds (healthy)'));
  assert.ok(!changed('Up 59 minutes', 'Up About an hour'));
  assert.ok(!changed('Exited (1) 2 seconds ago', 'Exited (1) About a minute ago'));
  assert.ok(changed('Up 3 hours (healthy)', 'Up 3 hours (unhealthy)'));
  assert.ok(changed('Up 3 hours (healthy)', 'Up 2 seconds (healthy)'), 'it was started anew');
  assert.ok(changed('Up 3 hours', 'Up 3 hours (Paused)'));
  assert.ok(changed('Exited (1) 3 hours ago', 'Exited (137) 3 hours ago'));
  assert.deepEqual(
    ['Up 1 second (health: starting)', 'Up 1 second (unhealthy)', 'Up 1 second (healthy)'].map(
      (status) => entry(status).isRestless,
    ),
    [true, true, false],
  );
}

function eventPieces(): void {
  const line = (action: string): string =>
    JSON.stringify({
      Type: 'container',
      Action: action,
      Actor: { ID, Attributes: { signal: '15', name: 'é' } },
      timeNano: 1e18,
    });
  const bytes = Buffer.from(
    [line('health_status: unhealthy'), 'nonsense', line('exec_die'), line('kill'), ''].join('\n'),
  );
  fc.assert(
    fc.property(fc.array(fc.nat(bytes.length), { maxLength: 30 }), (cuts) => {
      const at = [0, ...cuts.sort((one, other) => one - other), bytes.length];
      const buffer = new LineBuffer();
      const lines = at.slice(1).flatMap((to, index) => buffer.add(bytes.subarray(at[index], to)));
      const events = lines.map(dockerEvent).filter((event) => event !== null);
      assert.deepEqual(
        events.map(({ action, signal }) => [action, signal]),
        [
          ['health_status', null],
          ['kill', '15'],
        ],
      );
    }),
  );
}

type Answerer = (request: IncomingMessage, response: ServerResponse) => void;

/** A Docker that answers as told. */
async function scripted(parts: Parts, answer: Answerer): Promise<string> {
  const home = makeTempHome();
  const path = join(home.path, 'd');
  const server: Server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(path, resolve));
  parts.after(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    home.remove();
  });
  return path;
}

async function plainWords(parts: Parts): Promise<void> {
  const path = await scripted(parts, (request, response) => {
    const url = request.url ?? '';
    if (url.includes('hang')) return;
    if (url.includes('half')) response.write('{"Id":');
    else if (url.includes('cut')) response.write('{"Id":', () => response.destroy());
    else if (url.includes('forbid')) response.writeHead(403).end('<html>no</html>');
    else if (url.includes('fail'))
      response.writeHead(500).end(JSON.stringify({ message: `broken\u001b[31m ${'x'.repeat(900)}` }));
    else if (url.includes('away')) response.writeHead(301, { location: 'foo://elsewhere/' }).end();
    else if (url.includes('none'))
      response.writeHead(404).end(JSON.stringify({ message: 'No such container: none' }));
    else response.end('garbage');
  });
  const outcomes: string[] = [];
  const calls = new DockerCalls({ kind: 'socket', path }, (_op, outcome) => outcomes.push(outcome), 300);
  parts.after(() => calls.end());
  const said = async (id: string): Promise<string> => {
    const error: unknown = await calls.inspect(id).then(
      () => assert.fail(`${id} was answered`),
      (reason: unknown) => reason,
    );
    assert.ok(error instanceof DockerFailure, String(error));
    assert.ok(error.message.length < 450);
    return error.message;
  };
  assert.match(await said('hang'), /did not answer inspecting the container hang within 300 ms/);
  assert.match(await said('half'), /within 300 ms/);
  assert.deepEqual(outcomes, ['timeout', 'timeout']);
  assert.match(await said('cut'), /Docker did not answer at .*: (it closed|aborted)/);
  assert.match(await said('forbid'), /forbids inspecting the container forbid \(answer 403/);
  assert.match(await said('fail'), /with 500: broken \[31m x+\.$/);
  assert.match(await said('away'), /with 301/);
  assert.match(await said('other'), /no such answer: garbage/);
  assert.equal(await calls.inspect('none'), null);
  await assert.rejects(calls.list(), /listing containers with something/);
  const waiting = calls.inspect('hang');
  calls.end();
  await assert.rejects(waiting, /ended/);
}

/** Lists and inspects one container; the events are somebody else's. */
function oneContainer(health: () => string, events: Answerer): Answerer {
  return (request, response) => {
    const url = request.url ?? '';
    const state = {
      Status: 'running',
      Running: true,
      Pid: 0,
      Health: { Status: health(), FailingStreak: 0, Log: [] },
    };
    if (url.startsWith('/containers/json'))
      response.end(
        JSON.stringify([{ Id: ID, Names: ['/one'], State: 'running', Status: `Up 3 hours (${health()})` }]),
      );
    else if (url.startsWith('/events')) events(request, response);
    else response.end(JSON.stringify({ Id: ID, Name: '/one', State: state }));
  };
}

async function badStreams(parts: Parts): Promise<void> {
  for (const kind of ['closes', 'breaks', 'is silent'] as const) {
    let health = 'healthy';
    let opened = 0;
    const path = await scripted(
      parts,
      oneContainer(
        () => health,
        (_request, response) => {
          opened += 1;
          response.flushHeaders();
          if (kind === 'closes') setTimeout(() => response.end(), 100);
          if (kind === 'breaks') setTimeout(() => response.destroy(), 100);
        },
      ),
    );
    const seen = new Seen(parts, path, { relistEveryMs: 400 });
    for (health of ['unhealthy', 'healthy', 'unhealthy']) {
      await until(`${kind}: it is seen ${health}`, () => seen.named('one')?.health?.status === health, {
        deadlineMs: 3000,
      });
    }
    await until(`${kind}: it is opened again`, () => opened > 1 && seen.reconnects > 0);
    // The end of a stream is a gap that is known; silence is none.
    assert.equal(seen.missed > 0, kind === 'is silent', `${kind}: ${String(seen.missed)} missed`);
    assert.deepEqual(
      seen.docker.map(({ up }) => up),
      [true],
    );
    await seen.watch.end();
  }
}

async function forbidsInspect(parts: Parts): Promise<void> {
  const path = await scripted(parts, (request, response) => {
    if (request.url?.startsWith('/containers/json') === true)
      response.end(JSON.stringify([{ Id: ID, State: 'running' }]));
    else response.writeHead(403).end();
  });
  const seen = new Seen(parts, path);
  await until('it is told', () => seen.docker.length > 0);
  assert.deepEqual(seen.docker[0]?.up, false);
  assert.match(seen.docker[0].detail, /forbids inspecting/);
}

async function notThere(parts: Parts): Promise<void> {
  const home = makeTempHome();
  parts.after(() => home.remove());
  const seen = new Seen(parts, join(home.path, 'none'), { relistEveryMs: 50 });
  await until('it was looked for often', () => (seen.count.get('list') ?? 0) > 5);
  assert.equal(seen.docker.length, 1);
  assert.match(seen.docker[0]?.detail ?? '', /Docker has no socket at .*none\. Install or start Docker/);
  assert.equal(seen.count.get('events'), undefined);
}

async function started(parts: Parts, liveRestore = false): Promise<TestDockerd> {
  const dockerd = await TestDockerd.start(parts, { liveRestore });
  await importImage(dockerd.dockerode());
  return dockerd;
}

const STAND_IN = { healthy: 'from each start' } as const;
const request = (name: string): Parameters<typeof runContainer>[1] => ({
  name,
  script: standInScript(STAND_IN),
  healthCheck: standInHealthCheck(STAND_IN, { intervalMs: 300 }),
  networkMode: 'none',
});
/** Beyond what the step itself takes. */
const SOON = { deadlineMs: 1000, everyMs: 2 };

async function comeAndGo(parts: Parts): Promise<void> {
  const dockerd = await started(parts);
  const docker = dockerd.dockerode();
  const seen = new Seen(parts, dockerd.socketPath, { renewMs: 700 });
  await until('Docker is up', () => seen.lists > 1);
  const soon = async (what: string, condition: () => boolean): Promise<void> => {
    await until(what, condition, SOON);
  };
  const container = await runContainer(docker, request('one'));
  await soon('it runs', () => seen.named('one')?.status === 'running');
  await untilHealth(container, 'healthy');
  await soon('it is healthy', () => seen.named('one')?.health?.status === 'healthy');
  await setHealthy(container, false);
  await untilHealth(container, 'unhealthy');
  await soon('it is unhealthy', () => seen.named('one')?.health?.status === 'unhealthy');
  assert.equal(seen.named('one')?.process, 'alive');
  await container.pause();
  await soon('it is paused', () => seen.named('one')?.status === 'paused');
  await container.unpause();
  await soon('it goes on', () => seen.named('one')?.status === 'running');
  const before = seen.named('one')?.startedAt;
  await container.restart();
  await soon(
    'it is another',
    () => seen.named('one')?.status === 'running' && seen.named('one')?.startedAt !== before,
  );
  await container.stop();
  await soon('it has ended', () => seen.named('one')?.status === 'exited');
  assert.ok(seen.events.some(({ action, signal }) => action === 'kill' && signal === '15'));
  await container.remove();
  await soon('it is gone', () => seen.named('one') === undefined);
  await until('the stream was renewed', () => (seen.count.get('events') ?? 0) > 3);
  assert.deepEqual([seen.missed, seen.reconnects, seen.docker.length], [0, 0, 1]);
  const times = seen.events.map(({ atNano, action }) => `${String(atNano)} ${action}`);
  assert.equal(new Set(times).size, times.length, 'none came twice');
  const lookMs = seen.lookMs.sort((one, other) => one - other);
  const [middle = Infinity, worst = Infinity] = [lookMs[lookMs.length >> 1], lookMs.at(-1)];
  assert.ok(middle < 50, `from event to look: ${String(middle)} ms`);
  console.log(
    `# event to look: median ${middle.toFixed(1)} ms, worst ${worst.toFixed(1)} ms of ${lookMs.length}`,
  );
}

async function death(parts: Parts): Promise<void> {
  const dockerd = await started(parts, true);
  const container = await runContainer(dockerd.dockerode(), request('one'));
  const seen = new Seen(parts, dockerd.socketPath);
  await until('it is healthy', () => seen.named('one')?.health?.status === 'healthy');
  await dockerd.kill();
  await until('that is told', () => seen.docker.at(-1)?.up === false);
  assert.match(seen.docker.at(-1)?.detail ?? '', /nobody listens|has no socket|did not answer/);
  await dockerd.startAgain();
  await until('it answers again', () => seen.docker.at(-1)?.up === true, { deadlineMs: 12_000 });
  await until('the stream is open again', () => seen.reconnects > 0, { deadlineMs: 12_000 });
  // Not its health: Docker 28.2.2 comes back from -9 to living containers and probes them no more.
  await container.pause();
  await until('it is paused', () => seen.named('one')?.status === 'paused', SOON);
  await container.unpause();
  await until('it goes on', () => seen.named('one')?.status === 'running', SOON);
  const other = new DockerCalls({ kind: 'socket', path: dockerd.socketPath });
  assert.match((await other.version()).engine, /^\d+\./);
  other.end();
}

async function ghost(parts: Parts): Promise<void> {
  const dockerd = await started(parts);
  const container = await runContainer(dockerd.dockerode(), { name: 'ghost' });
  const seen = new Seen(parts, dockerd.socketPath, { relistEveryMs: 300 });
  await until('it is alive', () => seen.named('ghost')?.process === 'alive');
  const undo = await makeGhost(dockerd, container);
  await until(
    'its process is gone, and it runs',
    () => seen.named('ghost')?.process === 'gone' && seen.named('ghost')?.status === 'running',
  );
  await undo();
  await until('Docker knows', () => seen.named('ghost')?.status === 'exited');
}
