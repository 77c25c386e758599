/** `garrison recover` on real parts: a worker in back-off, a redis-server that is stopped, and the incident with docker-compose v1. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { OperationView } from '../../src/supervisor/door.ts';
import { ComposeProject } from '../support/compose.ts';
import { TestDockerd } from '../support/dockerd.ts';
import {
  freePort,
  importImage,
  openSession,
  setHealthy,
  startsOf,
  untilHealth,
} from '../support/dockerImages.ts';
import { Garrison } from '../support/garrison.ts';
import type { Said } from '../support/onHost.ts';
import { withParts, type Parts } from '../support/parts.ts';
import { redisPidOf } from '../support/redisPid.ts';
import { until } from '../support/until.ts';

const NO_DOCKER = 'containers: { socket: /nonexistent/docker.sock }';

describe('recover', () => {
  it('of nothing does nothing, and of a worker in back-off ends at the worker stage', withParts(worker));
  it('of a redis-server that was stopped wakes it, and ends at the queue stage', withParts(frozenRedis));
  if (process.getuid?.() !== 0)
    it('of the incident', { skip: 'only root can start a dockerd' }, () => undefined);
  else it('of the incident restarts core alone, and no session is cut', withParts(incident));
});

function itemOf({ stdout, stderr }: Said): OperationView {
  assert.ok(stdout.startsWith('{'), `${stdout}${stderr}`);
  return (JSON.parse(stdout) as { item: OperationView }).item;
}

const statesOf = ({ recovery }: OperationView): string =>
  (recovery?.stages ?? []).map(({ stage, state }) => `${stage} ${state}`).join(', ');

async function worker(parts: Parts): Promise<void> {
  const garrison = await Garrison.start(parts, { config: `workers: { count: 2 }\n${NO_DOCKER}` });
  const nothing = await garrison.cli('recover');
  assert.equal(nothing.exitCode, 0, nothing.stderr);
  assert.match(nothing.stdout, /^recover: done: nothing is wrong/);

  await killUntilBackOff(garrison, 'push-2');
  const [other] = await garrison.workers();
  const planned = itemOf(await garrison.cli('recover', '--plan', '-o', 'json'));
  assert.equal(planned.state, 'planned');
  assert.equal(planned.recovery?.stages[0]?.steps[0]?.target, 'worker/push-2');
  const said = await garrison.cli('recover', '--reason', 'it is 3 a.m.');
  assert.equal(said.exitCode, 0, said.stderr);
  assert.match(said.stdout, /^recover: done: cured at the worker stage; nobody was interrupted/);
  assert.match(said.stderr, /^worker: restart worker\/push-2: push-2 is backoff/m);
  assert.match(said.stderr, /^worker: worker\/push-2 cured: push-2 is up/m);
  const [untouched, cured] = await garrison.workers();
  assert.equal(untouched?.incarnation?.nonce, other?.incarnation?.nonce);
  assert.equal(cured?.state, 'up');
  const journal = readFileSync(join(garrison.home, 'journal.jsonl'), 'utf8');
  assert.match(journal, /"verb":"restart","target":"worker\/push-2".*worker stage of recovery o-.*3 a\.m\./);
  assert.match(journal, /"event":"recoveryStep".*should Garrison end now/);
  assert.match(await garrison.text('/metrics'), /operations_total\{verb="recover",[^}]*outcome="done"\} 2/);

  await garrison.end();
  const without = await garrison.cli('recover');
  assert.equal(without.exitCode, 7);
  assert.match(without.stderr, /garrison --home \S+ doctor .* starts it/);
}

/** Each death within the first minutes doubles the wait before the next life. */
async function killUntilBackOff(garrison: Garrison, name: string): Promise<void> {
  const view = async () => (await garrison.workers()).find((each) => each.name === name);
  let nonce = '';
  for (let deaths = 0; deaths < 6; deaths += 1) {
    const life = await until('it lives anew', async () => {
      const incarnation = (await view())?.incarnation ?? null;
      return incarnation !== null && incarnation.nonce !== nonce && incarnation;
    });
    nonce = life.nonce;
    process.kill(life.pid, 'SIGKILL');
  }
  await until('it waits', async () => (await view())?.state === 'backoff');
}

