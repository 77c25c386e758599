/** `get containers`, `describe container` and what `status` says of them, as people and scripts see them. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { containerView } from '../support/fakeDoor.ts';
import { startFakeSupervisor, type FakeSupervisor } from '../support/fakeSupervisor.ts';
import { GarrisonError } from '../../src/errors.ts';
import { runCli, runOnTerminal, type CliEnd } from '../support/runCli.ts';

let fake: FakeSupervisor;
beforeEach(async () => {
  fake = await startFakeSupervisor();
});
afterEach(() => fake.end());

const cli = (...args: string[]): Promise<CliEnd> => runCli([...args, '--home', fake.home]);
const detail = 'its health check failed 3 times in a row: "\u001b[31mno answer\u001b[0m"';
const SICK = { state: 'unhealthy', reason: 'ProbeFailed', detail, root: 'jms_core' } as const;

describe('containers', () => {
  test('are a table, names for scripts, and one thing with everything', async () => {
    fake.door.containers = [
      containerView('jms_core', SICK),
      containerView('jms_koko', { dependsOn: ['jms_core'] }),
    ];
    const [table, name, one] = await Promise.all([
      cli('get', 'containers'),
      cli('get', 'container', '-o', 'name'),
      cli('describe', 'container', 'jms_koko'),
    ]);
    assert.match(table.stdout, /^CONTAINER +STATE +SINCE +PROJECT +ROOT +HEAL +RESTARTS +DETAIL\n/);
    assert.ok(!table.stdout.includes('\u001b'), 'nothing that a container wrote reaches the terminal');
    assert.equal(name.stdout, 'container/jms_core\ncontainer/jms_koko\n');
    assert.match(one.stdout, /dependsOn:\n +- jms_core/);
  });
  test('degrade the status, with the root first and a count of the rest', async () => {
    fake.door.containers = [
      containerView('jms_core', SICK),
      containerView('jms_koko', SICK),
      containerView('web'),
    ];
    const { stdout, exitCode } = await cli('status');
    assert.equal(exitCode, 1);
    assert.match(stdout, /Container jms_core is unhealthy .*; it may explain jms_koko/);
    assert.match(stdout, /^docker: up since .* Containers: 1 healthy, 2 unhealthy$/m);
  });
  test('are not there without Docker, and it is said why', async () => {
    fake.door.docker = { ...fake.door.docker, state: 'away', detail: 'there is no socket /run/docker.sock' };
    const { stderr } = await cli('get', 'containers');
    assert.match(stderr, /no containers\nthere is no socket \/run\/docker\.sock/);
  });
});

const HOSTILE = '\u001b[2J\u202eevil';
const verified = (): void => {
  fake.door.afterOperation = ({ id }) => {
    fake.door.endOperation(id, { state: 'done', detail: 'healthy as pid 77' });
  };
};
const asked = (): object[] =>
  fake.door.asked.filter((one) => !(one as { dryRun?: boolean }).dryRun) as object[];

describe('heal', () => {
  beforeEach(() => {
    fake.door.containers = [containerView('jms_core', SICK)];
    fake.door.steps = ['restart jms_core: it is the root', `wait for jms_koko ${HOSTILE}`];
    verified();
  });
  test('waits until it is verified when it interrupts nobody', async () => {
    const end = await cli('heal', 'jms_core', '--reason', 'ticket 7');
    assert.deepEqual([end.exitCode, end.stdout], [0, 'heal jms_core: done: healthy as pid 77\n']);
    const [wish] = asked() as { verb: string; reason: string }[];
    assert.deepEqual([wish!.verb, wish!.reason], ['heal', 'ticket 7']);
  });
  test('with --plan prints the steps in their order and the cost, and does nothing', async () => {
    fake.door.interrupts = [`2 connections on jms_core ${HOSTILE}`];
    const { stdout, stderr, exitCode } = await cli('heal', 'container/jms_core', '--plan');
    assert.equal(exitCode, 0);
    assert.match(stdout, /planned: .*\n {2}1\. restart jms_core: it is the root\n {2}2\. wait for jms_koko/);
    assert.match(stderr, /would interrupt: 2 connections on jms_core/);
    assert.match(stderr, /nothing was done/);
    assert.ok(!`${stdout}${stderr}`.includes('\u001b') && !`${stdout}${stderr}`.includes('\u202e'));
    assert.deepEqual(asked(), []);
  });
  test('is refused without a terminal when it interrupts somebody, and goes on with --yes', async () => {
    fake.door.interrupts = ['2 connections on jms_core'];
    const refused = await cli('heal', 'jms_core');
    assert.equal(refused.exitCode, 4);
    assert.match(
      refused.stderr,
      /1\. restart jms_core[^]*interrupts: 2 connections[^]*no terminal to ask on/,
    );
    assert.deepEqual(asked(), []);
    assert.equal((await cli('heal', 'jms_core', '--yes')).exitCode, 0);
  });
  test('asks on a terminal', async () => {
    fake.door.interrupts = ['2 connections on jms_core'];
    const args = ['heal', 'jms_core', '--home', fake.home];
    assert.equal((await runOnTerminal(args, { answer: 'n\n' })).exitCode, 4);
    assert.deepEqual(asked(), []);
    assert.equal((await runOnTerminal(args, { answer: 'y\n' })).exitCode, 0);
  });
  test('is 1 when it failed, 4 when the supervisor refuses, 124 when it lasts, 7 without a supervisor', async () => {
    fake.door.afterOperation = ({ id }) => fake.door.endOperation(id, { state: 'failed' });
    assert.equal((await cli('heal', 'jms_core')).exitCode, 1);
    assert.equal((await cli('heal', 'nobody')).exitCode, 1);
    fake.door.afterOperation = () => undefined;
    const late = await cli('heal', 'jms_core', '--timeout', '200ms');
    assert.equal(late.exitCode, 124);
    assert.match(late.stderr, /operation o-\d+ goes on/);
    fake.door.refusal = new GarrisonError('REFUSED_BY_GUARD', 'jms_core is in quarantine');
    assert.equal((await cli('heal', 'jms_core', '--yes')).exitCode, 4);
    assert.equal((await runCli(['heal', 'jms_core', '--home', '/nonexistent'])).exitCode, 7);
  });
});

describe('restart', () => {
  test('of a container is confirmed like that of a worker', async () => {
    fake.door.containers = [containerView('jms_koko')];
    fake.door.interrupts = ['1 connection on jms_koko'];
    verified();
    assert.equal((await cli('restart', 'container/jms_koko')).exitCode, 4);
    assert.equal((await cli('restart', 'jms_koko', '--yes')).exitCode, 0);
    assert.equal((asked()[0] as { target: string }).target, 'jms_koko');
  });
  test('of Docker tells its cost always, refuses without --yes even on a terminal', async () => {
    fake.door.steps = ['systemctl restart docker', 'the SSH session that you use survives'];
    fake.door.interrupts = ['container jms_core', '2 connections on jms_koko'];
    verified();
    const told =
      /1\. systemctl restart docker[^]*2\. the SSH session that you use survives[^]*interrupts: container jms_core[^]*interrupts: 2 connections on jms_koko/;
    const refused = await cli('restart', 'docker');
    assert.equal(refused.exitCode, 4);
    assert.match(refused.stderr, told);
    const onTerminal = await runOnTerminal(['restart', 'docker', '--home', fake.home], { answer: 'y\n' });
    assert.equal(onTerminal.exitCode, 4);
    assert.match(onTerminal.stdout, told);
    assert.deepEqual(asked(), []);
    const done = await cli('restart', 'docker', '--yes');
    assert.equal(done.exitCode, 0);
    assert.match(done.stderr, told);
    assert.equal(asked().length, 1);
  });
});

describe('quarantine', () => {
  const heal = { ...containerView('x').heal, restarts: 3, quarantinedSince: '2025-01-02T03:04:05.678Z' };
  test('lists who is in it and clears one', async () => {
    fake.door.containers = [
      containerView('web'),
      containerView('jms_core', { ...SICK, state: 'quarantined', heal }),
    ];
    verified();
    const list = await cli('quarantine', 'list');
    assert.match(
      list.stdout,
      /^CONTAINER +SINCE +RESTARTS +WHY\njms_core +2025-01-02T03:04:05Z +3\/3 +its health/,
    );
    assert.ok(!list.stdout.includes('\u001b') && !list.stdout.includes('web'));
    assert.match(list.stderr, /garrison quarantine clear NAME/);
    assert.equal((await cli('quarantine', 'list', '-o', 'name')).stdout, 'container/jms_core\n');
    assert.equal((await cli('quarantine', 'clear', 'jms_core', '--reason', 'mended')).exitCode, 0);
    assert.equal((asked()[0] as { verb: string }).verb, 'clearQuarantine');
    const status = await cli('status');
    assert.equal(status.exitCode, 1);
    assert.match(
      status.stdout,
      /jms_core is in quarantine since .*next: garrison why container\/jms_core.*garrison quarantine clear jms_core/,
    );
    assert.ok(!status.stdout.includes('\u001b'));
  });
});

describe('maintenance', () => {
  test('goes on for a scope and a time, says that it ends by itself, and goes off', async () => {
    const view = {
      since: '2025-01-02T03:04:05Z',
      until: '2025-01-02T03:24:05Z',
      actor: 'local',
      reason: 'upgrade',
    };
    fake.door.afterOperation = ({ id, verb, target }) => {
      fake.door.maintenance = verb === 'maintenanceOn' ? [{ ...view, scope: target }] : [];
      fake.door.endOperation(id, { state: 'done', detail: 'noted' });
    };
    const on = await cli('maintenance', 'on', 'project/jms', '--for', '20m', '--reason', 'upgrade');
    assert.equal(on.exitCode, 0);
    assert.match(
      on.stderr,
      /project\/jms until 2025-01-02T03:24:05Z.*It ends by itself\.\n.*maintenance off project\/jms/,
    );
    assert.deepEqual(
      (({ verb, target, forMs }) => ({ verb, target, forMs }))(
        asked()[0] as { verb: string; target: string; forMs: number },
      ),
      { verb: 'maintenanceOn', target: 'project/jms', forMs: 1_200_000 },
    );
    const [list, status] = await Promise.all([cli('maintenance', 'list'), cli('status')]);
    assert.match(
      list.stdout,
      /^SCOPE +UNTIL +SINCE +BY +WHY\nproject\/jms +2025-01-02T03:24:05Z .* upgrade\n/,
    );
    assert.equal(status.exitCode, 0, 'it is no trouble');
    assert.match(status.stdout, /Maintenance of project\/jms until/);
    assert.equal((await cli('maintenance', 'off', 'project/jms')).exitCode, 0);
    assert.equal((await cli('maintenance', 'on')).exitCode, 0);
    assert.equal((asked().at(-1) as { target: string }).target, 'all');
  });
  test('of what is no scope, or for no time, is a usage error', async () => {
    const ends = await Promise.all([
      cli('maintenance', 'on', 'jms_core'),
      cli('maintenance', 'on', 'worker/push-1'),
      cli('maintenance', 'on', '--for', '30'),
      cli('maintenance', 'off', '--for', '30m'),
    ]);
    assert.deepEqual(
      ends.map(({ exitCode }) => exitCode),
      [64, 64, 64, 64],
    );
    assert.deepEqual(fake.door.asked, []);
  });
});

describe('status of named containers', () => {
  test('follows the worst of their states', async () => {
    const { heal } = containerView('x');
    fake.door.containers = [
      containerView('web'),
      containerView('sick', { ...SICK, heal }),
      containerView('off', { state: 'stopped', reason: 'Exited' }),
      containerView('dim', { state: 'unknown', reason: 'DockerAway' }),
      containerView('push-1'),
    ];
    const codes = await Promise.all(
      [
        ['web'],
        ['container/web', 'worker/push-1'],
        ['web', 'sick'],
        ['sick', 'off'],
        ['dim'],
        ['push-1'],
        ['nobody'],
      ].map(async (names) => (await cli('status', ...names)).exitCode),
    );
    assert.deepEqual(codes, [0, 0, 1, 3, 4, 4, 4]);
    const both = await cli('status', 'push-2', 'web', '-o', 'json');
    assert.equal((JSON.parse(both.stdout) as { items: unknown[] }).items.length, 2);
  });
});

describe('why', () => {
  const FILE = '2025-container-jms_core.json';
  const at = '2025-01-02T03:04:05.678Z';
  const EVIDENCE = {
    ...{ kind: 'container', at, why: `unhealthy ${HOSTILE}`, composeAtWork: null, top: null },
    state: {
      status: 'running',
      pid: 77,
      process: 'alive',
      startedAt: at,
      exitCode: 0,
      oomKilled: true,
      restartCount: 2,
      error: '',
    },
    health: {
      status: 'unhealthy',
      failingStreak: 9,
      probes: [{ startedAt: at, exitCode: 1, output: `no answer\n${HOSTILE}` }],
    },
    limits: { memoryBytes: 1 << 30, pids: null, cpus: 2 },
    counters: { memoryBytes: 1 << 29, pids: 12, oomKills: 1 },
    sessions: { connections: 2, execs: 1, carriesLogin: true },
    processes: [{ pid: 77, command: `python ${HOSTILE}`, state: 'D', wchan: 'futex_wait', openFiles: 3 }],
    logs: Array.from({ length: 200 }, (_, index) => ({
      from: 'stderr',
      text: `line ${String(index)} ${HOSTILE}`,
    })),
    gaps: ['the machine hides other users processes'],
  };
  beforeEach(() => {
    const story = { container: 'jms_core', at, actor: 'garrison', bundleFile: null } as const;
    fake.door.containers = [
      containerView('jms_core', {
        ...SICK,
        heal: { ...containerView('x').heal, selection: 'heal', plan: 'restart it at 03:04:10' },
      }),
    ];
    fake.door.stories = [
      { ...story, event: 'sick', detail: `its health check failed ${HOSTILE}` },
      { ...story, event: 'examined', detail: 'kept', bundleFile: FILE },
      { ...story, event: 'restarted', detail: 'as asked', actor: 'local' },
    ];
    fake.door.bundles = { [FILE]: EVIDENCE };
  });
  test('tells of a container what it is, its story and what was seen, none of it in its own terminal codes', async () => {
    for (const name of ['container/jms_core', 'jms_core']) {
      const { stdout, exitCode } = await cli('why', name);
      assert.equal(exitCode, 0);
      for (const line of [
        /^jms_core is unhealthy \(ProbeFailed\) since/,
        /plan +restart it at 03:04:10/,
        /restarts +0 of at most 3 within 30m/,
        /AT +EVENT +BY +DETAIL\n.* sick +garrison .*\n.* examined +garrison .*\n.* restarted +local +as asked/,
        /all of it: incidents\/2025-container-jms_core\.json/,
        /state +running as pid 77 \(alive\), .*killed for want of memory, restarted 2 times/,
        /probe +2025-.* exit code 1: no answer/,
        /limits +memory 512MiB of 1GiB, processes 12 of no limit, processors 2/,
        /sessions +2 connections from others, 1 exec session, somebody who is logged in/,
        /process +pid 77 state D, waits in futex_wait: python/,
        /gap +the machine hides/,
        /its last 20 log lines of 200 .*\n +stderr line 180 /,
      ])
        assert.match(stdout, line, name);
      assert.ok(!stdout.includes('line 179 ') && stdout.includes('line 199 '));
      assert.ok(!stdout.includes('\u001b') && !stdout.includes('\u202e'));
    }
  });
  test('as JSON gives all of it', async () => {
    const { item } = JSON.parse((await cli('why', 'jms_core', '-o', 'json')).stdout) as {
      item: { container: object; story: object[]; evidence: { logs: object[] } };
    };
    assert.deepEqual([item.story.length, item.evidence.logs.length], [3, 200]);
  });
  test('tells of one that is gone, and that its evidence is', async () => {
    fake.door.containers = [];
    fake.door.bundles = {};
    const { stdout } = await cli('why', 'jms_core');
    assert.match(stdout, /^jms_core is gone; /);
    assert.match(stdout, /\(incidents\/2025-container-jms_core\.json\) is gone/);
  });
  test('takes any evidence there may be, and a name that there is not is 4', async () => {
    for (const odd of [
      {},
      [],
      'text',
      { logs: 'x', health: 7, top: { processes: [['1']] }, processes: [null] },
    ]) {
      fake.door.bundles = { [FILE]: odd };
      assert.equal((await cli('why', 'jms_core')).exitCode, 0);
    }
    const none = await cli('why', 'nobody');
    assert.equal(none.exitCode, 4);
    assert.match(none.stderr, /there is no worker, container or host named nobody/);
  });
});
