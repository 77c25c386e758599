/**
 * Remembers whether so much is sick at once that nothing is restarted, and tells when that begins and ends.
 * When that is so, reconciler/brake says.
 */
import { brakeOn } from '../reconciler/brake.ts';
import { sickRoots } from '../reconciler/dependency.ts';
import { isRunning, type Entry, type World } from './healEntry.ts';
import type { Report } from './publisher.ts';

/** As in reconciler/brake: below this the roots of all need not be counted. */
const FEWEST = 3;

export class HealBrake {
  readonly #report: Report;
  #sentence: string | null = null;

  constructor(report: Report) {
    this.#report = report;
  }

  /** Null while it is off. */
  get sentence(): string | null {
    return this.#sentence;
  }

  /** `recovering`: ids of those whose root is well again and that have time to recover behind it: they say nothing new. */
  look(entries: ReadonlyMap<string, Entry>, world: World, recovering: ReadonlySet<string>): void {
    const sick = [...entries.values()]
      .filter((entry) => counts(entry, world) && !recovering.has(entry.seen.facts.id))
      .map(({ seen }) => seen.facts.name);
    const before = this.#sentence;
    this.#sentence = sick.length < FEWEST ? null : brakeOn({ sick: sick.sort(), all: countRoots(world) });
    if ((before === null) === (this.#sentence === null)) return;
    this.#report(
      this.#sentence === null
        ? { level: 'info', event: 'brakeReleased', facts: { detail: 'no longer is so much sick at once' } }
        : { level: 'error', event: 'brakeOn', facts: { detail: this.#sentence } },
    );
  }
}

/** Those in quarantine are known already, and keep nobody from anything. */
function counts({ seen, ailment, record }: Entry, { rootOf }: World): boolean {
  const { id } = seen.facts;
  const isSick = ailment !== null && ailment !== 'zombies';
  return isSick && rootOf.get(id) === id && record.quarantine === null;
}

/** Of all that runs. */
function countRoots({ graph, seen }: World): number {
  const running = [...seen.values()].filter(isRunning).map(({ facts }) => facts);
  return sickRoots(graph, running).length;
}
