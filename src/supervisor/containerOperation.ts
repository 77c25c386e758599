/**
 * Prepares what people ask to be done to a container: the steps, whom they interrupt, what forbids them, and when it is verified.
 * It does nothing to a container itself: the loop does, once it is asked.
 */
import { now } from '../clock.ts';
import { GarrisonError } from '../errors.ts';
import { followUpsOf } from '../reconciler/followUp.ts';
import { GHOST_ADVICE, nextTreatment } from '../reconciler/heal.ts';
import { planSteps, type PlannedContainer } from '../reconciler/healPlan.ts';
import { isBudgetSpent } from '../reconciler/healRecord.ts';
import type { Treatment } from '../reconciler/treatment.ts';
import { costOf } from './containerCost.ts';
import type { ContainerVerb, OperationRequest } from './door.ts';
import type { HealBoard } from './healBoard.ts';
import { isRunning, type Entry } from './healEntry.ts';
import type { Surroundings } from './ports.ts';
import type { Check, Prepared } from './preparedOperation.ts';
import type { Supervisor } from './supervisor.ts';

type Request = OperationRequest & { readonly verb: ContainerVerb };

export async function prepareForContainer(
  request: Request,
  supervisor: Supervisor,
  around: Surroundings,
): Promise<Prepared> {
  const named = targetOf(request, supervisor);
  if (request.verb === 'clearQuarantine') return prepareClearing(request, named, supervisor);
  const isHeal = request.verb === 'heal';
  if (isHeal && named.ailment === null) return nothingToHeal(named);
  const treated = isHeal ? rootOf(named, supervisor) : named;
  const how: Treatment = request.verb === 'heal' ? nextTreatment(treated.record) : request.verb;
  forbid(request, treated, { how, supervisor });
  const plan = stepsFor(request, { named, treated, how }, supervisor);
  const cost = await costOf(touchedBy(treated, how, supervisor), around);
  return {
    ...plan,
    interrupts: how === 'start' ? [] : cost,
    begin: () => begin(request, { named, treated, supervisor }),
  };
}

interface Case {
  readonly named: Readonly<Entry>;
  /** Itself, or the root that explains it. */
  readonly treated: Readonly<Entry>;
  readonly how: Treatment;
}

function stepsFor(
  request: Request,
  { named, treated, how }: Case,
  { containers }: Supervisor,
): Pick<Prepared, 'steps' | 'detail'> {
  const { seen, record } = treated;
  const because = reasonFor(request, named, treated);
  const { policy } = containers.heals;
  const question = { facts: seen.facts, how, because, record, policy, graph: containers.roots.graph };
  const others = plannedOthers(containers.heals.entries());
  const untilWell = request.verb === 'heal';
  return {
    steps: planSteps({ ...question, others, untilWell }, now().monoMs),
    detail: `${seen.facts.name}: ${request.verb}, because ${because}`,
  };
}

/** Those that are restarted with it, too. */
function touchedBy(
  { seen }: Readonly<Entry>,
  how: Treatment,
  { containers }: Supervisor,
): readonly { readonly id: string; readonly name: string }[] {
  const behind = how === 'stop' ? [] : followUpsOf(seen.facts, containers.roots.graph);
  const dependents = behind.flatMap(({ id }) => containers.heals.entry(id)?.seen ?? []).filter(isRunning);
  return [seen.facts, ...dependents.map(({ facts }) => facts)];
}

function begin(
  { verb, actor, reason }: Request,
  {
    named,
    treated,
    supervisor,
  }: { readonly named: Readonly<Entry>; readonly treated: Readonly<Entry>; readonly supervisor: Supervisor },
): Check {
  const { id } = treated.seen.facts;
  const how = verb === 'clearQuarantine' ? 'heal' : verb;
  const token = supervisor.tellHeals((heals, at) => heals.ask(id, { how, actor, reason }, at));
  const { heals } = supervisor.containers;
  if (named.seen.facts.id === id) return () => heals.askEnd(token);
  return thenDependent(token, named.seen.facts, { supervisor, ask: { how: 'heal', actor, reason } });
}

/** Once its root is well, the one that was named is wanted well too: where it does not recover by itself it is treated. */
function thenDependent(
  rootToken: number,
  { id, name }: Readonly<Entry>['seen']['facts'],
  { supervisor, ask }: { readonly supervisor: Supervisor; readonly ask: Parameters<HealBoard['ask']>[1] },
): Check {
  const { heals } = supervisor.containers;
  let token: number | null = null;
  return () => {
    const rootEnd = heals.askEnd(rootToken);
    if (rootEnd?.state !== 'done' && token === null) return rootEnd;
    const view = supervisor.containers.view(id);
    if (view === null) return { state: 'failed', detail: `${name} was removed meanwhile` };
    if (view.state === 'healthy') return { state: 'done', detail: `${name} is healthy: ${view.detail}` };
    token ??= supervisor.tellHeals((board, at) => board.ask(id, ask, at));
    return heals.askEnd(token);
  };
}

