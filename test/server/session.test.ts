/** Links and sessions age by the monotonic clock. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createSessions, LINK_LIVES_MS, SESSION_IDLE_MS } from '../../src/server/session.ts';

test('a link is good for 15 minutes, a session for 12 idle hours', () => {
  let nowMs = 0;
  const sessions = createSessions(() => nowMs);
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
  const sessions = createSessions();
  const link = sessions.newLinkSecret();
  const secret = sessions.open(link)!;
  assert.equal(sessions.open(link), null);
  sessions.close(secret);
  assert.equal(sessions.find(secret, 'use'), null);
});
