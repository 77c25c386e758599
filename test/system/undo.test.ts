/**
 * An undo from a command line and over the API to real practice hosts and back: shown, confirmed, done once, and told of.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { PushView } from '../../src/supervisor/door.ts';
import { Garrison } from '../support/garrison.ts';
import { openParts, type Parts } from '../support/parts.ts';

const LOOK = 'cat /etc/passwd /etc/shadow /etc/group /etc/gshadow; ls -A /home /etc/sudoers.d';

describe('an undo', () => {
  let parts: Parts;
  let end: () => Promise<void>;
  let garrison: Garrison;
  let key = '';
  let id = '';
  let start: string[] = [];
  const look = async (): Promise<string[]> => [
    await garrison.tell('practice-1', LOOK),
    await garrison.tell('practice-2', LOOK),
  ];
  const view = async (push: string): Promise<PushView> =>
    (JSON.parse((await garrison.cli('describe', 'push', push, '-o', 'json')).stdout) as { item: PushView })
      .item;
  before(async () => {
    ({ parts, end } = openParts());
    garrison = await Garrison.start(parts, { practice: 2, config: 'workers: { count: 1 }' });
    key = join(garrison.home, 'test-keys', 'id_test.pub');
    start = await look();
    const hosts = ['--to', 'practice-1', 'practice-2'];
    const said = await garrison.cli('push', 'eva', ...hosts, '--key', key, '--sudo', 'all');
    assert.equal(said.exitCode, 0, said.stderr);
    id = /to take it back: .*undo (p-[0-9a-z-]+)/.exec(said.stderr)?.[1] ?? '';
    assert.notEqual(id, '', said.stderr);
  });
  after(() => end());

  it('is offered by the push, and shown without anything being changed', async () => {
    const pushed = await view(id);
    assert.deepEqual([pushed.undoable, pushed.notUndoable], [true, null]);
    const before = await look();
    const said = await garrison.cli('undo', id, '--dry-run');
    assert.equal(said.exitCode, 0, said.stderr);
    assert.match(
      said.stdout,
      /practice-1: change\n {2}- remove account: the push made it\n {2}- remove sudo rule: our rule/,
    );
    assert.match(said.stderr, new RegExp(`next: .*garrison .*undo ${id}`));
    assert.deepEqual(await look(), before);
  });

  it('wants the name of the account, and touches nothing without it', async () => {
    const before = await look();
    const said = await garrison.cli('undo', id);
    assert.match(said.stderr, /asks for the account's name/);
    assert.notEqual(said.exitCode, 0);
    assert.deepEqual(await look(), before);
  });

  it('gives one host back as it was, and refuses the other where somebody changed it', async () => {
    await garrison.tell('practice-2', 'usermod -a -G audio eva');
    const changed = await garrison.tell('practice-2', LOOK);
    const one = await garrison.cli('undo', id, '--from', 'practice-1', '--yes');
    assert.equal(one.exitCode, 0, one.stderr);
    assert.match(one.stdout, /practice-1 +changed +AccountUndone/);
    assert.equal((await look())[0], start[0]);
    assert.deepEqual(
      [(await view(id)).undoable, (await view(id)).notUndoable],
      [true, null],
      'on the other still',
    );
    const rest = await garrison.cli('undo', id, '--yes', '--reason', 'wrong hosts');
    assert.equal(rest.exitCode, 1);
    assert.match(rest.stdout, /practice-1 +unchanged +AlreadyUndone/);
    assert.match(rest.stdout, /practice-2 +conflict +ChangedSincePush/);
    assert.match(rest.stdout, /its groups/);
    assert.equal(await garrison.tell('practice-2', LOOK), changed);
    await garrison.tell('practice-2', 'gpasswd -d eva audio');
    const again = await garrison.cli('undo', id, '--yes');
    assert.match(again.stdout, /practice-2 +changed +AccountUndone/);
    assert.deepEqual(await look(), start);
    const { undoable, notUndoable } = await view(id);
    assert.equal(undoable, false);
    assert.match(notUndoable ?? '', /it was undone on practice-1\. it was undone on practice-2\./);
    const undo = /undo (p-[0-9a-z-]+) of/.exec(again.stderr)?.[1] ?? '';
    const undone = await view(undo);
    assert.deepEqual([undone.kind, undone.undoOf, undone.undoable], ['undo', id, false]);
    assert.ok(undone.jobs.every(({ undoOf }) => undoOf !== undefined));
    const twice = await garrison.cli('undo', undo, '--yes');
    assert.notEqual(twice.exitCode, 0);
    assert.match(twice.stderr, /only a push or a revoke is undone/);
  });
});
