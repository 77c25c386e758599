/**
 * Containers treated for real: restarted, killed and started, stopped, started, and left alone when they are not what they were.
 * A scripted Docker stands in only where no real one does what is tried.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ContainerFacts } from '../../src/detector/containerFacts.ts';
import { OwnSignals } from '../../src/driver/ownSignals.ts';
import { standInScript } from '../support/dockerImages.ts';
import { TestHands } from '../support/containerHands.ts';
import { withParts, type Parts } from '../support/parts.ts';
import {
  inspected,
  MADE_UP_ID as ID,
  run,
  scripted,
  world,
  type Answerer,
  type World,
} from '../support/treatment.ts';
import { until } from '../support/until.ts';

describe('a scripted Docker', () => {
  it('that refuses, fails, talks nonsense or breaks off is told in plain words', withParts(plainWords));
  it('that forbids a start after a kill has it restarted', withParts(forbidsStart));
  it('that has answered is told no stop timeout, and no body', withParts(nothingExtra));
});

it('a signal of ours is told from that of somebody else', ownSignals);

if (process.getuid?.() === 0) {
  describe('a container', () => {
    it('is restarted, killed and started, stopped and started', withParts(everyTreatment));
    it('that has changed just before is left alone', withParts(changedBefore));
    it('that does not want to stop is restarted after its stop timeout', withParts(hungStop));
    it('that a person stops or kills is told', withParts(personsHand));
    it('is treated once at a time, and not left killed by our own end', withParts(onceAtATime));
  });
  describe('a Docker that', () => {
    it('dies in the middle leaves it open', withParts(diesInTheMiddle));
  });
}

/** The next life, seen by the watch. */
async function nextLife(hands: TestHands, before: ContainerFacts): Promise<ContainerFacts> {
  await until('it is seen in another life', () => {
    const now = hands.seen.get(before.id);
    return now?.status === 'running' && now.startedAt !== before.startedAt && now.process === 'alive';
  });
  return hands.life(before.id);
}

async function everyTreatment(parts: Parts): Promise<void> {
  const all = await world(parts);
  const { hands } = all;
  const first = await run(all, { name: 'one' });
  const restarted = await hands.treat('restart', first);
  assert.deepEqual([restarted.outcome, restarted.how, restarted.id], ['answered', 'restart', first.id]);
  assert.match(restarted.detail, /Docker says that it was restarted/);
  const second = await nextLife(hands, first);
  assert.notEqual(second.pid, first.pid);
  assert.equal((await hands.treat('killAndStart', second)).outcome, 'answered');
  const third = await nextLife(hands, second);
  assert.equal((await hands.treat('stop', third)).outcome, 'answered');
  await until('it is seen stopped', () => hands.seen.get(first.id)?.status === 'exited');
  const stopped = await hands.life(first.id);
  const again = await hands.treat('stop', stopped);
  assert.deepEqual(
    [again.outcome, again.detail],
    ['answered', 'Docker says that it had stopped already'],
    'answer 304',
  );
  assert.equal((await hands.treat('start', stopped)).outcome, 'answered');
  await nextLife(hands, third);
  assert.equal(hands.told('containerTreated').length, 5);
  assert.deepEqual(hands.told('containerSignalled'), [], 'all signals were ours');
  for (const op of ['restart ok', 'kill ok', 'start ok', 'stop ok']) assert.ok(hands.calls.includes(op), op);
}

async function changedBefore(parts: Parts): Promise<void> {
  const all = await world(parts);
  const { dockerd, hands } = all;
  const docker = dockerd.dockerode();
  const names = ['stopped', 'paused', 'removed', 'restarted'] as const;
  const before = new Map<string, ContainerFacts>();
  for (const name of names) before.set(name, await run(all, { name }));
  await docker.getContainer('stopped').stop();
  await docker.getContainer('paused').pause();
  await docker.getContainer('removed').remove({ force: true });
  await docker.getContainer('restarted').restart();
  const lifeNow = (await docker.getContainer('restarted').inspect()).State.StartedAt;
  const expected = {
    stopped: /^it is exited now, and was running$/,
    paused: /^it is paused now, and was running$/,
    removed: /^it is gone$/,
    restarted: /^it has another life now, begun at /,
  };
  for (const name of names)
    for (const how of ['restart', 'killAndStart'] as const) {
      const told = await hands.treat(how, before.get(name)!);
      assert.equal(told.outcome, 'notDone', `${how} of the one ${name}`);
      assert.match(told.detail, expected[name]);
    }
  assert.equal((await docker.getContainer('stopped').inspect()).State.Status, 'exited');
  assert.equal((await docker.getContainer('paused').inspect()).State.Status, 'paused');
  assert.equal((await docker.getContainer('restarted').inspect()).State.StartedAt, lifeNow);
  assert.ok(
    !hands.calls.some((call) => /^(?:restart|kill|start|stop) /.test(call)),
    'Docker was told nothing',
  );
  await docker.getContainer('paused').unpause();
}

