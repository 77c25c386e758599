/**
 * Containers healed for real: the incident with compose v1 and stand-ins, a core beyond saving, a daemon killed in the middle.
 * What counts is what became of the containers, their sessions and the journal, never what Docker answered.
 */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { ContainerStoryView, ContainerView } from '../../src/supervisor/door.ts';
import { ComposeProject, type ComposeService } from '../support/compose.ts';
import { TestDockerd } from '../support/dockerd.ts';
import {
  freePort,
  importImage,
  openSession,
  runContainer,
  setHealthy,
  standInHealthCheck,
  standInScript,
  startsOf,
  untilHealth,
  type StandIn,
} from '../support/dockerImages.ts';
import { Garrison } from '../support/garrison.ts';
import { makeGhost } from '../support/ghost.ts';
import { withParts, type Parts } from '../support/parts.ts';
import { until } from '../support/until.ts';

const DEPENDENTS = ['celery', 'koko', 'lion', 'nginx'];
const NAMES = ['core', ...DEPENDENTS];
const HEALED =
  'confirm: 2s, projects: [jms], dependsOn: { celery: [core], koko: [core], lion: [core], nginx: [core] }';

if (process.getuid?.() !== 0) {
  it('healing', { skip: 'only root can start a dockerd' }, () => undefined);
} else {
  describe('healing', () => {
    it(
      'of the incident: core alone is restarted, the others recover, no session is cut',
      withParts(incident),
    );
    it(
      'of a core beyond saving ends after three restarts, in quarantine, with one page',
      withParts(beyondSaving),
    );
    it('goes on to a verified state when the daemon is killed in the middle of it', withParts(daemonKilled));
    it(
      'of the daemon itself is for people, who are told first what it takes along',
      withParts(dockerRestart),
    );
    it('is refused for a ghost, of which a person is told once', withParts(ghost));
    it('of what holds too many zombies, only where the configuration says so', withParts(zombies));
    it(
      'is asked for by people: planned, verified, stopped, started, and never where it is excluded',
      withParts(people),
    );
  });
}

/** The five of the post. Compose v1 says nothing of who depends on whom. */
async function startProject(
  parts: Parts,
  core: StandIn,
): Promise<{ dockerd: TestDockerd; project: ComposeProject; kokoPort: number }> {
  const dockerd = await startDockerd(parts);
  const [corePort, kokoPort] = [await freePort(), await freePort()];
  const behindCore = (more: Partial<StandIn> = {}): ComposeService => ({
    standIn: { healthy: { whileHealthy: corePort }, ...more },
    dependsOn: ['core'],
  });
  const services = {
    core: { containerName: 'jms_core', standIn: { ...core, answersAt: corePort } },
    celery: { containerName: 'jms_celery', ...behindCore() },
    koko: { containerName: 'jms_koko', ...behindCore({ answersAt: kokoPort }) },
    lion: { containerName: 'jms_lion', ...behindCore() },
    nginx: { containerName: 'jms_nginx', ...behindCore() },
  };
  return { dockerd, project: new ComposeProject(dockerd, { name: 'jms', services }), kokoPort };
}

async function incident(parts: Parts): Promise<void> {
  const { dockerd, project, kokoPort } = await startProject(parts, { healthy: 'from each start' });
  const started = await project.up();
  assert.equal(started.exitCode, 0, started.stderr);
  await allAre(project, 'healthy');
  const session = await openSession(kokoPort);
  parts.after(() => session.close());

  await setHealthy(project.container('core'), false);
  await allAre(project, 'unhealthy');
  // As in the post: one is missing, and compose cannot bring it back, since core is "up-to-date" and unhealthy.
  await project.container('nginx').remove({ force: true });
  const failed = await project.up();
  assert.equal(failed.exitCode, 1);
  assert.match(failed.stderr, /jms_core is up-to-date/);
  assert.match(failed.stderr, /ERROR: for nginx {2}Container "[0-9a-f]{12}" is unhealthy/);

  const garrison = await watching(parts, dockerd, HEALED);
  await shown(garrison, (view) => view.state === 'healthy', 4);
  assert.equal(await startsOf(project.container('core')), 2);
  for (const service of ['celery', 'koko', 'lion'])
    assert.equal(await startsOf(project.container(service)), 1, `${service} was left alone`);
  const heard = session.lines();
  await until('the session goes on', () => session.lines() > heard + 5);
  assert.ok(session.isOpen(), 'koko carries its session still');
  assert.equal((await project.up()).exitCode, 0, 'compose brings the missing one back now');

  assertStory(garrison);
  const why = await garrison.cli('why', 'container/jms_core');
  assert.equal(why.exitCode, 0);
  assert.match(why.stdout, /restart 1 of 3/);
  assert.match(why.stdout, /test -e|health/);
  await shown(garrison, (view) => view.state === 'healthy', 5);
  assert.equal((await garrison.cli('status')).exitCode, 0);
}

