/**
 * Makes one entry of the timeline from one line of the journal: what kind of thing happened to what, in a sentence, by whom and why.
 * It judges nothing, trusts no field's type, and knows how to tell of a line that nobody has foreseen.
 */
import type { TimelineAbout, TimelineEntry, TimelineKind } from './historyDoor.ts';
import type { JournalEntry } from './ports.ts';

/** Which kind of thing goes by a bare name now; null when nothing does. */
export type KindOfName = (name: string) => 'worker' | 'container' | null;

type Told = Pick<TimelineEntry, 'kind' | 'about' | 'sentence'> & { readonly state?: string | null };

const LONGEST_TEXT = 2_000;
const HOSTS_NAMED = 5;

export function timelineEntryOf(id: string, line: JournalEntry, kindOfName: KindOfName): TimelineEntry {
  const told = tell(line, kindOfName);
  const { at, event } = line;
  return {
    ...{ id, at, event: cut(event) },
    ...told,
    sentence: cut(told.sentence),
    state: told.state ?? null,
    actor: textOr(line.actor, null),
    reason: event === 'verdict' ? null : textOr(line.reason, null),
    from: textOr(line.from, null),
    evidenceFile: textOr(line.bundleFile, null) ?? textOr(line.autopsyFile, null),
  };
}

/** `worker/push-1` and so on, as `about` of a query takes it. */
export function aboutText({ kind, name }: TimelineAbout): string {
  return `${kind}/${name}`;
}

function tell(line: JournalEntry, kindOfName: KindOfName): Told {
  switch (line.event) {
    case 'verdict':
      return verdict(line);
    case 'container':
      return container(line);
    case 'push':
      return push(line);
    case 'pushEnded':
      return pushEnded(line);
    case 'attemptsLost':
      return attemptsLost(line);
    case 'pushWithdrawn':
      return {
        kind: 'job',
        about: named('push', line.id),
        sentence: `push ${text(line.id)} was withdrawn: Redis did not say that it was kept`,
      };
    case 'operation':
      return operation(line, kindOfName);
    case 'operationEnded':
      return operationEnded(line, kindOfName);
    case 'alertRefused':
      return {
        kind: 'operation',
        about: aboutOf(line, kindOfName),
        sentence: `alert ${text(line.alertname)}: ${text(line.verb)} ${text(line.target)} was refused: ${text(line.detail)}`,
      };
    case 'signIn':
    case 'signOut':
    case 'signInLink':
      return { kind: 'operation', about: null, sentence: `${text(line.actor)} ${SIGNED[line.event]}` };
    case 'trust':
      return trust(line);
    default:
      return other(line);
  }
}

function trust(line: JournalEntry): Told {
  return {
    kind: 'operation',
    about: named('host', line.host),
    sentence: `the key ${text(line.fingerprint)} of ${text(line.host)} was accepted`,
  };
}

const SIGNED = {
  signIn: 'signed in',
  signOut: 'signed out',
  signInLink: 'made a link that signs in once',
} as const;

function verdict(line: JournalEntry): Told {
  const from = objectIn(line.from).state;
  const state = text(line.state);
  const came = typeof from === 'string' && from !== state ? `${from} → ${state}` : state;
  const held = line.shown === false ? ' (held back: it did not last)' : '';
  return {
    kind: 'worker',
    about: named('worker', line.worker),
    state,
    sentence: `${text(line.worker)}: ${came} (${text(line.reason)})${held}: ${text(line.detail)}`,
  };
}

function container(line: JournalEntry): Told {
  const name = text(line.container);
  return {
    kind: 'container',
    about: named('container', name),
    sentence: `${name}: ${text(line.detail)}`,
    state: stateOfWhat(text(line.what)),
  };
}

/** Of what is told of a container only some says how it is. */
function stateOfWhat(what: string): string | null {
  switch (what) {
    case 'sick':
      return 'unhealthy';
    case 'treated':
    case 'restarted':
      return 'healing';
    case 'healed':
    case 'recovered':
      return 'healthy';
    case 'healFailed':
      return 'failed';
    case 'quarantined':
      return 'quarantined';
    default:
      return null;
  }
}

function push(line: JournalEntry): Told {
  const hosts = namesIn(line.hosts);
  const account = textOr(line.account, null);
  const what = account === null ? text(line.kind) : `${text(line.kind)} ${account}`;
  const sentence = `${what} on ${countedNames(hosts)} was asked for`;
  return { kind: 'job', about: named('push', line.id), sentence };
}