async function hungStop(parts: Parts): Promise<void> {
  const all = await world(parts);
  const container = await all.dockerd.dockerode().createContainer({
    name: 'hung',
    Image: 'garrison-test:1',
    Cmd: ['sh', '-c', standInScript({ healthy: 'never', onStop: 'hangs' })],
    StopTimeout: 2,
    HostConfig: { NetworkMode: 'none' },
  });
  await container.start();
  await until('it runs', () => all.hands.seen.get(container.id)?.status === 'running');
  const before = await all.hands.life(container.id);
  const startedMs = performance.now();
  const told = await all.hands.treat('restart', before);
  const tookMs = performance.now() - startedMs;
  assert.equal(told.outcome, 'answered');
  assert.ok(
    tookMs > 1900 && tookMs < 8000,
    `its own stop timeout of 2 s, not Docker's 10: ${String(tookMs)}`,
  );
  const second = await nextLife(all.hands, before);
  const killedMs = performance.now();
  assert.equal((await all.hands.treat('killAndStart', second)).outcome, 'answered');
  assert.ok(performance.now() - killedMs < 1900, 'nobody asks it');
  await nextLife(all.hands, second);
  assert.deepEqual(all.hands.told('containerSignalled'), []);
}

async function personsHand(parts: Parts): Promise<void> {
  const all = await world(parts);
  const one = await run(all, { name: 'one' });
  const container = all.dockerd.dockerode().getContainer(one.id);
  await container.kill({ signal: 'SIGWINCH' });
  await container.stop();
  await until('it is told', () => all.hands.told('containerSignalled').length > 0);
  await until('it is seen stopped', () => all.hands.seen.get(one.id)?.status === 'exited');
  assert.deepEqual(all.hands.told('containerSignalled'), [{ kind: 'containerSignalled', id: one.id }]);
  const other = await run(all, { name: 'other' });
  await all.hands.treat('restart', other);
  await all.dockerd.dockerode().getContainer(other.id).kill();
  await until('it is told, too', () => all.hands.told('containerSignalled').length === 2);
  assert.equal(all.hands.told('containerSignalled')[1]?.id, other.id);
}

async function onceAtATime(parts: Parts): Promise<void> {
  const all = await world(parts);
  const { hands } = all;
  const one = await run(all, { name: 'one', script: standInScript({ healthy: 'never', onStop: 'hangs' }) });
  const treat = (how: 'restart' | 'killAndStart'): void => {
    hands.hands.treat({ kind: 'treatContainer', id: one.id, how, before: one });
  };
  treat('killAndStart');
  treat('restart');
  const [told] = hands.told('containerTreated');
  assert.deepEqual(
    [told?.outcome, told?.how, told?.detail],
    ['notDone', 'restart', 'another killAndStart of it is under way'],
  );
  await hands.hands.end();
  const [, first] = hands.told('containerTreated');
  assert.equal(first?.outcome, 'answered');
  const { State } = await all.dockerd.dockerode().getContainer(one.id).inspect();
  assert.ok(State.Running && State.Pid !== one.pid, 'it was started, too');
  assert.equal(hands.told('containerTreated').length, 2);
}

async function diesInTheMiddle(parts: Parts): Promise<void> {
  const all = await world(parts, true);
  const one = await run(all, { name: 'one', script: standInScript({ healthy: 'never', onStop: 'hangs' }) });
  const told = all.hands.treat('restart', one);
  await until('Docker has begun', () => isAsked(all, one.id));
  await all.dockerd.kill();
  const { outcome, detail } = await told;
  assert.equal(outcome, 'tooLate');
  assert.match(detail, /^Docker did not answer at /);
  const refused = await all.hands.treat('restart', one);
  assert.deepEqual([refused.outcome, /^nothing was done: /.test(refused.detail)], ['failed', true]);
  await all.dockerd.startAgain();
  await until('it is seen again', () => all.hands.docker.at(-1)?.up === true, { deadlineMs: 12_000 });
  // What Docker has made of it is seen, and treated as it is then.
  const now = await all.dockerd.dockerode().getContainer(one.id).inspect();
  assert.ok(['running', 'exited'].includes(now.State.Status), now.State.Status);
}

/** The container's first process has been sent TERM, which it ignores: seen by nothing but the event. */
async function isAsked({ dockerd }: World, id: string): Promise<boolean> {
  const until = Math.floor(Date.now() / 1000);
  const stream = await dockerd.dockerode().getEvents({
    since: until - 60,
    until,
    filters: { container: [id], event: ['kill'] },
  });
  let said = '';
  for await (const chunk of stream) said += String(chunk);
  return said.includes('"kill"');
}