async function frozenRedis(parts: Parts): Promise<void> {
  const garrison = await Garrison.start(parts, { config: `workers: { count: 2 }\n${NO_DOCKER}` });
  const pid = redisPidOf(garrison.pid);
  const nonces = (await garrison.workers()).map(({ incarnation }) => incarnation?.nonce);
  process.kill(pid, 'SIGSTOP');
  await until('it is missed', async () => !(await garrison.snapshot()).redis.up, { deadlineMs: 20_000 });

  const unasked = await garrison.cli('recover');
  assert.equal(unasked.exitCode, 4, 'pushes wait: nobody is interrupted unasked');
  assert.match(unasked.stderr, /would interrupt: pushes wait until Redis answers again/);
  const ask = (): Promise<OperationView> =>
    garrison.api('POST', '/api/v1/operations', { verb: 'recover', target: 'everything' });
  const both = await Promise.allSettled([ask(), ask()]);
  const begun = both.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
  const refused = both.flatMap((each) => (each.status === 'rejected' ? [String(each.reason)] : []));
  assert.deepEqual([begun.length, refused.length], [1, 1], 'two at once');
  assert.match(refused[0] ?? '', new RegExp(`409 .*recovery ${begun[0]?.id ?? ''} is under way`));
  const operation = await until(
    'it has ended',
    async () => {
      const now = await garrison.api<OperationView>('GET', `/api/v1/operations/${begun[0]?.id ?? ''}`);
      return now.state !== 'running' && now;
    },
    { deadlineMs: 60_000 },
  );
  assert.equal(operation.state, 'done', operation.detail);
  assert.match(operation.detail, /^cured at the queue stage/);
  assert.match(statesOf(operation), /^worker skipped, queue cured, container skipped, stack skipped/);
  assert.match(operation.recovery?.stages[1]?.steps[0]?.detail ?? '', /woken .* test job came back/);
  assert.equal(redisPidOf(garrison.pid), pid, 'the same one');
  assert.deepEqual(
    (await garrison.workers()).map(({ incarnation }) => incarnation?.nonce),
    nonces,
    'no worker was restarted for it',
  );
}

/** Nobody chose them for healing, so that nothing is done by itself: a person has to agree to the plan. */
async function incident(parts: Parts): Promise<void> {
  const dockerd = await TestDockerd.start(parts);
  await importImage(dockerd.dockerode());
  const [corePort, kokoPort] = [await freePort(), await freePort()];
  const behindCore = { healthy: { whileHealthy: corePort } } as const;
  const project = new ComposeProject(dockerd, {
    name: 'jms',
    services: {
      core: { containerName: 'jms_core', standIn: { healthy: 'from each start', answersAt: corePort } },
      koko: {
        containerName: 'jms_koko',
        standIn: { ...behindCore, answersAt: kokoPort },
        dependsOn: ['core'],
      },
      lion: { containerName: 'jms_lion', standIn: behindCore, dependsOn: ['core'] },
    },
  });
  const started = await project.up();
  assert.equal(started.exitCode, 0, started.stderr);
  const session = await openSession(kokoPort);
  parts.after(() => session.close());
  await setHealthy(project.container('core'), false);
  await Promise.all(
    ['core', 'koko', 'lion'].map((name) => untilHealth(project.container(name), 'unhealthy')),
  );
  const garrison = await Garrison.start(parts, {
    config: `workers: { count: 1 }\ncontainers: { socket: ${dockerd.socketPath}, dependsOn: { koko: [core], lion: [core] } }`,
  });
  await until('they are seen', async () => (await garrison.snapshot()).containers.byState.unhealthy === 3, {
    deadlineMs: 20_000,
  });

  const plan = itemOf(await garrison.cli('recover', '--plan', '-o', 'json'));
  assert.match(
    statesOf(plan),
    /^worker skipped, queue skipped, container waiting, stack waiting, docker skipped/,
  );
  assert.match(plan.interrupts.join('\n'), /jms_core, which is not chosen for healing/);
  assert.match(
    plan.interrupts.join('\n'),
    /1 established connection to jms_koko/,
    'if it had to be restarted',
  );
  assert.equal((await garrison.cli('recover')).exitCode, 4);
  const said = await garrison.cli('recover', '--yes', '-o', 'json');
  assert.equal(said.exitCode, 0, said.stderr);
  const operation = itemOf(said);
  assert.match(operation.detail, /^cured at the container stage; /);
  assert.doesNotMatch(operation.detail, /koko/);
  assert.match(statesOf(operation), /container cured, stack skipped/);
  assert.equal(await startsOf(project.container('core')), 2);
  for (const name of ['koko', 'lion']) assert.equal(await startsOf(project.container(name)), 1, name);
  const heard = session.lines();
  await until('the session goes on', () => session.lines() > heard + 3);
  assert.ok(session.isOpen(), 'koko carries its session still');
}
