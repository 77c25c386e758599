/**
 * Docker's own restart, for people: what it would take along, and that systemd is told once.
 * A small stand-in for systemctl is the one part that is not real: systemd knows nothing of a dockerd of a test's own.
 */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { TestHands } from '../support/containerHands.ts';
import { TestDockerd } from '../support/dockerd.ts';
import { importImage, runContainer } from '../support/dockerImages.ts';
import { withParts, type Parts } from '../support/parts.ts';
import { tempHome } from '../support/tempHome.ts';
import { until } from '../support/until.ts';

if (process.getuid?.() === 0) {
  describe('a restart of Docker', () => {
    it('goes through systemd, once, and takes along what was said', withParts(restarts));
    it('does not happen where systemd knows no docker.service, or refuses', withParts(refuses));
  });
}

/** First on PATH for as long as the test runs. */
function standInSystemctl(parts: Parts, script: string): string {
  const folder = tempHome(parts);
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  const said = `printf '%s\\n' "$*" >>${join(folder, 'told')}`;
  writeFileSync(join(bin, 'systemctl'), `#!/bin/sh\n${said}\n${script}\n`, { mode: 0o755 });
  const before = process.env.PATH;
  process.env.PATH = `${bin}:${before ?? ''}`;
  parts.after(() => {
    process.env.PATH = before;
  });
  return folder;
}

function toldTo(folder: string): readonly string[] {
  return readFileSync(join(folder, 'told'), 'utf8').trim().split('\n');
}

async function restarts(parts: Parts): Promise<void> {
  const folder = standInSystemctl(
    parts,
    'case $1 in show) echo LoadState=loaded ;; restart) : >"${0%/bin/*}/asked"; until [ -e "${0%/bin/*}/done" ]; do sleep 0.05; done ;; esac',
  );
  const dockerd = await TestDockerd.start(parts, { liveRestore: true });
  await importImage(dockerd.dockerode());
  const { id } = await runContainer(dockerd.dockerode(), { name: 'one', networkMode: 'none' });
  const hands = TestHands.onSocket(parts, dockerd.socketPath);
  const before = await hands.life(id);
  const { liveRestore, sessions, endsUs, gaps } = await hands.hands.examineDocker();
  assert.deepEqual([liveRestore, endsUs, gaps], [true, null, []]);
  assert.deepEqual(sessions, [
    { container: 'one', sessions: { connections: 0, execs: 0, carriesLogin: false } },
  ]);
  hands.hands.restartDocker();
  hands.hands.restartDocker();
  assert.deepEqual(hands.told('dockerRestarted'), [
    { kind: 'dockerRestarted', isDone: false, detail: 'another restart of Docker is under way' },
  ]);
  await until('systemd is asked', () => existsSync(join(folder, 'asked')));
  await dockerd.kill();
  await dockerd.startAgain();
  writeFileSync(join(folder, 'done'), '');
  await until('it is told', () => hands.told('dockerRestarted').length > 1);
  assert.deepEqual(hands.told('dockerRestarted')[1], {
    kind: 'dockerRestarted',
    isDone: true,
    detail: 'systemd has restarted docker.service',
  });
  assert.deepEqual(toldTo(folder), ['show -p LoadState docker.service', 'restart docker.service']);
  await until('Docker is seen again', () => hands.docker.at(-1)?.up === true, { deadlineMs: 12_000 });
  const after = await dockerd.dockerode().getContainer(id).inspect();
  assert.equal(after.State.Pid, before.pid, 'with live restore the container went on');
}

async function refuses(parts: Parts): Promise<void> {
  const folder = standInSystemctl(
    parts,
    'cat "${0%/bin/*}/state"; [ "$1" = show ] || { printf "Access\\033[1m denied\\n" >&2; exit 4; }',
  );
  const hands = TestHands.onSocket(parts, join(folder, 'none'));
  const detailWith = async (state: string): Promise<string> => {
    writeFileSync(join(folder, 'state'), state);
    const earlier = hands.told('dockerRestarted').length;
    hands.hands.restartDocker();
    const news = await until('it is told', () => hands.told('dockerRestarted')[earlier]);
    assert.equal(news.isDone, false);
    return news.detail;
  };
  assert.equal(
    await detailWith('LoadState=not-found\n'),
    'systemd does not know docker.service here (it calls it not-found), so Docker was not restarted',
  );
  assert.match(await detailWith('System has not been booted\n'), /here \(System has not been booted\)/);
  assert.equal(toldTo(folder).length, 2, 'no restart');
  assert.equal(
    await detailWith('LoadState=loaded\n'),
    'systemctl restart docker.service failed (exit 4): Access\ufffd[1m denied',
  );
  const { liveRestore, sessions, gaps } = await hands.hands.examineDocker();
  assert.deepEqual([liveRestore, sessions], [null, []]);
  assert.match(gaps.join('\n'), /Docker has no socket at/);
}
