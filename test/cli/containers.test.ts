/** `get containers`, `describe container` and what `status` says of them, as people and scripts see them. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { containerView } from '../support/fakeDoor.ts';
import { startFakeSupervisor, type FakeSupervisor } from '../support/fakeSupervisor.ts';
import { runCli, type CliEnd } from '../support/runCli.ts';

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