function pushEnded(line: JournalEntry): Told {
  const account = textOr(line.account, null);
  const what = `${text(line.kind)}${account === null ? '' : ` ${account}`}`;
  return {
    kind: 'job',
    about: named('push', line.id),
    state: textOr(line.state, null),
    sentence: `${what} ended: ${text(line.detail)}`,
  };
}

function attemptsLost(line: JournalEntry): Told {
  const attempts = Array.isArray(line.attempts) ? line.attempts.map(objectIn) : [];
  const [first] = attempts;
  const hosts = attempts.map(({ host, attempt }) => `${text(host)} (attempt ${text(attempt)})`);
  const { pid } = objectIn(line.life);
  const how = line.cause === 'forgotten' ? 'beats without it' : 'ended';
  return {
    kind: 'job',
    about: named('push', first?.pushId),
    sentence: `${countedNames(hosts)}: the attempt was lost, because ${text(line.worker)} (pid ${text(pid)}) ${how}`,
  };
}

function operation(line: JournalEntry, kindOfName: KindOfName): Told {
  const sentence = `${text(line.verb)} ${text(line.target)} was asked for`;
  return { kind: 'operation', about: aboutOf(line, kindOfName), sentence };
}

function operationEnded(line: JournalEntry, kindOfName: KindOfName): Told {
  const verb = textOr(line.verb, null);
  const what = verb === null ? `operation ${text(line.id)}` : `${verb} ${text(line.target)}`;
  return {
    kind: 'operation',
    about: verb === null ? null : aboutOf(line, kindOfName),
    state: textOr(line.state, null),
    sentence: `${what}: ${text(line.detail)}`,
  };
}

function aboutOf(line: JournalEntry, kindOfName: KindOfName): TimelineAbout | null {
  const target = text(line.target);
  const [, kind, name] = /^(worker|container)\/(.+)$/s.exec(target) ?? [];
  if (kind !== undefined && name !== undefined) return { kind: kind as 'worker' | 'container', name };
  switch (line.verb) {
    case 'cancel':
    case 'retry':
      return named(target.startsWith('p-') ? 'push' : 'job', target);
    case 'maintenanceOn':
    case 'maintenanceOff':
      return named('maintenance', target);
    case 'reload':
    case 'recover':
      return null;
    case 'reap':
      return { kind: 'zombies', name: 'zombies' };
    default: {
      const known = kindOfName(target);
      if (known !== null) return { kind: known, name: target };
      return target === 'docker' ? { kind: 'docker', name: 'docker' } : null;
    }
  }
}

const OF_NOTICES = ['messageLost', 'notice'];

const TOLD_APART = ['at', 'level', 'reason', 'from'];

/** What went wrong around everything, what people did of which this knows no more, and what is yet to be invented. */
function other(line: JournalEntry): Told {
  const { event, detail, actor, ...facts } = line;
  const kind: TimelineKind = OF_NOTICES.includes(event)
    ? 'notice'
    : typeof actor === 'string' || event.startsWith('login')
      ? 'operation'
      : 'supervisor';
  const about = named('worker', facts.worker) ?? named('container', facts.container);
  if (typeof detail === 'string' && detail !== '') return { kind, about, sentence: detail };
  const told = Object.entries(facts)
    .filter(([name]) => !TOLD_APART.includes(name))
    .map(([name, fact]) => `${name} ${typeof fact === 'string' ? fact : JSON.stringify(fact)}`);
  return { kind, about, sentence: [wordsOf(event), ...told].join(', ') };
}

/** `dockerAway` as `docker away`. */
function wordsOf(event: string): string {
  return event.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

function named(kind: TimelineAbout['kind'], name: unknown): TimelineAbout | null {
  return typeof name === 'string' && name !== '' ? { kind, name: cut(name) } : null;
}

function countedNames(names: readonly string[]): string {
  const more = names.length - HOSTS_NAMED;
  const shown = names.slice(0, HOSTS_NAMED).join(', ');
  return more > 0 ? `${shown} and ${String(more)} more` : shown;
}

function namesIn(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((each) => typeof each === 'string') : [];
}

function objectIn(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function text(value: unknown): string {
  return typeof value === 'string'
    ? value
    : value === undefined || value === null
      ? '–'
      : JSON.stringify(value);
}

function textOr<Other>(value: unknown, other: Other): string | Other {
  return typeof value === 'string' ? cut(value) : other;
}

function cut(value: string): string {
  return value.length > LONGEST_TEXT ? `${value.slice(0, LONGEST_TEXT)}…` : value;
}
