/** Links and sessions age by the monotonic clock, end for a reason that is told, and have a cookie of their own on each machine. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cookieNameOf, createSessions, LINK_LIVES_MS, SESSION_IDLE_MS } from '../../src/server/session.ts';

test('a link is good for 15 minutes, a session for 12 idle hours', () => {
  let nowMs = 0;
  const sessions = createSessions('cookie', () => nowMs);
  const late = sessions.newLinkSecret();
  nowMs = LINK_LIVES_MS;
  assert.equal(sessions.open(late), null);
  const secret = sessions.open(sessions.newLinkSecret())!;
  nowMs += SESSION_IDLE_MS - 1;
  assert.ok(sessions.find(secret, 'use'));
  nowMs += SESSION_IDLE_MS - 1;
  assert.ok(sessions.find(secret, 'peek'), 'use began the time anew');
  nowMs += 1;
  assert.equal(sessions.find(secret, 'peek'), null, 'a look did not');
});

test('a used link is gone, and so is a closed session', () => {
  const sessions = createSessions('cookie');
  const link = sessions.newLinkSecret();
  const secret = sessions.open(link)!;
  assert.equal(sessions.open(link), null);
  sessions.close(secret);
  assert.equal(sessions.find(secret, 'use'), null);
});

test('who signs in again and again ends the own sessions only, the one not used for longest first', () => {
  let nowMs = 0;
  const sessions = createSessions('cookie', () => nowMs);
  const others = sessions.openFor('betty');
  const byLink = sessions.open(sessions.newLinkSecret())!;
  const own: string[] = [];
  for (let turn = 0; turn < 300; turn += 1) {
    nowMs += 1;
    own.push(sessions.openFor('chen'));
    assert.ok(sessions.find(own[0]!, 'use'), 'the one in use stays');
  }
  assert.ok(sessions.find(others, 'peek') && sessions.find(byLink, 'peek'));
  const alive = own.filter((secret) => sessions.find(secret, 'peek') !== null);
  assert.deepEqual(alive, [own[0], ...own.slice(-31)]);
});

test('a session that is ended before its time is told of, one that was none is not', () => {
  let told = 0;
  const sessions = createSessions('cookie');
  sessions.onClosed(() => (told += 1));
  const [first, second] = [sessions.openFor('betty'), sessions.openFor('betty')];
  sessions.closeOf('chen');
  sessions.closeOf('betty', second);
  assert.equal(told, 1);
  sessions.close(first);
  assert.equal(told, 1);
  sessions.close(second);
  assert.equal(told, 2);
});

test('two homes, or two machines that call their home the same, have cookies of different names', () => {
  const names = [
    cookieNameOf('/var/lib/garrison', 'a'),
    cookieNameOf('/var/lib/garrison', 'b'),
    cookieNameOf('/home/x', 'a'),
  ];
  assert.equal(new Set(names).size, 3);
  for (const name of names) assert.match(name, /^garrison_session_[0-9a-f]{12}$/);
  assert.equal(cookieNameOf('/var/lib/../lib/garrison', 'a'), names[0], 'the same after each restart');
});