async function plainWords(parts: Parts): Promise<void> {
  let answer: Answerer = () => undefined;
  let status = 'running';
  let posts: string[] = [];
  const path = await scripted(parts, (request, response) => {
    if (request.method === 'GET') response.end(inspected(status));
    else {
      posts.push(request.url ?? '');
      answer(request, response);
    }
  });
  const hands = TestHands.onSocket(parts, path);
  const before = await hands.life(ID);
  const refuse =
    (code: number, message: string): Answerer =>
    (_request, response) => {
      response.writeHead(code).end(code === 403 ? message : JSON.stringify({ message }));
    };
  const cases: readonly (readonly [Answerer, string, RegExp])[] = [
    [
      refuse(403, '<html><body>no</body></html>'),
      'failed',
      /forbids restarting the container c+ \(answer 403.*\)\. Allow POST \/containers\/ID\/restart \(ALLOW_RESTARTS=1/,
    ],
    [
      refuse(500, 'tried to kill\u001b[2J it'),
      'failed',
      /answered restarting .* with 500: tried to kill \[2J it$/,
    ],
    [refuse(409, 'cannot join network'), 'failed', /with 409: cannot join network$/],
    [refuse(404, `No such container: ${ID}`), 'notDone', /^it was removed in the meantime$/],
    [refuse(404, `No such container: ${'d'.repeat(64)}`), 'failed', /with 404: No such container: d+$/],
    [refuse(404, 'page not found'), 'failed', /with 404: page not found$/],
    [(_request, response) => response.writeHead(200).end('gar{bage'), 'answered', /was restarted$/],
    [(_request, response) => response.writeHead(304).end(), 'answered', /runs already$/],
    [(_request, response) => response.destroy(), 'tooLate', /^Docker did not answer at .*: socket hang up$/],
    [
      (_request, response) => response.write('x', () => response.destroy()),
      'tooLate',
      /in the middle of its answer|aborted/,
    ],
    [(_request, response) => response.end('x'.repeat(100_000)), 'failed', /more than 65536 bytes$/],
  ];
  for (const [how, outcome, detail] of cases) {
    answer = how;
    posts = [];
    const told = await hands.treat('restart', before);
    assert.match(told.detail, detail);
    assert.equal(told.outcome, outcome, told.detail);
    assert.equal(posts.length, 1, 'told once');
  }
  answer = (request, response) => {
    status = 'exited';
    response
      .writeHead(request.url?.includes('kill') === true ? 204 : 500)
      .end('{"message":"no such network"}');
  };
  const told = await hands.treat('killAndStart', before);
  assert.equal(told.outcome, 'failed');
  assert.match(told.detail, /no such network; it was ended by this, and has not been started again$/);
}

/** Killing is allowed there with restarting; starting is not. */
async function forbidsStart(parts: Parts): Promise<void> {
  const posts: string[] = [];
  const path = await scripted(parts, (request, response) => {
    const deed = /^\/containers\/c+\/(\w+)/.exec(request.url ?? '')?.[1] ?? '';
    if (request.method === 'GET') response.end(inspected(posts.length === 0 ? 'running' : 'exited'));
    else {
      posts.push(deed);
      response.writeHead(deed === 'start' ? 403 : 204).end();
    }
  });
  const hands = TestHands.onSocket(parts, path);
  const told = await hands.treat('killAndStart', await hands.life(ID));
  assert.deepEqual([told.outcome, posts], ['answered', ['kill', 'start', 'restart']]);
}

async function nothingExtra(parts: Parts): Promise<void> {
  const posts: string[] = [];
  const path = await scripted(parts, (request, response) => {
    if (request.method === 'GET') {
      response.end(inspected());
      return;
    }
    let body = '';
    request.on('data', (chunk) => (body += String(chunk)));
    request.on('end', () => {
      posts.push(`${request.url ?? ''} ${body}`);
      response.writeHead(204).end();
    });
  });
  const hands = TestHands.onSocket(parts, path);
  const before = await hands.life(ID);
  for (const how of ['restart', 'stop', 'start'] as const) await hands.treat(how, before);
  assert.deepEqual(
    posts.map((post) => post.replace(ID, 'ID').replace('?', '').trim()),
    ['/containers/ID/restart', '/containers/ID/stop', '/containers/ID/start'],
  );
}

function ownSignals(): void {
  const at = (ms: number): number => ms * 1e6;
  const event = (signal: string, ms: number, action = 'kill') => ({ id: ID, action, signal, atNano: at(ms) });
  const signals = new OwnSignals(true);
  assert.ok(signals.isForeign(event('15', 1000)), 'nobody of ours');
  assert.ok(!signals.isForeign(event('28', 1000)), 'WINCH ends nobody');
  assert.ok(!signals.isForeign(event('15', 1000, 'die')), 'no signal');
  signals.begin(ID, 'restart', 2000);
  assert.ok(signals.isForeign(event('15', 1999.5)), 'before ours');
  assert.ok(!signals.isForeign(event('3', 2000.2)), 'whatever its image chose');
  assert.ok(signals.isForeign(event('15', 2001)), 'we ask once');
  assert.ok(!signals.isForeign(event('9', 2002)));
  signals.end(ID, 3000);
  signals.begin(ID, 'killAndStart', 4000);
  assert.ok(signals.isForeign(event('15', 4001)), 'nobody of ours asks');
  signals.end(ID, 5000);
  assert.ok(!signals.isForeign(event('SIGKILL', 4999)), 'told late');
  signals.begin(ID, 'restart', 6000);
  signals.end(ID, 7000);
  assert.ok(signals.isForeign(event('15', 7002)), 'after ours');
}
