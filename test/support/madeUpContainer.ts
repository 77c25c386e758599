/**
 * Facts of a container that is not there, for what is decided from facts alone.
 * It is well unless a test says otherwise.
 */
import { createHash } from 'node:crypto';
import type { ContainerFacts, Health, Probe } from '../../src/detector/containerFacts.ts';

export const A_TIME = '2026-01-02T03:04:05.000Z';

export function idOf(name: string): string {
  return createHash('sha256').update(name).digest('hex');
}

export function madeUpContainer(name: string, more: Partial<ContainerFacts> = {}): ContainerFacts {
  return {
    id: idOf(name),
    name,
    image: 'garrison-test:1',
    project: 'jms',
    service: name,
    isOneOff: false,
    workingDir: null,
    healLabel: null,
    dependsOnLabel: null,
    shares: [],
    addresses: [],
    status: 'running',
    pid: 4242,
    startedAt: A_TIME,
    finishedAt: '0001-01-01T00:00:00Z',
    exitCode: 0,
    restartPolicy: 'always',
    stopTimeoutMs: 10_000,
    health: healthOf('healthy', 0),
    healthCheck: { intervalMs: 10_000, timeoutMs: 5_000, startPeriodMs: 0, retries: 3 },
    process: 'alive',
    ...more,
  };
}

/** A log of three passed probes or, with another exit code, of one that passed and two that did not. */
export function healthOf(
  status: Health['status'],
  exitCode: number,
  { output = '', lastSecond = 3 }: { output?: string; lastSecond?: number } = {},
): Health {
  const probe = (second: number, code: number, said: string): Probe => ({
    startedAt: `2026-01-02T03:05:${String(second).padStart(2, '0')}.000Z`,
    endedAt: `2026-01-02T03:05:${String(second).padStart(2, '0')}.500Z`,
    exitCode: code,
    output: said,
  });
  const probes = [
    probe(lastSecond - 2, 0, 'ok'),
    probe(lastSecond - 1, exitCode, output),
    probe(lastSecond, exitCode, output),
  ];
  return { status, failingStreak: exitCode === 0 ? 0 : 2, probes };
}
