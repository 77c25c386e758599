/**
 * Says which containers may be restarted at all, and who chose that: their label, the configuration, or nobody.
 * It knows nothing of how a container is, and `false` wins over everything that says otherwise.
 */
import type { ContainerFacts } from '../detector/containerFacts.ts';

/** `observe`: it is only said what would be done. `never`: somebody excluded it. `unselected`: nobody chose it. */
export type SelectionWord = 'heal' | 'observe' | 'never' | 'unselected';

export interface Selection {
  readonly selection: SelectionWord;
  /** A sentence: who chose that. */
  readonly because: string;
}

export interface SelectionRules {
  readonly select: 'label' | 'all';
  /** Of docker compose. */
  readonly projects: readonly string[];
  /** Names of containers or services. */
  readonly heal: readonly string[];
  readonly observe: readonly string[];
  readonly exclude: readonly string[];
}

type Selected = Pick<ContainerFacts, 'name' | 'service' | 'project' | 'image' | 'isOneOff' | 'healLabel'>;

/** The first that applies: what excludes, then what only observes, then what heals. */
export function selectionOf(container: Selected, rules: SelectionRules): Selection {
  const label = container.healLabel?.trim().toLowerCase() ?? null;
  return (
    excluded(container, rules, label) ?? observed(container, rules, label) ?? healed(container, rules, label)
  );
}

/** Programs whose data a restart at the wrong moment may harm: restarting one is for who knows it. */
const DATA_STORES: readonly string[] = [
  'cassandra',
  'clickhouse',
  'cockroach',
  'couchbase',
  'couchdb',
  'elasticsearch',
  'etcd',
  'influxdb',
  'kafka',
  'keydb',
  'mariadb',
  'minio',
  'mongo',
  'mongodb',
  'mssql',
  'mysql',
  'neo4j',
  'opensearch',
  'percona',
  'postgis',
  'postgres',
  'postgresql',
  'rabbitmq',
  'redis',
  'scylla',
  'valkey',
  'zookeeper',
];

function excluded(container: Selected, { exclude }: SelectionRules, label: string | null): Selection | null {
  if (label === 'false') return never('its label garrison.heal=false excludes it');
  if (isNamed(container, exclude)) return never('containers.exclude names it');
  if (container.isOneOff) return never('it is a one-off command of docker compose run');
  return null;
}

function observed(container: Selected, { observe }: SelectionRules, label: string | null): Selection | null {
  if (label === 'observe') return onlyObserved('its label garrison.heal=observe says so');
  if (label !== null && label !== 'true')
    return onlyObserved(
      `its label garrison.heal says ${JSON.stringify(label.slice(0, MOST_QUOTED))}, which is none of true, false and observe`,
    );
  if (isNamed(container, observe)) return onlyObserved('containers.observe names it');
  return null;
}

function healed(container: Selected, rules: SelectionRules, label: string | null): Selection {
  if (label === 'true') return heal('its label garrison.heal=true asks for it');
  if (isNamed(container, rules.heal)) return heal('containers.heal names it');
  const byProject = container.project !== null && rules.projects.includes(container.project);
  if (!byProject && rules.select !== 'all')
    return {
      selection: 'unselected',
      because:
        'nobody chose it: the label garrison.heal=true, or containers.heal or containers.projects in garrison.yaml, would',
    };
  const chosen = byProject
    ? `containers.projects names its project ${container.project}`
    : 'containers.select is all';
  return isDataStore(container)
    ? onlyObserved(
        `${chosen}, but it looks like a data store, which is healed only where containers.heal or its label names it`,
      )
    : heal(chosen);
}

const MOST_QUOTED = 40;

function isNamed({ name, service }: Selected, names: readonly string[]): boolean {
  return names.includes(name) || (service !== null && names.includes(service));
}

/** By the words of the image's own name, without registry, folder, tag and digest, and by the service's. */
function isDataStore({ image, service }: Selected): boolean {
  const own = image.split('/').at(-1)?.split(/[:@]/)[0] ?? '';
  const words = `${own} ${service ?? ''}`.toLowerCase().split(/[^a-z]+/);
  return words.some((word) => DATA_STORES.includes(word));
}

function never(because: string): Selection {
  return { selection: 'never', because };
}

function onlyObserved(because: string): Selection {
  return { selection: 'observe', because };
}

function heal(because: string): Selection {
  return { selection: 'heal', because };
}