function targetOf({ target, ifIncarnation }: Request, { containers }: Supervisor): Readonly<Entry> {
  const name = target.replace(/^container\//, '');
  const id = containers.idOf(name);
  const entry = id === null ? null : containers.heals.entry(id);
  if (id === null || entry === null)
    throw new GarrisonError('NOT_FOUND', `there is no container ${name}`, {
      cure: 'garrison get containers',
    });
  const current = containers.view(id)?.incarnation ?? 'none';
  if (ifIncarnation === null || ifIncarnation === current) return entry;
  throw new GarrisonError(
    'INCARNATION_CHANGED',
    `${name} is now incarnation ${current}, not ${ifIncarnation}; nothing was done`,
    { cure: 'Look at it again and repeat the command with the current one.' },
  );
}

function prepareClearing(
  { actor }: Request,
  { seen, record }: Readonly<Entry>,
  supervisor: Supervisor,
): Prepared {
  const { id, name } = seen.facts;
  if (record.quarantine === null && record.restartsAtMs.length === 0)
    throw new GarrisonError(
      'CONFLICTING_STATE',
      `${name} is not in quarantine, and has its whole budget of restarts`,
    );
  const detail = `${name} leaves quarantine with a whole budget of restarts; while it is sick it is healed again, where it is selected`;
  return {
    interrupts: [],
    detail,
    begin: () => {
      supervisor.tellHeals((heals, at) => {
        heals.clearQuarantine(id, actor, at);
      });
      return () => ({ state: 'done', detail });
    },
  };
}

function nothingToHeal({ seen }: Readonly<Entry>): Prepared {
  const detail = `${seen.facts.name} is ${seen.verdict.state}: ${seen.verdict.detail}; there is nothing to heal`;
  return {
    steps: [],
    interrupts: [],
    detail,
    begin: () => () => ({ state: seen.verdict.state === 'healthy' ? 'done' : 'failed', detail }),
  };
}

function rootOf(named: Readonly<Entry>, { containers }: Supervisor): Readonly<Entry> {
  const root = containers.roots.of(named.seen.facts.id);
  return (root === null ? null : containers.heals.entry(root)) ?? named;
}

/** What can be known before anything is looked at anew. */
function forbid(
  { verb }: Request,
  { seen, ailment, ask, record, selection }: Readonly<Entry>,
  { how, supervisor }: { readonly how: Treatment; readonly supervisor: Supervisor },
): void {
  const { name, status } = seen.facts;
  const { docker, heals } = supervisor.containers;
  if (docker.state !== 'up')
    throw new GarrisonError('CONFLICTING_STATE', `nothing can be done to ${name}: ${docker.detail}`);
  if (ask !== null || record.underWay !== null)
    throw new GarrisonError(
      'CONFLICTING_STATE',
      `something is being done to ${name} already, by ${ask?.actor ?? record.underWay?.actor ?? 'garrison'}`,
      { cure: `See how it goes with garrison why container/${name}.` },
    );
  if (status === 'paused')
    throw new GarrisonError('REFUSED_BY_GUARD', `${name} is paused by somebody, and ${verb} would end that`, {
      cure: `docker unpause ${name} first, when whoever paused it agrees.`,
    });
  if (ailment === 'ghost') throw new GarrisonError('REFUSED_BY_GUARD', `${name} is a ghost: ${GHOST_ADVICE}`);
  if (record.quarantine !== null && (verb === 'heal' || verb === 'restart'))
    throw new GarrisonError('REFUSED_BY_GUARD', `${name} is in quarantine: ${record.quarantine.why}`, {
      cure: `garrison why container/${name} says what was seen; then garrison quarantine clear ${name} lets it be restarted again.`,
    });
  if (verb === 'heal' && selection.selection === 'never')
    throw new GarrisonError('REFUSED_BY_GUARD', `${name} is not healed: ${selection.because}`);
  if (how === 'start' && status === 'running')
    throw new GarrisonError('CONFLICTING_STATE', `${name} runs already`);
  if (how === 'stop' && status !== 'running' && status !== 'restarting')
    throw new GarrisonError('CONFLICTING_STATE', `${name} does not run`);
  const costs = how === 'restart' || how === 'killAndStart';
  if (costs && isBudgetSpent(record, heals.policy, now().monoMs))
    throw new GarrisonError(
      'REFUSED_BY_GUARD',
      `${name} was restarted ${String(heals.policy.budget.restarts)} times within ${String(heals.policy.budget.perMs / 60_000)} min, which is all that it may be, by whomever`,
      {
        cure: `garrison why container/${name} says what was seen; then garrison quarantine clear ${name} gives it a new budget.`,
      },
    );
}

function reasonFor(
  { actor, verb, reason }: Request,
  named: Readonly<Entry>,
  treated: Readonly<Entry>,
): string {
  const why = reason === null ? '' : ` (${reason})`;
  if (verb !== 'heal') return `${actor} asked for it${why}`;
  const sick = `${named.seen.facts.name} is ${named.seen.verdict.state}`;
  return named === treated
    ? `${sick}, and nothing that it depends on is${why}`
    : `${sick}, and ${treated.seen.facts.name}, which it depends on, is ${treated.seen.verdict.state}${why}`;
}

function plannedOthers(entries: readonly Readonly<Entry>[]): ReadonlyMap<string, PlannedContainer> {
  return new Map(
    entries.map(({ seen, selection }) => [
      seen.facts.id,
      { name: seen.facts.name, isHealed: selection.selection === 'heal', isRunning: isRunning(seen) },
    ]),
  );
}
