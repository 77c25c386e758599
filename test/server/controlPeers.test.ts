/** What each kind of user of the machine may do over the control socket: real users, the real server, a fake door behind it. */
import assert from 'node:assert/strict';
import { chmodSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { doorModes } from '../../src/detector/peerRole.ts';
import { prepareControlFolder } from '../../src/driver/controlFolder.ts';
import { readPeer, userName } from '../../src/driver/peerCredentials.ts';
import type { ControlAccess } from '../../src/server/controlGuard.ts';
import { askAsUser, holdStreams, type AnswerToUser, type AsUser, type Asked } from '../support/askAsUser.ts';
import { startFakeSupervisor, type FakeSupervisor } from '../support/fakeSupervisor.ts';
import { tempHome } from '../support/tempHome.ts';

const skip = process.getuid?.() === 0 ? false : 'only root can become other users';
const OPS = 4_343;
const ROOT: AsUser = { uid: 0, gid: 0 };
const MEMBER: AsUser = { uid: 4_242, gid: OPS };
const ALSO_MEMBER: AsUser = { uid: 4_243, gid: 100, groups: [4, OPS] };
const STRANGER: AsUser = { uid: 4_244, gid: 100, groups: [4, 27] };

const RESTART: Asked = {
  method: 'POST',
  path: '/api/v1/operations',
  body: { verb: 'restart', target: 'push-1' },
};
const LINK: Asked = { method: 'POST', path: '/api/v1/sign-in-links', body: {} };
const STATUS: Asked = { path: '/api/v1/status' };

interface Given extends Partial<ControlAccess> {
  readonly others?: 'read' | 'none';
  /** More open than the policy has it, as if the kernel's own check were not there. */
  readonly ajar?: boolean;
}

async function start(
  context: TestContext,
  { others = 'none', ajar = false, ...more }: Given = {},
): Promise<FakeSupervisor> {
  const top = tempHome(context);
  chmodSync(top, 0o711);
  const home = join(top, 'run');
  const modes = ajar ? { folder: 0o755, socket: 0o666 } : doorModes({ groupGid: OPS, others });
  prepareControlFolder(home, { mode: modes.folder, gid: OPS });
  const policy = { ownUid: 0, group: 'ops', groupGid: OPS, others };
  const control = { policy, peerOf: readPeer, nameOf: userName, opening: { mode: modes.socket, gid: OPS } };
  const fake = await startFakeSupervisor(home, { control: { ...control, ...more } });
  context.after(() => fake.end());
  return fake;
}

const statuses = (answers: readonly AnswerToUser[]): number[] => answers.map(({ status }) => status);
const told = ({ text }: AnswerToUser): { code: string; detail: string; cure: string } =>
  JSON.parse(text) as { code: string; detail: string; cure: string };

describe('over the control socket', { skip }, () => {
  it('root and members by either kind of group give commands, and the journal has their names', async (t) => {
    const fake = await start(t);
    const { mode, gid } = statSync(fake.socketPath);
    assert.deepEqual([mode & 0o777, gid], [0o660, OPS]);
    for (const [user, name] of [
      [ROOT, 'local:root'],
      [MEMBER, 'local:4242'],
      [ALSO_MEMBER, 'local:4243'],
    ] as const) {
      const answers = await askAsUser(fake.socketPath, user, [STATUS, RESTART, LINK]);
      assert.deepEqual(statuses(answers), [200, 202, 200], name);
      assert.equal(fake.door.operations.at(-1)?.actor, name);
      assert.deepEqual(fake.door.journal.at(-1), { event: 'signInLink', actor: name });
    }
  });

  it('nobody else comes in: by the kernel, and by the server where the kernel would let them', async (t) => {
    const shut = await start(t);
    assert.deepEqual(
      (await askAsUser(shut.socketPath, STRANGER, [STATUS])).map(({ text }) => text),
      ['EACCES'],
    );
    const ajar = await start(t, { ajar: true });
    const calls = [STATUS, RESTART, { path: '/metrics' }, { path: '/nowhere' }, { path: '/livez' }];
    const answers = await askAsUser(ajar.socketPath, STRANGER, [...calls, { path: '/readyz' }]);
    assert.deepEqual(statuses(answers), [403, 403, 403, 403, 200, 200]);
    assert.deepEqual(
      answers.slice(4).map(({ text }) => text),
      ['ok\n', 'ok\n'],
    );
    const { code, detail, cure } = told(answers[0]!);
    assert.equal(code, 'NOT_PERMITTED');
    assert.equal(detail, 'uid 4244 may not talk to this supervisor: root and members of the group ops may');
    assert.match(cure, /sudo, .*usermod -aG ops 4244, then log in anew/);
    assert.equal(askedOf(ajar), 0);
  });

  it('whoever may only look sees what a token of scope read sees, and gets no way in', async (t) => {
    const open = await start(t, { others: 'read' });
    const { mode } = statSync(open.socketPath);
    assert.equal(mode & 0o777, 0o666);
    const looks = ['/api/v1/status', '/api/v1/workers', '/api/v1/audit', '/metrics', '/plain', '/readyz'];
    const seen = await askAsUser(
      open.socketPath,
      STRANGER,
      looks.map((path) => ({ path })),
    );
    assert.deepEqual(statuses(seen), [200, 200, 200, 200, 200, 200]);
    assert.doesNotMatch(seen[4]!.text, /name="form" value="[^"]/);
    assert.deepEqual(statuses(await askAsUser(open.socketPath, STRANGER, [{ path: '/nowhere' }])), [404]);
    const deeds: readonly Asked[] = [
      ...[RESTART, LINK, { ...RESTART, path: '/api/v1/pushes' }, { ...LINK, path: '/api/v1/tokens' }],
      ...[{ path: '/api/v1/tokens' }, { path: '/api/v1/users' }, { path: '/api/v1/logins' }],
      ...[
        { ...LINK, path: '/api/v1/hooks/alertmanager' },
        { ...LINK, path: '/api/v1/me/password' },
      ],
      ...[
        { ...LINK, path: '/api/v1/hosts/web-1/scan' },
        { ...LINK, path: '/nowhere' },
      ],
      { method: 'DELETE', path: '/api/v1/tokens/ci' },
    ];
    const refused = await askAsUser(open.socketPath, STRANGER, deeds);
    for (const [index, answer] of refused.entries())
      assert.deepEqual(
        [answer.status, told(answer).code, /may only look/.test(told(answer).detail)],
        [403, 'NOT_PERMITTED', true],
        JSON.stringify(deeds[index]),
      );
    assert.equal(askedOf(open), 0);
    assert.deepEqual(statuses(await askAsUser(open.socketPath, MEMBER, [RESTART])), [202]);
  });

  it('the kernel is asked once for each connection', async (t) => {
    const asked: number[] = [];
    const peerOf: ControlAccess['peerOf'] = (fd) => {
      asked.push(fd);
      return readPeer(fd);
    };
    const server = await start(t, { peerOf });
    const answers = await askAsUser(server.socketPath, MEMBER, [STATUS, RESTART, STATUS]);
    assert.deepEqual(
      answers.map(({ isReused }) => isReused),
      [false, true, true],
    );
    assert.equal(asked.length, 1);
  });

  it('an unknown peer is refused, but where only the owner can have come', async (t) => {
    const peerOf = (): null => null;
    const shut = await start(t, { peerOf });
    const [answer] = await askAsUser(shut.socketPath, ROOT, [RESTART]);
    assert.deepEqual([answer!.status, told(answer!).code], [403, 'NOT_PERMITTED']);
    assert.match(told(answer!).detail, /kernel does not tell/);
    const home = await start(t, { peerOf, opening: null });
    assert.equal(statSync(home.socketPath).mode & 0o777, 0o600);
    assert.deepEqual(statuses(await askAsUser(home.socketPath, ROOT, [RESTART])), [202]);
    assert.equal(home.door.operations.at(-1)?.actor, 'local');
  });

  it('a name that is no plain name never gets into the journal', async (t) => {
    const server = await start(t, { nameOf: () => 'eve\u001b[2J\nlocal:root' });
    await askAsUser(server.socketPath, MEMBER, [RESTART]);
    assert.equal(server.door.operations.at(-1)?.actor, 'local:4242');
  });

  it('however many connections others hold, there is room for whoever has to act', async (t) => {
    const open = await start(t, { others: 'read' });
    const held = await holdStreams(open.socketPath, STRANGER, 300);
    t.after(held.end);
    assert.deepEqual([held.open, held.refused], [256, 44]);
    assert.deepEqual(statuses(await askAsUser(open.socketPath, MEMBER, [STATUS, RESTART])), [200, 202]);
  });
});

/** How much was asked of the door. */
function askedOf({ door }: FakeSupervisor): number {
  return door.operations.length + door.pushes.length;
}
