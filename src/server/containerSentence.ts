/**
 * Makes sentences of containers: what is not well, what is done about it, why nothing is, and what a person can do next.
 * It never judges a container and never plans anything: the supervisor has said both.
 */
import type { ContainersSummary, ContainerView, MaintenanceView, Snapshot } from '../supervisor/door.ts';

/** Docker that has never been seen is no trouble: the machine may have none. */
export function containerSentences({ docker, containers }: Snapshot): readonly string[] {
  if (docker.state === 'away')
    return containers.listed ? [`Docker does not answer since ${docker.since}: ${docker.detail}`] : [];
  const { sick, brake } = containers;
  const toTell = sick.filter((container) => isToldOf(container, sick)).sort((a, b) => rank(a) - rank(b));
  const told = toTell.slice(0, MOST_TOLD).map((container) => sickSentence(container, containers));
  const more = toTell.length - told.length;
  const rest = more > 0 ? [`${String(more)} more containers are not well: garrison get containers`] : [];
  return [...(brake === null ? [] : [`The brake is on: ${brake}`]), ...told, ...rest];
}

/** No trouble: a person wished it. But somebody else should know why nothing happens. */
export function maintenanceSentences({ containers }: Snapshot): readonly string[] {
  const { maintenance } = containers;
  const told = maintenance.slice(0, MOST_TOLD).map(maintenanceSentence);
  const more = maintenance.length - told.length;
  return more > 0
    ? [...told, `${String(more)} more scopes are in maintenance: garrison maintenance list`]
    : told;
}

export function maintenanceSentence({ scope, until, actor, reason }: MaintenanceView): string {
  const why = reason === null ? '' : ` (${reason})`;
  const what = scope === 'all' ? 'all containers' : scope;
  return `Maintenance of ${what} until ${until}, asked for by ${actor}${why}: nothing there is restarted by itself. It ends by itself.`;
}

/** The first that covers the container; undefined when none does. */
export function maintenanceOf(
  { name, project }: ContainerView,
  { maintenance }: Pick<ContainersSummary, 'maintenance'>,
): MaintenanceView | undefined {
  const scopes = ['all', `container/${name}`, ...(project === null ? [] : [`project/${project}`])];
  return maintenance.find(({ scope }) => scopes.includes(scope));
}

/** Nobody reads on; the list of containers has them all. */
const MOST_TOLD = 5;

/** What another sick one explains is named there. */
function isToldOf({ name, root, state }: ContainerView, sick: readonly ContainerView[]): boolean {
  if (state === 'healing' || state === 'quarantined') return true;
  return root === null || root === name || sick.every((each) => each.name !== root);
}

/** First what waits for a person. */
function rank({ state }: ContainerView): number {
  return state === 'quarantined' ? 0 : 1;
}

function sickSentence(container: ContainerView, containers: ContainersSummary): string {
  const { name, detail } = container;
  const others = containers.sick.filter((each) => each.root === name && each.name !== name);
  const explains =
    others.length === 0 ? '' : `; it may explain ${others.map((each) => each.name).join(', ')}`;
  const maintenance = maintenanceOf(container, containers);
  const pause =
    maintenance === undefined ? '' : `; it is in maintenance until ${maintenance.until}, so nothing is done`;
  return `Container ${name} ${stateText(container)}: ${detail}${explains}${planText(container)}${pause}`;
}

function stateText({ state, since, heal }: ContainerView): string {
  switch (state) {
    case 'quarantined':
      return `is in quarantine since ${heal.quarantinedSince ?? since}`;
    case 'healing':
      return `is being healed since ${since}`;
    case 'ghost':
      return `is a ghost since ${since}`;
    default:
      return `is ${state} since ${since}`;
  }
}

/** What is done, or why nothing is, or what to do next. */
function planText({ name, state, heal }: ContainerView): string {
  if (state === 'quarantined')
    return `; next: garrison why container/${name}, mend it, then garrison quarantine clear ${name}`;
  if (heal.plan !== '') return `; ${heal.plan}`;
  return heal.selection === 'heal' ? '' : `; Garrison leaves it alone: ${heal.because}`;
}
