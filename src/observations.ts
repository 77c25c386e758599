/**
 * Joins what the driver sees to what the supervisor takes in, event by event.
 * It holds no rule of either and drops nothing.
 */
import type { DriverEvents } from './driver/driverEvents.ts';
import type { Logger } from './logger.ts';
import type { Settling } from './settling.ts';
import type { Observation } from './supervisor/observation.ts';

export type Observe = (observation: Observation) => void;

export interface Heard {
  readonly settling: () => Settling;
  /** Measured only: nothing is decided from it. */
  readonly onDockerCall: DriverEvents['onDockerCall'];
  readonly onRedisAnswer: DriverEvents['onRedisAnswer'];
}

/** All but what is left at the very end, when nothing takes observations in any more. */
export function driverEvents(
  logger: Logger,
  observe: Observe,
  heard: Heard,
): Omit<DriverEvents, 'onLeft' | 'onSetAside' | 'onRedisDamage' | 'onSpool'> {
  return {
    onDockerCall: heard.onDockerCall,
    onRedisAnswer: heard.onRedisAnswer,
    ...processEvents(observe),
    docker: dockerEvents(observe),
    ...fleetEvents(observe, heard),
    onHeal: observe,
    onWorker: (worker, observation) => {
      observe({ kind: 'worker', worker, observation });
    },
    onSaid: (said) => {
      observe({ kind: 'job', observation: { kind: 'said', ...said } });
    },
    onNews: (observation) => {
      observe({ kind: 'job', observation });
    },
    onRedis: (up, detail) => {
      observe({ kind: 'redis', up, detail });
    },
    onRedisExit: ({ exitCode, signal }) => {
      observe({ kind: 'redisExited', exitCode, signal });
    },
    onFailure: (action, detail) => {
      observe({ kind: 'actionFailed', action, detail });
    },
    onRedisLine: (line) => {
      logger.debug({ redis: line }, 'redis');
    },
    onWorkerLine: (worker, line) => {
      logger.info({ worker }, line);
    },
  };
}

function dockerEvents(observe: Observe): DriverEvents['docker'] {
  return {
    onListed: (facts, missed) => {
      observe({ kind: 'containersListed', facts, missed });
    },
    onSeen: (facts) => {
      observe({ kind: 'containerSeen', facts });
    },
    onGone: (id) => {
      observe({ kind: 'containerGone', id });
    },
    onDocker: (up, detail) => {
      observe({ kind: 'docker', up, detail });
    },
    onReconnect: () => {
      observe({ kind: 'dockerReconnected' });
    },
  };
}

function fleetEvents(observe: Observe, heard: Heard): Pick<DriverEvents, 'fleet' | 'onStepDown' | 'settle'> {
  return {
    settle: (epoch) => heard.settling().settle(epoch),
    onStepDown: (lead) => {
      heard.settling().stepDown();
      observe({ kind: 'stoodDown', lead });
    },
    fleet: {
      onMessage: (from, message) => {
        observe({ kind: 'fleetSaid', from, message });
      },
      onMembers: (members) => {
        observe({ kind: 'members', members });
      },
      onFailure: (detail) => {
        observe({ kind: 'actionFailed', action: 'tellMember', detail });
      },
    },
  };
}

function processEvents(
  observe: Observe,
): Pick<DriverEvents, 'onZombies' | 'onReaped' | 'onAdopted' | 'onRefused'> {
  return {
    onZombies: (seen) => {
      observe({ kind: 'zombies', ...seen });
    },
    onReaped: (pid, command, orphanKind) => {
      observe({ kind: 'reaped', pid, command, orphanKind });
    },
    onAdopted: (orphan) => {
      observe({ kind: 'adopted', orphan });
    },
    onRefused: (refused) => {
      observe({ ...refused, kind: 'refused' });
    },
  };
}
