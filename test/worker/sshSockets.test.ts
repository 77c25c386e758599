/** No ssh of Garrison's shares a connection but over the path it is told, or leaves a socket behind, by the client's own word, whatever the machine's and the user's configuration want. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import type { PushTask } from '../../src/push/job.ts';
import { masterArguments, sshArguments } from '../../src/worker/sshArguments.ts';
import { tempHome } from '../support/tempHome.ts';

/** What would have every ssh leave a master behind that outlives it and holds its output. */
const SHARING =
  'Host *\n  ControlMaster auto\n  ControlPath /tmp/%C\n  ControlPersist 10m\n  Compression yes\n';
const TASK: PushTask = {
  jobId: 'j-1',
  attempt: 1,
  kind: 'check',
  account: null,
  fence: { clusterId: 'c', epoch: 1, counter: 1 },
  host: { name: 'web-1', address: '192.0.2.1', port: 22, user: 'root' },
  ssh: {
    identityFile: '/nowhere/id',
    knownHostsFiles: [],
    connectTimeoutMs: 10_000,
    idleTimeoutMs: 60_000,
    totalTimeoutMs: 300_000,
  },
  logFile: '/nowhere/log',
};

const MAY_MOUNT = spawnSync('unshare', ['--mount', '--', 'true']).status === 0;
const SKIP = MAY_MOUNT ? false : 'its own mounts are not permitted here';

describe('an ssh of Garrison', { skip: SKIP }, () => {
  it('shares no connection', (t) => {
    const { controlmaster, controlpath, controlpersist } = effective(t, sshArguments(TASK, 'true'));
    assert.deepEqual([controlmaster, controlpath, controlpersist], ['false', undefined, 'no']);
  });

  it('uses a kept one and makes none, and the kept one stays in the foreground', (t) => {
    const shown = [sshArguments(TASK, 'true', '/run/kept/1'), masterArguments(TASK, '/run/kept/1')].map(
      (args) => {
        const { controlmaster, controlpath, controlpersist } = effective(t, args);
        return [controlmaster, controlpath, controlpersist];
      },
    );
    const path = '/run/kept/1';
    assert.deepEqual(shown, [
      ['false', path, 'no'],
      ['true', path, 'no'],
    ]);
  });

  it('offers what it is told for the key exchange, and all that OpenSSH would when told nothing', (t) => {
    const faster = { ...TASK, ssh: { ...TASK.ssh, kex: 'curve25519-sha256' } };
    assert.equal(effective(t, sshArguments(faster, 'true'))['kexalgorithms'], 'curve25519-sha256');
    assert.match(effective(t, sshArguments(TASK, 'true'))['kexalgorithms'] ?? '', /^sntrup761/);
  });

  it('reads these configurations only where the inventory says so, and even then shares nothing', (t) => {
    const told = { ...TASK, host: { ...TASK.host, way: { sshConfig: true } as const } };
    const { controlmaster, controlpath, compression } = effective(t, sshArguments(told, 'true'));
    assert.deepEqual([controlmaster, controlpath, compression], ['false', undefined, 'yes']);
    assert.equal(effective(t, sshArguments(TASK, 'true'))['compression'], 'no');
  });

  it('would share one by these configurations, but for its arguments', (t) => {
    const { controlmaster, controlpath } = effective(t, ['192.0.2.1']);
    assert.equal(controlmaster, 'auto');
    assert.match(String(controlpath), /^\/tmp\/[0-9a-f]+$/);
  });
});

/** What the client makes of its arguments (ssh -G) where both configurations ask for sharing; it connects nowhere. */
function effective(t: TestContext, args: readonly string[]): Record<string, string> {
  const folder = tempHome(t);
  const config = join(folder, 'config');
  writeFileSync(config, SHARING);
  mkdirSync(join(folder, 'home', '.ssh'), { recursive: true });
  writeFileSync(join(folder, 'home', '.ssh', 'config'), SHARING);
  const script =
    'mount --bind "$0" /etc/ssh/ssh_config && mount --bind "$1" "$2" && shift 2 && exec ssh -G "$@"';
  const home = [join(folder, 'home'), homedir()];
  const said = execFileSync('unshare', ['--mount', '--', 'sh', '-c', script, config, ...home, ...args], {
    encoding: 'utf8',
  });
  return Object.fromEntries(
    said
      .trim()
      .split('\n')
      .map((line) => [line.slice(0, line.indexOf(' ')), line.slice(line.indexOf(' ') + 1)]),
  );
}