/** The journal tells it in order: evidence, deed, new life, health, and then each of the others by itself. */
function assertStory(garrison: Garrison): void {
  const story = journal(garrison).map(({ what, container }) => `${what} ${container}`);
  const ofCore = story.filter((line) => line.endsWith(' jms_core'));
  assert.deepEqual(
    ofCore.filter((line) => line !== 'restarted jms_core'),
    ['sick jms_core', 'examined jms_core', 'treated jms_core', 'healed jms_core'],
  );
  for (const name of ['jms_celery', 'jms_koko', 'jms_lion'])
    assert.ok(
      story.indexOf(`recovered ${name}`) > story.indexOf('treated jms_core'),
      `${name} recovered after it`,
    );
  const deeds = story.filter((line) => line.startsWith('treated'));
  assert.deepEqual(deeds, ['treated jms_core']);
  const treated = journal(garrison).find(({ what }) => what === 'treated');
  const bundle = JSON.parse(
    readFileSync(join(garrison.home, 'incidents', String(treated?.bundleFile)), 'utf8'),
  ) as Record<string, unknown>;
  assert.ok(JSON.stringify(bundle).includes('jms_core'), 'the evidence is of it');
}

async function beyondSaving(parts: Parts): Promise<void> {
  const { dockerd, project } = await startProject(parts, { healthy: 'never' });
  assert.equal((await project.up()).exitCode, 1);
  await untilHealth(project.container('core'), 'unhealthy');
  const garrison = await watching(parts, dockerd, HEALED);
  const [core] = await shown(
    garrison,
    ({ name, state }) => name === 'jms_core' && state === 'quarantined',
    1,
    80_000,
  );
  assert.equal(core?.heal.restarts, 3);
  assert.equal(await startsOf(project.container('core')), 4);
  const pages = journal(garrison).filter(({ what }) => what === 'paged');
  assert.deepEqual(
    pages.map(({ container }) => container),
    ['jms_core'],
  );
  const status = await garrison.cli('status');
  assert.equal(status.exitCode, 1);
  assert.match(status.stdout, /jms_core/);
  assert.match(await garrison.text('/metrics'), /garrison_container_quarantined\{container="jms_core"\} 1/);
  const refused = await garrison.cli('restart', 'container/jms_core', '--yes');
  assert.equal(refused.exitCode, 4, refused.stderr);
  assert.match(refused.stderr, /quarantine clear jms_core/);
  const cleared = await garrison.cli('quarantine', 'clear', 'jms_core');
  assert.equal(cleared.exitCode, 0, cleared.stderr);
}

async function daemonKilled(parts: Parts): Promise<void> {
  const dockerd = await startDockerd(parts);
  const standIn = { healthy: 'from the second start', onStop: 'hangs' } as const;
  const container = await runContainer(dockerd.dockerode(), {
    name: 'alone',
    script: standInScript(standIn),
    healthCheck: standInHealthCheck(standIn),
    networkMode: 'none',
    labels: { 'garrison.heal': 'true' },
  });
  await untilHealth(container, 'unhealthy');
  const garrison = await watching(parts, dockerd, 'confirm: 1s');
  // Its stop hangs for ten seconds: time enough.
  await shown(garrison, ({ state }) => state === 'healing', 1);
  await dockerd.kill();
  await shown(garrison, ({ state }) => state === 'unknown' || state === 'healing', 1);
  await dockerd.startAgain();
  const [view] = await shown(garrison, ({ state }) => state === 'healthy', 1, 60_000);
  const { State } = await container.inspect();
  assert.equal(State.Health?.Status, 'healthy');
  assert.ok((view?.heal.restarts ?? 9) <= 3);
  assert.equal(journal(garrison).at(-1)?.what, 'healed', JSON.stringify(journal(garrison).at(-1)));
}

