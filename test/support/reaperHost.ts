/**
 * Forks a process with a reaper and gives it one order.
 * It ends the process with the test.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import type { TestContext } from 'node:test';
import type { ReaperOrder, ReaperReport } from '../fixtures/reaperHost.ts';

const HOST = new URL('../fixtures/reaperHost.ts', import.meta.url).pathname;

export async function withReaper(t: TestContext, order: ReaperOrder): Promise<ReaperReport> {
  const host = fork(HOST, { execArgv: ['--import', 'tsx'] });
  t.after(async () => {
    if (host.exitCode !== null || host.signalCode !== null) return;
    const exited = once(host, 'exit');
    host.disconnect();
    await exited;
  });
  await once(host, 'message');
  host.send(order);
  const [report] = (await once(host, 'message')) as [ReaperReport];
  return report;
}
