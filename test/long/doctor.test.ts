/** `doctor` on a machine of its own with a real systemd and a real sshd: units that failed or go round, and configurations that sshd refuses. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { Finding } from '../../src/reconciler/finding.ts';
import { withParts } from '../support/parts.ts';
import { Machine, whyNoSystemd } from '../support/systemd.ts';
import { until } from '../support/until.ts';

const skip = whyNoSystemd();

async function findings(machine: Machine): Promise<readonly Finding[]> {
  const { stdout } = await machine.garrison('doctor', '-o', 'json');
  return (JSON.parse(stdout) as { items: readonly Finding[] }).items;
}

function about(items: readonly Finding[], code: string, text: string): Finding {
  const found = items.find((each) => each.code === code && each.what.includes(text));
  assert.ok(found, `${code} of ${text} among ${JSON.stringify(items, null, 1)}`);
  return found;
}

async function addUnit(machine: Machine, name: string, service: string): Promise<void> {
  // It may be masked there.
  await machine.tell(`rm -f /etc/systemd/system/${name}.service`);
  await machine.write(
    `/etc/systemd/system/${name}.service`,
    `[Unit]\nStartLimitBurst=3\n[Service]\n${service}\n`,
  );
  await machine.tell('systemctl daemon-reload');
  await machine.run('systemctl', 'start', '--no-block', name);
}

it(
  'tells of units that failed, and why, and of one that is started again and again',
  { skip },
  withParts(async (parts) => {
    const machine = await Machine.start(parts);
    await addUnit(machine, 'redis-server', 'ExecStart=/bin/sh -c "exit 3"');
    await addUnit(machine, 'docker', 'ExecStart=/bin/sh -c "kill -SEGV $$$$"');
    await addUnit(machine, 'garrison', 'ExecStart=/bin/false\nRestart=always\nRestartSec=10ms');
    await addUnit(machine, 'containerd', 'ExecStart=/bin/false\nRestart=always\nRestartSec=60s');
    for (const name of ['redis-server', 'docker', 'garrison'])
      await until(`${name} failed`, async () => (await machine.property(name, 'ActiveState')) === 'failed');
    await until('one waits for its restart', async () =>
      (await machine.property('containerd', 'SubState')).startsWith('auto-restart'),
    );
    const items = await findings(machine);
    const redis = about(items, 'UnitFailed', 'redis-server.service');
    assert.equal(
      redis.what,
      'systemd calls redis-server.service failed: its process ended with an error (exit-code).',
    );
    assert.equal(redis.next, 'journalctl -u redis-server.service -n 30 --no-pager');
    assert.deepEqual(redis.evidence, ['systemd does not start it again by itself.']);
    assert.match(
      about(items, 'UnitFailed', 'docker.service').what,
      /: its process (?:crashed|was ended by a signal) \(/,
    );
    assert.match(about(items, 'UnitFailed', 'garrison.service').what, /failed after \d restarts: /);
    assert.match(
      about(items, 'UnitFailed', 'containerd.service').what,
      /again and again .*: its process ended with an error/,
    );
  }),
);

it(
  'tells which line sshd refuses, and that no key is there',
  { skip },
  withParts(async (parts) => {
    const machine = await Machine.start(parts);
    await machine.tell('mkdir -p /run/sshd; ssh-keygen -q -t ed25519 -N "" -f /etc/ssh/test_key');
    const config = async (text: string): Promise<readonly Finding[]> => {
      await machine.write('/etc/ssh/sshd_config', text);
      return findings(machine);
    };
    const options = about(
      await config('Port 22\nFooBar yes\nBaz no\n'),
      'SshdConfig',
      'sshd would not start',
    );
    assert.match(options.what, /sshd_config: line 2: Bad configuration option: FooBar; .*line 3: .*Baz/);
    assert.equal(options.next, 'sshd -t');
    const keyless = about(await config('HostKey /nowhere\n'), 'SshdConfig', 'sshd would not start');
    assert.match(keyless.what, /Unable to load host key: .*\/nowhere.*no hostkeys available/);
    const good = await config('HostKey /etc/ssh/test_key\n');
    assert.ok(!good.some(({ code }) => code === 'SshdConfig'), JSON.stringify(good));
    assert.ok(!good.some(({ what }) => what.includes("sshd's configuration")), 'it was asked');
  }),
);