/** The one part that a private dockerd cannot have is a unit of systemd's: a stand-in writes down what it was told. */
async function dockerRestart(parts: Parts): Promise<void> {
  const dockerd = await startDockerd(parts);
  await startAlone(dockerd, {});
  const told = join(dockerd.folder, 'told');
  writeFileSync(told, '');
  writeFileSync(
    join(dockerd.folder, 'systemctl'),
    `#!/bin/sh\necho "$*" >>${told}\ncase "$1" in show) echo LoadState=loaded ;; esac\n`,
    { mode: 0o755 },
  );
  const garrison = await watching(parts, dockerd, 'confirm: 1s', {
    PATH: `${dockerd.folder}:${process.env.PATH ?? ''}`,
  });
  await shown(garrison, ({ state }) => state === 'healthy', 1);
  const asked = await garrison.cli('restart', 'docker');
  assert.equal(asked.exitCode, 4);
  const said = `${asked.stdout}${asked.stderr}`;
  assert.match(said, /live-restore is off: every container is ended/);
  assert.match(said, /every running container: alone/);
  assert.match(said, /your SSH session to this host survives/);
  assert.ok(!readFileSync(told, 'utf8').includes('restart docker'), 'nothing was done');
  const restarting = garrison.cli('restart', 'docker', '--yes');
  await until('systemd was told', () => readFileSync(told, 'utf8').includes('restart docker.service'));
  await dockerd.kill();
  await dockerd.startAgain();
  const restarted = await restarting;
  assert.equal(restarted.exitCode, 0, restarted.stderr);
  assert.match(restarted.stdout, /Docker answers again/);
}

async function ghost(parts: Parts): Promise<void> {
  const dockerd = await startDockerd(parts);
  const container = await startAlone(dockerd, { 'garrison.heal': 'true' });
  const garrison = await watching(parts, dockerd, 'confirm: 1s');
  await shown(garrison, ({ state }) => state === 'healthy', 1);
  const undo = await makeGhost(dockerd, container);
  await shown(garrison, ({ state }) => state === 'ghost', 1);
  await until('a person was told', () => journal(garrison).some(({ what }) => what === 'paged'));
  for (const verb of ['restart', 'heal']) {
    const refused = await garrison.cli(verb, 'container/alone', '--yes');
    assert.equal(refused.exitCode, 4, refused.stderr);
    assert.match(refused.stderr, /ghost/);
  }
  await undo();
  await shown(garrison, ({ state }) => state === 'stopped', 1);
  assert.equal(journal(garrison).filter(({ what }) => what === 'treated').length, 0);
}

async function zombies(parts: Parts): Promise<void> {
  const dockerd = await startDockerd(parts);
  // The first process of each waits for nobody, and what their shells leave behind is left to it.
  const script = 'for one in 1 2 3 4 5; do (sleep 2 &); done; exec sleep 1000';
  for (const [name, labels] of [
    ['leaky', { 'garrison.heal': 'true' }],
    ['left', {}],
  ] as const)
    await runContainer(dockerd.dockerode(), { name, script, networkMode: 'none', labels });
  const garrison = await watching(parts, dockerd, 'zombies: { most: 3, for: 3s }');
  await shown(garrison, ({ zombies: count }) => count === 5, 2);
  const { State: before } = await dockerd.dockerode().getContainer('leaky').inspect();
  await until('it is restarted', () => journal(garrison).some(({ what }) => what === 'restarted'), {
    deadlineMs: 30_000,
  });
  const { State: after } = await dockerd.dockerode().getContainer('leaky').inspect();
  assert.notEqual(after.Pid, before.Pid);
  assert.deepEqual(
    new Set(
      journal(garrison)
        .filter(({ what }) => what === 'treated')
        .map(({ container }) => container),
    ),
    new Set(['leaky']),
  );
}

