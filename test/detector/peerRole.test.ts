/** Who may what over the control socket, case by case, and how open its file and folder are for that. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { doorModes, peerRole, type PeerRole } from '../../src/detector/peerRole.ts';

const OPS = 700;
const OWN = 1_000;
const peer = (uid: number, gid: number, ...groups: number[]) => ({ uid, gid, groups });

const CASES: readonly (readonly [
  string,
  ReturnType<typeof peer>,
  'read' | 'none',
  number | null,
  PeerRole,
])[] = [
  ['root', peer(0, 0), 'none', OPS, 'operate'],
  ['root without any group', peer(0, 5), 'none', null, 'operate'],
  ['the supervisor itself', peer(OWN, 5), 'none', null, 'operate'],
  ['a member by its own group', peer(1_001, OPS), 'none', OPS, 'operate'],
  ['a member by another group', peer(1_001, 100, 4, OPS, 27), 'none', OPS, 'operate'],
  ['anybody else', peer(1_001, 100, 4, 27), 'none', OPS, 'none'],
  ['anybody else who may look', peer(1_001, 100, 4, 27), 'read', OPS, 'read'],
  ['somebody in the group of root', peer(1_001, 0, 0), 'none', OPS, 'none'],
  ['somebody whose uid is the number of the group', peer(OPS, 100), 'none', OPS, 'none'],
  ['somebody in a group with the number of the supervisor', peer(1_001, OWN, OWN), 'none', OPS, 'none'],
  ['anybody where there is no group', peer(1_001, 100, 4), 'none', null, 'none'],
  ['anybody where there is no group, but looks are free', peer(1_001, 100), 'read', null, 'read'],
];

describe('a peer of the control socket', () => {
  for (const [who, asks, others, groupGid, role] of CASES)
    it(`that is ${who} may ${role}`, () => {
      assert.equal(peerRole(asks, { ownUid: OWN, groupGid, others }), role);
    });
});

it('socket and folder are as open as the policy, and no more', () => {
  const modes = (groupGid: number | null, others: 'read' | 'none'): string[] => {
    const { socket, folder } = doorModes({ groupGid, others });
    return [socket.toString(8), folder.toString(8)];
  };
  assert.deepEqual(modes(OPS, 'none'), ['660', '750']);
  assert.deepEqual(modes(null, 'none'), ['600', '700']);
  assert.deepEqual(modes(OPS, 'read'), ['666', '755']);
  assert.deepEqual(modes(null, 'read'), ['666', '755']);
});
