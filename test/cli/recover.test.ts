/** `recover` on the command line: its plan, its question, its progress, its last sentence and its exit codes. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { RecoveryStageView, RecoveryStepView, RecoveryView } from '../../src/supervisor/door.ts';
import { startFakeSupervisor, type FakeSupervisor } from '../support/fakeSupervisor.ts';
import { runCli, runOnTerminal, type CliEnd } from '../support/runCli.ts';

let fake: FakeSupervisor;
beforeEach(async () => {
  fake = await startFakeSupervisor();
});
afterEach(() => fake.end());

const cli = (...args: string[]): Promise<CliEnd> => runCli(['recover', ...args, '--home', fake.home]);
const STAGES = ['worker', 'queue', 'container', 'stack', 'docker'] as const;

function recovery(
  stages: Partial<Record<(typeof STAGES)[number], Partial<RecoveryStageView>>>,
  more: Partial<RecoveryView> = {},
): RecoveryView {
  return {
    stages: STAGES.map((stage) => ({ stage, state: 'skipped', detail: '', steps: [], ...stages[stage] })),
    ...{ curedAt: null, interrupted: [], left: [] },
    ...more,
  };
}

const STEP: RecoveryStepView = {
  verb: 'heal',
  ...{ target: 'container/jms_core', because: 'jms_core is unhealthy' },
  state: 'waiting',
  ...{ operation: null, detail: '', interrupts: ['2 established connections to jms_core'] },
};
const PLAN = recovery({ container: { state: 'waiting', steps: [STEP] } });
const CURED: RecoveryStepView = {
  ...STEP,
  state: 'cured',
  operation: 'o-2',
  detail: 'its health check passes',
};
const GHOST = { stage: 'docker', why: 'jms_core is a ghost', command: 'garrison restart docker' } as const;

/** The recovery ends so; a restart of Docker is done. */
function endsWith(change: Parameters<FakeSupervisor['door']['endOperation']>[1]): void {
  fake.door.afterOperation = ({ id, verb }) => {
    fake.door.endOperation(
      id,
      verb === 'recover' ? change : { state: 'done', detail: 'Docker answers again' },
    );
  };
}

const asked = (): readonly string[] => fake.door.operations.map(({ verb, target }) => `${verb} ${target}`);

