/**
 * Looks at single containers, so many at once and each only once at a time; what something happened to comes first.
 * It remembers no container.
 */
import type { ContainerFacts } from '../detector/containerFacts.ts';

export type Look =
  | { readonly kind: 'seen'; readonly facts: ContainerFacts }
  | { readonly kind: 'gone' }
  | { readonly kind: 'failed'; readonly error: unknown };

interface Wish {
  readonly id: string;
  readonly promise: Promise<Look>;
  readonly settle: (look: Look) => void;
}

export class ContainerLooks {
  readonly #inspect: (id: string) => Promise<ContainerFacts | null>;
  readonly #mostAtOnce: number;
  readonly #waiting = new Map<string, Wish>();
  readonly #urgent: string[] = [];
  readonly #calm: string[] = [];
  readonly #underWay = new Set<string>();

  constructor(inspect: (id: string) => Promise<ContainerFacts | null>, mostAtOnce: number) {
    this.#inspect = inspect;
    this.#mostAtOnce = mostAtOnce;
  }

  /** What is seen by a look that begins from now on; never rejects. */
  look(id: string, urgency: 'urgent' | 'calm'): Promise<Look> {
    let wish = this.#waiting.get(id);
    if (wish === undefined) {
      const { promise, resolve } = withResolver<Look>();
      wish = { id, promise, settle: resolve };
      this.#waiting.set(id, wish);
      if (urgency === 'calm') this.#calm.push(id);
    }
    if (urgency === 'urgent') this.#urgent.push(id);
    this.#startNext();
    return wish.promise;
  }

  #startNext(): void {
    while (this.#underWay.size < this.#mostAtOnce) {
      const wish = this.#takeFrom(this.#urgent) ?? this.#takeFrom(this.#calm);
      if (wish === null) return;
      this.#waiting.delete(wish.id);
      this.#underWay.add(wish.id);
      void this.#run(wish);
    }
  }

  /** One that is being looked at waits for that look's end: two answers could come in the wrong order. */
  #takeFrom(queue: string[]): Wish | null {
    for (let at = 0; at < queue.length;) {
      const id = queue[at] ?? '';
      const wish = this.#waiting.get(id);
      if (wish !== undefined && this.#underWay.has(id)) at += 1;
      else {
        queue.splice(at, 1);
        if (wish !== undefined) return wish;
      }
    }
    return null;
  }

  async #run({ id, settle }: Wish): Promise<void> {
    let look: Look;
    try {
      const facts = await this.#inspect(id);
      look = facts === null ? { kind: 'gone' } : { kind: 'seen', facts };
    } catch (error) {
      look = { kind: 'failed', error };
    }
    this.#underWay.delete(id);
    settle(look);
    this.#startNext();
  }
}

function withResolver<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => undefined;
  const promise = new Promise<T>((settled) => (resolve = settled));
  return { promise, resolve };
}
