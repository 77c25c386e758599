/**
 * What was last seen of every container, and which of them a new list gives reason to look at again.
 * It asks nobody; time comes from outside.
 */
import type { ContainerFacts } from '../detector/containerFacts.ts';
import { hasChanged, type ListedContainer } from './listedContainer.ts';

interface Known {
  facts: ContainerFacts;
  /** Of the list that it was last compared with; null while only an event told of it, or its last look failed. */
  listed: ListedContainer | null;
  seenMs: number;
}

/** Even without a reason each is looked at again after so long. */
const OLD_MS = 300_000;
/** Of those that are merely old, in one go: this part of all. */
const OLD_SHARE = 20;

export interface ListReading {
  /** Gone since they were last seen. */
  readonly gone: readonly string[];
  /** Changed, come or gone since the last list. */
  readonly changed: readonly string[];
  /** To be looked at; those of `changed` that are there are among them. */
  readonly toLookAt: readonly ListedContainer[];
}

export class KnownContainers {
  readonly #known = new Map<string, Known>();

  all(): readonly ContainerFacts[] {
    return [...this.#known.values()].map(({ facts }) => facts);
  }

  get isEmpty(): boolean {
    return this.#known.size === 0;
  }

  ids(): ReadonlySet<string> {
    return new Set(this.#known.keys());
  }

  see(facts: ContainerFacts, atMs: number): void {
    const known = this.#known.get(facts.id);
    this.#known.set(facts.id, { facts, listed: known?.listed ?? null, seenMs: atMs });
  }

  /** It was looked at because of this entry, with success. */
  settle(listed: ListedContainer): void {
    const known = this.#known.get(listed.id);
    if (known !== undefined) known.listed = listed;
  }

  /** A look came to nothing: the next list brings another. */
  doubt(id: string): void {
    const known = this.#known.get(id);
    if (known !== undefined) known.listed = null;
  }

  /** True when it was known. */
  forget(id: string): boolean {
    return this.#known.delete(id);
  }

  /** `before`: those that were known when the list was asked for; what came later it need not hold. */
  read(
    list: readonly ListedContainer[],
    { before, atMs, processOf }: { before: ReadonlySet<string>; atMs: number; processOf: ProcessOf },
  ): ListReading {
    const listed = new Set(list.map(({ id }) => id));
    const gone = [...before].filter((id) => !listed.has(id) && this.#known.has(id));
    const changed = list.filter((entry) => this.#isNews(entry, before));
    const reason = new Set(changed.map(({ id }) => id));
    const others = list.filter(({ id }) => !reason.has(id));
    const restless = others.filter((entry) => entry.isRestless || this.#isDoubtful(entry, processOf));
    for (const { id } of restless) reason.add(id);
    const old = others
      .filter(({ id }) => !reason.has(id) && atMs - (this.#known.get(id)?.seenMs ?? atMs) > OLD_MS)
      .slice(0, Math.ceil(list.length / OLD_SHARE));
    return {
      gone,
      changed: [...gone, ...changed.map(({ id }) => id)],
      toLookAt: [...changed, ...restless, ...old],
    };
  }

  #isNews(entry: ListedContainer, before: ReadonlySet<string>): boolean {
    const known = this.#known.get(entry.id);
    // Was known, is listed, and is gone by now: an event was quicker.
    if (known === undefined) return !before.has(entry.id);
    return known.listed !== null && hasChanged(known.listed, entry);
  }

  /** Its last look failed, it came by an event, or its process is not what it was, which Docker may not know. */
  #isDoubtful({ id }: ListedContainer, processOf: ProcessOf): boolean {
    const known = this.#known.get(id);
    if (known === undefined) return false;
    return known.listed === null || processOf(known.facts.pid, id) !== known.facts.process;
  }
}

type ProcessOf = (pid: number, id: string) => ContainerFacts['process'];