async function people(parts: Parts): Promise<void> {
  const dockerd = await startDockerd(parts);
  const container = await startAlone(dockerd, {});
  await runContainer(dockerd.dockerode(), {
    name: 'excluded',
    script: 'while :; do sleep 1; done',
    healthCheck: { test: 'false' },
    networkMode: 'none',
    labels: { 'garrison.heal': 'false' },
  });
  const garrison = await watching(parts, dockerd, 'confirm: 1s, select: all, observe: [alone]');
  await shown(garrison, ({ name, state }) => name === 'alone' && state === 'healthy', 1);
  const plan = await garrison.cli('heal', 'excluded', '--plan');
  assert.equal(plan.exitCode, 4, plan.stdout);
  assert.match(plan.stderr, /garrison.heal=false/);

  await setHealthy(container, false);
  await shown(garrison, ({ name, state }) => name === 'alone' && state === 'unhealthy', 1);
  await until('it is told what would be done', () =>
    journal(garrison).some(({ what }) => what === 'observed'),
  );
  const steps = await garrison.cli('heal', 'alone', '--plan');
  assert.equal(steps.exitCode, 0, steps.stderr);
  assert.match(steps.stdout, /alone: restart it/);
  const healed = await garrison.cli('heal', 'alone', '--yes', '--reason', 'a test');
  assert.equal(healed.exitCode, 0, healed.stderr);
  assert.match(healed.stdout, /its health check passes/);
  assert.equal(await startsOf(container), 2);
  assert.equal((await garrison.cli('stop', 'container/alone', '--yes')).exitCode, 0);
  assert.equal((await container.inspect()).State.Status, 'exited');
  assert.equal((await garrison.cli('status', 'container/alone')).exitCode, 3);
  assert.equal((await garrison.cli('start', 'alone')).exitCode, 0);
  assert.equal((await container.inspect()).State.Health?.Status, 'healthy');
  assert.equal(
    journal(garrison).filter(({ container: name, what }) => name === 'excluded' && what === 'treated').length,
    0,
  );
}

async function startDockerd(parts: Parts): Promise<TestDockerd> {
  const dockerd = await TestDockerd.start(parts);
  await importImage(dockerd.dockerode());
  return dockerd;
}

function startAlone(dockerd: TestDockerd, labels: Record<string, string>): ReturnType<typeof runContainer> {
  const standIn = { healthy: 'from each start' } as const;
  return runContainer(dockerd.dockerode(), {
    name: 'alone',
    script: standInScript(standIn),
    healthCheck: standInHealthCheck(standIn),
    networkMode: 'none',
    labels,
  });
}

function watching(
  parts: Parts,
  dockerd: TestDockerd,
  more: string,
  env: Readonly<Record<string, string>> = {},
): Promise<Garrison> {
  return Garrison.start(parts, {
    env,
    config: `workers: { count: 1 }\ncontainers: { socket: ${dockerd.socketPath}, ${more} }`,
  });
}

async function allAre(project: ComposeProject, health: 'healthy' | 'unhealthy'): Promise<void> {
  await Promise.all(NAMES.map((name) => untilHealth(project.container(name), health)));
}

/** Waits until so many are shown so; gives them back. */
async function shown(
  garrison: Garrison,
  isSo: (view: ContainerView) => boolean,
  count: number,
  deadlineMs = 40_000,
): Promise<readonly ContainerView[]> {
  let last = '';
  try {
    return await until(
      `${String(count)} are shown so`,
      async () => {
        const { items } = await garrison.api<{ items: ContainerView[] }>('GET', '/api/v1/containers');
        last = items
          .map(({ name, state, detail, heal }) => `${name} ${state}: ${detail} (${heal.plan})`)
          .join('\n');
        const found = items.filter(isSo);
        return found.length === count && found;
      },
      { deadlineMs, everyMs: 50 },
    );
  } catch (error) {
    throw new Error(`${String(error)}; shown:\n${last}\n${garrison.output.slice(-3000)}`);
  }
}

type JournalLine = Omit<ContainerStoryView, 'event'> & { readonly what: string };

function journal(garrison: Garrison): readonly JournalLine[] {
  return readFileSync(join(garrison.home, 'journal.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as JournalLine & { event: string })
    .filter(({ event }) => event === 'container');
}
