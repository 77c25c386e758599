/** Who is at the other end of a real socket, as real users of the machine, and the folder that the socket lies in. */
import assert from 'node:assert/strict';
import {
  chmodSync,
  chownSync,
  closeSync,
  mkdirSync,
  openSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import type { Peer } from '../../src/detector/peerRole.ts';
import { prepareControlFolder } from '../../src/driver/controlFolder.ts';
import { groupId, groupName, readPeer, userName } from '../../src/driver/peerCredentials.ts';
import { askAsUser, type AsUser } from '../support/askAsUser.ts';
import { tempHome } from '../support/tempHome.ts';

const skip = process.getuid?.() === 0 ? false : 'only root can become other users';

function descriptorOf(socket: Socket): number {
  return (socket as Socket & { _handle: { fd: number } })._handle.fd;
}

/** Serves one connection and gives who made it. */
async function peerOf(context: TestContext, user: AsUser): Promise<Peer | null> {
  const folder = tempHome(context);
  chmodSync(folder, 0o711);
  const path = join(folder, 's');
  const server = createServer();
  const seen = new Promise<Peer | null>((resolve) => {
    server.on('connection', (socket) => {
      resolve(readPeer(descriptorOf(socket)));
      socket.destroy();
    });
  });
  await new Promise<void>((resolve) =>
    server.listen({ path, readableAll: true, writableAll: true }, resolve),
  );
  await askAsUser(path, user, [{ path: '/' }]);
  server.close();
  return seen;
}

describe('the peer of a Unix socket', { skip }, () => {
  it('has its user, its group and all its other groups', async (t) => {
    const many = Array.from({ length: 300 }, (_, index) => 5_000 + index);
    const cases: readonly AsUser[] = [
      { uid: 0, gid: 0 },
      { uid: 4_242, gid: 4_343 },
      { uid: 4_242, gid: 4_343, groups: [7, 4_444] },
      { uid: 4_000_000_000, gid: 4_000_000_001, groups: [4_000_000_002] },
      { uid: 4_242, gid: 4_343, groups: many },
    ];
    for (const user of cases) {
      const peer = await peerOf(t, user);
      assert.ok(peer !== null && peer.pid > 1, JSON.stringify(user));
      const { uid, gid, groups } = peer;
      assert.deepEqual({ uid, gid, groups }, { groups: [], ...user });
    }
  });
});

it('nobody is known of a network connection, a file, and a descriptor that is none', async () => {
  const server = createServer();
  const seen = new Promise<Peer | null>((resolve) => {
    server.on('connection', (socket) => {
      resolve(readPeer(descriptorOf(socket)));
      socket.destroy();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1').on('error', () => undefined);
  assert.equal(await seen, null);
  client.destroy();
  server.close();
  const file = openSync('/dev/null', 'r');
  for (const fd of [file, -1, 99_999, Number.NaN]) assert.equal(readPeer(fd), null, String(fd));
  closeSync(file);
});

it('users and groups have the names of the machine, and the unknown none', () => {
  assert.deepEqual([userName(0), userName(4_000_000_000)], ['root', null]);
  assert.deepEqual([groupId('root'), groupName(0)], [0, 'root']);
  assert.deepEqual([groupId('no-such-group'), groupId(''), groupName(4_000_000_000)], [null, null, null]);
});

describe('the folder of the control socket', { skip }, () => {
  const looks = (path: string): unknown[] => {
    const { mode, uid, gid } = statSync(path);
    return [(mode & 0o7777).toString(8), uid, gid];
  };

  it('is made for the group, whatever the umask; one that is there is made so', (t) => {
    const path = join(tempHome(t), 'run');
    const before = process.umask(0o077);
    prepareControlFolder(path, { mode: 0o750, gid: 4_343 });
    process.umask(before);
    assert.deepEqual(looks(path), ['750', 0, 4_343]);
    prepareControlFolder(path, { mode: 0o755, gid: 4_343 });
    assert.deepEqual(looks(path), ['755', 0, 4_343]);
    prepareControlFolder(path, { mode: 0o700, gid: null });
    assert.deepEqual(looks(path), ['700', 0, 0]);
    chmodSync(path, 0o2755);
    prepareControlFolder(path, { mode: 0o750, gid: 4_444 });
    assert.deepEqual(looks(path), ['750', 0, 4_444]);
  });

  it('is refused and left as it is when it is somebody else’s, a link, a file, or others could write there', (t) => {
    const home = tempHome(t);
    const path = (name: string): string => join(home, name);
    for (const name of ['theirs', 'open', 'target']) mkdirSync(path(name));
    chownSync(path('theirs'), 4_242, 0);
    chmodSync(path('open'), 0o775);
    symlinkSync(path('target'), path('link'));
    writeFileSync(path('file'), '');
    for (const [name, why] of [
      ['theirs', /belongs to user 4242/],
      ['open', /others can write in .*0775/],
      ['link', /not a folder/],
      ['file', /not a folder/],
      ['none/below', /cannot be made/],
    ] as const)
      assert.throws(() => prepareControlFolder(path(name), { mode: 0o750, gid: 4_343 }), {
        code: 'HOME_UNUSABLE',
        message: why,
      });
    assert.deepEqual(looks(path('target')), ['755', 0, 0]);
    assert.deepEqual(looks(path('open')), ['775', 0, 0]);
  });
});
