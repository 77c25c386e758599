/**
 * Makes sentences of containers: what is not well, what is done about it, why nothing is, and what a person can do next.
 * It never judges a container and never plans anything: the supervisor has said both.
 */
import type {
  ContainerReason,
  ContainersSummary,
  ContainerState,
  ContainerView,
  MaintenanceView,
  SelectionWord,
  Snapshot,
} from '../supervisor/door.ts';

/** A sentence, and what it says. */
export interface Told<Fact> {
  readonly sentence: string;
  readonly fact: Fact;
}

export type ContainersFact =
  | { readonly code: 'DockerAway'; readonly since: string }
  | { readonly code: 'BrakeOn' }
  | {
      readonly code: 'ContainerSick';
      readonly container: string;
      readonly state: ContainerState;
      readonly reason: ContainerReason;
      readonly since: string;
      /** Names of the other sick ones that it may explain. */
      readonly explains: readonly string[];
      readonly selection: SelectionWord;
      /** Something is planned, or there is a reason why nothing is. */
      readonly hasPlan: boolean;
      readonly maintenanceUntil: string | null;
    }
  | { readonly code: 'MoreSick'; readonly count: number }
  | { readonly code: 'Maintenance'; readonly scope: string; readonly until: string; readonly actor: string }
  | { readonly code: 'MoreMaintenance'; readonly count: number };

/** Docker that has never been seen is no trouble: the machine may have none. */
export function troublesOfContainers({ docker, containers }: Snapshot): readonly Told<ContainersFact>[] {
  if (docker.state === 'away') return containers.listed ? [dockerAway(docker)] : [];
  const { sick, brake } = containers;
  const toTell = sick.filter((container) => isToldOf(container, sick)).sort((a, b) => rank(a) - rank(b));
  const told = toTell.slice(0, MOST_TOLD).map((container) => sickTold(container, containers));
  const count = toTell.length - told.length;
  const more: Told<ContainersFact> = {
    sentence: `${String(count)} more containers are not well: garrison get containers`,
    fact: { code: 'MoreSick', count },
  };
  const braked: Told<ContainersFact> = {
    sentence: `The brake is on: ${brake ?? ''}`,
    fact: { code: 'BrakeOn' },
  };
  return [...(brake === null ? [] : [braked]), ...told, ...(count > 0 ? [more] : [])];
}

function dockerAway({ since, detail }: Snapshot['docker']): Told<ContainersFact> {
  return {
    sentence: `Docker does not answer since ${since}: ${detail}`,
    fact: { code: 'DockerAway', since },
  };
}

/** No trouble: a person wished it. But somebody else should know why nothing happens. */
export function maintenanceTold({ containers }: Snapshot): readonly Told<ContainersFact>[] {
  const { maintenance } = containers;
  const told = maintenance.slice(0, MOST_TOLD).map((view): Told<ContainersFact> => {
    const { scope, until, actor } = view;
    return { sentence: maintenanceSentence(view), fact: { code: 'Maintenance', scope, until, actor } };
  });
  const count = maintenance.length - told.length;
  if (count <= 0) return told;
  const sentence = `${String(count)} more scopes are in maintenance: garrison maintenance list`;
  return [...told, { sentence, fact: { code: 'MoreMaintenance', count } }];
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

function sickTold(container: ContainerView, containers: ContainersSummary): Told<ContainersFact> {
  const { name, detail, state, reason, heal } = container;
  const others = containers.sick.filter((each) => each.root === name && each.name !== name);
  const explains = others.map((each) => each.name);
  const maintenanceUntil = maintenanceOf(container, containers)?.until ?? null;
  const explained = explains.length === 0 ? '' : `; it may explain ${explains.join(', ')}`;
  const pause =
    maintenanceUntil === null ? '' : `; it is in maintenance until ${maintenanceUntil}, so nothing is done`;
  return {
    sentence: `Container ${name} ${stateText(container)}: ${detail}${explained}${planText(container)}${pause}`,
    fact: {
      ...{ code: 'ContainerSick', container: name, state, reason, since: sickSince(container), explains },
      ...{ selection: heal.selection, hasPlan: heal.plan !== '', maintenanceUntil },
    },
  };
}

function sickSince({ state, since, heal }: ContainerView): string {
  return state === 'quarantined' ? (heal.quarantinedSince ?? since) : since;
}

function stateText(container: ContainerView): string {
  const since = sickSince(container);
  switch (container.state) {
    case 'quarantined':
      return `is in quarantine since ${since}`;
    case 'healing':
      return `is being healed since ${since}`;
    case 'ghost':
      return `is a ghost since ${since}`;
    default:
      return `is ${container.state} since ${since}`;
  }
}

/** What is done, or why nothing is, or what to do next. */
function planText({ name, state, heal }: ContainerView): string {
  if (state === 'quarantined')
    return `; next: garrison why container/${name}, mend it, then garrison quarantine clear ${name}`;
  if (heal.plan !== '') return `; ${heal.plan}`;
  return heal.selection === 'heal' ? '' : `; Garrison leaves it alone: ${heal.because}`;
}
