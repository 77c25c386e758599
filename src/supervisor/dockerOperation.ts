/**
 * Prepares a restart of the Docker daemon, which only people may ask for: what it takes along, and what forbids it.
 * It restarts nothing itself, and never without having said what it interrupts.
 */
import { now } from '../clock.ts';
import type { DockerExamination } from '../detector/containerFacts.ts';
import { GarrisonError } from '../errors.ts';
import { interruptions } from '../reconciler/healPlan.ts';
import type { OperationRequest } from './door.ts';
import { isRunning } from './healEntry.ts';
import type { Surroundings } from './ports.ts';
import type { Prepared } from './preparedOperation.ts';
import type { Supervisor } from './supervisor.ts';

export async function prepareDockerRestart(
  request: Pick<OperationRequest, 'actor'>,
  supervisor: Supervisor,
  around: Surroundings,
): Promise<Prepared> {
  const examination = await around.examineDocker();
  forbid(examination);
  const running = supervisor.containers.heals
    .entries()
    .filter(({ seen }) => isRunning(seen) || seen.facts.status === 'paused')
    .map(({ seen }) => seen.facts.name)
    .sort();
  return {
    steps: stepsOf(examination, running),
    interrupts: interruptsOf(examination, running),
    detail: `Docker: systemctl restart docker.service, because ${request.actor} asked for it`,
    begin: () => {
      if (!supervisor.restartDocker(now()))
        throw new GarrisonError('CONFLICTING_STATE', 'the Docker daemon is being restarted already');
      const { containers } = supervisor;
      return () => containers.dockerRestart.endOf(containers.dockerUpSinceMs, now().monoMs);
    },
  };
}

function forbid({ endsUs, loginsThrough }: DockerExamination): void {
  if (endsUs !== null)
    throw new GarrisonError('REFUSED_BY_GUARD', `Docker is not restarted: ${endsUs}`, {
      cure: 'Restart it from a shell of the host itself.',
    });
  if (loginsThrough.length > 0)
    throw new GarrisonError(
      'REFUSED_BY_GUARD',
      `Docker is not restarted: somebody who is logged in on this host came in through ${loginsThrough.join(', ')}, and would lose that session`,
      { cure: 'Log in to the host directly, and ask again when nobody is on it by way of a container.' },
    );
}

function stepsOf({ liveRestore, gaps }: DockerExamination, running: readonly string[]): readonly string[] {
  const restore =
    liveRestore === true
      ? 'live-restore is on: containers go on while the daemon is away'
      : liveRestore === false
        ? 'live-restore is off: every container is ended, and those with a restart policy are started again'
        : 'whether live-restore is on cannot be told: expect every container to be ended';
  return [
    `restart docker.service through systemd; ${restore}`,
    'your SSH session to this host survives: nobody has come in through a container, and Garrison does not run in one',
    `see that Docker answers again, and look at all ${String(running.length)} containers anew`,
    ...gaps,
  ];
}

function interruptsOf(
  { liveRestore, sessions, gaps }: DockerExamination,
  running: readonly string[],
): readonly string[] {
  if (liveRestore === true) return ['commands and builds that Docker runs right now'];
  return [
    ...(running.length === 0 ? [] : [`every running container: ${running.join(', ')}`]),
    ...sessions.flatMap((each) => interruptions(each.container, each.sessions, gaps)),
  ];
}