describe('recover', () => {
  test('--plan shows each stage, its steps, and whom they would interrupt, and does nothing', async () => {
    fake.door.recovery = PLAN;
    for (const option of ['--plan', '--dry-run']) {
      const { exitCode, stdout, stderr } = await cli(option);
      assert.equal(exitCode, 0, stderr);
      assert.match(stdout, /^ {2}worker {4}nothing to do$/m);
      assert.match(stdout, /^ {2}container {1}heal container\/jms_core: jms_core is unhealthy$/m);
      assert.match(stdout, /would interrupt: 2 established connections to jms_core/);
      assert.match(stderr, /dry run: nothing was done/);
    }
    assert.deepEqual(asked(), []);
  });

  test('asks only where somebody is interrupted, and refuses where nobody can answer', async () => {
    endsWith({ state: 'done', detail: 'cured at the worker stage' });
    assert.equal((await cli()).exitCode, 0);
    fake.door.recovery = PLAN;
    fake.door.interrupts = ['2 established connections to jms_core'];
    const refused = await cli();
    assert.equal(refused.exitCode, 4);
    assert.match(refused.stderr, /would interrupt: .*\n[^]*no terminal to ask on.*\n {2}next: .*--yes/);
    assert.equal(fake.door.operations.length, 1);
    assert.equal((await cli('--yes')).exitCode, 0);
    const [yes, no] = [
      await runOnTerminal(['recover', '--home', fake.home], { answer: 'y\n' }),
      await runOnTerminal(['recover', '--home', fake.home], { answer: '\n' }),
    ];
    assert.deepEqual([yes.exitCode, no.exitCode], [0, 4], `${yes.stdout}${no.stdout}`);
  });

  test('a yes is good for the plan that was shown: what goes wrong meanwhile is shown, and asked for, anew', async () => {
    fake.door.interrupts = [...STEP.interrupts];
    fake.door.recovery = PLAN;
    endsWith({ state: 'done', detail: 'cured at the stack stage' });
    const more: RecoveryStepView = {
      ...STEP,
      target: 'container/jms_koko',
      because: 'jms_koko is unhealthy',
    };
    const submit = fake.door.submitOperation.bind(fake.door);
    fake.door.submitOperation = async (request) => {
      if (fake.door.asked.length === 1)
        fake.door.recovery = recovery({ container: { state: 'waiting', steps: [STEP, more] } });
      return submit(request);
    };
    const { exitCode, stdout } = await runOnTerminal(['recover', '--home', fake.home], { answer: 'y\n' });
    assert.equal(exitCode, 0, stdout);
    assert.match(stdout, /recover\?[^]*meanwhile more has gone wrong[^]*jms_koko is unhealthy[^]*recover\?/);
    assert.deepEqual(
      fake.door.asked.map((request) => (request as { dryRun: boolean }).dryRun),
      [true, true, true, false],
    );
  });

  test('tells each step once as it begins and ends, and ends with one sentence', async () => {
    const view = recovery({ container: { state: 'cured', steps: [CURED] } }, { curedAt: 'container' });
    endsWith({ state: 'done', detail: 'cured at the container stage', recovery: view });
    const { exitCode, stdout, stderr } = await cli();
    assert.equal(exitCode, 0);
    assert.equal(stdout, 'recover: done: cured at the container stage\n');
    assert.deepEqual(stderr.trim().split('\n'), [
      'container: heal container/jms_core: jms_core is unhealthy',
      'container: container/jms_core cured: its health check passes',
      'container: interrupted 2 established connections to jms_core',
    ]);
    const json = JSON.parse((await cli('-o', 'json')).stdout) as {
      kind: string;
      item: { recovery: unknown };
    };
    assert.deepEqual([json.kind, json.item.recovery], ['Operation', view]);
  });

  test('that needs a person says what to do, and exits with 4; one that broke off with 1', async () => {
    const left = [{ stage: 'worker', why: 'push-1 keeps failing', command: 'garrison why push-1' }] as const;
    endsWith({ state: 'failed', detail: 'needs a person', recovery: recovery({}, { left }) });
    const person = await cli();
    assert.equal(person.exitCode, 4);
    assert.match(
      person.stderr,
      /left for a person, worker stage: push-1 keeps failing\n {2}next: .*garrison --home \S+ why push-1/,
    );
    endsWith({ state: 'failed', detail: 'Garrison is being ended' });
    assert.equal((await cli()).exitCode, 1);
  });

  test('never restarts Docker unasked: without a terminal it says the command and whom that interrupts', async () => {
    fake.door.steps = ['live-restore is off'];
    endsWith({ state: 'failed', detail: 'needs a person', recovery: recovery({}, { left: [GHOST] }) });
    const { exitCode, stderr } = await cli('--yes');
    assert.equal(exitCode, 4);
    assert.match(
      stderr,
      /docker: live-restore is off\n[^]*Docker was not restarted\n {2}next: .*garrison --home \S+ restart docker/,
    );
    assert.deepEqual(asked(), ['recover everything']);
  });

  test('on a terminal restarts Docker only for the whole word', async () => {
    endsWith({ state: 'failed', detail: 'needs a person', recovery: recovery({}, { left: [GHOST] }) });
    const typed = (answer: string): Promise<CliEnd> =>
      runOnTerminal(['recover', '--home', fake.home], { answer });
    for (const answer of ['y\n', 'yes\n', '\n']) assert.equal((await typed(answer)).exitCode, 4);
    assert.ok(!asked().includes('restart docker'));
    const agreed = await typed('docker\n');
    assert.equal(agreed.exitCode, 0, agreed.stdout);
    assert.equal(asked().at(-1), 'restart docker');
  });

  test('says of a supervisor that was started anew in the middle that it does not go on', async () => {
    fake.door.afterOperation = () => {
      fake.door.operations = [];
    };
    const { exitCode, stderr } = await cli();
    assert.equal(exitCode, 1);
    assert.match(
      stderr,
      /started anew in the middle of recovery o-1.*\n {2}next: .*garrison --home \S+ recover/,
    );
  });

  test('without a supervisor: 7, and what can be done without it', async () => {
    const { exitCode, stderr } = await runCli(['recover', '--home', `${fake.home}/none`]);
    assert.equal(exitCode, 7);
    assert.match(
      stderr,
      /next: .*garrison --home \S+ doctor .*; .* starts it, and then: .*garrison --home \S+ recover/,
    );
  });
});
