/**
 * Prepares the beginning and the end of maintenance: in it nothing is done to a container unless a person asks.
 * It interrupts nobody.
 */
import { now } from '../clock.ts';
import { GarrisonError } from '../errors.ts';
import type { MaintenanceVerb, OperationRequest } from './door.ts';
import type { Prepared } from './preparedOperation.ts';
import type { Supervisor } from './supervisor.ts';

const USUAL_MS = 30 * 60_000;

export function prepareMaintenance(
  request: OperationRequest & { readonly verb: MaintenanceVerb },
  { containers }: Supervisor,
): Prepared {
  const { verb, actor, reason } = request;
  const scope = request.target;
  checkScope(scope, containers.list());
  if (verb === 'maintenanceOff') return prepareEnd(scope, containers.heals);
  const forMs = request.forMs ?? USUAL_MS;
  const minutes = String(Math.round(forMs / 6_000) / 10);
  const detail = `${scope}: for ${minutes} min nothing is restarted unless a person asks; then it ends by itself`;
  return {
    interrupts: [],
    detail,
    begin: () => {
      containers.heals.beginMaintenance({ scope, actor, reason }, forMs, now());
      return () => ({ state: 'done', detail });
    },
  };
}

function prepareEnd(scope: string, heals: Supervisor['containers']['heals']): Prepared {
  if (heals.maintenance.every((each) => each.scope !== scope)) {
    const others = heals.maintenance.map((each) => each.scope);
    throw new GarrisonError('CONFLICTING_STATE', `${scope} is not in maintenance`, {
      cure: others.length === 0 ? 'Nothing is.' : `In maintenance are: ${others.join(', ')}.`,
    });
  }
  const detail = `${scope}: maintenance is over, and what is sick is healed again`;
  return {
    interrupts: [],
    detail,
    begin: () => {
      heals.endMaintenance(scope);
      return () => ({ state: 'done', detail });
    },
  };
}

/** A misspelled scope would be a maintenance of nothing. */
function checkScope(
  scope: string,
  containers: readonly { readonly name: string; readonly project: string | null }[],
): void {
  const isKnown =
    scope === 'all' ||
    containers.some(
      ({ name, project }) =>
        scope === `container/${name}` || (project !== null && scope === `project/${project}`),
    );
  if (isKnown) return;
  throw new GarrisonError('NOT_FOUND', `there is nothing of the scope ${scope}`, {
    cure: 'A scope is all, project/NAME or container/NAME; garrison get containers lists both names.',
  });
}
