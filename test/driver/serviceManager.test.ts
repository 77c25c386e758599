/**
 * What systemd is told through libsystemd, and what no child inherits.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { describe, it } from 'node:test';
import { openServiceManager, stateOf } from '../../src/driver/serviceManager.ts';
import { openNotifySocket } from '../support/notifySocket.ts';
import { tempHome } from '../support/tempHome.ts';

const unexpected = (detail: string): never => assert.fail(detail);

describe('the service manager', () => {
  it('is told each thing as it stands in sd_notify(3), and nothing of it reaches a child', (t) => {
    const socket = openNotifySocket(t, tempHome(t));
    const variables = {
      NOTIFY_SOCKET: socket.path,
      WATCHDOG_USEC: '30000000',
      WATCHDOG_PID: String(process.pid),
    };
    Object.assign(process.env, variables);
    const manager = openServiceManager(process.env, unexpected);
    assert.equal(manager?.watchdogMs, 30_000);
    for (const notice of ['ready', 'watchdog', { status: 'All 4 workers are up.' }, 'stopping'] as const)
      manager.tell(notice);
    assert.deepEqual(socket.heard(), ['READY=1', 'WATCHDOG=1', 'STATUS=All 4 workers are up.', 'STOPPING=1']);
    const inherited = execFileSync('env', { encoding: 'utf8' });
    for (const name of Object.keys(variables)) assert.ok(!inherited.includes(`${name}=`), name);
  });

  it('is not there without a socket', () => {
    assert.equal(openServiceManager({ WATCHDOG_USEC: '1000' }, unexpected), null);
  });

  it('watches nobody for whom the watchdog is not meant', () => {
    const env = { NOTIFY_SOCKET: '/nowhere', WATCHDOG_USEC: '1000', WATCHDOG_PID: '1' };
    assert.equal(openServiceManager(env, unexpected)?.watchdogMs, null);
    assert.deepEqual(env, {});
  });

  it('hears a status as one line of bounded length, whatever is in it', () => {
    const hostile = `up\nREADY=1\nMAINPID=1 \u202e${'x'.repeat(1000)}`;
    const state = stateOf({ status: hostile });
    assert.match(state, /^STATUS=up READY=1 MAINPID=1 {2}x+…$/);
    assert.equal(state.length, 'STATUS='.length + 200);
  });
});
